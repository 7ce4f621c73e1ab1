"""What a thing fills, seen from above. Ground truth."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np

from embodied.geometry import FloatArray
from sim.things import Thing

ROUND = ("lathe", "ellipsoid")
"""What is of such a shape fills no corners."""


@dataclass(frozen=True, eq=False)
class Outline:
    """What a thing fills, seen from above, as it is turned now: equal discs in a row.

    Attributes:
        offsets_m: (n, 2) of their middles from the thing's middle, in the world.
        radius_m: Of each disc, so that together they cover the thing.
        half_width_m: Half of its shorter side: at least so far it reaches to every side.
    """

    offsets_m: FloatArray
    radius_m: float
    half_width_m: float

    @classmethod
    def of(cls, thing: Thing) -> Outline:
        """The outline of a thing's box."""
        (_, sides, turn_deg) = cv2.minAreaRect(_corners(thing)[:, :2].astype(np.float32))
        turn = np.deg2rad(turn_deg) + (0.0 if sides[0] >= sides[1] else np.pi / 2.0)
        long, short = max(sides), max(min(sides), 1e-3)
        count = max(1, round(long / short))
        along = (np.arange(count) - (count - 1) / 2.0) * long / count
        offsets = along[:, None] * np.array([[np.cos(turn), np.sin(turn)]])
        whole = count == 1 and thing.kind.parts[0].shape in ROUND
        radius = max(long, short) / 2.0 if whole else float(np.hypot(long / count, short)) / 2.0
        return cls(offsets, radius, short / 2.0)

    def at(self, points: FloatArray) -> FloatArray:
        """(n, k, 3) where the discs' middles are when the thing's middle is at points (k, 3)."""
        return np.asarray(points + np.pad(self.offsets_m, ((0, 0), (0, 1)))[:, None])

    def half_extent_m(self, direction: FloatArray) -> float:
        """How far it reaches from its middle in a level direction: exact for what is round."""
        along = self.offsets_m @ direction[:2]
        rest_m = self.radius_m if len(self.offsets_m) > 1 else self.half_width_m
        return float(along.max()) + rest_m


def hollow_of(thing: Thing) -> tuple[FloatArray, FloatArray]:
    """Middle and half lengths (2,) of what can hold something, in a thing's own frame: a handle points along +x."""
    low, high = np.array(thing.low_m)[:2], np.array(thing.high_m)[:2]
    half = (high - low) / 2.0
    if thing.kind.parts[0].shape in ROUND:
        half = np.full(2, half.min())
    return low + half, half


def _corners(thing: Thing) -> FloatArray:
    """(8, 3) from the middle of a thing's box to its corners, in the world."""
    half = (np.array(thing.high_m) - np.array(thing.low_m)) / 2.0
    signs = np.array(list(product((-1.0, 1.0), repeat=3)))
    return np.asarray((signs * half) @ thing.pose_in_world.rotation.T)
