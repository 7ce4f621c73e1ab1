"""A table with coloured blocks, and a camera that casts one ray a pixel at them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embodied.camera import Camera, Intrinsics
from embodied.geometry import FloatArray, Pose

CAMERA = Camera(Intrinsics.from_vertical_fov(192, 144, 0.9), Pose.looking_at((0.0, -0.75, 0.65), (0.0, 0.0, 0.05)))
SIDE_M = 0.05
_SHADES = (0.75, 0.60, 1.00)


@dataclass
class Brick:
    """An axis-aligned box; the middle of its lower face is ``p_WO``."""

    name: str
    base_m: FloatArray
    size_m: tuple[float, float, float]
    rgb: tuple[int, int, int]

    @property
    def low_m(self) -> FloatArray:
        """Lowest corner in W."""
        return np.subtract(self.base_m, [self.size_m[0] / 2, self.size_m[1] / 2, 0.0])

    @property
    def high_m(self) -> FloatArray:
        """Highest corner in W."""
        return np.add(self.low_m, self.size_m)

    def contains(self, p_WP: FloatArray, margin_m: float = 0.005) -> bool:
        """Whether a point lies in it, or as near as a camera can tell."""
        return bool((p_WP >= self.low_m - margin_m).all() and (p_WP <= self.high_m + margin_m).all())


def block(name: str, x_m: float, y_m: float, rgb: tuple[int, int, int]) -> Brick:
    """A block on the table."""
    return Brick(name, np.array([x_m, y_m, 0.0]), (SIDE_M, SIDE_M, SIDE_M), rgb)


class Table:
    """What lies on the table: blocks that can be taken, and a plate to put them on."""

    def __init__(self) -> None:
        """Lay out three blocks and the plate."""
        self.top = Brick("table", np.array([0.0, 0.0, -0.05]), (0.9, 0.7, 0.05), (205, 190, 165))
        self.plate = Brick("plate", np.array([0.20, 0.10, 0.0]), (0.14, 0.14, 0.004), (250, 250, 245))
        self.blocks = [
            block("red block", -0.18, -0.02, (200, 50, 45)),
            block("green block", 0.00, 0.08, (60, 150, 70)),
            block("blue block", 0.12, -0.10, (60, 85, 190)),
        ]

    def block_at(self, p_WP: FloatArray) -> Brick | None:
        """The block that a point lies in or on."""
        return next((brick for brick in self.blocks if brick.contains(p_WP)), None)

    def surface_below(self, p_WP: FloatArray, but: Brick) -> float:
        """Height of the highest face under a point, leaving out one block."""
        others = [self.plate, *(brick for brick in self.blocks if brick is not but)]
        under = [b.high_m[2] for b in others if (np.abs(p_WP - b.base_m)[:2] <= np.array(b.size_m)[:2] / 2).all()]
        return float(max(under, default=0.0))

    def render(self, extra: list[Brick]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """The picture and the depth map of everything, and of ``extra``; NaN where a ray hits nothing."""
        eye = CAMERA.pose_in_world.translation_m
        rays = CAMERA.points(np.ones((CAMERA.intrinsics.height_px, CAMERA.intrinsics.width_px))) - eye
        image = np.full(rays.shape, 235, dtype=np.uint8)
        depth_m = np.full(rays.shape[:2], np.inf)
        for brick in (self.top, self.plate, *self.blocks, *extra):
            hit_m, axis = cast_rays(eye, rays, brick)
            nearer = hit_m < depth_m
            depth_m[nearer] = hit_m[nearer]
            image[nearer] = (np.array(brick.rgb) * np.array(_SHADES)[axis[nearer], None]).astype(np.uint8)
        return image, np.where(np.isfinite(depth_m), depth_m, np.nan).astype(np.float32)


def cast_rays(eye: FloatArray, rays: FloatArray, brick: Brick) -> tuple[FloatArray, NDArray[np.intp]]:
    """How far along each ray it enters ``brick`` (inf: never), and through a face across which axis.

    Rays are as long as a metre of depth, so how far along a ray is a depth.
    """
    slopes = np.where(np.abs(rays) < 1e-12, 1e-12, rays)
    first, second = (brick.low_m - eye) / slopes, (brick.high_m - eye) / slopes
    entries, exits = np.minimum(first, second), np.maximum(first, second)
    entry_m, exit_m = entries.max(axis=-1), exits.min(axis=-1)
    hits = (entry_m <= exit_m) & (entry_m > 0)
    return np.where(hits, entry_m, np.inf), entries.argmax(axis=-1)
