"""Find room for things: random poses in a region that keep clear of its edges and of each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embodied.errors import SceneError
from embodied.geometry import FloatArray, Pose
from sim.scene import Placement
from sim.things import Region

TRIES = 100
"""Enough where there is room."""
GAP_M = 0.012
"""Least distance between two things."""
DROP_M = 0.002
"""Things begin this far above what they will stand on."""


@dataclass(frozen=True, eq=False)
class Footprint:
    """The upright box that a thing fills, turned about the vertical.

    Attributes:
        center_m: (3,) in the world.
        half_m: (3,) half the lengths of its edges.
        yaw_rad: Of its x axis in the world.
        pose: ``X_WO`` of the thing itself.
    """

    center_m: FloatArray
    half_m: FloatArray
    yaw_rad: float
    pose: Pose

    @property
    def axes(self) -> FloatArray:
        """(2, 2), rows are its horizontal axes."""
        c, s = np.cos(self.yaw_rad), np.sin(self.yaw_rad)
        return np.array([[c, s], [-s, c]])

    @property
    def corners_m(self) -> FloatArray:
        """(4, 2) in the world."""
        signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
        return np.asarray(self.center_m[:2] + (signs * self.half_m[:2]) @ self.axes)

    def hits(self, other: Footprint) -> bool:
        """Whether two boxes come closer than the gap: no line separates them, upright or seen from above."""
        if abs(self.center_m[2] - other.center_m[2]) > self.half_m[2] + other.half_m[2]:
            return False
        for axis in (*self.axes, *other.axes):
            mine, theirs = self.corners_m @ axis, other.corners_m @ axis
            if mine.max() + GAP_M < theirs.min() or theirs.max() + GAP_M < mine.min():
                return False
        return True


def find_room(
    spec: Placement, region: Region, low: FloatArray, high: FloatArray, taken: list[Footprint], rng: np.random.Generator
) -> Footprint:
    """A free place for a thing with the bounding box from ``low`` to ``high``.

    Raises:
        SceneError: If no free place was found.
    """
    for _ in range(TRIES):
        footprint = _draw(spec, region, low, high, rng)
        if _within(footprint, region, spec.clearance_m) and not any(footprint.hits(other) for other in taken):
            return footprint
    raise SceneError(
        f"no room in {region.name!r} for a thing of {_size(low, high)} after {TRIES} tries beside "
        f"{len(taken)} others; use fewer or smaller objects, a larger region or less clearance"
    )


def _draw(spec: Placement, region: Region, low: FloatArray, high: FloatArray, rng: np.random.Generator) -> Footprint:
    floor, half = _floor(region)
    span = np.array([spec.x_m or (-half[0], half[0]), spec.y_m or (-half[1], half[1])])
    offset = rng.uniform(span[:, 0], span[:, 1])
    yaw = float(np.radians(rng.uniform(*spec.yaw_deg)))
    at = floor + [*offset, DROP_M - low[2]]
    rotation = np.array([[np.cos(yaw), -np.sin(yaw), 0.0], [np.sin(yaw), np.cos(yaw), 0.0], [0.0, 0.0, 1.0]])
    pose = Pose(rotation, at)
    return Footprint(pose @ ((low + high) / 2.0), (high - low) / 2.0, yaw, pose)


def _floor(region: Region) -> tuple[FloatArray, FloatArray]:
    low, high = np.array(region.low_m), np.array(region.high_m)
    middle = np.array([*(low + high)[:2] / 2.0, low[2]])
    return region.pose_in_world @ middle, (high - low)[:2] / 2.0


def _within(footprint: Footprint, region: Region, clearance: float) -> bool:
    floor, half = _floor(region)
    return bool((np.abs(footprint.corners_m - floor[:2]) <= half - clearance).all())


def _size(low: FloatArray, high: FloatArray) -> str:
    return " x ".join(f"{1000 * (b - a):.0f}" for a, b in zip(low, high, strict=True)) + " mm"
