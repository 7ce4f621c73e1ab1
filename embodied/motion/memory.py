"""What the fixed camera has seen of the world, with the robot taken out of the picture.

Where the robot hides the scene, the last depth that was measured there is kept; it is all that the collision world and
the grasp candidates are made from.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from embodied.camera import Camera
from embodied.geometry import FloatArray
from embodied.motion.body import Body
from embodied.observation import Observation

SELF_MARGIN_M = 0.025
"""How far around its links the robot's own surface is taken out: depth noise, plus cables and covers of real arms."""


class SceneMemory:
    """The latest depth of every pixel that did not show the robot."""

    def __init__(self, body: Body) -> None:
        """Know nothing yet."""
        self._body = body
        self._camera: Camera | None = None
        self._depth_m: NDArray[np.float64] = np.empty((0, 0))

    def see(self, observation: Observation, q_rad: FloatArray, held_W: FloatArray | None = None) -> None:
        """Take in an observation made with the arm at ``q_rad``, holding something around the points ``held_W``."""
        if observation.depth_m is None:
            return
        seen = observation.depth_m.astype(np.float64)
        robot = self._robot_pixels(observation.camera, seen, q_rad, held_W)
        if self._camera is None or not _same_view(self._camera, observation.camera):
            self._depth_m = np.full_like(seen, np.nan)
        self._camera = observation.camera
        self._depth_m = np.where(robot, self._depth_m, seen)

    def points(self) -> FloatArray:
        """``p_WP`` (k, 3) of everything that is remembered."""
        if self._camera is None:
            return np.empty((0, 3))
        cloud = self._camera.points(self._depth_m).reshape(-1, 3)
        return np.asarray(cloud[np.isfinite(cloud[:, 2])])

    def _robot_pixels(
        self, camera: Camera, depth_m: FloatArray, q_rad: FloatArray, held_W: FloatArray | None
    ) -> NDArray[np.bool_]:
        cloud = camera.points(depth_m)
        measured = np.isfinite(cloud[..., 2])
        mask = np.zeros(depth_m.shape, dtype=bool)
        mask[measured] = self._body.inside(cloud[measured], q_rad, SELF_MARGIN_M)
        if held_W is not None and len(held_W):
            mask[measured] |= _near(cloud[measured], held_W, SELF_MARGIN_M)
        return mask


def _near(points: FloatArray, others: FloatArray, margin_m: float) -> NDArray[np.bool_]:
    low, high = others.min(axis=0) - margin_m, others.max(axis=0) + margin_m
    return np.asarray(((points > low) & (points < high)).all(axis=1))


def _same_view(one: Camera, other: Camera) -> bool:
    a, b = one.pose_in_world, other.pose_in_world
    fields: list[tuple[Any, Any]] = [(a.rotation, b.rotation), (a.translation_m, b.translation_m)]
    return one.intrinsics == other.intrinsics and all(np.array_equal(left, right) for left, right in fields)
