from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from embodied.geometry import Box, Pose, frozen_array

number = st.floats(-5, 5)
point = st.tuples(number, number, number)
quaternion = st.tuples(number, number, number, number).filter(lambda q: np.linalg.norm(q) > 0.1)
pose = st.builds(Pose.from_quaternion, point, quaternion)


@given(pose, pose, point)
def test_letters_cancel(X_AB, X_BC, p_CP):
    p_CP = np.array(p_CP)
    np.testing.assert_allclose((X_AB @ X_BC) @ p_CP, X_AB @ (X_BC @ p_CP), atol=1e-9)


@given(pose, point)
def test_inverse_undoes_a_pose(X_AB, p_BP):
    np.testing.assert_allclose(X_AB.inverse() @ (X_AB @ np.array(p_BP)), p_BP, atol=1e-9)


@given(pose)
def test_quaternion_of_a_pose_makes_the_same_pose(X_AB):
    again = Pose.from_quaternion(X_AB.translation_m, X_AB.quaternion_xyzw)
    np.testing.assert_allclose(again.matrix, X_AB.matrix, atol=1e-9)


def test_quaternion_is_ordered_xyzw():
    half_turn_about_z = Pose.from_quaternion((0, 0, 0), (0, 0, 1, 0))
    np.testing.assert_allclose(half_turn_about_z @ np.array([1.0, 2.0, 3.0]), [-1, -2, 3], atol=1e-12)


def test_points_keep_their_shape():
    points = np.arange(24.0).reshape(2, 4, 3)
    np.testing.assert_array_equal(Pose.identity() @ points, points)


@given(point, point)
def test_camera_looking_at_a_point_has_it_on_its_optical_axis_and_its_image_upright(eye, target):
    way = np.subtract(target, eye)
    assume(np.linalg.norm(way[:2]) > 1e-2)
    X_WC = Pose.looking_at(eye, target)
    np.testing.assert_allclose((X_WC.inverse() @ np.array(target))[:2], 0, atol=1e-9)
    assert X_WC.rotation[2, 1] < 0  # Y of C points down


@pytest.mark.parametrize("target", [(0, 0, 1), (0, 0, -1), (0, 0, 0)])
def test_camera_without_an_upright_image_is_refused(target):
    with pytest.raises(ValueError, match=r"upright|cannot look"):
        Pose.looking_at((0, 0, 0), target)


@pytest.mark.parametrize(
    ("rotation", "translation"),
    [
        (2 * np.eye(3), np.zeros(3)),
        (np.diag([1.0, 1.0, -1.0]), np.zeros(3)),
        (np.eye(3), np.array([0, np.nan, 0])),
        (np.full((3, 3), np.nan), np.zeros(3)),
        (np.eye(4), np.zeros(3)),
        (np.eye(3), np.zeros(4)),
    ],
)
def test_what_is_no_rigid_pose_is_refused(rotation, translation):
    with pytest.raises(ValueError, match="pose"):
        Pose(rotation, translation)


def test_pose_keeps_a_copy_that_nobody_can_write_to():
    translation = np.zeros(3)
    X_AB = Pose(np.eye(3), translation)
    translation[0] = 1.0
    assert X_AB.translation_m[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        X_AB.translation_m[0] = 2.0


def test_frozen_array_is_a_copy():
    values = [1.0, 2.0]
    assert not frozen_array(values).flags.writeable


@pytest.mark.parametrize("high", [(0, 1, 1), (1, 1, -1), (1, 1, float("nan")), (1, 1, float("inf"))])
def test_box_inside_out_or_not_finite_is_refused(high):
    with pytest.raises(ValueError, match="box"):
        Box((0, 0, 0), high)


def test_box_contains_its_faces_and_the_margin_around_them():
    box = Box((0, 0, 0), (1, 1, 1))
    assert box.contains((1, 1, 1))
    assert not box.contains((1.01, 0.5, 0.5))
    assert box.contains((1.01, 0.5, 0.5), margin_m=0.02)
    assert not box.contains((0.99, 0.5, 0.5), margin_m=-0.02)


def test_box_does_not_contain_a_point_that_is_no_number():
    assert not Box((0, 0, 0), (1, 1, 1)).contains((0.5, float("nan"), 0.5))
