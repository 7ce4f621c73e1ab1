from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from embodied.camera import Camera, Intrinsics
from embodied.commands import Approach, Grasp, ImagePoint, Move
from embodied.errors import GroundingError
from embodied.geometry import Pose
from embodied.grounding import GroundingSettings, ground
from embodied.observation import GripperState, Observation
from embodied.result import Reason

MIDDLE = ImagePoint(x=0.5, y=0.5, z=1.0)
depths = arrays(np.float32, (6, 8), elements=st.one_of(st.just(float("nan")), st.floats(0.125, 8, width=32)))
image_points = st.builds(ImagePoint, x=st.floats(0, 1), y=st.floats(0, 1), z=st.floats(0.01, 10))
commands = st.one_of(
    st.builds(Grasp, at=image_points),
    st.builds(Approach, at=image_points),
    st.builds(Move, start=image_points, end=image_points),
)


def at_depth(z):
    return ImagePoint(x=0.5, y=0.5, z=z)


def reason_of(command, observation, settings=None):
    with pytest.raises(GroundingError) as caught:
        ground(command, observation, "test", settings)
    return Reason(caught.value.reason)


def depth_of(observation, point_in_world):
    return float(observation.camera.project(point_in_world)[2])


@pytest.mark.parametrize("claimed", [0.91, 1.0, 1.09])
@pytest.mark.parametrize("kind", [Approach, Grasp])
def test_claim_near_the_surface_is_replaced_by_the_measurement(look, kind, claimed):
    grounded = ground(kind(at=at_depth(claimed)), look(), "test")
    assert depth_of(look(), grounded.points_in_world_m[0]) == pytest.approx(1.0)
    assert grounded.depth_source == "measured"


@pytest.mark.parametrize("claimed", [0.85, 1.15])
@pytest.mark.parametrize("kind", [Approach, Grasp])
def test_claim_far_from_the_surface_is_rejected(look, kind, claimed):
    assert reason_of(kind(at=at_depth(claimed)), look()) is Reason.DEPTH_MISMATCH


def test_message_about_a_mismatch_says_the_measured_depth(look):
    with pytest.raises(GroundingError, match=r"surface there is at z = 1\.000"):
        ground(Grasp(at=at_depth(2.0)), look(), "test")


def test_start_of_a_move_with_an_empty_hand_must_be_on_a_surface(look):
    assert reason_of(Move(start=at_depth(0.5), end=MIDDLE), look()) is Reason.DEPTH_MISMATCH


def test_what_is_in_the_hand_may_be_hidden_by_it(look):
    holding = replace(look(), gripper=GripperState(0.03, True))
    grounded = ground(Move(start=at_depth(1.3), end=MIDDLE), holding, "test")
    assert depth_of(look(), grounded.points_in_world_m[0]) == pytest.approx(1.3)
    near = ground(Move(start=at_depth(1.09), end=MIDDLE), holding, "test")
    assert depth_of(look(), near.points_in_world_m[0]) == pytest.approx(1.0)
    assert reason_of(Grasp(at=at_depth(1.3)), holding) is Reason.DEPTH_MISMATCH


@pytest.mark.parametrize(
    ("x", "z", "pressed"), [(0.514, 1.0, True), (0.514, 0.96, True), (0.52, 1.0, False), (0.5, 0.9, False)]
)
def test_a_move_between_points_that_can_hardly_be_told_apart_is_a_press(look, x, z, pressed):
    depth_m = np.full(look().depth_m.shape, 1.0, np.float32)
    depth_m[:, 21:] = 1.04  # beside an edge the two points would be grounded on two surfaces
    command = Move(start=MIDDLE, end=ImagePoint(x=x, y=0.5, z=z))
    start, end = ground(command, look(depth_m=depth_m), "test").points_in_world_m
    assert (start == end) == pressed
    holding = look(depth_m=depth_m, gripper=GripperState(0.03, True))
    assert len(set(ground(command, holding, "test").points_in_world_m)) == 2


