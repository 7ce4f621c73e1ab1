"""Left, right, nearer and away, as the planning camera sees them, on the level."""

from __future__ import annotations

from typing import Literal

import numpy as np

from embodied.camera import Camera
from embodied.geometry import FloatArray

Direction = Literal["left", "right", "nearer", "away"]
CONE_COS = float(np.cos(np.deg2rad(45.0)))
"""What deviates less than this from a direction lies in that direction."""


def bearing(direction: Direction, camera: Camera, p_WP: FloatArray) -> FloatArray:
    """(3,) the level unit vector that leads from a point in ``direction``.

    Away is away from the camera along the line of sight, so that left and right agree with the picture at its edges
    too.
    """
    sight = p_WP - camera.pose_in_world.translation_m
    x, y = sight[:2] / np.linalg.norm(sight[:2])
    ways = {"away": (x, y), "nearer": (-x, -y), "left": (-y, x), "right": (y, -x)}
    return np.array([*ways[direction], 0.0])


def towards(direction: Direction, camera: Camera, start_W: FloatArray, end_W: FloatArray) -> bool:
    """Whether the level way from one point to another leads in ``direction`` rather than in any other."""
    way = (end_W - start_W) * [1.0, 1.0, 0.0]
    return float(way @ bearing(direction, camera, start_W)) > CONE_COS * float(np.linalg.norm(way))
