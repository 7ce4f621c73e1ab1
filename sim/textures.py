"""Patterns for large surfaces, drawn from a few numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from embodied.geometry import FloatArray
from sim.kitchen import Material
from sim.meshes import Mesh
from sim.urdf import rgb

SIZE_PX = 256

Shades = NDArray[np.float64]


def write_texture(path: Path, material: Material) -> None:
    """Write the material's pattern as an image; nothing for a plain one."""
    if material.texture == "plain":
        return
    shades = _PATTERNS[material.texture]()
    image = shades[..., None] * np.array(rgb(material.color))[::-1] * 255.0
    cv2.imwrite(str(path), image.clip(0.0, 255.0).astype(np.uint8))


def box_uvs(mesh: Mesh, repeat_m: float) -> FloatArray:
    """(3 m, 2) texture coordinates: each face takes the pattern along the two axes that it spans most."""
    a, b, c = (mesh.vertices_m[mesh.faces[:, i]] for i in range(3))
    facing = np.abs(np.cross(b - a, c - a)).argmax(axis=1)
    across = np.array([[1, 2], [0, 2], [0, 1]])[facing]
    corners = mesh.vertices_m[mesh.faces]
    return np.asarray(np.take_along_axis(corners, across[:, None, :], axis=2).reshape(-1, 2) / repeat_m)


def _tiles() -> Shades:
    """Two by two tiles with joints between them."""
    at = np.arange(SIZE_PX) % (SIZE_PX // 2)
    joint = at < 5
    edge = (at < 9) | (at > SIZE_PX // 2 - 5)
    shades = np.where(edge[:, None] | edge[None, :], 0.97, 1.0)
    return np.where(joint[:, None] | joint[None, :], 0.80, shades)


def _planks() -> Shades:
    """Four boards with grain."""
    rng = np.random.default_rng(4)
    grain = cv2.resize(rng.uniform(0.88, 1.0, (SIZE_PX, 8)), (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_CUBIC)
    boards = np.repeat(rng.uniform(0.86, 1.0, 4), SIZE_PX // 4)[:, None]
    joint = (np.arange(SIZE_PX) % (SIZE_PX // 4) < 3)[:, None]
    return np.asarray(np.where(joint, 0.6, grain * boards))


def _stone() -> Shades:
    """Fine speckles."""
    rng = np.random.default_rng(7)
    fine = rng.normal(0.0, 1.0, (SIZE_PX, SIZE_PX))
    coarse = cv2.resize(rng.normal(0.0, 1.0, (32, 32)), (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_CUBIC)
    return np.asarray((0.95 + 0.025 * cv2.GaussianBlur(fine, (0, 0), 1.0) * 3.0 + 0.012 * coarse).clip(0.0, 1.0))


_PATTERNS: dict[str, Callable[[], Shades]] = {"tiles": _tiles, "planks": _planks, "stone": _stone}
