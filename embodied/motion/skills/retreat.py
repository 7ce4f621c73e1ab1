"""Leave a thing without dragging it along, and get out of the camera's way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from embodied.errors import SkillError
from embodied.geometry import FloatArray, Pose
from embodied.motion.mover import Mover
from embodied.result import Reason

BACK_OFF_M = (0.10, 0.07, 0.05, 0.03)
BACK_OFF_SPEED_M_S = 0.2
OPENED_M = 0.03
"""Fingers that let go open by so much where there is room."""
GENTLE_N = 4.0
"""They open with so little force: in a bowl they must not press on its wall, and lift it when they leave."""
STOPPED_M = 0.004
"""So far short of where they should go, something stopped them."""
TRAVEL_SCALE = 0.85


def offset(X_WG: Pose, z_m: float) -> Pose:
    """``X_WG`` moved by ``z_m`` along its own approach direction."""
    return Pose(X_WG.rotation, X_WG.translation_m + z_m * X_WG.rotation[:, 2])


def shifted(X_WG: Pose, step_W: FloatArray) -> Pose:
    """``X_WG`` moved by ``step_W``."""
    return Pose(X_WG.rotation, X_WG.translation_m + step_W)


def back_off(mover: Mover, force_n: float = 25.0) -> None:
    """Draw the hand back along its approach direction, as far as it can go up to 10 cm without touching anything."""
    pose, world = mover.pose, mover.world()
    for distance_m in BACK_OFF_M:
        path = mover.line_path(mover.q_rad, offset(pose, -distance_m))
        if path is not None and all(world.free(q) for q in path):
            mover.line(offset(pose, -distance_m), speed_m_s=BACK_OFF_SPEED_M_S, force_n=force_n)
            return


def went(mover: Mover, goals: Sequence[FloatArray]) -> bool:
    """Travel to the first reachable of the joint positions; whether there was a free way.

    Raises:
        SkillError: ``blocked``, ``timeout``, ``stopped``.
    """
    try:
        mover.travel(goals, scale=TRAVEL_SCALE)
    except SkillError as error:
        if error.reason != Reason.NO_PATH.value:
            raise
        return False
    return True


def go_home(mover: Mover) -> bool:
    """Travel to the arm's home, from where the cameras see well; whether there was a way."""
    try:
        return went(mover, [mover.kinematics.description.home_rad])
    except SkillError as error:
        if error.reason != Reason.BLOCKED.value:
            raise
        return False


def release(mover: Mover, moved_big: bool = False) -> None:
    """Open the fingers just far enough to let go, back off, look at what has changed, and go home.

    ``moved_big``: a door or a drawer was moved, and the hand may hide where it now is.
    """
    gripper = mover.kinematics.description.gripper
    _let_go(mover)
    back_off(mover)
    mover.grip(gripper.max_width_m, gripper.max_force_n)
    mover.look()
    if moved_big:
        mover.memory.doubt()
    go_home(mover)


def _let_go(mover: Mover) -> None:
    """Open the fingers; where something stops them, stay half way between it and what was held."""
    closed_m = mover.arm.read().gripper_width_m
    wanted_m = min(closed_m + OPENED_M, mover.kinematics.description.gripper.max_width_m)
    opened_m = mover.grip(wanted_m, GENTLE_N).gripper_width_m
    if opened_m < wanted_m - STOPPED_M:
        mover.grip((closed_m + opened_m) / 2.0, GENTLE_N)


UP = np.array([0.0, 0.0, 1.0])
"""Against gravity, in W."""
