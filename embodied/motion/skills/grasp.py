"""Close the gripper on the thing at a point, and feel whether something is held."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from embodied.errors import SkillError
from embodied.geometry import FloatArray, Pose
from embodied.motion.collision import CollisionWorld
from embodied.motion.grasping import GraspCandidate, flipped, grasp_candidates
from embodied.motion.mover import Mover
from embodied.motion.skills.close_look import look_closely
from embodied.motion.skills.retreat import TRAVEL_SCALE, UP, back_off, go_home, offset, shifted
from embodied.motion.things import Thing, thing_at
from embodied.result import Reason

STAND_OFF_M = 0.09
CANDIDATES = 30
CHOICES = 8
EFFORT_COST = 0.1
ATTEMPTS = 3
MENDABLE = (Reason.MISSED_GRASP.value, Reason.BLOCKED.value, Reason.NO_PATH.value)
"""After these, another way may do."""
MOVED_RAD = 0.01
ALIKE_M = 0.008
ALIKE_TRACE = 2.98
"""Of the rotation between two grasps: some 8 degrees."""
NEAR_M = 0.11
CLOSING_SPEED_M_S = 0.15
CONTACT_FORCE_N = 12.0
SHORT_OF_POSE_M = 0.015
MIN_WIDTH_M = 0.003
ROOM_M = 0.22
LIFT_M = 0.03
LIFT_SPEED_M_S = 0.08
FIXED_FORCE_N = 15.0
"""More than the heaviest thing for this hand weighs (1 kg, and half as much again): what resists so is fixed."""
FORCED_OPEN_M = 0.004
"""Fingers that close up and down and are forced apart so far by lifting hold something fixed."""


@dataclass(frozen=True, eq=False)
class Held:
    """What the hand holds, as far as it was seen and felt.

    Attributes:
        fixed: It could not be lifted: a handle.
        cluster_G: (m, 3) the points of it that were seen, in G.
        taken_W: (3,) where the origin of G was when the fingers had closed.
        height_m: Of that point above what the thing stood on.
        width_m: Distance of the pads when they had closed on it.
    """

    fixed: bool
    cluster_G: FloatArray
    taken_W: FloatArray
    height_m: float
    width_m: float


@dataclass(frozen=True, eq=False)
class Reach:
    """A candidate that the arm can come to, and joint positions before it and at it."""

    candidate: GraspCandidate
    before_rad: FloatArray
    grasp_rad: FloatArray


def grasp(mover: Mover, target_W: FloatArray) -> Held:
    """Take the thing at ``target_W``, looking anew and trying another way up to three times.

    Raises:
        SkillError: ``no_grasp``, ``unreachable``, ``no_path``, ``missed_grasp``, ``blocked``, ``timeout``, ``stopped``.
    """
    begin_rad = mover.q_rad
    tried: list[Pose] = []
    failures: list[SkillError] = []
    for _ in range(ATTEMPTS):
        try:
            return _take(mover, target_W, tried)
        except SkillError as error:
            if error.reason in (Reason.TIMEOUT.value, Reason.STOPPED.value):
                raise
            if error.reason in MENDABLE or not failures:
                failures.append(error)
            if error.reason not in MENDABLE:
                break
    if np.abs(mover.q_rad - begin_rad).max() > MOVED_RAD:
        go_home(mover)
    raise failures[-1]


def _take(mover: Mover, target_W: FloatArray, tried: list[Pose]) -> Held:
    """Look, and take the thing in the best way that was not tried yet."""
    thing = seen_closely(mover, target_W)
    for reach in reaches(mover, thing):
        if not any(_alike(reach.candidate.pose, pose) for pose in tried):
            tried.append(reach.candidate.pose)
            return _attempt(mover, thing, reach)
    raise SkillError("the arm cannot reach it in any way that fits", Reason.UNREACHABLE.value)


def seen_closely(mover: Mover, target_W: FloatArray) -> Thing:
    """The thing at ``target_W``; looked at by a camera on the hand if it stands there, or the robot hides the place."""
    widest_m = mover.kinematics.description.gripper.max_width_m
    thing = thing_at(target_W, mover.memory.points(), widest_m, mover.memory.view_from(target_W))
    if not thing.stands or not (thing.is_there or mover.memory.unseen(target_W[None])[0]):
        return thing
    cluster = thing.cluster_W if len(thing.cluster_W) else target_W[None]
    middle = (cluster.min(axis=0) + cluster.max(axis=0)) / 2.0
    above = np.array([*middle[:2], cluster[:, 2].max()])
    if not look_closely(mover, above):
        return thing
    return thing_at(target_W, mover.memory.points(), widest_m)


def _alike(one: Pose, other: Pose) -> bool:
    """Whether two grasps are the same but for what a second look changes."""
    near = float(np.linalg.norm(one.translation_m - other.translation_m)) < ALIKE_M
    return near and float(np.trace(one.rotation.T @ other.rotation)) > ALIKE_TRACE


def reaches(mover: Mover, thing: Thing) -> Iterator[Reach]:
    """The candidates for ``thing`` that the arm can come to without touching anything else, best first.

    Those beside the best ones come last, and are looked for when all others were taken.

    Raises:
        SkillError: ``no_grasp`` if there is no candidate at all.
    """
    description = mover.kinematics.description
    forward_W = thing.target_W - description.base_in_world.translation_m
    candidates = grasp_candidates(thing, description.gripper, forward_W)
    if not candidates:
        raise SkillError("nothing at that point stands out and fits between the fingers", Reason.NO_GRASP.value)
    afar = mover.world()
    around = np.array([thing.target_W - NEAR_M, thing.target_W + NEAR_M])
    near = mover.world(ignore=around)
    yield from _reached(mover, thing, candidates, afar, near)
    yield from _reached(mover, thing, grasp_candidates(thing, description.gripper, forward_W, True), afar, near)


def _reached(
    mover: Mover, thing: Thing, candidates: Sequence[GraspCandidate], afar: CollisionWorld, near: CollisionWorld
) -> Iterator[Reach]:
    """Those that the arm can come to: first those from which the hand could draw back."""
    ways = (way for candidate in candidates[:CANDIDATES] for way in _ways(mover, candidate, afar, near))
    cramped: list[Reach] = []
    roomy: list[Reach] = []
    for reach in ways:
        (roomy if _has_room(mover, thing, reach) else cramped).append(reach)
        if len(roomy) == CHOICES:
            break
    yield from sorted(roomy, key=lambda reach: -_worth(mover, reach))
    yield from cramped


def _worth(mover: Mover, reach: Reach) -> float:
    """The candidate's score, less for contorted postures."""
    return reach.candidate.score - EFFORT_COST * mover.kinematics.effort(reach.grasp_rad)


