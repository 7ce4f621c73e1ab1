"""What the cameras have seen of the world, with the robot taken out of the picture.

Where the robot hides the scene from the fixed camera, the last depth that was measured there is kept; the collision
world is made from it. A camera on the hand adds what it sees from near, until the fixed one looks again: grasps are
found in both.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from embodied.camera import Camera
from embodied.geometry import FloatArray
from embodied.motion.body import Body
from embodied.motion.eye import Look

VOXEL_M = 0.025
VOXEL_POINTS = 3
"""Voxels with fewer points are noise at edges."""
SURFACE_M = 0.012
SURFACE_POINTS = 8
COARSE = 3
"""The robot is looked for in every third row and column, and taken out with its neighbours."""
REACH_M = 1.4
"""Further from the base than this no arm of this kind gets: what is there need not be avoided."""
SEEN_THROUGH_M = 0.02
"""What a close look sees so far beyond a remembered point proves that nothing is there any more."""
HIDDEN_BEHIND_M = 0.12
"""The links are no thicker: what is further behind their surface, nobody has seen."""
HAND_PX = 45
"""Width in the picture of the hand that may come there."""
SELF_MARGIN_M = 0.025
"""How far around its links the robot's own surface is taken out: depth noise, plus cables and covers of real arms."""


class SceneMemory:
    """The latest depth of every pixel that did not show the robot."""

    def __init__(self, body: Body) -> None:
        """Know nothing yet."""
        self._body = body
        self._camera: Camera | None = None
        self._cloud_W: FloatArray = np.empty((0, 0, 3))
        self._robot_m: FloatArray = np.empty((0, 0))
        self._hidden: NDArray[np.bool_] = np.empty((0, 0), dtype=bool)
        self._doubted: NDArray[np.bool_] = np.empty((0, 0), dtype=bool)
        self._points: FloatArray | None = None
        self._voxels: FloatArray | None = None

    def see(self, look: Look, q_rad: FloatArray, held_W: FloatArray | None = None) -> None:
        """Take in a look of the fixed camera, the arm being at ``q_rad`` and holding what is around ``held_W``."""
        if look.depth_m is None:
            return
        seen_W = look.camera.points(look.depth_m)
        robot = self._robot_pixels(seen_W, q_rad, held_W)
        if self._camera is None or not _same_view(self._camera, look.camera):
            self._cloud_W, self._robot_m = np.full_like(seen_W, np.nan), np.full(robot.shape, np.nan)
            self._doubted = np.zeros_like(robot)
        self._camera, self._hidden = look.camera, robot
        self._doubted &= robot
        self._cloud_W = np.where(robot[..., None], self._cloud_W, seen_W)
        self._robot_m = np.where(robot, np.fmax(self._robot_m, look.depth_m), self._robot_m)
        self._points = self._voxels = None

    def see_close(self, look: Look, q_rad: FloatArray) -> None:
        """Add a look of the camera on the hand to the points, in place of what it shows to be gone."""
        if look.depth_m is None:
            return
        seen_W = look.camera.points(look.depth_m)
        clear = np.isfinite(look.depth_m) & ~self._robot_pixels(seen_W, q_rad, None)
        points = self.points()
        kept = points[~_seen_through(points, look.camera, np.where(clear, look.depth_m, np.nan))]
        self._points = np.vstack([kept, seen_W[clear]])

    def scene_depth(self, depth_m: NDArray[np.float32]) -> NDArray[np.float32]:
        """The depth map that was seen last, with what is remembered where the robot hides the scene."""
        if self._camera is None:
            return depth_m
        X_WC = self._camera.pose_in_world
        remembered_m = (self._cloud_W - X_WC.translation_m) @ X_WC.rotation[:, 2]
        known = self._hidden & ~self._doubted & np.isfinite(remembered_m)
        return np.where(known, remembered_m, depth_m).astype(np.float32)

    def forget(self, p_WP: FloatArray) -> None:
        """No longer expect what was seen at the points (k, 3): it was taken away."""
        if self._camera is None or not len(p_WP):
            return
        cloud = self._cloud_W.reshape(-1, 3)  # a view: what changes in it changes in the memory
        near = np.flatnonzero(_near(cloud, p_WP, SURFACE_M))
        gone = near[cKDTree(p_WP).query(cloud[near])[0] < SURFACE_M]
        cloud[gone] = np.nan
        self._points = self._voxels = None

    def doubt(self) -> None:
        """Where the robot hides the scene now, what was seen before may no longer be so: it has moved something big."""
        self._doubted = self._hidden.copy()

    def unseen(self, p_WP: FloatArray) -> NDArray[np.bool_]:
        """At which of the points (k, 3) something may be that the robot hides, or has hidden ever since."""
        if self._camera is None:
            return np.zeros(len(p_WP), dtype=bool)
        never = np.where(np.isnan(self._cloud_W[..., 2]) | self._doubted, self._robot_m, np.nan)
        nearest_m = -cv2.dilate(np.nan_to_num(-never, nan=-np.inf), np.ones((HAND_PX, HAND_PX), np.uint8))
        v, u, z, inside = _pixels(p_WP, self._camera, nearest_m.shape)
        return np.asarray(inside & (z > nearest_m[v, u] + HIDDEN_BEHIND_M))

    def view_from(self, p_WP: FloatArray) -> FloatArray:
        """The level direction in W in which the camera looks at a point: the far side of things is hidden along it."""
        eye = np.zeros(3) if self._camera is None else self._camera.pose_in_world.translation_m
        level = (p_WP - eye) * [1.0, 1.0, 0.0]
        return np.asarray(level / max(float(np.linalg.norm(level)), 1e-9))

    def into_surface(self, p_WP: FloatArray) -> FloatArray:
        """Unit normal in W of the surface at a point, pointing into it; the line of sight where little was seen."""
        eye = np.zeros(3) if self._camera is None else self._camera.pose_in_world.translation_m
        sight = (p_WP - eye) / max(float(np.linalg.norm(p_WP - eye)), 1e-9)
        cloud = self.points()
        near = cloud[np.linalg.norm(cloud - p_WP, axis=1) < SURFACE_M]
        if len(near) < SURFACE_POINTS:
            return np.asarray(sight)
        normal = np.linalg.eigh(np.cov(near.T))[1][:, 0]
        return np.asarray(normal * np.sign(normal @ sight))

    def voxels(self) -> FloatArray:
        """Centres (k, 3) in W of the ``VOXEL_M`` cubes that hold what is remembered."""
        if self._voxels is None:
            cloud = self._measured()
            away = cloud - self._body.base_m
            self._voxels = _voxel_centres(cloud[np.einsum("ij,ij->i", away, away) < REACH_M**2])
        return self._voxels

    def points(self) -> FloatArray:
        """``p_WP`` (k, 3) of everything that is remembered."""
        if self._points is None:
            self._points = self._measured()
        return self._points

    def _measured(self) -> FloatArray:
        return np.asarray(self._cloud_W[np.isfinite(self._cloud_W[..., 2])])

    def _robot_pixels(self, seen_W: FloatArray, q_rad: FloatArray, held_W: FloatArray | None) -> NDArray[np.bool_]:
        cloud = seen_W[::COARSE, ::COARSE]
        measured = np.isfinite(cloud[..., 2])
        mask = np.zeros(cloud.shape[:2], dtype=bool)
        mask[measured] = self._body.inside(cloud[measured], q_rad, SELF_MARGIN_M)
        if held_W is not None and len(held_W):
            mask[measured] |= _near(cloud[measured], held_W, SELF_MARGIN_M)
        whole = mask.repeat(COARSE, axis=0).repeat(COARSE, axis=1)[: seen_W.shape[0], : seen_W.shape[1]]
        return cv2.dilate(whole.astype(np.uint8), np.ones((2 * COARSE + 1, 2 * COARSE + 1), np.uint8)).astype(bool)


