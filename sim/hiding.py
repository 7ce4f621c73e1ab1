"""Leave out what nobody can see: faces of boards that lie against other boards cost a software renderer time."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from embodied.geometry import FloatArray
from sim.furnishing import Cuboid
from sim.meshes import IntArray, Mesh

OUT_M = 0.002
"""How far outside a face its view is tested."""
SHARES = np.array([0.02, 0.35, 0.65, 0.98])
"""Where on a face it is tested, along each edge."""
_SIDES = [(axis, side) for axis in range(3) for side in (0, 1)]


@lru_cache(maxsize=64)
def visible_surfaces(boards: tuple[Cuboid, ...]) -> list[Mesh]:
    """The surface of each board without the faces that other boards cover; kept, as kitchens are built many times."""
    low = np.array([board.low_m for board in boards]).reshape(-1, 3)
    high = np.array([board.high_m for board in boards]).reshape(-1, 3)
    hidden = _covered(_samples(low, high), low, high)
    return [_without(board.surface(), hidden[i]) for i, board in enumerate(boards)]


def _samples(low: FloatArray, high: FloatArray) -> FloatArray:
    """(boards, 6 faces, samples, 3) points just outside the faces."""
    first, second = (grid.ravel() for grid in np.meshgrid(SHARES, SHARES))
    shares = np.empty((len(_SIDES), len(first), 3))
    for face, (axis, side) in enumerate(_SIDES):
        shares[face, :, [axis, (axis + 1) % 3, (axis + 2) % 3]] = [np.full(len(first), side), first, second]
    points = low[:, None, None] + shares * (high - low)[:, None, None]
    for face, (axis, side) in enumerate(_SIDES):
        points[:, face, :, axis] += OUT_M if side else -OUT_M
    return points


def _covered(points: FloatArray, low: FloatArray, high: FloatArray) -> NDArray[np.bool_]:
    """(boards, 6) whether every sample of a face is inside some board."""
    flat = points.reshape(-1, 1, 3)
    inside = ((flat > low) & (flat < high)).all(axis=-1).any(axis=-1)
    return np.asarray(inside.reshape(points.shape[:3]).all(axis=-1))


def _without(mesh: Mesh, hidden: NDArray[np.bool_]) -> Mesh:
    a, b, c = (mesh.vertices_m[mesh.faces[:, i]] for i in range(3))
    normal = np.cross(b - a, c - a)
    axis = np.abs(normal).argmax(axis=1)
    side: IntArray = (np.take_along_axis(normal, axis[:, None], axis=1)[:, 0] > 0).astype(np.int64)
    return Mesh(mesh.vertices_m, mesh.faces[~hidden[2 * axis + side]])
