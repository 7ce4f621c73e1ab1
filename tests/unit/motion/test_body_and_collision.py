"""The arm's hulls, and what they touch: held against another way to compute the same, and against known places."""

from __future__ import annotations

from dataclasses import replace

import coal
import numpy as np
import pinocchio
import pytest
from fake_panda import PANDA
from scipy.spatial.transform import Rotation

from embodied.geometry import Box, Pose
from embodied.motion.body import Body
from embodied.motion.collision import CollisionWorld
from embodied.motion.kinematics import Kinematics
from embodied.motion.memory import VOXEL_M

HOME = PANDA.home_rad
POSTURES = (HOME, np.array([0.5, 0.3, -0.4, -1.8, 0.7, 2.2, -0.3]), np.array([-1.2, -0.9, 0.6, -2.7, -1.0, 1.2, 1.9]))
INTO_ITSELF = {
    "hand into the upper arm": ([0, -1.7, 0, -3.0, 0, 0.5, 0.8], "panda_link2_0", "panda_hand_0"),
    "wrist into the base": ([0, 1.5, 0, -3.0, 0, 1.5, 0.8], "panda_link0_0", "panda_link6_0"),
}
NOTHING_SEEN = np.empty((0, 3))


def mesh_vertices(q):
    """Vertices in W of every collision mesh of the description, by the full model and not by the arm's alone."""
    model = pinocchio.buildModelFromUrdf(str(PANDA.urdf))
    directories = [str(path) for path in PANDA.package_dirs]
    kind = pinocchio.GeometryType.COLLISION
    geometry = pinocchio.buildGeomFromUrdf(model, str(PANDA.urdf), kind, package_dirs=directories)
    data, placements = model.createData(), geometry.createData()
    fingers = [PANDA.gripper.max_width_m / 2] * 2
    pinocchio.updateGeometryPlacements(model, data, geometry, placements, np.concatenate([q, fingers]))
    for item, X_BL in zip(geometry.geometryObjects, placements.oMg, strict=True):
        vertices = np.asarray(item.geometry.vertices())
        yield item.name, PANDA.base_in_world @ (vertices @ X_BL.rotation.T + X_BL.translation)


def distances(body, kinematics, points_W, q):
    """From each point to the nearest link, by coal; not positive inside."""
    data, placements = kinematics.model.createData(), body.geometry.createData()
    pinocchio.updateGeometryPlacements(kinematics.model, data, body.geometry, placements, q)
    probe, nearest = coal.Sphere(1e-4), []
    for point in PANDA.base_in_world.inverse() @ points_W:
        at = coal.Transform3s(np.eye(3), point)
        links = zip(body.geometry.geometryObjects, placements.oMg, strict=True)
        nearest.append(min(_distance(item.geometry, X_BL, probe, at) for item, X_BL in links))
    return np.array(nearest)


def _distance(shape, X_BL, probe, at):
    result = coal.DistanceResult()
    here = coal.Transform3s(np.array(X_BL.rotation), np.array(X_BL.translation))
    return coal.distance(shape, here, probe, at, coal.DistanceRequest(), result)


def at_hand(kinematics, q, p_GP):
    return kinematics.grasp_pose(q) @ np.array(p_GP, dtype=float)


@pytest.mark.parametrize("q", POSTURES)
def test_every_point_of_every_link_s_mesh_is_inside_the_body(body, q):
    for name, vertices in mesh_vertices(q):
        assert body.inside(vertices, q, 1e-3).all(), name


@pytest.mark.parametrize("q", POSTURES)
def test_inside_agrees_with_distances_to_the_links(body, kinematics, q):
    hand = kinematics.grasp_pose(q).translation_m
    points = hand + np.random.default_rng(0).uniform(-0.25, 0.25, (400, 3))
    expected = distances(body, kinematics, points, q)
    clear = np.abs(expected) > 2e-3
    np.testing.assert_array_equal(body.inside(points, q, 0.0)[clear], (expected < 0)[clear])
    assert 5 < (expected < 0).sum() < 300


def test_margin_grows_the_body_by_no_less_than_itself(body, kinematics):
    points = kinematics.grasp_pose(HOME).translation_m + np.random.default_rng(1).uniform(-0.2, 0.2, (400, 3))
    near = distances(body, kinematics, points, HOME) < 0.03
    assert body.inside(points, HOME, 0.03)[near].all()
    assert not body.inside(points, HOME, 0.03).all()


def test_point_between_the_open_fingers_is_outside(body, kinematics):
    points = np.array([at_hand(kinematics, HOME, [0, 0, 0]), at_hand(kinematics, HOME, [0, 0, -0.08])])
    np.testing.assert_array_equal(body.inside(points, HOME, 0.005), [False, True])


def test_the_arm_can_have_another_margin_than_its_hand(body, kinematics):
    rng = np.random.default_rng(6)
    points = PANDA.base_in_world @ rng.uniform(-0.2, 0.9, (4000, 3))
    hand_m = np.linalg.norm(points - kinematics.grasp_pose(HOME).translation_m, axis=1)
    narrow, wide = body.inside(points, HOME, 0.0), body.inside(points, HOME, 0.05)
    both = body.inside(points, HOME, 0.05, 0.0)
    assert (wide & ~narrow & (hand_m > 0.4)).any()
    np.testing.assert_array_equal(both[hand_m > 0.4], narrow[hand_m > 0.4])
    np.testing.assert_array_equal(both[hand_m < 0.08], wide[hand_m < 0.08])


