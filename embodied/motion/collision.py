"""Whether the arm touches anything: what the camera has seen, what the site declares, or itself.

Links are convex hulls; what was seen is an octree of voxels; declared keep-out volumes are boxes; what the hand holds
is a box in the hand. Checked by coal through Pinocchio.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations
from typing import Any

import coal
import numpy as np
import pinocchio

from embodied.geometry import Box, FloatArray, Pose
from embodied.motion.body import Body
from embodied.motion.kinematics import Kinematics
from embodied.motion.memory import VOXEL_M

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
        self._geometry, links, obstacles = _lasting(kinematics, body, tuple(keep_out))
        if held_G is not None and len(held_G):
            held = _add_held(self._geometry, kinematics, held_G)
            _pair(self._geometry, [held], obstacles)
            links = [*links, held]
        if len(voxels_W):
            seen = coal.makeOctree(np.ascontiguousarray(_to_base(kinematics) @ voxels_W), VOXEL_M)
            _pair(self._geometry, links, [_add(self._geometry, "seen", 0, pinocchio.SE3.Identity(), seen)])
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


def _lasting(kinematics: Kinematics, body: Body, keep_out: tuple[Box, ...]) -> tuple[Any, list[int], list[int]]:
    """A geometry with what is the same at all moments, and the numbers of its moving links and of its boxes."""
    geometry = _with_boxes(kinematics, body, keep_out).copy()
    links = range(FIXED_LINKS, len(body.geometry.geometryObjects))
    return geometry, list(links), list(range(links.stop, len(geometry.geometryObjects)))


@lru_cache(maxsize=4)
def _with_boxes(kinematics: Kinematics, body: Body, keep_out: tuple[Box, ...]) -> Any:
    """The body and the declared boxes: worked out once for a robot and its site."""
    geometry = body.geometry.copy()
    links = list(range(len(geometry.geometryObjects)))
    _add_self_pairs(geometry, kinematics)
    boxes = [_add_box(geometry, kinematics, box) for box in keep_out]
    _pair(geometry, links[FIXED_LINKS:], boxes)
    return geometry


def _add_self_pairs(geometry: Any, kinematics: Kinematics) -> None:
    """Pairs of links that can meet: not neighbours, and apart at the arm's home."""
    joints = [int(item.parentJoint) for item in geometry.geometryObjects]
    for first, second in combinations(range(len(joints)), 2):
        if abs(joints[first] - joints[second]) > 1:
            geometry.addCollisionPair(pinocchio.CollisionPair(first, second))
    contacts = geometry.createData()
    data, home = kinematics.model.createData(), kinematics.description.home_rad
    pinocchio.computeCollisions(kinematics.model, data, geometry, contacts, home, False)
    pairs = list(geometry.collisionPairs)
    for pair, result in zip(pairs, contacts.collisionResults, strict=True):
        if result.isCollision():
            geometry.removeCollisionPair(pair)


def _pair(geometry: Any, links: Sequence[int], obstacles: Sequence[int]) -> None:
    for link in links:
        for obstacle in obstacles:
            geometry.addCollisionPair(pinocchio.CollisionPair(link, obstacle))


def _to_base(kinematics: Kinematics) -> Pose:
    """``X_BW``."""
    return kinematics.description.base_in_world.inverse()


def _add(geometry: Any, name: str, joint: int, X_JO: Any, shape: Any) -> int:
    return int(geometry.addGeometryObject(pinocchio.GeometryObject(name, joint, X_JO, shape)))


def _add_box(geometry: Any, kinematics: Kinematics, box: Box) -> int:
    low, high = np.asarray(box.low_m), np.asarray(box.high_m)
    X_BO = _to_base(kinematics) @ Pose(np.eye(3), (low + high) / 2.0)
    return _add(geometry, box.name, 0, pinocchio.SE3(X_BO.rotation, X_BO.translation_m), coal.Box(*(high - low)))


def _add_held(geometry: Any, kinematics: Kinematics, held_G: FloatArray) -> int:
    low, high = held_G.min(axis=0), held_G.max(axis=0)
    X_LG = kinematics.description.pose_of_grasp_in_link
    frame = kinematics.model.frames[kinematics.model.getFrameId(kinematics.description.grasp_link)]
    p_LO = X_LG @ ((low + high) / 2.0)
    X_JO = frame.placement * pinocchio.SE3(np.array(X_LG.rotation), p_LO)
    return _add(geometry, "held", int(frame.parentJoint), X_JO, coal.Box(*np.maximum(high - low, 0.005)))
