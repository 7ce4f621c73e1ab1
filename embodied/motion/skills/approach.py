"""Bring the open gripper to a stand-off, from where the thing can be seen and grasped."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from embodied.errors import SkillError
from embodied.geometry import FloatArray, Pose
from embodied.motion.mover import Mover
from embodied.motion.skills.grasp import reaches
from embodied.motion.skills.retreat import TRAVEL_SCALE
from embodied.motion.things import thing_at
from embodied.result import Reason

STAND_OFF_M = 0.12
PITCHES_DEG = (90.0, 60.0, 30.0, 0.0)


def approach(mover: Mover, target_W: FloatArray) -> None:
    """Stand before the best grasp for the thing at ``target_W``; before the point itself if nothing there can be taken.

    Raises:
        SkillError: ``unreachable``, ``no_path``, ``timeout``, ``stopped``.
    """
    gripper = mover.kinematics.description.gripper
    mover.grip(gripper.max_width_m, gripper.max_force_n)
    goals = list(_goals(mover, target_W))
    if not goals:
        raise SkillError("the arm cannot come near that point", Reason.UNREACHABLE.value)
    mover.travel(goals, scale=TRAVEL_SCALE)


def _goals(mover: Mover, target_W: FloatArray) -> Iterator[FloatArray]:
    widest_m, view_W = mover.kinematics.description.gripper.max_width_m, mover.memory.view_from(target_W)
    try:
        first = next(reaches(mover, thing_at(target_W, mover.memory.points(), widest_m, view_W)), None)
    except SkillError:
        first = None
    if first is not None:
        yield first.before_rad
        return
    for pose in _stand_offs(mover, target_W):
        yield from mover.solutions(pose)


def _stand_offs(mover: Mover, target_W: FloatArray) -> Iterator[Pose]:
    """Poses that look at the point from above, then from ever lower, with level fingers."""
    base = mover.kinematics.description.base_in_world.translation_m
    level = np.array([*(target_W - base)[:2], 0.0])
    level /= max(float(np.linalg.norm(level)), 1e-9)
    aside = np.array([-level[1], level[0], 0.0])
    for pitch in np.deg2rad(PITCHES_DEG):
        z = np.cos(pitch) * level + np.sin(pitch) * np.array([0.0, 0.0, -1.0])
        rotation = np.column_stack([np.cross(aside, z), aside, z])
        yield Pose(rotation, target_W - STAND_OFF_M * z)
