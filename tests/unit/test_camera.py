from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embodied.camera import Camera, Intrinsics
from embodied.geometry import Pose

unit = st.floats(0, 1)
coordinate = st.floats(-2, 2)
intrinsics = st.builds(
    Intrinsics,
    st.integers(1, 2000),
    st.integers(1, 2000),
    st.floats(50, 3000),
    st.floats(50, 3000),
    st.floats(-100, 2000),
    st.floats(-100, 2000),
)
pose = st.builds(
    Pose.from_quaternion,
    st.tuples(coordinate, coordinate, coordinate),
    st.tuples(coordinate, coordinate, coordinate, st.floats(0.5, 2)),
)
cameras = st.builds(Camera, intrinsics, pose)


@given(cameras, unit, unit, st.floats(0.05, 10))
def test_projecting_what_was_lifted_gives_it_back(camera, x, y, depth_m):
    np.testing.assert_allclose(camera.project(camera.lift(x, y, depth_m)), [x, y, depth_m], atol=1e-6, rtol=1e-7)


@given(cameras, unit, unit)
def test_pixel_of_image_coordinates_lies_in_the_image(camera, x, y):
    u, v = camera.pixel(x, y)
    assert 0 <= u < camera.intrinsics.width_px
    assert 0 <= v < camera.intrinsics.height_px


def test_image_corners_are_pixel_corners_and_centres_of_pixels_are_whole_numbers():
    camera = Camera(Intrinsics(4, 2, 10.0, 10.0, 1.5, 0.5), Pose.identity())
    np.testing.assert_allclose(camera.lift(0.5, 0.5, 1.0), [0, 0, 1])  # the middle of the image is (1.5, 0.5)
    np.testing.assert_allclose(camera.lift(0, 0, 1.0), [-0.2, -0.1, 1])  # the corner is pixel (-0.5, -0.5)
    assert camera.pixel(0.0, 0.0) == (0, 0)
    assert camera.pixel(0.26, 0.49) == (1, 0)
    assert camera.pixel(1.0, 1.0) == (3, 1)


def test_x_goes_right_and_y_goes_down_and_z_goes_forward():
    camera = Camera(Intrinsics.from_vertical_fov(64, 48, 1.0), Pose.identity())
    right, down = camera.lift(0.9, 0.5, 2.0), camera.lift(0.5, 0.9, 2.0)
    assert right[0] > 0
    assert down[1] > 0
    assert right[2] == down[2] == 2.0


def test_points_of_a_depth_map_are_the_lifted_pixel_centres():
    camera = Camera(Intrinsics.from_vertical_fov(8, 6, 1.2), Pose.looking_at((1, 1, 1), (0, 0, 0)))
    depth_m = np.linspace(0.5, 2, 48).reshape(6, 8)
    points = camera.points(depth_m)
    np.testing.assert_allclose(points[4, 7], camera.lift(7.5 / 8, 4.5 / 6, depth_m[4, 7]), atol=1e-12)


def test_point_without_depth_is_nan():
    camera = Camera(Intrinsics.from_vertical_fov(2, 2, 1.0), Pose.identity())
    points = camera.points([[1.0, np.nan], [1.0, 1.0]])
    assert np.isnan(points[0, 1]).all()
    assert np.isfinite(points[1]).all()


def test_point_behind_the_camera_has_no_positive_depth():
    camera = Camera(Intrinsics.from_vertical_fov(8, 6, 1.0), Pose.identity())
    assert camera.project([0.0, 0.0, -1.0])[2] < 0
    assert np.isfinite(camera.project([0.1, 0.0, 0.0])).all()


def test_vertical_field_of_view_ends_at_the_upper_edge():
    camera = Camera(Intrinsics.from_vertical_fov(80, 60, np.pi / 2), Pose.identity())
    p_CP = camera.lift(0.5, 0.0, 1.0)
    assert p_CP[1] == pytest.approx(-1.0)


@pytest.mark.parametrize("part", [0, 1, 2, 3])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_intrinsics_that_are_not_positive_are_refused(part, value):
    parts = [4, 4, 4.0, 4.0, 1.5, 1.5]
    parts[part] = value
    with pytest.raises(ValueError, match="positive"):
        Intrinsics(*parts)


def test_principal_point_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="finite"):
        Intrinsics(4, 4, 4.0, 4.0, float("nan"), 1.5)
