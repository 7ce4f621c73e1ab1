"""What lies in or on something wide, told from it by the valley between their heights: a fruit in a bowl.

A persistence of peaks: points are taken from the highest down, each joins the hill of its nearest neighbour that was
taken before, and two hills that meet are one if the lower of them rises little above the place where they meet.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from embodied.geometry import FloatArray

LINK_M = 0.010
RISE_M = 0.004
"""A hill that rises less than this above the valley to the next one is part of that."""
FOOT_SHARE = 0.2
"""The lowest part of a hill, by height, is the floor around the thing's foot."""
LARGEST_SHARE = 0.9
"""Of all the points: a hill of more is the whole."""
MIN_POINTS = 12


def lump_at(cluster_W: FloatArray, target_W: FloatArray, widest_m: float) -> FloatArray | None:
    """The points (m, 3) of the hill at ``target_W``, if it is narrow enough for a hand and ``cluster_W`` is not.

    Args:
        cluster_W: (k, 3) what hangs together there.
        target_W: Where it was pointed at.
        widest_m: What fits between the fingers.
    """
    if len(cluster_W) < MIN_POINTS or _width_m(cluster_W) < widest_m:
        return None
    hills = _hills(cluster_W)
    hill = cluster_W[hills == hills[int(np.linalg.norm(cluster_W - target_W, axis=1).argmin())]]
    foot_m = hill[:, 2].min() + FOOT_SHARE * np.ptp(hill[:, 2])
    lump = hill[hill[:, 2] >= foot_m]
    small = len(hill) < LARGEST_SHARE * len(cluster_W) and len(lump) >= MIN_POINTS
    return lump if small and _width_m(lump) < widest_m else None


def _hills(points: FloatArray) -> NDArray[np.intp]:
    """Which hill each of the points (k, 3) belongs to: the number of its highest point."""
    tree = cKDTree(points)
    peak = np.full(len(points), -1, dtype=np.intp)
    for index in np.argsort(-points[:, 2], kind="stable"):
        near = np.array(tree.query_ball_point(points[index], LINK_M))
        near = near[peak[near] >= 0]
        if not len(near):
            peak[index] = index
            continue
        peak[index] = peak[near[np.linalg.norm(points[near] - points[index], axis=1).argmin()]]
        for other in np.unique(peak[near]):
            _join(peak, points, int(other), int(index))
    return peak


def _join(peak: NDArray[np.intp], points: FloatArray, other: int, index: int) -> None:
    """Make one of two hills that meet at a point, if the lower of them rises little above it."""
    low, high = sorted((int(peak[index]), other), key=lambda each: float(points[each, 2]))
    if low != high and points[low, 2] - points[index, 2] < RISE_M:
        peak[peak == low] = high


def _width_m(points: FloatArray) -> float:
    """The shorter side of what the points fill, seen from above."""
    return float(min(cv2.minAreaRect(points[:, :2].astype(np.float32))[1]))
