from __future__ import annotations

import numpy as np
import pytest

from embodied.observation import GripperState


def test_arrays_are_copies_that_nobody_can_write_to(look):
    image = np.zeros((30, 40, 3), dtype=np.uint8)
    observation = look(image=image)
    image[:] = 255
    assert observation.image.max() == 0
    for array in (observation.image, observation.depth_m):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 1


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((40, 30, 3), np.uint8),
        np.zeros((30, 40), np.uint8),
        np.zeros((30, 40, 4), np.uint8),
        np.zeros((30, 40, 3), np.float32),
    ],
)
def test_image_of_another_shape_or_type_is_refused(look, image):
    with pytest.raises(ValueError, match="image must be uint8"):
        look(image=image)


@pytest.mark.parametrize("name", ["depth_m", "scene_depth_m"])
@pytest.mark.parametrize("depth_m", [np.ones((40, 30), np.float32), np.ones((30, 40), np.float64)])
def test_depth_map_of_another_shape_or_type_is_refused(look, name, depth_m):
    with pytest.raises(ValueError, match="depth map must be float32"):
        look(**{name: depth_m})


@pytest.mark.parametrize("value", [0.0, -1.0, np.inf, -np.inf])
def test_depth_that_no_camera_measures_is_refused(look, value):
    depth_m = np.ones((30, 40), np.float32)
    depth_m[3, 4] = value
    with pytest.raises(ValueError, match="positive and finite"):
        look(depth_m=depth_m)


def test_depth_may_be_missing_in_places_or_altogether(look):
    assert np.isnan(look(depth_m=np.full((30, 40), np.nan, np.float32)).depth_m).all()
    assert look(depth_m=None).depth_m is None


def test_time_that_is_not_finite_is_refused(look):
    with pytest.raises(ValueError, match="time"):
        look(time_s=float("nan"))


@pytest.mark.parametrize("width_m", [-0.01, float("nan"), float("inf")])
def test_gripper_width_that_cannot_be_is_refused(width_m):
    with pytest.raises(ValueError, match="gripper width"):
        GripperState(width_m, False)
