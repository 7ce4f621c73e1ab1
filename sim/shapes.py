"""Closed surfaces made from a few numbers: everything is a skin over a row of rings."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from embodied.geometry import FloatArray
from sim.meshes import IntArray, Mesh, Moments

SEGMENTS = 20
"""Sides of a round thing: coarse enough for a software renderer, fine enough to look round."""


def skin(rings: ArrayLike) -> Mesh:
    """The closed surface over rings (n, k, 3) of points in order, with flat ends; degenerate triangles are left out."""
    points = np.asarray(rings, dtype=np.float64)
    count, sides = points.shape[:2]
    ends = np.stack([points[0].mean(axis=0), points[-1].mean(axis=0)])
    vertices = np.concatenate([points.reshape(-1, 3), ends])
    faces = np.concatenate([_walls(count, sides), _caps(count, sides)])
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    mesh = Mesh(vertices, faces[np.linalg.norm(np.cross(b - a, c - a), axis=1) > 1e-10])
    return mesh if Moments.of(mesh).volume_m3 > 0 else Mesh(vertices, mesh.faces[:, ::-1])


def _walls(count: int, sides: int) -> IntArray:
    ring, side = np.meshgrid(np.arange(count - 1), np.arange(sides), indexing="ij")
    a, b = ring * sides + side, ring * sides + (side + 1) % sides
    faces = np.stack([a, b, b + sides, a, b + sides, a + sides], axis=-1)
    return np.asarray(faces.reshape(-1, 3))


def _caps(count: int, sides: int) -> IntArray:
    side = np.arange(sides)
    beside, last = (side + 1) % sides, (count - 1) * sides
    first_cap = np.stack([beside, side, np.full(sides, count * sides)], axis=-1)
    last_cap = np.stack([last + side, last + beside, np.full(sides, count * sides + 1)], axis=-1)
    return np.concatenate([first_cap, last_cap])


def curve(points: ArrayLike, pieces: int = 4) -> FloatArray:
    """A smooth curve (Catmull-Rom) through the points (n, d), with ``pieces`` steps between neighbours."""
    given = np.asarray(points, dtype=np.float64)
    padded = np.concatenate([[2 * given[0] - given[1]], given, [2 * given[-1] - given[-2]]])
    steps = np.linspace(0.0, 1.0, pieces, endpoint=False)[:, None]
    spans = [_span(padded[i : i + 4], steps) for i in range(len(given) - 1)]
    return np.concatenate([*spans, given[-1:]])


def _span(p: FloatArray, t: FloatArray) -> FloatArray:
    linear, square = p[2] - p[0], 2 * p[0] - 5 * p[1] + 4 * p[2] - p[3]
    cube = -p[0] + 3 * p[1] - 3 * p[2] + p[3]
    return np.asarray(p[1] + 0.5 * (linear * t + square * t**2 + cube * t**3))


def circle(segments: int = SEGMENTS) -> FloatArray:
    """(segments, 2) points of the unit circle."""
    angle = np.arange(segments) * 2.0 * np.pi / segments
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def turned(outline: ArrayLike, segments: int = SEGMENTS) -> FloatArray:
    """Rings (n, segments, 3) of an outline (n, 2) of radius and height turned about the z axis."""
    radius, height = np.asarray(outline, dtype=np.float64).T
    flat = radius[:, None, None] * circle(segments)
    return np.concatenate([flat, np.broadcast_to(height[:, None, None], (*flat.shape[:2], 1))], axis=-1)


def block(size: ArrayLike, bevel: float = 0.0) -> Mesh:
    """A box about the origin whose edges are cut by ``bevel``."""
    half = np.asarray(size, dtype=np.float64) / 2.0
    if bevel <= 0.0:
        return skin([_rectangle(half, 0.0, z) for z in (-half[2], half[2])])
    levels = [(-half[2], bevel), (-half[2] + bevel, 0.0), (half[2] - bevel, 0.0), (half[2], bevel)]
    return skin([_rectangle(half - inset, max(bevel - inset, bevel / 2), z) for z, inset in levels])


def _rectangle(half: FloatArray, cut: float, z: float) -> list[list[float]]:
    x, y = float(half[0]), float(half[1])
    if cut == 0.0:
        return [[-x, -y, z], [x, -y, z], [x, y, z], [-x, y, z]]
    lower = [[cut - x, -y, z], [x - cut, -y, z], [x, cut - y, z], [x, y - cut, z]]
    return lower + [[-px, -py, pz] for px, py, pz in lower]


def ellipsoid(radii: ArrayLike, segments: int = 16) -> Mesh:
    """An ellipsoid about the origin."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, segments // 2 + 1)
    rings = turned(np.stack([np.cos(angle).clip(0.0), np.sin(angle)], axis=-1), segments)
    return skin(rings * np.asarray(radii))


def prism(outline: ArrayLike, height: float) -> Mesh:
    """A convex outline (n, 2) drawn up from z = 0."""
    flat = np.asarray(outline, dtype=np.float64)
    return skin([np.column_stack([flat, np.full(len(flat), z)]) for z in (0.0, height)])


def tube_rings(path: ArrayLike, radii: ArrayLike, sides: int = 8) -> FloatArray:
    """Rings (n, sides, 3) around a path (n, 3), with a radius for each point."""
    points = np.asarray(path, dtype=np.float64)
    along = np.gradient(points, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    normal = _normals_along(along)
    frame = np.stack([normal, np.cross(along, normal)], axis=1)
    rings = np.einsum("kc,ncd->nkd", circle(sides), frame)
    return np.asarray(points[:, None] + np.asarray(radii, dtype=np.float64)[:, None, None] * rings)


def _normals_along(along: FloatArray) -> FloatArray:
    side = np.cross(along[0], np.eye(3)[np.argmin(np.abs(along[0]))])
    normals = []
    for direction in along:
        side = side - direction * (side @ direction)
        side = side / np.linalg.norm(side)
        normals.append(side)
    return np.array(normals)


def pillow_rings(length: float, width: float, thickness: float, crimp: float) -> FloatArray:
    """Rings of a filled sachet along x, about the origin: a soft belly between two flat crimped ends."""
    body = length / 2.0 - crimp
    x = np.array([-1.0, -0.97, -0.85, -0.6, -0.3, 0.0, 0.3, 0.6, 0.85, 0.97, 1.0]) * body
    belly = thickness / 2.0 * (1.0 - np.abs(x / body) ** 2.6).clip(0.0) ** 0.75 + 0.0008
    half_width = width / 2.0 * (1.0 - 0.10 * (belly / belly.max()) ** 2)
    x = np.concatenate([[-length / 2.0], x, [length / 2.0]])
    belly, half_width = np.pad(belly, 1, mode="edge"), np.pad(half_width, 1, mode="edge")
    around = circle(16)
    y = half_width[:, None] * np.sign(around[:, 0]) * np.abs(around[:, 0]) ** 0.8
    return np.stack([np.broadcast_to(x[:, None], y.shape), y, belly[:, None] * around[:, 1]], axis=-1)
