"""Triangle meshes: join, place, weigh and write them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix

from embodied.geometry import FloatArray, Pose

IntArray = NDArray[np.int64]

CREASE_RAD = 0.7
"""Edges sharper than this are shaded as edges, the others as a curved surface."""


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles in some frame.

    Attributes:
        vertices_m: (n, 3).
        faces: (m, 3) indices, counter-clockwise seen from outside.
    """

    vertices_m: FloatArray
    faces: IntArray

    def placed(self, pose: Pose) -> Mesh:
        """The same mesh at ``pose``."""
        return Mesh(pose @ self.vertices_m, self.faces)

    @property
    def low_m(self) -> FloatArray:
        """(3,) lowest corner of the bounding box."""
        return np.asarray(self.vertices_m.min(axis=0))

    @property
    def high_m(self) -> FloatArray:
        """(3,) highest corner of the bounding box."""
        return np.asarray(self.vertices_m.max(axis=0))


@dataclass(frozen=True, eq=False)
class Moments:
    """Volume, centre and second moments about the frame's origin of uniform matter inside a closed mesh."""

    volume_m3: float
    first_m4: FloatArray
    second_m5: FloatArray

    @classmethod
    def of(cls, mesh: Mesh) -> Moments:
        """Sum over the tetrahedra between the origin and each triangle."""
        a, b, c = (mesh.vertices_m[mesh.faces[:, i]] for i in range(3))
        volume = np.einsum("ij,ij->i", a, np.cross(b, c)) / 6.0
        total = a + b + c
        first = (volume[:, None] * total / 4.0).sum(axis=0)
        products = sum(p[:, :, None] * p[:, None, :] for p in (a, b, c, total))
        second = (volume[:, None, None] * products / 20.0).sum(axis=0)
        return cls(float(volume.sum()), first, second)

    def __add__(self, other: Moments) -> Moments:
        """Both bodies together."""
        return Moments(
            self.volume_m3 + other.volume_m3, self.first_m4 + other.first_m4, self.second_m5 + other.second_m5
        )

    @property
    def center_m(self) -> FloatArray:
        """(3,) centre of mass."""
        return self.first_m4 / self.volume_m3

    def inertia_kg_m2(self, mass_kg: float) -> FloatArray:
        """(3,) moments of inertia about the axes through the centre of mass."""
        second = self.second_m5 / self.volume_m3 - np.outer(self.center_m, self.center_m)
        return np.asarray(mass_kg * (np.trace(second) - np.diag(second)))


def joined(meshes: Iterable[Mesh]) -> Mesh:
    """One mesh of all the triangles."""
    parts = list(meshes)
    offsets = np.cumsum([0, *(len(part.vertices_m) for part in parts[:-1])])
    faces = [part.faces + offset for part, offset in zip(parts, offsets, strict=True)]
    return Mesh(np.concatenate([part.vertices_m for part in parts]), np.concatenate(faces))


def split(mesh: Mesh, edge_m: float) -> Mesh:
    """The same surface without edges longer than ``edge_m``.

    A software renderer walks over the whole bounding box of a triangle: long slanting ones are mostly box.
    """
    while True:
        corners = mesh.vertices_m[mesh.faces]
        lengths = np.linalg.norm(corners - np.roll(corners, -1, axis=1), axis=2)
        long = lengths.max(axis=1) > edge_m
        if not long.any():
            return mesh
        mesh = _halved(mesh, long, lengths.argmax(axis=1))


def _halved(mesh: Mesh, chosen: NDArray[np.bool_], longest: IntArray) -> Mesh:
    row = np.flatnonzero(chosen)
    a, b, c = (mesh.faces[row, (longest[row] + i) % 3] for i in range(3))
    middle = len(mesh.vertices_m) + np.arange(len(row))
    vertices = np.concatenate([mesh.vertices_m, (mesh.vertices_m[a] + mesh.vertices_m[b]) / 2.0])
    halves = [np.stack([a, middle, c], axis=1), np.stack([middle, b, c], axis=1)]
    return Mesh(vertices, np.concatenate([mesh.faces[~chosen], *halves]))


