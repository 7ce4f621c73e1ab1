"""Find room for things: random poses in a region that keep clear of its edges and of each other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from embodied.errors import SceneError
from embodied.geometry import FloatArray, Pose
from sim.scene import Placement
from sim.things import Region

TRIES = 100
"""Enough where there is room."""
DROP_M = 0.002
"""Things begin this far above what they will stand on."""


@dataclass(frozen=True, eq=False)
class Footprint:
    """The upright box that a thing fills, turned about the vertical.

    Attributes:
        center_m: (3,) in the world.
        half_m: (3,) half the lengths of its edges.
        yaw_rad: Of its x axis in the world.
        origin_m: (3,) of the thing itself, in the world.
        apart_m: Least distance to other things.
    """

    center_m: FloatArray
    half_m: FloatArray
    yaw_rad: float
    origin_m: FloatArray
    apart_m: float

    @property
    def pose(self) -> Pose:
        """``X_WO`` of the thing itself."""
        c, s = np.cos(self.yaw_rad), np.sin(self.yaw_rad)
        return Pose(np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]), self.origin_m)

    @cached_property
    def axes(self) -> FloatArray:
        """(2, 2), rows are its horizontal axes."""
        c, s = np.cos(self.yaw_rad), np.sin(self.yaw_rad)
        return np.array([[c, s], [-s, c]])

    @cached_property
    def corners_m(self) -> FloatArray:
        """(4, 2) in the world."""
        signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
        return np.asarray(self.center_m[:2] + (signs * self.half_m[:2]) @ self.axes)

    def hits(self, other: Footprint) -> bool:
        """Whether two boxes come closer than they may: no line separates them, upright or seen from above."""
        if abs(self.center_m[2] - other.center_m[2]) > self.half_m[2] + other.half_m[2]:
            return False
        gap_m = max(self.apart_m, other.apart_m)
        for axis in (*self.axes, *other.axes):
            mine, theirs = self.corners_m @ axis, other.corners_m @ axis
            if mine.max() + gap_m < theirs.min() or theirs.max() + gap_m < mine.min():
                return False
        return True


def find_room(
    spec: Placement, region: Region, low: FloatArray, high: FloatArray, taken: list[Footprint], rng: np.random.Generator
) -> Footprint:
    """A free place for a thing with the bounding box from ``low`` to ``high``.

    Raises:
        SceneError: If no free place was found.
    """
    area = _area(spec, region)
    for _ in range(TRIES):
        footprint = _draw(spec, area, low, high, rng)
        if footprint is not None and not any(footprint.hits(other) for other in taken):
            return footprint
    raise SceneError(
        f"no room in {region.name!r} for a thing of {_size(low, high)} after {TRIES} tries beside "
        f"{len(taken)} others; use fewer or smaller objects, a larger region or less clearance"
    )


def on_top(spec: Placement, below: Footprint, low: FloatArray, high: FloatArray, rng: np.random.Generator) -> Footprint:
    """A place on another thing for one with the bounding box from ``low`` to ``high``; offsets are in its frame."""
    offset = np.array([rng.uniform(*(spec.x_m or (0.0, 0.0))), rng.uniform(*(spec.y_m or (0.0, 0.0)))])
    yaw = below.yaw_rad + float(np.radians(rng.uniform(*spec.yaw_deg)))
    half, top = (high - low) / 2.0, below.center_m[2] + below.half_m[2] + DROP_M
    center = np.array([*(below.center_m[:2] + offset @ below.axes), top + half[2]])
    c, s = np.cos(yaw), np.sin(yaw)
    middle = np.array([[c, -s], [s, c]]) @ (low + high)[:2] / 2.0
    return Footprint(center, half, yaw, center - [*middle, (low + high)[2] / 2.0], spec.apart_m)


@dataclass(frozen=True, eq=False)
class _Area:
    """Where something may be put.

    Attributes:
        floor_m: (3,) middle of the floor, in the world.
        half_m: (2,) from there to the edges, less the clearance.
        span_m: (2, 2) lowest and highest offset of an origin from the middle, for x and y.
    """

    floor_m: FloatArray
    half_m: FloatArray
    span_m: FloatArray


def _area(spec: Placement, region: Region) -> _Area:
    low, high = np.array(region.low_m), np.array(region.high_m)
    half = (high - low)[:2] / 2.0
    floor = region.pose_in_world @ np.array([*(low + high)[:2] / 2.0, low[2]])
    span = np.array([spec.x_m or (-half[0], half[0]), spec.y_m or (-half[1], half[1])])
    return _Area(floor, half - spec.clearance_m, span)


def _draw(
    spec: Placement, area: _Area, low: FloatArray, high: FloatArray, rng: np.random.Generator
) -> Footprint | None:
    yaw = float(np.radians(rng.uniform(*spec.yaw_deg)))
    c, s = np.cos(yaw), np.sin(yaw)
    turn = np.array([[c, -s], [s, c]])
    middle, half = turn @ (low + high)[:2] / 2.0, (high - low) / 2.0
    reach = np.abs(turn) @ half[:2]
    lowest = np.maximum(area.span_m[:, 0], reach - area.half_m - middle)
    highest = np.minimum(area.span_m[:, 1], area.half_m - reach - middle)
    share = rng.uniform(size=2)
    if (lowest > highest).any():
        return None
    at = area.floor_m + [*(lowest + share * (highest - lowest)), DROP_M - low[2]]
    return Footprint(at + [*middle, (low + high)[2] / 2.0], half, yaw, at, spec.apart_m)


def _size(low: FloatArray, high: FloatArray) -> str:
    return " x ".join(f"{1000 * (b - a):.0f}" for a, b in zip(low, high, strict=True)) + " mm"