def test_end_of_a_move_may_lie_behind_the_robot_s_own_arm_and_not_behind_what_that_hides(look):
    scene_depth_m = np.full(look().depth_m.shape, 2.0, np.float32)
    observation = look(scene_depth_m=scene_depth_m, gripper=GripperState(0.03, True))
    grounded = ground(Move(start=MIDDLE, end=at_depth(1.5)), observation, "test")
    assert depth_of(look(), grounded.points_in_world_m[1]) == pytest.approx(1.5)
    snapped = ground(Move(start=MIDDLE, end=at_depth(2.02)), observation, "test")
    assert depth_of(look(), snapped.points_in_world_m[1]) == pytest.approx(2.0)
    assert reason_of(Move(start=MIDDLE, end=at_depth(2.1)), observation) is Reason.BEHIND_SURFACE
    assert reason_of(Move(start=MIDDLE, end=at_depth(1.5)), replace(observation, scene_depth_m=None)) is (
        Reason.BEHIND_SURFACE
    )


def test_what_is_pointed_at_is_what_is_seen_and_not_what_the_arm_hides(look):
    observation = look(scene_depth_m=np.full(look().depth_m.shape, 2.0, np.float32))
    assert reason_of(Grasp(at=at_depth(2.0)), observation) is Reason.DEPTH_MISMATCH


def test_end_of_a_move_in_free_space_is_taken_as_said(look):
    grounded = ground(Move(start=MIDDLE, end=at_depth(0.6)), look(), "test")
    assert depth_of(look(), grounded.points_in_world_m[1]) == pytest.approx(0.6)


@pytest.mark.parametrize("claimed", [0.975, 1.025])
def test_end_of_a_move_near_the_surface_snaps_to_it(look, claimed):
    grounded = ground(Move(start=MIDDLE, end=at_depth(claimed)), look(), "test")
    assert depth_of(look(), grounded.points_in_world_m[1]) == pytest.approx(1.0)


def test_end_of_a_move_behind_the_surface_is_rejected(look):
    assert reason_of(Move(start=MIDDLE, end=at_depth(1.05)), look()) is Reason.BEHIND_SURFACE


def test_pixel_without_depth_takes_it_from_the_window_around_it(look):
    depth_m = np.ones((30, 40), np.float32)
    depth_m[15, 20] = np.nan
    grounded = ground(Grasp(at=MIDDLE), look(depth_m=depth_m), "test")
    assert depth_of(look(), grounded.points_in_world_m[0]) == pytest.approx(1.0)


def test_window_without_depth_is_rejected(look):
    depth_m = np.ones((30, 40), np.float32)
    depth_m[9:22, 14:27] = np.nan
    assert reason_of(Grasp(at=MIDDLE), look(depth_m=depth_m)) is Reason.NO_DEPTH
    wider = GroundingSettings(window_px=7)
    assert ground(Grasp(at=MIDDLE), look(depth_m=depth_m), "test", wider).depth_source == "measured"


def test_window_at_the_corner_of_the_image_stays_inside(look):
    depth_m = np.ones((30, 40), np.float32)
    depth_m[0, 0] = depth_m[-1, -1] = np.nan
    for corner in (0.0, 1.0):
        ground(Grasp(at=ImagePoint(x=corner, y=corner, z=1.0)), look(depth_m=depth_m), "test")


def test_depth_at_a_silhouette_is_one_of_the_two_surfaces_and_not_the_air_between(look):
    depth_m = np.full((30, 40), np.nan, np.float32)
    depth_m[15, 19], depth_m[15, 21] = 0.92, 1.05
    grounded = ground(Grasp(at=MIDDLE), look(depth_m=depth_m), "test")
    assert depth_of(look(), grounded.points_in_world_m[0]) == pytest.approx(1.05)


