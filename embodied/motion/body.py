"""The robot's own body: convex hulls of its links, as bodies to collide and as masks over what a camera sees."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pinocchio
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

from embodied.geometry import FloatArray
from embodied.motion.arm import ArmDescription
from embodied.motion.kinematics import Kinematics, open_position

FIRST_FACES = 24
GOLDEN = 0.6180339887498949
"""Multiples of it modulo one are spread evenly: so are the first faces of a hull then."""


@dataclass(frozen=True, eq=False)
class _Hull:
    """Half spaces ``normals @ p + offsets <= 0`` of a link's hull, in the link's geometry frame."""

    normals: FloatArray
    offsets: FloatArray
    centre_m: FloatArray
    radius_m: float


class Body:
    """The convex hulls of an arm's links, moved by its joints, with the fingers open.

    Attributes:
        geometry: The Pinocchio geometry model, in the base frame B.
    """

    def __init__(self, kinematics: Kinematics) -> None:
        """Build the hulls of every link that has a collision shape."""
        self._kinematics = kinematics
        self.geometry: Any
        self.geometry, self._hulls = _hulls(kinematics.description)
        self._data = kinematics.model.createData()
        self._placements = self.geometry.createData()

    @property
    def base_m(self) -> FloatArray:
        """``p_WB`` of the arm's base."""
        return self._kinematics.description.base_in_world.translation_m

    def inside(
        self, p_WP: FloatArray, q_rad: FloatArray, margin_m: float, arm_margin_m: float | None = None
    ) -> NDArray[np.bool_]:
        """Which of the points (k, 3) lie within ``margin_m`` of a link at ``q_rad``.

        ``arm_margin_m`` is another margin for the links before the last joint: all but the hand.
        """
        pinocchio.updateGeometryPlacements(self._kinematics.model, self._data, self.geometry, self._placements, q_rad)
        p_PB = np.ascontiguousarray((self._kinematics.description.base_in_world.inverse() @ p_WP).T)
        inside = np.zeros(len(p_WP), dtype=bool)
        before_m, hand = margin_m if arm_margin_m is None else arm_margin_m, self._kinematics.model.njoints - 1
        links = zip(self.geometry.geometryObjects, self._placements.oMg, self._hulls, strict=True)
        for link, X_BL, hull in links:
            inside[_within(p_PB, X_BL, hull, margin_m if link.parentJoint == hand else before_m)] = True
        return inside


def _within(p_PB: FloatArray, X_BL: Any, hull: _Hull, margin_m: float) -> NDArray[np.int64]:
    """Which of the points, as columns (3, k), lie within ``margin_m`` of a hull."""
    reach_m = hull.radius_m + margin_m
    x, y, z = np.abs(p_PB - X_BL.act(hull.centre_m)[:, None]) < reach_m
    near = np.flatnonzero(x & y & z)
    p_LP = X_BL.rotation.T @ (p_PB[:, near] - X_BL.translation[:, None])
    for faces in (slice(FIRST_FACES), slice(FIRST_FACES, None)):  # most points are outside one of the first
        behind = (hull.normals[faces] @ p_LP + hull.offsets[faces, None] <= margin_m).all(axis=0)
        near, p_LP = near[behind], p_LP[:, behind]
    return near


@lru_cache(maxsize=4)
def _hulls(description: ArmDescription) -> tuple[Any, tuple[_Hull, ...]]:
    """Worked out once for a description: an eighth of a second."""
    geometry = _hull_geometry(description)
    return geometry, tuple(_half_spaces(item.geometry) for item in geometry.geometryObjects)


def _hull_geometry(description: ArmDescription) -> Any:
    full = pinocchio.buildModelFromUrdf(str(description.urdf))
    directories = [str(path) for path in description.package_dirs]
    geometry = pinocchio.buildGeomFromUrdf(
        full, str(description.urdf), pinocchio.GeometryType.COLLISION, package_dirs=directories
    )
    for item in geometry.geometryObjects:
        item.geometry.buildConvexHull(True, "Qt")
        item.geometry = item.geometry.convex
    locked = [index for index, name in enumerate(full.names) if index and name not in description.joint_names]
    _, reduced = pinocchio.buildReducedModel(full, geometry, locked, open_position(full, description))
    return reduced


def _half_spaces(shape: Any) -> _Hull:
    points = np.array([shape.point(index) for index in range(shape.num_points)])
    hull = ConvexHull(points)
    centre = points.mean(axis=0)
    radius = float(np.linalg.norm(points - centre, axis=1).max())
    equations = np.unique(hull.equations.round(6), axis=0)
    equations = equations[np.argsort(np.arange(len(equations)) * GOLDEN % 1.0)]
    return _Hull(equations[:, :3], equations[:, 3], centre, radius)
