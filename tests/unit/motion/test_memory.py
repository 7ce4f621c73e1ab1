"""What is remembered of the scene while the robot stands in the picture."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pinocchio
import pytest
from fake_panda import PANDA
from scenery import SMALL_CAMERA as CAMERA
from scenery import TABLE, block, look_at
from scipy.spatial import ConvexHull

from embodied.camera import Camera
from embodied.geometry import Box, Pose
from embodied.motion.memory import REACH_M, VOXEL_M, SceneMemory

HOME = PANDA.home_rad
OVER_THE_TABLE = np.array([0.0, 0.2, 0.0, -2.0, 0.0, 2.2, 0.785])
BLOCK = block(0.45, 0.0, (0.06, 0.06, 0.06))
FLOOR = Box((-9.0, -9.0, -1.1), (9.0, 9.0, -1.0), "floor")


def depth_of_robot(body, kinematics, q, camera):
    """Depth map of the arm's hulls; inf where no ray hits one."""
    data, placements = kinematics.model.createData(), body.geometry.createData()
    pinocchio.updateGeometryPlacements(kinematics.model, data, body.geometry, placements, q)
    p_eye = PANDA.base_in_world.inverse() @ camera.pose_in_world.translation_m
    ones = np.ones((camera.intrinsics.height_px, camera.intrinsics.width_px))
    p_rays = PANDA.base_in_world.inverse() @ camera.points(ones) - p_eye
    depth_m = np.full(ones.shape, np.inf)
    for item, X_BL in zip(body.geometry.geometryObjects, placements.oMg, strict=True):
        faces = np.unique(ConvexHull(item.geometry.points()).equations.round(4), axis=0)
        gaps = X_BL.actInv(p_eye) @ faces[:, :3].T + faces[:, 3]
        slopes = p_rays @ X_BL.rotation @ faces[:, :3].T
        meets = -gaps / np.where(np.abs(slopes) < 1e-12, 1e-12, slopes)
        enters = np.where(slopes < 0, meets, -np.inf).max(axis=-1)
        leaves = np.where(slopes > 0, meets, np.inf).min(axis=-1)
        depth_m = np.where((enters < leaves) & (enters < depth_m), enters, depth_m)
    return depth_m


def with_robot(look, robot):
    nearest = np.fmin(look.depth_m, robot)
    return replace(look, depth_m=np.where(np.isfinite(nearest), nearest, np.nan).astype(np.float32))


@pytest.fixture
def memory(body):
    return SceneMemory(body)


@pytest.fixture(scope="module")
def robot(body, kinematics):
    return depth_of_robot(body, kinematics, OVER_THE_TABLE, CAMERA)


def seen(*boxes, camera=CAMERA):
    return look_at(boxes, camera)


def on_boxes(points, *boxes):
    inside = [((points > np.array(box.low_m) - 0.002) & (points < np.array(box.high_m) + 0.002)) for box in boxes]
    return np.any([each.all(axis=1) for each in inside], axis=0)


def test_memory_that_has_seen_nothing_remembers_nothing(memory):
    assert memory.points().shape == memory.voxels().shape == (0, 3)


def test_what_was_seen_is_remembered(memory):
    memory.see(seen(TABLE, BLOCK), HOME)
    points = memory.points()
    assert on_boxes(points, TABLE, BLOCK).all()
    assert on_boxes(points, BLOCK).sum() > 30


def test_robot_s_own_points_are_not_remembered(memory, body, robot):
    look = with_robot(seen(TABLE), robot)
    assert body.inside(CAMERA.points(look.depth_m).reshape(-1, 3), OVER_THE_TABLE, 0.01).sum() > 250
    memory.see(look, OVER_THE_TABLE)
    assert on_boxes(memory.points(), TABLE).all()


def test_where_the_robot_hides_the_scene_what_was_seen_before_is_kept(memory, robot):
    memory.see(seen(TABLE, BLOCK), HOME)
    before = memory.points()
    memory.see(with_robot(seen(TABLE, BLOCK), robot), OVER_THE_TABLE)
    np.testing.assert_allclose(memory.points(), before, atol=1e-6)


def test_depth_of_the_scene_is_what_was_measured_before_the_robot_came_and_what_is_measured_beside_it(memory, robot):
    alone, hidden = seen(TABLE, FLOOR), with_robot(seen(TABLE, FLOOR, BLOCK), robot)
    assert memory.scene_depth(hidden.depth_m) is hidden.depth_m
    memory.see(alone, HOME)
    memory.see(hidden, OVER_THE_TABLE)
    scene_m, behind = memory.scene_depth(hidden.depth_m), np.isfinite(robot)
    np.testing.assert_allclose(scene_m[behind], alone.depth_m[behind], atol=1e-6)
    beside = ~cv2.dilate(behind.astype(np.uint8), np.ones((15, 15), np.uint8)).astype(bool)
    np.testing.assert_array_equal(scene_m[beside], hidden.depth_m[beside])
    assert (scene_m != alone.depth_m).any()