def test_thing_that_is_missed_by_little_is_found_by_the_depth_that_is_claimed_for_it(look):
    depth_m = np.full((30, 40), 1.5, np.float32)
    depth_m[15, 23:25] = 1.0  # a handle three pixels beside the point
    grounded = ground(Grasp(at=MIDDLE), look(depth_m=depth_m), "test")
    x, y, depth = look().camera.project(grounded.points_in_world_m[0])
    assert (x, y, depth) == pytest.approx((23.5 / 40, 15.5 / 30, 1.0))
    assert reason_of(Grasp(at=MIDDLE), look(depth_m=depth_m), GroundingSettings(window_px=2)) is Reason.DEPTH_MISMATCH


@pytest.mark.parametrize(("claimed_m", "beside_px", "taken_m"), [(1.0, 1, 1.0), (1.0, 5, 1.08), (1.04, 1, 1.08)])
def test_of_two_surfaces_that_agree_the_one_that_is_claimed_counts_if_it_is_near_enough(
    look, claimed_m, beside_px, taken_m
):
    depth_m = np.full((30, 40), 1.08, np.float32)
    depth_m[15, 20 + beside_px] = 1.0
    grounded = ground(Grasp(at=at_depth(claimed_m)), look(depth_m=depth_m), "test")
    assert depth_of(look(), grounded.points_in_world_m[0]) == pytest.approx(taken_m)


@pytest.mark.parametrize(("beside_m", "taken_m"), [(1.02, 1.02), (1.5, 1.0)])
def test_end_of_a_move_that_something_hides_by_little_is_taken_beside_it(look, beside_m, taken_m):
    depth_m = np.full((30, 40), 0.7, np.float32)
    depth_m[15, 25:] = beside_m
    end = ground(Move(start=at_depth(0.7), end=MIDDLE), look(depth_m=depth_m), "test").points_in_world_m[1]
    x, _, depth = look().camera.project(end)
    assert (x, depth) == pytest.approx((25.5 / 40, taken_m))


def test_end_of_a_move_behind_a_wall_is_rejected_also_near_its_edge(look):
    depth_m = np.full((30, 40), 0.7, np.float32)
    depth_m[15, 27:] = 1.0  # the next pixel that is free is seven away
    move = Move(start=at_depth(0.7), end=MIDDLE)
    assert reason_of(move, look(depth_m=depth_m)) is Reason.BEHIND_SURFACE


def test_robot_without_depth_does_not_trust_a_claim_unless_told_to(look):
    blind = look(depth_m=None)
    assert reason_of(Grasp(at=MIDDLE), blind) is Reason.NO_DEPTH
    grounded = ground(Grasp(at=at_depth(1.3)), blind, "test", GroundingSettings(trust_claimed_depth=True))
    assert grounded.depth_source == "claimed"
    assert depth_of(blind, grounded.points_in_world_m[0]) == pytest.approx(1.3)


def test_trusting_claims_changes_nothing_where_depth_is_measured(look):
    assert reason_of(Grasp(at=at_depth(2.0)), look(), GroundingSettings(trust_claimed_depth=True)) is (
        Reason.DEPTH_MISMATCH
    )


def test_grounded_command_names_its_observation(look):
    grounded = ground(Grasp(at=MIDDLE), look(id=7), "some-id")
    assert (grounded.observation_id, grounded.id, grounded.command) == (7, "some-id", Grasp(at=MIDDLE))


@given(commands, depths)
def test_grounding_gives_a_point_on_a_ray_at_a_depth_that_is_known_or_an_error(command, depth_m):
    camera = Camera(Intrinsics.from_vertical_fov(8, 6, 1.0), Pose.looking_at((1, 0.5, 1.5), (0, 0, 0)))
    observation = Observation(1, 0.0, np.zeros((6, 8, 3), np.uint8), depth_m, camera, GripperState(0.0, False))
    try:
        grounded = ground(command, observation, "test")
    except GroundingError:
        return  # which error, the tests above say
    measured = depth_m[np.isfinite(depth_m)]
    for index, point in enumerate(grounded.points_in_world_m):
        assert np.isfinite(point).all()
        depth = camera.project(point)[2]
        in_free_space = index == 1 and abs(depth - command.end.z) < 1e-6
        assert in_free_space or np.abs(measured - depth).min() < 1e-5
