"""Push what is at a point with closed fingers: shut drawers and doors, slide things, press buttons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np

from embodied.errors import SkillError
from embodied.geometry import FloatArray, Pose
from embodied.motion.collision import CollisionWorld
from embodied.motion.mover import Mover
from embodied.motion.skills.retreat import back_off, go_home, shifted, went
from embodied.motion.skills.strokes import Stroke, stroke
from embodied.motion.touch import Travelled
from embodied.result import Reason

BEFORES_M = (0.05, 0.10, 0.15)
"""How far before the point the fingers come down, in free space; further off where it is narrow."""
SPEED_M_S = 0.12
FORCE_N = 40.0
CRAMPED_SCALE = 0.2
ARRIVED_M = 0.02
SLOW_M_S = 0.04
EVERYWHERE = np.array([[-np.inf] * 3, [np.inf] * 3])
GIVES_M = 0.003
"""What was moved so far before it stopped may only have been struck, or have jammed: it is pushed on."""


@dataclass(frozen=True, eq=False)
class Stance:
    """A way to begin a push.

    Attributes:
        before_m: How far before the point the finger tips stand.
        goals: Joint positions there.
        roomy: Whether the arm touches neither the counter nor a wall from there on.
    """

    before_m: float
    goals: list[FloatArray]
    roomy: bool


def push(mover: Mover, start_W: FloatArray, end_W: FloatArray) -> None:
    """Push from ``start_W`` until ``end_W`` or until it goes no further; with one point for both, press there.

    Raises:
        SkillError: ``unreachable``, ``no_path``; ``blocked`` if it stopped far from the end; ``timeout``, ``stopped``.
    """
    gripper = mover.kinematics.description.gripper
    what = stroke(mover.memory, start_W, end_W, gripper.max_width_m)
    mover.grip(0.0, gripper.max_force_n)
    before_m = _travel(mover, what)
    mover.tare()
    moved = _follow(mover, what, before_m)
    left_m = float(np.linalg.norm(_tip(mover, moved.pose) - what.end_W))
    back_off(mover)
    go_home(mover)  # with closed fingers: behind the bar of a handle they would open against it, and be stuck there
    mover.grip(gripper.max_width_m, gripper.max_force_n)
    if moved.blocked and left_m > max(ARRIVED_M, 0.25 * what.length_m):
        raise SkillError(f"it did not move further, {left_m:.2f} m short of the end", Reason.BLOCKED.value)


def _follow(mover: Mover, what: Stroke, before_m: float) -> Travelled:
    """Push as far as is asked, then slowly beyond: there fronts strike."""
    begun = mover.pose
    end = shifted(begun, (before_m + what.length_m) * what.direction)
    moved = _push_on(mover, end, SPEED_M_S)
    beyond = shifted(end, what.beyond_m * what.direction)
    if moved.blocked or not what.beyond_m or mover.line_path(mover.q_rad, beyond) is None:
        return moved
    return _push_on(mover, beyond, SLOW_M_S)


def _push_on(mover: Mover, end: Pose, speed_m_s: float) -> Travelled:
    """Push to ``end``, slowly on from where something stopped it for as long as it gives way."""
    while True:
        begun_W = mover.pose.translation_m
        moved = mover.line(end, speed_m_s=speed_m_s, force_n=FORCE_N)
        if not moved.blocked or float(np.linalg.norm(moved.pose.translation_m - begun_W)) < GIVES_M:
            return moved
        speed_m_s = SLOW_M_S


def _travel(mover: Mover, what: Stroke) -> float:
    """Go before the point, clear of all that was seen; how far before it the finger tips then stand.

    If there is no such way, slowly, clear of all but what is around the point.

    Raises:
        SkillError: ``unreachable``, ``no_path``, ``blocked``, ``timeout``, ``stopped``.
    """
    seen, declared = mover.world(), mover.world(ignore=EVERYWHERE)
    straight: list[Stance] = []
    for before_m in BEFORES_M:
        stance = _straightest(_stances(mover, declared, what, before_m))
        straight += [stance] if stance else []
        tried = [q for q in stance.goals if seen.free(q)] if stance else []
        if stance and (stance.roomy or before_m == BEFORES_M[0]) and went(mover, tried):
            return before_m
    if not straight:
        raise SkillError("the arm cannot push there in that direction", Reason.UNREACHABLE.value)
    around = np.array([what.start_W - 2 * BEFORES_M[0], what.start_W + 2 * BEFORES_M[0]])
    beside = mover.world(ignore=around)
    steeper = (stance for before_m in BEFORES_M for stance in _stances(mover, declared, what, before_m))
    free = (stance for stance in chain(straight[:1], steeper) if any(map(beside.free, stance.goals)))
    best = next(free, straight[0])
    mover.travel(best.goals, scale=CRAMPED_SCALE, ignore=around)
    return best.before_m


def _straightest(stances: Iterator[Stance]) -> Stance | None:
    """The first that is roomy, or else the first."""
    first: Stance | None = None
    for stance in stances:
        if stance.roomy:
            return stance
        first = first or stance
    return first


def _tip(mover: Mover, X_WG: Pose) -> FloatArray:
    return X_WG @ np.array([0.0, 0.0, mover.kinematics.description.gripper.tip_to_grasp_m])


def _stances(mover: Mover, declared: CollisionWorld, what: Stroke, before_m: float) -> Iterator[Stance]:
    """Where the finger tips are ``before_m`` before the start, and the arm can go straight through from there."""
    tip_m = mover.kinematics.description.gripper.tip_to_grasp_m
    way = (before_m + what.length_m) * what.direction
    for rotation in _rotations(what.direction):
        tip_W = what.start_W - before_m * what.direction
        pose = Pose(rotation, tip_W - tip_m * rotation[:, 2])
        lines = ((q, mover.line_path(q, shifted(pose, way))) for q in mover.solutions(pose))
        ways = [(q, path) for q, path in lines if path is not None]
        roomy = [q for q, path in ways if all(declared.free(each) for each in path[::2])]
        if ways:
            yield Stance(before_m, roomy or [q for q, _ in ways], bool(roomy))


def _rotations(direction: FloatArray) -> Iterator[FloatArray]:
    """R_WG that poke along the direction, then ever more from above."""
    down = np.array([0.0, 0.0, -1.0])
    level = np.linalg.norm(direction[:2]) > 1e-3
    for share in (0.0, 0.35, 0.7, 1.0) if level else (0.0,):
        z = (1.0 - share) * direction + share * down
        z /= np.linalg.norm(z)
        x = np.cross(np.cross(direction, down) if level else [0.0, 1.0, 0.0], z)
        x /= np.linalg.norm(x)
        aside = np.cross(z, x)
        for sign in (1.0, -1.0):
            yield np.column_stack([sign * x, sign * aside, z])
            yield np.column_stack([sign * aside, -sign * x, z])