def test_depth_of_the_scene_is_not_made_up_where_nothing_was_ever_measured_or_may_have_changed(memory, robot):
    hidden = with_robot(seen(TABLE, FLOOR), robot)
    memory.see(hidden, OVER_THE_TABLE)
    np.testing.assert_array_equal(memory.scene_depth(hidden.depth_m), hidden.depth_m)
    memory.see(seen(TABLE, FLOOR), HOME)
    memory.see(hidden, OVER_THE_TABLE)
    memory.doubt()
    np.testing.assert_array_equal(memory.scene_depth(hidden.depth_m), hidden.depth_m)


def test_where_the_robot_does_not_hide_it_the_latest_look_counts(memory):
    memory.see(seen(TABLE, BLOCK), HOME)
    memory.see(seen(TABLE), HOME)
    assert on_boxes(memory.points(), TABLE).all()


def test_thing_that_left_behind_the_robot_s_back_is_forgotten_when_the_robot_moves_away(memory, robot):
    memory.see(seen(TABLE, BLOCK), HOME)
    memory.see(with_robot(seen(TABLE), robot), OVER_THE_TABLE)
    memory.see(seen(TABLE), HOME)
    assert on_boxes(memory.points(), TABLE).all()


def test_camera_that_has_moved_forgets_what_it_saw_before(memory, robot):
    memory.see(seen(TABLE, BLOCK), HOME)
    moved = Camera(CAMERA.intrinsics, Pose(CAMERA.pose_in_world.rotation, CAMERA.pose_in_world.translation_m + 0.01))
    memory.see(with_robot(seen(TABLE, camera=moved), robot), OVER_THE_TABLE)
    assert len(memory.points()) < (~np.isnan(seen(TABLE, camera=moved).depth_m)).sum() - 250
    assert on_boxes(memory.points(), TABLE).all()


def test_what_the_hand_holds_is_not_remembered(memory):
    held = block(0.45, 0.0, (0.04, 0.04, 0.10), z_m=0.95)
    corners = np.array([held.low_m, held.high_m])
    memory.see(seen(TABLE, held), HOME, corners)
    assert not on_boxes(memory.points(), held).any()


def test_look_without_depth_changes_nothing(memory):
    memory.see(seen(TABLE, BLOCK), HOME)
    before = memory.points()
    memory.see(replace(seen(TABLE), depth_m=None), HOME)
    np.testing.assert_array_equal(memory.points(), before)


def test_pixels_without_depth_are_no_points(memory):
    look = seen(TABLE, BLOCK)
    look.depth_m[:, :70] = np.nan
    memory.see(look, HOME)
    assert np.isfinite(memory.points()).all()
    assert len(memory.points()) == np.isfinite(look.depth_m).sum()


def test_every_voxel_holds_points_and_what_stands_out_is_in_voxels(memory):
    memory.see(seen(TABLE, BLOCK), HOME)
    voxels, points = memory.voxels(), memory.points()
    for centre in voxels[:: max(len(voxels) // 50, 1)]:
        assert (np.abs(points - centre).max(axis=1) <= VOXEL_M / 2 + 1e-9).sum() >= 3
    top = np.array([0.45, 0.0, 0.86])
    assert np.abs(voxels - top).max(axis=1).min() <= VOXEL_M / 2 + 0.005


def test_what_is_out_of_the_arm_s_reach_is_no_voxel(memory):
    wall = block(2.2, 0.0, (0.1, 3.0, 1.0), z_m=0.0, name="wall")
    memory.see(seen(TABLE, wall), HOME)
    assert on_boxes(memory.points(), wall).any()
    distance = np.linalg.norm(memory.voxels() - PANDA.base_in_world.translation_m, axis=1)
    assert distance.max() < REACH_M + VOXEL_M


def behind_the_robot(robot, by_m):
    """Points behind the middle of what the robot covers in the picture."""
    v, u = (int(np.median(each)) for each in np.nonzero(np.isfinite(robot)))
    depth_m = np.full(robot.shape, float(robot[v, u]) + by_m)
    return CAMERA.points(depth_m)[v, u][None]


def test_what_the_robot_has_hidden_ever_since_is_unseen(memory, robot):
    memory.see(with_robot(seen(TABLE), robot), OVER_THE_TABLE)
    assert memory.unseen(behind_the_robot(robot, 0.3)).all()
    assert not memory.unseen(behind_the_robot(robot, -0.1)).any()


def test_what_was_seen_before_the_robot_came_is_not_unseen(memory, robot):
    memory.see(seen(TABLE, FLOOR), HOME)
    memory.see(with_robot(seen(TABLE, FLOOR), robot), OVER_THE_TABLE)
    assert not memory.unseen(behind_the_robot(robot, 0.3)).any()


def test_what_the_robot_hides_can_be_doubted_until_it_is_seen_again(memory, robot):
    memory.see(seen(TABLE, FLOOR), HOME)
    memory.see(with_robot(seen(TABLE, FLOOR), robot), OVER_THE_TABLE)
    memory.doubt()
    behind = behind_the_robot(robot, 0.3)
    assert memory.unseen(behind).all()
    memory.see(seen(TABLE, FLOOR), HOME)
    memory.see(with_robot(seen(TABLE, FLOOR), robot), OVER_THE_TABLE)
    assert not memory.unseen(behind).any()


def test_without_any_look_nothing_is_said_to_be_unseen(memory):
    assert not memory.unseen(np.array([[0.5, 0.0, 0.3]])).any()
