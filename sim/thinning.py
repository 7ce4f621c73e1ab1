"""Fewer triangles, the same look: vertices of one small cell become the point that fits their faces best.

Lindstrom, "Out-of-core simplification of large polygonal models" (SIGGRAPH 2000), in numpy: no native library, and the
same result on every run.
"""

from __future__ import annotations

import numpy as np

from embodied.geometry import FloatArray
from sim.meshes import IntArray, Mesh

FINEST_CELL_M = 0.003
COARSER = 1.15
PULL_TO_MEAN = 0.02
"""Share of the middle of a cell's vertices in its point: keeps flat cells from running away along their plane."""


def thinned(mesh: Mesh, triangles: int) -> Mesh:
    """``mesh`` with at most about ``triangles`` faces, by cells that grow until there are few enough."""
    cell_m, light = FINEST_CELL_M, mesh
    while len(light.faces) > triangles:
        light = clustered(mesh, cell_m)
        cell_m *= COARSER
    return light


def clustered(mesh: Mesh, cell_m: float) -> Mesh:
    """``mesh`` with one vertex for each cell of the grid that has any."""
    cells = np.floor((mesh.vertices_m - mesh.low_m) / cell_m).astype(np.int64)
    _, cell_of = np.unique(cells, axis=0, return_inverse=True)
    numbers = cell_of.ravel()
    faces = numbers[mesh.faces]
    kept = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    _, first = np.unique(np.sort(faces[kept], axis=1), axis=0, return_index=True)
    return Mesh(_representatives(mesh, numbers), faces[kept][np.sort(first)])


def _representatives(mesh: Mesh, numbers: IntArray) -> FloatArray:
    count = int(numbers.max()) + 1
    mean = np.zeros((count, 3))
    np.add.at(mean, numbers, mesh.vertices_m)
    mean /= np.bincount(numbers, minlength=count)[:, None]
    matrices, sides = _quadrics(mesh, numbers, mean)
    weight = PULL_TO_MEAN * np.trace(matrices, axis1=1, axis2=2)[:, None, None] + 1e-12
    moved = np.linalg.solve(matrices + weight * np.eye(3), sides[..., None])[..., 0]
    return np.asarray(mean + moved)


def _quadrics(mesh: Mesh, numbers: IntArray, mean: FloatArray) -> tuple[FloatArray, FloatArray]:
    a, b, c = (mesh.vertices_m[mesh.faces[:, i]] for i in range(3))
    normal = np.cross(b - a, c - a)
    matrices, sides = np.zeros((len(mean), 3, 3)), np.zeros((len(mean), 3))
    for corner in range(3):
        cell = numbers[mesh.faces[:, corner]]
        distance = np.einsum("ij,ij->i", normal, a - mean[cell])
        np.add.at(matrices, cell, normal[:, :, None] * normal[:, None, :])
        np.add.at(sides, cell, normal * distance[:, None])
    return matrices, sides
