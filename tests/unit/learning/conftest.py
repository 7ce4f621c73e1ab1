from __future__ import annotations

import numpy as np
import pytest

from embodied.camera import Camera, Intrinsics
from embodied.geometry import Pose
from embodied.learning.teacher import Thing, View
from embodied.observation import GripperState, Observation

SIZE_PX = (112, 84)
RED_CUP = Thing("a", "cup", "cup", "杯子", True, "red", None, None, "counter", False, 0.1, 0.06)
BLUE_CUP = Thing("b", "cup", "cup", "杯子", True, "blue", None, None, "plate", False, 0.1, 0.06)
PLATE = Thing("plate", "plate", "plate", "盘子", True, "white", None, None, "counter", False, 0.02, 0.2)
DRAWER = Thing("drawer_top", "drawer", "top drawer", "最上面的抽屉", state="closed")
HANDLE = Thing("drawer_top.handle", "handle", "handle of the top drawer", "最上面的抽屉的把手")
COUNTER = Thing("counter", "counter", "counter", "台面")
HIDDEN = Thing("hidden", "lemon", "lemon", "柠檬", True, "yellow", None, None, "drawer_top", False, 0.05, 0.07)
PLACES = {"a": (10, 30, 20, 40), "b": (60, 34, 68, 42), "plate": (56, 42, 76, 50), "drawer_top": (30, 60, 70, 80)}
"""Left, top, right, bottom in pixels, painted in this order."""


@pytest.fixture
def make_view():
    """A counter with two cups, one of them on a plate, above a drawer in which a lemon is hidden."""

    def make(*things, holding=False, lessons=()):
        width, height = SIZE_PX
        shown = np.full((height, width), len(things), dtype=np.uint8)
        for number, thing in enumerate(things):
            if thing.name in PLACES:
                x0, y0, x1, y1 = PLACES[thing.name]
                shown[y0:y1, x0:x1] = number + 1
        camera = Camera(Intrinsics.from_vertical_fov(width, height, 1.0), Pose.identity(), "planning")
        image, depth_m = np.full((height, width, 3), 90, np.uint8), np.full((height, width), 1.5, np.float32)
        observation = Observation(0, 0.0, image, depth_m, camera, GripperState(0.08, holding))
        return View(observation, things, shown, lessons)

    return make


@pytest.fixture
def view(make_view):
    return make_view(RED_CUP, BLUE_CUP, PLATE, DRAWER, HIDDEN, COUNTER)
