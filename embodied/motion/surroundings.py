"""What the arm must not touch from where it stands: all that was seen, and all that its site declares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from embodied.geometry import Box, FloatArray
from embodied.motion.body import Body
from embodied.motion.collision import CollisionWorld
from embodied.motion.kinematics import Kinematics
from embodied.motion.memory import VOXEL_M, SceneMemory

CARVES_M = (0.015, 0.022, 0.03, 0.04)
"""The hand may stand at what it has just touched: so near to it, what was seen is no obstacle. As little as possible is
left out, or the wall of the drawer that it stands in would be no obstacle either."""
ARM_CARVE_M = 0.0
"""The rest of the arm has nothing to touch: only what seems to be inside it is none."""
MOUNT_M = 0.01
"""A declared box that comes so near the arm's base is what it stands on: part of the robot, wherever the hand goes."""


class Surroundings:
    """What is around one arm."""

    def __init__(self, kinematics: Kinematics, body: Body, memory: SceneMemory, keep_out: Sequence[Box]) -> None:
        """Avoid what ``memory`` holds and the boxes ``keep_out``."""
        self._kinematics, self._body, self._memory, self._keep_out = kinematics, body, memory, tuple(keep_out)
        base_m = kinematics.description.base_in_world.translation_m
        mount = [box for box in keep_out if box.contains(base_m, MOUNT_M)]
        self.alone = CollisionWorld(kinematics, body, np.empty((0, 3)), mount)
        """The arm itself, and what it stands on."""

    def world(
        self, q_rad: FloatArray, held_G: FloatArray | None = None, ignore: FloatArray | None = None
    ) -> CollisionWorld:
        """What must not be touched by the arm at ``q_rad``: all that is not where it already is.

        Args:
            q_rad: Where its joints stand.
            held_G: (m, 3) points of what it holds.
            ignore: (k, 3) points; what was seen among and around them is no obstacle.
        """
        voxels = self._memory.voxels()
        if ignore is not None and len(ignore):
            voxels = voxels[~_around(voxels, ignore)]
        if held_G is not None and len(held_G):
            voxels_G = self._kinematics.grasp_pose(q_rad).inverse() @ voxels
            voxels = voxels[~_around(voxels_G, held_G)]
        for carve_m in CARVES_M:
            beside = self._within(voxels, q_rad, carve_m)
            world = CollisionWorld(self._kinematics, self._body, voxels[~beside], self._keep_out, held_G)
            if world.free(q_rad):
                break
        return world

    def are_beside_hand(self, q_rad: FloatArray) -> bool:
        """Whether anything is so near that it may be taken for no obstacle."""
        return bool(self._within(self._memory.voxels(), q_rad, CARVES_M[-1]).any())

    def _within(self, voxels: FloatArray, q_rad: FloatArray, carve_m: float) -> NDArray[np.bool_]:
        return self._body.inside(voxels, q_rad, carve_m, ARM_CARVE_M)


def _around(voxels: FloatArray, points: FloatArray) -> NDArray[np.bool_]:
    """Which voxels lie in the box around the points."""
    low, high = points.min(axis=0) - VOXEL_M, points.max(axis=0) + VOXEL_M
    return np.asarray(((voxels > low) & (voxels < high)).all(axis=1))
