from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from embodied.camera import Camera, Intrinsics
from embodied.geometry import Pose
from embodied.observation import GripperState, Observation

WIDTH_PX, HEIGHT_PX = 40, 30
CAMERA = Camera(Intrinsics.from_vertical_fov(WIDTH_PX, HEIGHT_PX, 1.0), Pose.looking_at((1.0, 0.5, 1.5), (0, 0, 0)))

Look = Callable[..., Observation]


@pytest.fixture
def look() -> Look:
    """Makes an observation of a plane at 1 m; keyword arguments replace its parts."""

    def make(**parts: object) -> Observation:
        whole: dict[str, object] = {
            "id": 1,
            "time_s": 0.0,
            "image": np.zeros((HEIGHT_PX, WIDTH_PX, 3), dtype=np.uint8),
            "depth_m": np.full((HEIGHT_PX, WIDTH_PX), 1.0, dtype=np.float32),
            "camera": CAMERA,
            "gripper": GripperState(0.08, False),
        }
        return Observation(**{**whole, **parts})  # type: ignore[arg-type]

    return make
