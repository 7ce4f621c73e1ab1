"""Whether the arm touches anything: what the camera has seen, what the site declares, or itself.

Links are convex hulls; what was seen is an octree of voxels; declared keep-out volumes are boxes; what the hand holds
is a box in the hand. Checked by coal through Pinocchio.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import coal
import numpy as np
import pinocchio

from embodied.geometry import Box, FloatArray, Pose
from embodied.motion.body import Body
from embodied.motion.kinematics import Kinematics
from embodied.motion.memory import VOXEL_M

CARVE_M = 0.04
FIXED_LINKS = 2
"""Links from the base on whose contact with the surroundings does not depend on the joints."""


class CollisionWorld:
    """Everything that the arm must not touch, at one moment."""

    def __init__(
        self,
        kinematics: Kinematics,
        body: Body,
        voxels_W: FloatArray,
        keep_out: Sequence[Box],
        held_G: FloatArray | None = None,
    ) -> None:
        """Build the world from voxel centres (k, 3), declared boxes, and points of what is held (m, 3) in G."""
        self._kinematics = kinematics
        self._data = kinematics.model.createData()
        self._geometry: Any = body.geometry.copy()
        self._links = list(range(len(self._geometry.geometryObjects)))
        self._X_BW = kinematics.description.base_in_world.inverse()
        self._add_self_pairs()
        if held_G is not None and len(held_G):
            self._links.append(self._add_held(held_G))
        obstacles = [self._add_box(box) for box in keep_out]
        if len(voxels_W):
            obstacles.append(self._add_seen(voxels_W))
        self._add_obstacle_pairs(obstacles)
        self._contacts = self._geometry.createData()
        self._nearby = pinocchio.BroadPhaseManager_NaiveCollisionManager(
            kinematics.model, self._geometry, self._contacts
        )

    def free(self, q_rad: FloatArray) -> bool:
        """Whether the arm touches nothing at ``q_rad``."""
        return not pinocchio.computeCollisions(self._kinematics.model, self._data, self._nearby, q_rad, True)

    def touching(self, q_rad: FloatArray) -> list[tuple[str, str]]:
        """The names of what touches what at ``q_rad``, for messages and for people who look for a cause."""
        pinocchio.computeCollisions(self._kinematics.model, self._data, self._geometry, self._contacts, q_rad, False)
        pairs = zip(self._geometry.collisionPairs, self._contacts.collisionResults, strict=True)
        names = [item.name for item in self._geometry.geometryObjects]
        return [(names[pair.first], names[pair.second]) for pair, result in pairs if result.isCollision()]

    def _add_self_pairs(self) -> None:
        """Pairs of links that can meet: not neighbours, and apart at the arm's home."""
        count = len(self._links)
        for first in range(count):
            for second in range(first + 1, count):
                if abs(self._joint(first) - self._joint(second)) > 1:
                    self._geometry.addCollisionPair(pinocchio.CollisionPair(first, second))
        contacts = self._geometry.createData()
        home = self._kinematics.description.home_rad
        pinocchio.computeCollisions(self._kinematics.model, self._data, self._geometry, contacts, home, False)
        pairs = list(self._geometry.collisionPairs)
        for pair, result in zip(pairs, contacts.collisionResults, strict=True):
            if result.isCollision():
                self._geometry.removeCollisionPair(pair)

    def _add_obstacle_pairs(self, obstacles: list[int]) -> None:
        for link in self._links[FIXED_LINKS:]:
            for obstacle in obstacles:
                self._geometry.addCollisionPair(pinocchio.CollisionPair(link, obstacle))

    def _joint(self, index: int) -> int:
        return int(self._geometry.geometryObjects[index].parentJoint)

    def _add(self, name: str, joint: int, X_JO: Any, shape: Any) -> int:
        return int(self._geometry.addGeometryObject(pinocchio.GeometryObject(name, joint, X_JO, shape)))

    def _add_seen(self, voxels_W: FloatArray) -> int:
        tree = coal.makeOctree(np.ascontiguousarray(self._X_BW @ voxels_W), VOXEL_M)
        return self._add("seen", 0, pinocchio.SE3.Identity(), tree)

    def _add_box(self, box: Box) -> int:
        low, high = np.asarray(box.low_m), np.asarray(box.high_m)
        X_BO = self._X_BW @ Pose(np.eye(3), (low + high) / 2.0)
        return self._add(box.name, 0, pinocchio.SE3(X_BO.rotation, X_BO.translation_m), coal.Box(*(high - low)))

    def _add_held(self, held_G: FloatArray) -> int:
        low, high = held_G.min(axis=0), held_G.max(axis=0)
        X_LG = self._kinematics.description.pose_of_grasp_in_link
        frame = self._kinematics.model.frames[
            self._kinematics.model.getFrameId(self._kinematics.description.grasp_link)
        ]
        p_LO = X_LG @ ((low + high) / 2.0)
        X_JO = frame.placement * pinocchio.SE3(np.array(X_LG.rotation), p_LO)
        return self._add("held", int(frame.parentJoint), X_JO, coal.Box(*np.maximum(high - low, 0.005)))