def corner_normals(mesh: Mesh, crease_rad: float = CREASE_RAD) -> FloatArray:
    """(3 m, 3) unit normals of the faces' corners: smooth across shallow edges, sharp across the others."""
    a, b, c = (mesh.vertices_m[mesh.faces[:, i]] for i in range(3))
    areas = np.repeat(np.cross(b - a, c - a), 3, axis=0)
    units = areas / np.maximum(np.linalg.norm(areas, axis=1, keepdims=True), 1e-12)
    at, beside = _corners_sharing_a_vertex(mesh)
    near = np.einsum("ij,ij->i", units[at], units[beside]) > np.cos(crease_rad)
    normals = np.zeros_like(areas)
    np.add.at(normals, at[near], areas[beside[near]])
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.where(length > 1e-12, normals / np.maximum(length, 1e-12), [0.0, 0.0, 1.0])


def _corners_sharing_a_vertex(mesh: Mesh) -> tuple[IntArray, IntArray]:
    _, merged = np.unique(np.round(mesh.vertices_m, 6), axis=0, return_inverse=True)
    corners = merged.ravel()[mesh.faces.ravel()]
    ones = np.ones(len(corners), dtype=np.int8)
    touches = coo_matrix((ones, (np.arange(len(corners)), corners))).tocsr()
    pairs = (touches @ touches.T).tocoo()
    return pairs.row.astype(np.int64), pairs.col.astype(np.int64)


def write_obj(path: Path, mesh: Mesh, uvs: FloatArray | None = None, texture: str = "") -> None:
    """Write a Wavefront file, with normals and, where given, texture coordinates (3 m, 2) and a texture's file name."""
    shape = _shape(
        mesh.vertices_m.tobytes(), mesh.faces.astype(np.int64).tobytes(), None if uvs is None else uvs.tobytes()
    )
    path.write_text(_material(path, texture) + shape)


@lru_cache(maxsize=256)
def _shape(vertices_m: bytes, faces: bytes, uvs: bytes | None) -> str:
    """The lines of a mesh, of float64 and int64 numbers; kept, as kitchens and things are built many times."""
    mesh = Mesh(np.frombuffer(vertices_m).reshape(-1, 3), np.frombuffer(faces, dtype=np.int64).reshape(-1, 3))
    numbers = np.arange(1, 3 * len(mesh.faces) + 1)
    columns = [mesh.faces.ravel() + 1, np.ones_like(numbers) if uvs is None else numbers, numbers]
    corners = np.column_stack(columns).reshape(-1, 9)
    lines = [
        _rows("v", mesh.vertices_m),
        _rows("vt", np.zeros((1, 2)) if uvs is None else np.frombuffer(uvs).reshape(-1, 2)),
        _rows("vn", corner_normals(mesh)),
        ("f %d/%d/%d %d/%d/%d %d/%d/%d\n" * len(corners)) % tuple(corners.ravel().tolist()),
    ]
    return "".join(lines)


def write_hulls(path: Path, hulls: Iterable[FloatArray]) -> None:
    """Write convex hulls, given as points (n, 3), as one Wavefront file of which each object is one hull."""
    lines, offset = [], 1
    for index, points in enumerate(hulls):
        fan = [(offset, offset + i, offset + i + 1) for i in range(1, len(points) - 1)]
        lines += [f"o hull{index}\n", _rows("v", points)] + [f"f {a} {b} {c}\n" for a, b, c in fan]
        offset += len(points)
    path.write_text("".join(lines))


def _material(path: Path, texture: str) -> str:
    if not texture:
        return ""
    path.with_suffix(".mtl").write_text(f"newmtl surface\nKd 1 1 1\nmap_Kd {texture}\n")
    return f"mtllib {path.with_suffix('.mtl').name}\nusemtl surface\n"


def _rows(tag: str, values: FloatArray) -> str:
    row = tag + " %.6f" * values.shape[1] + "\n"
    return str((row * len(values)) % tuple(values.ravel().tolist()))
