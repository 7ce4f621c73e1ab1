"""Push what is at a point with closed fingers: shut drawers and doors, slide things, press buttons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from embodied.errors import SkillError
from embodied.geometry import FloatArray, Pose
from embodied.motion.collision import CollisionWorld
from embodied.motion.knobs import knob_at
from embodied.motion.mover import Mover
from embodied.motion.skills.retreat import UP, back_off, go_home, shifted, went
from embodied.motion.touch import Travelled
from embodied.result import Reason

BEFORES_M = (0.05, 0.10, 0.15)
"""How far before the point the fingers come down, in free space; further off where it is narrow."""
SPEED_M_S = 0.12
FORCE_N = 40.0
CRAMPED_SCALE = 0.2
ARRIVED_M = 0.02
LEAST_M = 0.003
EVERYWHERE = np.array([[-np.inf] * 3, [np.inf] * 3])
PRESS_M = 0.012
"""How deep a press goes where nothing stops it: buttons click before."""
GIVES_M = 0.005
"""What was moved so far before it stopped may only have been struck, or have jammed: it is pushed on."""
HOME_M = 0.02
HOME_SPEED_M_S = 0.04
SQUARE = 0.9
"""What is pushed squarely at a face goes on so far if it can, as no end is named more exactly: fronts are to shut.
Slowly, since there they strike."""


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
    along = end_W - start_W
    length_m = float(np.linalg.norm(along))
    if length_m < LEAST_M:
        start_W, into_W = _pressed(mover, start_W)
        length_m, along = PRESS_M, PRESS_M * into_W
    direction, end_W = along / length_m, start_W + along
    square = length_m > PRESS_M and float(mover.memory.into_surface(start_W) @ direction) > SQUARE
    home_m = HOME_M if square else 0.0
    mover.grip(0.0, gripper.max_force_n)
    before_m = _travel(mover, start_W, direction, length_m + home_m)
    mover.tare()
    begun = mover.pose
    moved = _push_on(mover, shifted(begun, direction * (before_m + length_m)), SPEED_M_S)
    if home_m and not moved.blocked:
        moved = _push_on(mover, shifted(begun, direction * (before_m + length_m + home_m)), HOME_SPEED_M_S)
    left_m = float(np.linalg.norm(_tip(mover, moved.pose) - end_W))
    back_off(mover)
    go_home(mover)  # with closed fingers: behind the bar of a handle they would open against it, and be stuck there
    mover.grip(gripper.max_width_m, gripper.max_force_n)
    if moved.blocked and left_m > max(ARRIVED_M, 0.25 * length_m):
        raise SkillError(f"it did not move further, {left_m:.2f} m short of the end", Reason.BLOCKED.value)


def _pressed(mover: Mover, start_W: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Where to press, and in which direction: on the middle of a button, or where none is, as it was pointed at."""
    knob_W = knob_at(mover.memory.points(), start_W)
    return (start_W, mover.memory.into_surface(start_W)) if knob_W is None else (knob_W, -UP)


def _push_on(mover: Mover, end: Pose, speed_m_s: float) -> Travelled:
    """Push to ``end``, on from where something stopped it for as long as it gives way."""
    while True:
        begun_W = mover.pose.translation_m
        moved = mover.line(end, speed_m_s=speed_m_s, force_n=FORCE_N)
        if not moved.blocked or float(np.linalg.norm(moved.pose.translation_m - begun_W)) < GIVES_M:
            return moved


def _travel(mover: Mover, start_W: FloatArray, direction: FloatArray, length_m: float) -> float:
    """Go before the point, clear of all that was seen; how far before it the finger tips then stand.

    If there is no such way, slowly, clear of all but what is around the point.

    Raises:
        SkillError: ``unreachable``, ``no_path``, ``blocked``, ``timeout``, ``stopped``.
    """
    seen, declared = mover.world(), mover.world(ignore=EVERYWHERE)
    stances: list[Stance] = []
    for before_m in BEFORES_M:
        found = len(stances)
        for stance in _before(mover, declared, start_W, direction, before_m, length_m):
            stances.append(stance)
            if stance.roomy and went(mover, [q for q in stance.goals if seen.free(q)]):
                return before_m
        cramped = [] if any(stance.roomy for stance in stances[found:]) else stances[:1]
        if not found and cramped and went(mover, [q for q in cramped[0].goals if seen.free(q)]):
            return before_m
    if not stances:
        raise SkillError("the arm cannot push there in that direction", Reason.UNREACHABLE.value)
    around = np.array([start_W - 2 * BEFORES_M[0], start_W + 2 * BEFORES_M[0]])
    beside = mover.world(ignore=around)
    best = max(stances, key=lambda stance: (any(map(beside.free, stance.goals)), stance.roomy))
    mover.travel(best.goals, scale=CRAMPED_SCALE, ignore=around)
    return best.before_m


def _tip(mover: Mover, X_WG: Pose) -> FloatArray:
    return X_WG @ np.array([0.0, 0.0, mover.kinematics.description.gripper.tip_to_grasp_m])


def _before(
    mover: Mover,
    declared: CollisionWorld,
    start_W: FloatArray,
    direction: FloatArray,
    before_m: float,
    length_m: float,
) -> Iterator[Stance]:
    """Where the finger tips are ``before_m`` before ``start_W``, and the arm can go straight through from there."""
    tip_m = mover.kinematics.description.gripper.tip_to_grasp_m
    for rotation in _rotations(direction):
        tip_W = start_W - before_m * direction
        pose = Pose(rotation, tip_W - tip_m * rotation[:, 2])
        through = shifted(pose, direction * (before_m + length_m))
        lines = ((q, mover.line_path(q, through)) for q in mover.solutions(pose))
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
