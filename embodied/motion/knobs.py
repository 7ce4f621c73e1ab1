"""What a press is meant for: the button that stands out of a worktop at a point or just beside it."""

from __future__ import annotations

import numpy as np

from embodied.geometry import FloatArray

REACH_M = 0.05
"""Who would press so near to a button means the button."""
LEVEL_M = 0.03
"""What is seen so much higher or lower does not belong to what was pointed at."""
FACE_M = 0.004
"""A button's face is level: its points are no further apart in height."""
WIDE_M = 0.045
"""What is wider is no button."""
RING_M = 0.02
RISES_M, HIGH_M = 0.006, 0.025
"""A button is higher by more than this than most of what is seen so far around it, and by less than that."""
MIN_POINTS = 3
"""The arm may hide most of it."""


def knob_at(seen_W: FloatArray, target_W: FloatArray) -> FloatArray | None:
    """The middle of the face of the button that stands out at ``target_W`` or beside it; ``None`` if there is none.

    Args:
        seen_W: (k, 3) all that was seen.
        target_W: Where it was pointed at.
    """
    away = seen_W - target_W
    aside_m, level = np.linalg.norm(away[:, :2], axis=1), np.abs(away[:, 2]) < LEVEL_M
    points, reached = seen_W[level & (aside_m < REACH_M + WIDE_M)], seen_W[level & (aside_m < REACH_M)]
    if not len(reached):
        return None
    top = reached[reached[:, 2].argmax()]
    near = np.linalg.norm((points - top)[:, :2], axis=1) < WIDE_M
    face = points[near & (points[:, 2] > top[2] - FACE_M)]
    low, high = face.min(axis=0), face.max(axis=0)
    around = ((points > low - RING_M) & (points < high + RING_M))[:, :2].all(axis=1) & (points[:, 2] < low[2])
    rises_m = high[2] - np.median(points[around, 2]) if around.any() else 0.0
    if len(face) < MIN_POINTS or not RISES_M < rises_m < HIGH_M or (high - low)[:2].max() > WIDE_M:
        return None
    return np.array([*(low + high)[:2] / 2.0, high[2]])
