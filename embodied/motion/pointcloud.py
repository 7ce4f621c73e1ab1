"""Point clouds: thin out and cluster by Open3D, find planes."""

from __future__ import annotations

import ctypes
from functools import lru_cache
from types import ModuleType
from typing import Any

import libusb_package
import numpy as np
from numpy.typing import NDArray

from embodied.geometry import FloatArray

SPACING_M = 0.004
PLANE_TOLERANCE_M = 0.005
PLANE_MIN_EXTENT_M = 0.16
PLANE_MIN_SHARE = 0.12
"""Of all points around: supports, walls and fronts are large, the faces of things that fit the hand are not."""
MAX_PLANES = 4
LINK_M = 0.012
MIN_CLUSTER_POINTS = 12
MIN_PLANE_POINTS = 50
PLANE_TRIALS = 300
PLANE_SAMPLE = 1500


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


def without_planes(points: FloatArray, target: FloatArray) -> tuple[FloatArray, list[FloatArray]]:
    """Take the large planes that do not go through ``target`` away: supports, walls, fronts.

    Returns:
        The points (m, 3) that are left, and the unit normals of the planes taken away.
    """
    rest, normals = points, []
    for _ in range(MAX_PLANES):
        if len(rest) < MIN_PLANE_POINTS:
            break
        normal, offset, on_plane = _largest_plane(rest)
        large = on_plane.sum() >= PLANE_MIN_SHARE * len(points) and _extent(rest[on_plane]) >= PLANE_MIN_EXTENT_M
        if not large or abs(float(normal @ target) + offset) < PLANE_TOLERANCE_M:
            break
        rest = rest[~on_plane]
        normals.append(normal)
    return rest, normals


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


def _largest_plane(points: FloatArray) -> tuple[FloatArray, float, NDArray[np.bool_]]:
    """Unit normal, offset and inliers of the plane with most points, by RANSAC (Fischler and Bolles, 1981).

    Open3D has this too, but finds different planes in different runs, whatever its seed.
    """
    rng = np.random.default_rng(0)
    a, b, c = points[rng.integers(0, len(points), (3, PLANE_TRIALS))]
    normals = np.cross(b - a, c - a)
    lengths = np.linalg.norm(normals, axis=1)
    normals, on = normals[lengths > 1e-9] / lengths[lengths > 1e-9, None], a[lengths > 1e-9]
    if not len(on):
        return np.array([0.0, 0.0, 1.0]), 0.0, np.zeros(len(points), dtype=bool)
    offsets = -np.einsum("ij,ij->i", normals, on)
    some = points[:: max(len(points) // PLANE_SAMPLE, 1)]
    best = int((np.abs(some @ normals.T + offsets) < PLANE_TOLERANCE_M).sum(axis=0).argmax())
    inliers = np.abs(points @ normals[best] + offsets[best]) < PLANE_TOLERANCE_M
    return normals[best], float(offsets[best]), inliers


def _extent(points: FloatArray) -> float:
    return float((points.max(axis=0) - points.min(axis=0)).max())
