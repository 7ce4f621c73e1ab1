"""From where, and turned how, a hand may come to a thing; whether it fits between the fingers is judged elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from embodied.geometry import FloatArray

CLOSING_ANGLES = 12
UPRIGHT = 0.3
"""Vertical share of the unit normals of upright planes."""
SAME_DIRECTION = 0.985
"""Cosine of 10 degrees."""


def approaches(forward_W: FloatArray, normals_W: Sequence[FloatArray]) -> list[tuple[FloatArray, float]]:
    """Directions to come from, each with what it costs: straight down is best, square to a front reaches handles."""
    down = np.array([0.0, 0.0, -1.0])
    found = [(down, 0.0)]
    for level, extra in _levels(_level(forward_W), normals_W):
        for pitch_deg, penalty in ((60, 0.15), (35, 0.1), (0, 0.1)):
            pitch = np.deg2rad(pitch_deg)
            found.append((np.cos(pitch) * level + np.sin(pitch) * down, penalty + extra))
    return found


def _levels(forward: FloatArray, normals_W: Sequence[FloatArray]) -> list[tuple[FloatArray, float]]:
    """Level directions: square to every front, forward, and turned from those; none twice."""
    fronts = [_level(np.sign(normal @ forward) * normal) for normal in normals_W if abs(normal[2]) < UPRIGHT]
    ways = [(front, 0.0) for front in fronts]
    ways += [way for front in fronts for way in _turned(front, (-20.0, 20.0))]
    ways += [(forward, 0.1), *_turned(forward, (-45.0, 45.0))]
    found: list[tuple[FloatArray, float]] = []
    for level, extra in ways:
        if all(float(level @ other) < SAME_DIRECTION for other, _ in found):
            found.append((level, extra))
    return found


def _turned(forward: FloatArray, yaws_deg: Sequence[float]) -> list[tuple[FloatArray, float]]:
    left = np.array([-forward[1], forward[0], 0.0])
    yaws = np.deg2rad(yaws_deg)
    return [(np.cos(yaw) * forward + np.sin(yaw) * left, 0.05 + abs(float(yaw)) / 6.0) for yaw in yaws]


def _level(direction: FloatArray) -> FloatArray:
    level = np.array([direction[0], direction[1], 0.0])
    return np.asarray(level / max(float(np.linalg.norm(level)), 1e-9))


def rotations(approach_W: FloatArray) -> list[FloatArray]:
    """R_WG with Z along the approach, for closing directions all around."""
    aside = np.cross(approach_W, [0.0, 0.0, 1.0])
    if np.linalg.norm(aside) < 1e-6:
        aside = np.array([0.0, 1.0, 0.0])
    aside /= np.linalg.norm(aside)
    up = np.cross(approach_W, aside)
    angles = np.arange(CLOSING_ANGLES) * np.pi / CLOSING_ANGLES
    closing = [np.cos(angle) * aside + np.sin(angle) * up for angle in angles]
    return [np.column_stack([np.cross(y, approach_W), y, approach_W]) for y in closing]
