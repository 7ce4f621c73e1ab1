"""Look at a thing from above with the camera on the hand: what is hidden from the fixed camera decides a grasp."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product

import numpy as np

from embodied.geometry import FloatArray, Pose
from embodied.motion.mover import Mover
from embodied.motion.skills.retreat import went

HEIGHTS_M = (0.15, 0.11)
"""Of the point between the pads above the thing: a camera on the hand then sees all of what fits the hand."""
GOALS = 2
YAWS_DEG = (0.0, 90.0, -90.0, 180.0)
TILTS_DEG = (0.0, 30.0, 50.0)
"""From the vertical towards the robot: under a cupboard there is no room straight above a thing."""


def look_closely(mover: Mover, top_W: FloatArray) -> bool:
    """Travel above ``top_W``, or beside it, look from there, and remember what was seen; whether that was possible.

    Raises:
        SkillError: ``timeout``, ``stopped``.
    """
    world = mover.world()
    goals = list(islice((q for pose in _poses(mover, top_W) for q in mover.solutions(pose) if world.free(q)), GOALS))
    if not goals or not went(mover, goals):
        return False
    mover.look()  # what the arm hid from the fixed camera, it no longer hides
    return mover.close_look()


def _poses(mover: Mover, top_W: FloatArray) -> Iterator[Pose]:
    """Straight down above the thing, then ever more from the robot's side, the easiest turn of the hand first."""
    level = (top_W - mover.kinematics.description.base_in_world.translation_m) * [1.0, 1.0, 0.0]
    level /= max(float(np.linalg.norm(level)), 1e-9)
    down = np.array([0.0, 0.0, -1.0])
    for tilt, height_m in product(np.deg2rad(TILTS_DEG), HEIGHTS_M):
        z = np.cos(tilt) * down + np.sin(tilt) * level
        forward = np.cos(tilt) * level - np.sin(tilt) * down
        for yaw in np.deg2rad(YAWS_DEG):
            x = np.cos(yaw) * forward + np.sin(yaw) * np.cross(z, forward)
            yield Pose(np.column_stack([x, np.cross(z, x), z]), top_W - height_m * z)