def _seen_through(p_WP: FloatArray, camera: Camera, depth_m: FloatArray) -> NDArray[np.bool_]:
    """Which of the points lie before what ``depth_m`` shows in their direction; none where nothing was measured."""
    v, u, z, inside = _pixels(p_WP, camera, depth_m.shape)
    return np.asarray(inside & (depth_m[v, u] > z + SEEN_THROUGH_M))


def _pixels(
    p_WP: FloatArray, camera: Camera, shape: tuple[int, ...]
) -> tuple[NDArray[np.intp], NDArray[np.intp], FloatArray, NDArray[np.bool_]]:
    """Rows and columns that show the points, their depths in m, and which of them are in the picture at all."""
    x, y, z = camera.project(p_WP).T
    inside = (z > 0.0) & (x >= 0.0) & (x < 1.0) & (y >= 0.0) & (y < 1.0)
    v, u = (np.where(inside, each, 0.0) * size for each, size in zip((y, x), shape, strict=True))
    return v.astype(np.intp), u.astype(np.intp), z, inside


def _voxel_centres(points: FloatArray) -> FloatArray:
    if not len(points):
        return np.empty((0, 3))
    cells = np.floor(np.ascontiguousarray(points.T) / VOXEL_M).astype(np.int64)
    origin = cells.min(axis=1)
    size = tuple(cells.max(axis=1) - origin + 1)
    counts = np.bincount(np.ravel_multi_index(tuple(cells - origin[:, None]), size))
    found = np.stack(np.unravel_index(np.flatnonzero(counts >= VOXEL_POINTS), size), axis=1)
    return np.asarray((found + origin + 0.5) * VOXEL_M)


def _near(points: FloatArray, others: FloatArray, margin_m: float) -> NDArray[np.bool_]:
    low, high = others.min(axis=0) - margin_m, others.max(axis=0) + margin_m
    return np.asarray(((points > low) & (points < high)).all(axis=1))


def _same_view(one: Camera, other: Camera) -> bool:
    a, b = one.pose_in_world, other.pose_in_world
    fields: list[tuple[Any, Any]] = [(a.rotation, b.rotation), (a.translation_m, b.translation_m)]
    return one.intrinsics == other.intrinsics and all(np.array_equal(left, right) for left, right in fields)
