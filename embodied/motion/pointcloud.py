"""Point clouds: thin out and cluster by Open3D, find planes."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import Any

import libusb_package
import numpy as np
from numpy.typing import NDArray

from embodied.geometry import FloatArray

SPACING_M = 0.004
PLANE_TOLERANCE_M = 0.003
PLANE_MIN_EXTENT_M = 0.16
PLANE_MIN_SHARE = 0.12
"""Of all points around: supports, walls and fronts are large, the faces of things that fit the hand are not."""
MAX_PLANES = 4
LEVEL = 0.97
"""Vertical share of the unit normals of level planes."""
STANDS_M = 0.01
"""What rises so high above a surface stands on it."""
AROUND_M = 0.08
"""A surface goes on around a point if it is seen further off than this in most of the sectors around it."""
SECTORS = 16
MOST_SECTORS = 12
PATCH_LINK_M = 0.02
LINK_M = 0.012
MIN_CLUSTER_POINTS = 12
MIN_PLANE_POINTS = 50
PLANE_TRIALS = 300
PLANE_SAMPLE = 1500


@dataclass(frozen=True, eq=False)
class Plane:
    """The points p with ``normal @ p + offset_m == 0``; the normal has unit length and may point to either side."""

    normal: FloatArray
    offset_m: float

    def distance_m(self, p: FloatArray) -> Any:
        """How far points (..., 3) are from it."""
        return np.abs(p @ self.normal + self.offset_m)

    @property
    def level(self) -> bool:
        """Whether things can stand on it."""
        return abs(float(self.normal[2])) > LEVEL

    def height_m(self, p: FloatArray) -> Any:
        """How far points (..., 3) are above it; below it is negative."""
        return (p @ self.normal + self.offset_m) * np.sign(self.normal[2])

    def supports(self, p_WP: FloatArray) -> bool:
        """Whether it is level and below the point: then all of it is a surface, wherever something stands on it."""
        return self.level and bool(self.height_m(p_WP) > 0.0)


@lru_cache(maxsize=1)
def open3d() -> ModuleType:
    """Open3D, imported at first use: it takes two seconds.

    Its Linux wheel needs libusb, which many machines lack; a dependency of ours brings it, to be loaded first.
    """
    if path := libusb_package.get_library_path():
        ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
    import open3d

    return open3d


def thinned(points: FloatArray, spacing_m: float = SPACING_M) -> FloatArray:
    """About one point for each ``spacing_m`` cube of ``points`` (k, 3)."""
    return np.asarray(_cloud(points).voxel_down_sample(spacing_m).points)


def without_planes(points: FloatArray, target: FloatArray) -> tuple[FloatArray, list[Plane]]:
    """Take the large planes that do not go through ``target`` away: supports, walls, fronts.

    Of what the thing stands on, also the parts that others hide the rest of it from.

    Returns:
        The points (m, 3) that are left, and the planes taken away.
    """
    rest, planes = points, []
    for _ in range(MAX_PLANES):
        if len(rest) < MIN_PLANE_POINTS:
            break
        plane, inliers = _largest_plane(rest)
        patch = _largest_patch(rest, inliers)
        large = patch.sum() >= PLANE_MIN_SHARE * len(points) and _extent(rest[patch]) >= PLANE_MIN_EXTENT_M
        if not large or plane.distance_m(target) < PLANE_TOLERANCE_M:
            break
        rest = rest[~(inliers if plane.supports(target) else patch)]
        planes.append(plane)
    return rest, planes


def beside_which(points: FloatArray, target: FloatArray, reach_m: float) -> FloatArray:
    """The point that is meant by ``target``: on a level surface that goes on around it, what stands within ``reach_m``.

    Where ``target`` is not on such a surface, or nothing stands there, itself.
    """
    if len(points) < MIN_PLANE_POINTS:
        return target
    plane, inliers = _largest_plane(points)
    if plane.distance_m(target) > PLANE_TOLERANCE_M or not plane.level:
        return target
    distances_m = np.linalg.norm(points - target, axis=1)
    stands = np.flatnonzero((plane.height_m(points) > STANDS_M) & (distances_m < reach_m))
    if len(stands) < MIN_CLUSTER_POINTS or not _goes_on_around(points[inliers] - target):
        return target
    return np.asarray(points[stands[distances_m[stands].argmin()]])


def _goes_on_around(offsets: FloatArray) -> bool:
    """Whether points (k, 3) of a surface, as seen from one of them, lie in most directions."""
    away = offsets[np.linalg.norm(offsets, axis=1) > AROUND_M]
    sectors = np.unique(np.arctan2(away[:, 1], away[:, 0]) // (2.0 * np.pi / SECTORS))
    return len(sectors) >= MOST_SECTORS


def cluster_at(points: FloatArray, target: FloatArray, reach_m: float) -> FloatArray:
    """The points (m, 3) that hang together with the one nearest to ``target``; empty if none is within ``reach_m``."""
    if len(points) < MIN_CLUSTER_POINTS:
        return np.empty((0, 3))
    labels = np.asarray(_cloud(points).cluster_dbscan(LINK_M, 3))
    distances = np.linalg.norm(points - target, axis=1)
    distances[labels < 0] = np.inf
    nearest = int(distances.argmin())
    if distances[nearest] > reach_m:
        return np.empty((0, 3))
    return np.asarray(points[labels == labels[nearest]])


def _cloud(points: FloatArray) -> Any:
    o3d = open3d()
    return o3d.geometry.PointCloud(o3d.utility.Vector3dVector(points))


def _largest_plane(points: FloatArray) -> tuple[Plane, NDArray[np.bool_]]:
    """The plane with most points, and which those are, by RANSAC (Fischler and Bolles, 1981).

    Open3D has this too, but finds different planes in different runs, whatever its seed.
    """
    rng = np.random.default_rng(0)
    a, b, c = points[rng.integers(0, len(points), (3, PLANE_TRIALS))]
    normals = np.cross(b - a, c - a)
    lengths = np.linalg.norm(normals, axis=1)
    normals, on = normals[lengths > 1e-9] / lengths[lengths > 1e-9, None], a[lengths > 1e-9]
    if not len(on):
        return Plane(np.array([0.0, 0.0, 1.0]), 0.0), np.zeros(len(points), dtype=bool)
    offsets = -np.einsum("ij,ij->i", normals, on)
    some = points[:: max(len(points) // PLANE_SAMPLE, 1)]
    best = int((np.abs(some @ normals.T + offsets) < PLANE_TOLERANCE_M).sum(axis=0).argmax())
    plane = Plane(normals[best], float(offsets[best]))
    return plane, np.asarray(plane.distance_m(points) < PLANE_TOLERANCE_M)


def _largest_patch(points: FloatArray, inliers: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of the points in a plane, those that hang together: the tops of two things of one height are no surface."""
    patch = np.zeros(len(points), dtype=bool)
    if inliers.any():
        labels = np.asarray(_cloud(points[inliers]).cluster_dbscan(PATCH_LINK_M, 3))
        patch[np.flatnonzero(inliers)[labels == np.bincount(labels[labels >= 0], minlength=1).argmax()]] = True
    return patch


def _extent(points: FloatArray) -> float:
    return float((points.max(axis=0) - points.min(axis=0)).max())