def test_inside_follows_the_base(body):
    X_WB = Pose(Rotation.from_euler("z", 70, degrees=True).as_matrix(), np.array([1.0, 2.0, 0.1]))
    elsewhere = Body(Kinematics(replace(PANDA, base_in_world=X_WB)))
    p_BP = np.random.default_rng(2).uniform(-0.7, 0.9, (3000, 3))
    here = body.inside(PANDA.base_in_world @ p_BP, HOME, 0.01)
    np.testing.assert_array_equal(elsewhere.inside(X_WB @ p_BP, HOME, 0.01), here)
    assert here.any()


def test_nothing_is_inside_of_no_points(body):
    assert body.inside(NOTHING_SEEN, HOME, 0.02).shape == (0,)


@pytest.mark.parametrize("q", POSTURES)
def test_arm_in_an_empty_world_is_free(alone, q):
    assert alone.free(q)
    assert alone.touching(q) == []


@pytest.mark.parametrize("case", INTO_ITSELF)
def test_arm_folded_into_itself_touches_the_links_that_meet(alone, case):
    q, *pair = INTO_ITSELF[case]
    assert not alone.free(np.array(q, dtype=float))
    assert tuple(pair) in alone.touching(np.array(q, dtype=float))


def test_voxel_at_a_link_is_touched_by_that_link_and_no_other_far_from_it(kinematics, body):
    voxels = np.array([at_hand(kinematics, HOME, [0, 0, -0.07])])
    world = CollisionWorld(kinematics, body, voxels, ())
    assert ("panda_hand_0", "seen") in world.touching(HOME)
    assert {first for first, _ in world.touching(HOME)} <= {"panda_hand_0", "panda_leftfinger_0", "panda_rightfinger_0"}
    assert not world.free(HOME)


@pytest.mark.parametrize("away_m", [2.0 * VOXEL_M, 0.2])
def test_voxel_beside_the_fingers_is_not_touched(kinematics, body, away_m):
    voxels = np.array([at_hand(kinematics, HOME, [0, 0, PANDA.gripper.tip_to_grasp_m + away_m])])
    assert CollisionWorld(kinematics, body, voxels, ()).free(HOME)


def test_wall_of_voxels_has_no_holes_for_a_base_that_is_turned(kinematics, body):
    X_WB = Pose(Rotation.from_euler("z", 33, degrees=True).as_matrix(), np.array([0.013, -0.007, 0.6]))
    turned = Kinematics(replace(PANDA, base_in_world=X_WB))
    steps = np.arange(-20, 21) * VOXEL_M
    hand = turned.grasp_pose(HOME).translation_m
    for depth_m in (0.0, 0.02, 0.05):
        wall = np.array([hand + [x, y, -depth_m + 0.10] for x in steps for y in steps])
        assert not CollisionWorld(turned, Body(turned), wall, ()).free(HOME)


def test_declared_box_is_touched_by_name(kinematics, body):
    hand = kinematics.grasp_pose(HOME).translation_m
    box = Box(tuple(hand - [0.1, 0.1, 0.1]), tuple(hand + [0.1, 0.1, 0.005]), "counter")
    world = CollisionWorld(kinematics, body, NOTHING_SEEN, [box])
    assert ("panda_leftfinger_0", "counter") in world.touching(HOME)
    below = Box(tuple(hand - [0.1, 0.1, 0.1]), tuple(hand + [0.1, 0.1, -0.015]), "counter")
    assert CollisionWorld(kinematics, body, NOTHING_SEEN, [below]).free(HOME)


def test_box_stands_in_the_world_and_not_at_the_base():
    X_WB = Pose(Rotation.from_euler("z", 90, degrees=True).as_matrix(), np.array([0.0, 0.0, 0.6]))
    turned = Kinematics(replace(PANDA, base_in_world=X_WB))
    hand = turned.grasp_pose(HOME).translation_m
    assert hand[1] > 0.25
    box = Box(tuple(hand - [0.02, 0.1, 0.05]), tuple(hand + [0.02, 0.1, 0.1]), "post")
    names = {second for _, second in CollisionWorld(turned, Body(turned), NOTHING_SEEN, [box]).touching(HOME)}
    assert names == {"post"}


def test_base_that_stands_in_what_was_seen_does_not_hinder_the_arm(kinematics, body):
    around = np.array([[x, y, 0.6] for x in (-0.05, 0.0, 0.05) for y in (-0.05, 0.0, 0.05)])
    assert CollisionWorld(kinematics, body, around, ()).free(HOME)


def test_what_the_hand_holds_collides_as_well(kinematics, body):
    under = np.array([at_hand(kinematics, HOME, [0, 0, 0.15])])
    bottle_G = np.array([[-0.03, -0.03, -0.03], [0.03, 0.03, 0.18]])
    assert CollisionWorld(kinematics, body, under, ()).free(HOME)
    holding = CollisionWorld(kinematics, body, under, (), bottle_G)
    assert holding.touching(HOME) == [("held", "seen")]


def test_what_the_hand_holds_moves_with_the_hand(kinematics, body):
    q = POSTURES[1]
    under = np.array([at_hand(kinematics, q, [0, 0, 0.15])])
    bottle_G = np.array([[-0.03, -0.03, -0.03], [0.03, 0.03, 0.18]])
    holding = CollisionWorld(kinematics, body, under, (), bottle_G)
    assert holding.free(HOME)
    assert holding.touching(q) == [("held", "seen")]


def test_worlds_do_not_share_what_is_in_them(kinematics, body):
    voxels = np.array([at_hand(kinematics, HOME, [0, 0, -0.07])])
    full, empty = CollisionWorld(kinematics, body, voxels, ()), CollisionWorld(kinematics, body, NOTHING_SEEN, ())
    assert empty.free(HOME)
    assert not full.free(HOME)