def _ways(mover: Mover, candidate: GraspCandidate, afar: CollisionWorld, near: CollisionWorld) -> Iterator[Reach]:
    """The joint positions before ``candidate`` from which the arm can go straight to it."""
    for pose in (candidate.pose, flipped(candidate.pose)):
        for before in filter(afar.free, mover.solutions(offset(pose, -STAND_OFF_M))):
            path = mover.line_path(before, pose)
            if path is not None and all(near.free(q) for q in path[1::2]):
                yield Reach(replace(candidate, pose=pose), before, path[-1])


def _has_room(mover: Mover, thing: Thing, reach: Reach) -> bool:
    """Whether the hand could draw back far from the grasp: handles are pulled off their front, things are lifted."""
    pose = reach.candidate.pose
    out_W = -pose.rotation[:, 2] if thing.stands else thing.out_W(-pose.rotation[:, 2])
    return mover.line_path(reach.grasp_rad, shifted(pose, ROOM_M * out_W)) is not None


def _attempt(mover: Mover, thing: Thing, reach: Reach) -> Held:
    gripper = mover.kinematics.description.gripper
    mover.travel([reach.before_rad], scale=TRAVEL_SCALE)
    mover.grip(reach.candidate.opening_m, gripper.max_force_n)
    mover.tare()
    pose = reach.candidate.pose
    arrived = mover.line(pose, speed_m_s=CLOSING_SPEED_M_S, force_n=CONTACT_FORCE_N)
    short_m = float(np.linalg.norm(arrived.pose.translation_m - pose.translation_m))
    if arrived.blocked and short_m > SHORT_OF_POSE_M:
        _give_up(mover, f"something was touched {100 * short_m:.0f} cm before the grasp", Reason.BLOCKED)
    width_m = mover.grip(0.0, gripper.max_force_n).gripper_width_m
    if width_m < MIN_WIDTH_M:
        _give_up(mover, "the fingers closed and held nothing", Reason.MISSED_GRASP)
    mover.comply()
    return _lifted(mover, thing, width_m)


def _lifted(mover: Mover, thing: Thing, width_m: float) -> Held:
    """Lift a little: what resists is fixed, what is lost was not held."""
    X_WG = mover.pose
    lift = mover.line(shifted(X_WG, LIFT_M * UP), speed_m_s=LIFT_SPEED_M_S, force_n=FIXED_FORCE_N)
    fixed = lift.blocked or mover.arm.read().gripper_width_m > width_m + FORCED_OPEN_M
    if fixed:
        mover.line(X_WG, speed_m_s=LIFT_SPEED_M_S, force_n=2 * FIXED_FORCE_N)
        mover.comply()
    width_now_m = mover.arm.read().gripper_width_m
    if width_now_m < max(MIN_WIDTH_M, 0.5 * width_m):
        _give_up(mover, "it slipped out of the fingers when lifted", Reason.MISSED_GRASP)
    if not fixed:
        mover.memory.forget(thing.cluster_W)
    cluster_G = X_WG.inverse() @ thing.cluster_W
    taken_W = X_WG.translation_m
    return Held(fixed, cluster_G, taken_W, float(taken_W[2]) - _support_m(thing), width_now_m)


def _give_up(mover: Mover, message: str, reason: Reason) -> None:
    gripper = mover.kinematics.description.gripper
    mover.grip(gripper.max_width_m, gripper.max_force_n)
    back_off(mover)
    raise SkillError(message, reason.value)


def _support_m(thing: Thing) -> float:
    """Height in W of what the thing stands on: the highest points around its foot, or its own lowest point."""
    foot_m = float(thing.cluster_W[:, 2].min())
    low, high = thing.cluster_W[:, :2].min(axis=0) - 0.02, thing.cluster_W[:, :2].max(axis=0) + 0.02
    beside = ((thing.others_W[:, :2] > low) & (thing.others_W[:, :2] < high)).all(axis=1)
    under = thing.others_W[beside & (thing.others_W[:, 2] < foot_m + 0.012), 2]
    return float(max(under.max(), foot_m - 0.03)) if len(under) else foot_m
