"""Take a held thing somewhere, set it down until it is felt to stand, let go."""

from __future__ import annotations

from itertools import product

import numpy as np
from scipy.spatial.transform import Rotation

from embodied.errors import SkillError
from embodied.geometry import FloatArray, Pose
from embodied.motion.mover import Mover
from embodied.motion.skills.grasp import MIN_WIDTH_M, Held
from embodied.motion.skills.retreat import UP, release, shifted
from embodied.motion.standing import spot_near
from embodied.result import Reason

LIFTS_M = (0.20, 0.15, 0.10, 0.05)
LIFTED_M = 0.02
LIFT_SPEED_M_S = 0.25
LIFT_FORCE_N = 25.0
ABOVES_M = (0.05, 0.06, 0.07, 0.08, 0.09, 0.10, 0.15)
"""How far above its place a thing is brought before it is set down: into a bowl, higher than the rim, but no
higher than need be: over the wrist there may be a cupboard."""
BELOW_M = 0.03
SET_DOWN_SPEED_M_S = 0.08
SET_DOWN_FORCE_N = 5.0
CARRY_SCALE = 0.5
FOOT_M = (0.015, 0.035)
"""Half the width that a foot is taken to have, at least and at most."""
ENOUGH_GOALS = 3
TILTS_DEG = (0.0, 15.0, 30.0)
"""From how it is held towards the robot, where there is no room otherwise: what is set down so comes to stand."""
YAWS_DEG = (0.0, 30.0, -30.0, 60.0, -60.0, 90.0, -90.0, 135.0, -135.0, 180.0)


def carry(mover: Mover, held: Held, end_W: FloatArray) -> None:
    """Set the held thing down with its foot at ``end_W``, or near it where it stands better.

    Raises:
        SkillError: ``unreachable``, ``no_path``, ``slipped``, ``blocked``, ``timeout``, ``stopped``.
    """
    _lift(mover, held)
    check_held(mover)
    above_m, goals = _goals_above(mover, held, spot_near(end_W, mover.memory.points(), _foot_m(mover, held)))
    _bring(mover, held, goals)
    check_held(mover)
    mover.tare()
    mover.line(shifted(mover.pose, -(above_m + BELOW_M) * UP), speed_m_s=SET_DOWN_SPEED_M_S, force_n=SET_DOWN_FORCE_N)
    check_held(mover)
    release(mover)


def _foot_m(mover: Mover, held: Held) -> float:
    """Half the width of the held thing, seen from above."""
    across_m = np.ptp((held.cluster_G @ mover.pose.rotation.T)[:, :2], axis=0)
    return float(np.clip(across_m.min() / 2.0, *FOOT_M))


def _bring(mover: Mover, held: Held, goals: list[FloatArray]) -> None:
    """Travel with the thing.

    Raises:
        SkillError: ``slipped`` also where something seemed to be touched: fingers that close on nothing shake the hand.
    """
    try:
        mover.travel(goals, scale=CARRY_SCALE, held_G=held.cluster_G)
    except SkillError as error:
        if error.reason == Reason.BLOCKED.value:
            check_held(mover)
        raise


def check_held(mover: Mover) -> None:
    """Feel whether the thing is still there; if not, open the hand and go home, from where it can be looked for.

    Raises:
        SkillError: ``slipped``.
    """
    if mover.arm.read().gripper_width_m < MIN_WIDTH_M:
        release(mover)
        raise SkillError("what was held has slipped out of the fingers", Reason.SLIPPED.value)


def _lift(mover: Mover, held: Held) -> None:
    """Straight up from where it was taken, as high as the arm is free to go, unless that has been done before."""
    pose, world = mover.pose, mover.world(held.cluster_G)
    risen_m = float(pose.translation_m[2] - held.taken_W[2])
    if risen_m > LIFTS_M[0] - LIFTED_M:
        return
    rises_m = [height_m - risen_m for height_m in LIFTS_M if height_m - risen_m >= LIFTED_M]
    ways = [(rise_m, mover.line_path(mover.q_rad, shifted(pose, rise_m * UP))) for rise_m in rises_m]
    possible = [(rise_m, path) for rise_m, path in ways if path is not None]
    free = [rise_m for rise_m, path in possible if all(world.free(q) for q in path[1::2])]
    for rise_m in (free or [rise_m for rise_m, _ in possible])[:1]:
        mover.line(shifted(pose, rise_m * UP), speed_m_s=LIFT_SPEED_M_S, force_n=LIFT_FORCE_N)


def _goals_above(mover: Mover, held: Held, end_W: FloatArray) -> tuple[float, list[FloatArray]]:
    """The least height above the place where the hand and the thing are free, and joint positions there.

    Raises:
        SkillError: ``unreachable``.
    """
    world = mover.world(held.cluster_G)
    base_W = mover.kinematics.description.base_in_world.translation_m
    for tilt_deg, above_m in product(TILTS_DEG, ABOVES_M):
        goals: list[FloatArray] = []
        for yaw_deg in YAWS_DEG:
            turn = _tilt(end_W - base_W, tilt_deg) * Rotation.from_euler("z", yaw_deg, degrees=True)
            pose = _pose_above(mover.pose.rotation, held, end_W + above_m * UP, turn)
            down = shifted(pose, -(above_m + BELOW_M) * UP)
            free = filter(world.free, mover.solutions(pose))
            goals += [q for q in free if mover.line_path(q, down) is not None]
            if len(goals) >= ENOUGH_GOALS:
                break
        if goals:
            return above_m, goals
    raise SkillError("the arm cannot set it down there without touching something", Reason.UNREACHABLE.value)


def _tilt(forward_W: FloatArray, angle_deg: float) -> Rotation:
    """The turn that brings what is above a place nearer to the robot, from which ``forward_W`` points to the place."""
    axis = np.array([forward_W[1], -forward_W[0], 0.0])
    return Rotation.from_rotvec(np.deg2rad(angle_deg) * axis / max(float(np.linalg.norm(axis)), 1e-9))


def _pose_above(R_WG_now: FloatArray, held: Held, end_W: FloatArray, turn: Rotation) -> Pose:
    """``X_WG`` that holds the thing's foot at ``end_W``, turned from how it is held now."""
    middle_G = (held.cluster_G.min(axis=0) + held.cluster_G.max(axis=0)) / 2.0
    foot_W = R_WG_now @ middle_G * np.array([1.0, 1.0, 0.0]) - held.height_m * UP
    return Pose(turn.as_matrix() @ R_WG_now, end_W - turn.apply(foot_W))
