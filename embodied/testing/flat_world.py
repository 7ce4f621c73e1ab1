"""A table seen from straight above: the smallest world with a true picture and a true depth map.

The table's top is the plane z = 0 of W; the camera hangs one metre above its middle, image up is +Y of W.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from embodied.camera import Camera, Intrinsics
from embodied.geometry import Box, Pose
from embodied.grounding import Point

CAMERA_HEIGHT_M = 1.0
WORKSPACE = Box((-0.45, -0.35, -0.02), (0.45, 0.35, 0.60), "table")
CAMERA = Camera(
    Intrinsics.from_vertical_fov(160, 120, 2.0 * float(np.arctan(0.3 / CAMERA_HEIGHT_M))),
    Pose(np.diag([1.0, -1.0, -1.0]), np.array([0.0, 0.0, CAMERA_HEIGHT_M])),
)
_TABLE_RGB = (196, 180, 160)


@dataclass(frozen=True)
class Thing:
    """A cube with a colour.

    Attributes:
        name: What to call it.
        base_in_world_m: Middle of its lower face, ``p_WO``.
        rgb: Its colour.
        size_m: Length of its edges.
    """

    name: str
    base_in_world_m: Point
    rgb: tuple[int, int, int]
    size_m: float = 0.05

    @property
    def top_m(self) -> float:
        """Height of its upper face in W."""
        return self.base_in_world_m[2] + self.size_m

    def covers(self, x_m: NDArray[np.float64], y_m: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of the places lie above or below it."""
        middle_x, middle_y, _ = self.base_in_world_m
        inside: NDArray[np.bool_] = np.maximum(np.abs(x_m - middle_x), np.abs(y_m - middle_y)) <= self.size_m / 2
        return inside


RED_CUBE = Thing("red cube", (-0.15, 0.05, 0.0), (200, 40, 40))
BLUE_CUBE = Thing("blue cube", (0.15, -0.05, 0.0), (40, 60, 200))


class FlatWorld:
    """The table with its things; what is held hangs in the hand."""

    def __init__(self, things: tuple[Thing, ...] = (RED_CUBE, BLUE_CUBE)) -> None:
        """Lay ``things`` on the table."""
        self._things = {thing.name: thing for thing in things}

    def thing(self, name: str) -> Thing:
        """The thing of that name, where it is now."""
        return self._things[name]

    def place(self, name: str, base_in_world_m: Point) -> None:
        """Put a thing somewhere."""
        self._things[name] = replace(self._things[name], base_in_world_m=base_in_world_m)

    def thing_at(self, point: Point) -> Thing | None:
        """The thing that has ``point`` on or in it."""
        x_m, y_m, z_m = point
        for thing in self._things.values():
            if thing.covers(np.array(x_m), np.array(y_m)) and thing.base_in_world_m[2] <= z_m <= thing.top_m + 0.01:
                return thing
        return None

    def render(self) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """The picture and the depth map that the camera sees: of every cube the upper face."""
        size = (CAMERA.intrinsics.height_px, CAMERA.intrinsics.width_px)
        image = np.full((*size, 3), _TABLE_RGB, dtype=np.uint8)
        depth_m = np.full(size, CAMERA_HEIGHT_M, dtype=np.float32)
        for thing in sorted(self._things.values(), key=lambda thing: thing.top_m):
            seen = self._seen(thing)
            image[seen], depth_m[seen] = thing.rgb, CAMERA_HEIGHT_M - thing.top_m
        return image, depth_m

    def _seen(self, thing: Thing) -> NDArray[np.bool_]:
        distance_m = CAMERA_HEIGHT_M - thing.top_m
        points = CAMERA.points(np.full((CAMERA.intrinsics.height_px, CAMERA.intrinsics.width_px), distance_m))
        return thing.covers(points[..., 0], points[..., 1])
