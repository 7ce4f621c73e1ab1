"""Boxes, the depth that a camera would measure of them, and the points that it would see."""

from __future__ import annotations

import numpy as np

from embodied.camera import Camera, Intrinsics
from embodied.geometry import Box, Pose
from embodied.motion.eye import Look

CAMERA = Camera(
    Intrinsics.from_vertical_fov(448, 336, np.deg2rad(52.0)), Pose.looking_at((-0.35, -0.75, 1.75), (0.55, -0.02, 0.75))
)
SMALL_CAMERA = Camera(Intrinsics.from_vertical_fov(160, 120, np.deg2rad(52.0)), CAMERA.pose_in_world)
TABLE = Box((0.25, -0.6, 0.70), (0.95, 0.6, 0.80), "table")


def depth_of(boxes, camera=CAMERA):
    """Depth map (height, width) of solid boxes; NaN where no ray hits one."""
    eye = camera.pose_in_world.translation_m
    size = (camera.intrinsics.height_px, camera.intrinsics.width_px)
    rays = camera.points(np.ones(size)) - eye
    rays[np.abs(rays) < 1e-12] = 1e-12
    depth_m = np.full(size, np.inf)
    for box in boxes:
        ends = [(np.array(corner) - eye) / rays for corner in (box.low_m, box.high_m)]
        enters, leaves = np.minimum(*ends).max(axis=-1), np.maximum(*ends).min(axis=-1)
        depth_m = np.where((enters < leaves) & (enters > 0) & (enters < depth_m), enters, depth_m)
    return np.where(np.isfinite(depth_m), depth_m, np.nan).astype(np.float32)


def look_at(boxes, camera=CAMERA, time_s=0.0):
    image = np.zeros((camera.intrinsics.height_px, camera.intrinsics.width_px, 3), dtype=np.uint8)
    return Look(time_s, image, depth_of(boxes, camera), camera)


def points_of(boxes, camera=CAMERA):
    """Points in W (k, 3) that the camera sees of the boxes."""
    cloud = camera.points(depth_of(boxes, camera)).reshape(-1, 3)
    return cloud[np.isfinite(cloud[:, 2])]


def block(x_m, y_m, size_m, z_m=TABLE.high_m[2], name="block"):
    """A box that stands on the table with the middle of its foot at (x_m, y_m)."""
    half = np.array(size_m) / 2
    low, high = np.array([x_m, y_m, z_m]) - [*half[:2], 0], np.array([x_m, y_m, z_m]) + [*half[:2], size_m[2]]
    return Box(tuple(low), tuple(high), name)


def goal_at(mover, place):
    """Joint positions with the hand over a place, straight down."""
    down = Pose(np.diag([1.0, -1.0, -1.0]), np.array(place))
    return mover.solutions(down)
