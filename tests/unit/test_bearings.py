import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from embodied.camera import Camera, Intrinsics
from embodied.geometry import FloatArray, Pose
from sim.bearings import Direction, bearing, towards

DIRECTIONS: tuple[Direction, ...] = ("left", "right", "nearer", "away")
METRES = st.floats(-1.0, 1.0)
POINTS = st.builds(lambda x, y: np.array([x, y, 0.8]), METRES, METRES)
EYE = np.array([-2.0, -1.5, 2.0])
CAMERA = Camera(Intrinsics.from_vertical_fov(640, 480, 1.2), Pose.looking_at(EYE, [0.3, 0.2, 0.8]), "planning")


def column(p_WP: FloatArray) -> float:
    p_CP = CAMERA.pose_in_world.inverse() @ p_WP
    return float(p_CP[0] / p_CP[2])


@given(point=POINTS)
def test_left_and_right_are_those_of_the_picture_at_its_edges_too(point: FloatArray) -> None:
    assert column(point + 0.05 * bearing("left", CAMERA, point)) < column(point)
    assert column(point + 0.05 * bearing("right", CAMERA, point)) > column(point)


@given(point=POINTS)
def test_nearer_comes_nearer_to_the_camera(point: FloatArray) -> None:
    distance_m = np.linalg.norm(point - EYE)
    assert np.linalg.norm(point + 0.05 * bearing("nearer", CAMERA, point) - EYE) < distance_m
    assert np.linalg.norm(point + 0.05 * bearing("away", CAMERA, point) - EYE) > distance_m


@given(point=POINTS, end=POINTS)
def test_a_way_leads_in_one_direction_or_lies_between_two(point: FloatArray, end: FloatArray) -> None:
    assume(np.linalg.norm(end - point) > 1e-3)
    leads = [direction for direction in DIRECTIONS if towards(direction, CAMERA, point, end)]
    shares = sorted(float((end - point) @ bearing(direction, CAMERA, point)) for direction in DIRECTIONS)
    assert len(leads) == 1 or (not leads and shares[-1] - shares[-2] < 1e-6)


def test_a_way_that_leads_nowhere_has_no_direction() -> None:
    assert not any(towards(direction, CAMERA, np.zeros(3), np.zeros(3)) for direction in DIRECTIONS)
    assert not any(towards(direction, CAMERA, np.zeros(3), np.array([0.0, 0.0, 0.1])) for direction in DIRECTIONS)
