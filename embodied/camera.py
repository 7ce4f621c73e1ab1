"""A pinhole camera: intrinsics, where it stands, and the two ways between pixels and points.

Camera axes: X right, Y down, Z forward. Pixels (u, v) = (column, row); the centre of the top left pixel is (0, 0).
Image coordinates (x, y) in [0, 1] have (0, 0) at the top left corner of the image, not of a pixel's centre:
``u = x * width_px - 0.5``. OpenGL's conventions live in ``sim/rendering.py`` alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from embodied.geometry import FloatArray, Pose, frozen_array

IMAGE_SIZE_PX = (448, 336)
"""Width and height of the pictures that a planning camera takes where nobody asks for another size."""


@dataclass(frozen=True)
class Intrinsics:
    """Size and pinhole parameters, all in pixels."""

    width_px: int
    height_px: int
    fx_px: float
    fy_px: float
    cx_px: float
    cy_px: float

    def __post_init__(self) -> None:
        """Refuse sizes and focal lengths that are not positive and finite."""
        positive = (self.width_px, self.height_px, self.fx_px, self.fy_px)
        if not (np.isfinite([*positive, self.cx_px, self.cy_px]).all() and min(positive) > 0):
            raise ValueError(f"size and focal lengths must be positive and finite: {self}")

    @classmethod
    def from_vertical_fov(cls, width_px: int, height_px: int, fov_rad: float) -> Intrinsics:
        """Square pixels, principal point at the centre of the image."""
        focal_px = height_px / (2.0 * np.tan(fov_rad / 2.0))
        return cls(width_px, height_px, focal_px, focal_px, (width_px - 1) / 2.0, (height_px - 1) / 2.0)


@dataclass(frozen=True)
class Camera:
    """A calibrated camera.

    Attributes:
        intrinsics: Size and pinhole parameters.
        pose_in_world: ``X_WC``.
        name: Which of the robot's cameras this is.
    """

    intrinsics: Intrinsics
    pose_in_world: Pose
    name: str = "planning"

    def pixel(self, x: float, y: float) -> tuple[int, int]:
        """The pixel (u, v) that image coordinates (x, y) in [0, 1] fall into."""
        size = self.intrinsics
        return min(int(x * size.width_px), size.width_px - 1), min(int(y * size.height_px), size.height_px - 1)

    def middle(self, u: int, v: int) -> tuple[float, float]:
        """Image coordinates (x, y) in [0, 1] of the middle of a pixel (u, v)."""
        return (u + 0.5) / self.intrinsics.width_px, (v + 0.5) / self.intrinsics.height_px

    def lift(self, x: float, y: float, depth_m: float) -> FloatArray:
        """``p_WP`` of image coordinates (x, y) in [0, 1] at a distance along the optical axis."""
        k = self.intrinsics
        u, v = x * k.width_px - 0.5, y * k.height_px - 0.5
        p_CP = np.array([(u - k.cx_px) / k.fx_px, (v - k.cy_px) / k.fy_px, 1.0]) * depth_m
        return self.pose_in_world @ p_CP

    def project(self, p_WP: ArrayLike) -> FloatArray:
        """Image coordinates (x, y) and depth in metres, (..., 3), of points in the world (..., 3).

        Points behind the camera get a depth that is not positive; points outside the image get x or y outside [0, 1].
        """
        k = self.intrinsics
        p_CP = self.pose_in_world.inverse() @ np.asarray(p_WP, dtype=np.float64)
        depth = p_CP[..., 2]
        safe = np.where(np.abs(depth) < 1e-9, 1e-9, depth)
        u = k.fx_px * p_CP[..., 0] / safe + k.cx_px
        v = k.fy_px * p_CP[..., 1] / safe + k.cy_px
        return np.stack([(u + 0.5) / k.width_px, (v + 0.5) / k.height_px, depth], axis=-1)

    def points(self, depth_m: ArrayLike) -> FloatArray:
        """``p_WP`` of every pixel, (height, width, 3); NaN where the depth is."""
        rays = np.asarray(depth_m, dtype=np.float64)[..., None] * _rays(self)
        rays += self.pose_in_world.translation_m
        return rays


@lru_cache(maxsize=2)
def _rays(camera: Camera) -> FloatArray:
    """(height, width, 3) what every pixel looks along, in W, one metre deep; kept for the looks of a fixed camera."""
    k = camera.intrinsics
    u, v = np.meshgrid(np.arange(k.width_px), np.arange(k.height_px))
    rays_C = np.stack([(u - k.cx_px) / k.fx_px, (v - k.cy_px) / k.fy_px, np.ones(u.shape)], axis=-1)
    return frozen_array(rays_C @ camera.pose_in_world.rotation.T)
