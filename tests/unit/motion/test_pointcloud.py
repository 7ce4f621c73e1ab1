"""Clusters and planes in clouds whose parts are known."""

from __future__ import annotations

import numpy as np
import pytest

from embodied.motion.pointcloud import beside_which, cluster_at, thinned, without_planes

NOTHING = np.empty((0, 3))


def sheet(low, high, spacing=0.004):
    """Points on an axis-aligned rectangle or in a box."""
    axes = [np.arange(a, b + spacing / 2, spacing) for a, b in zip(low, high, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)


TABLE = sheet((-0.2, -0.2, 0.0), (0.2, 0.2, 0.0))
BESIDE = sheet((0.26, 0.0, 0.0), (0.32, 0.06, 0.0))
BACK = sheet((0.2, -0.2, 0.0), (0.2, 0.2, 0.3))
CUBE = sheet((-0.02, -0.02, 0.01), (0.02, 0.02, 0.05))
OTHER = sheet((-0.02, 0.06, 0.01), (0.02, 0.10, 0.05))


def rows(points):
    return {tuple(point) for point in points.round(6)}


def test_large_planes_are_taken_away_and_their_normals_told():
    rest, planes = without_planes(np.vstack([TABLE, BACK, CUBE]), np.array([0.0, 0.0, 0.05]))
    assert len(rows(rest) & rows(CUBE)) > 0.8 * len(CUBE)
    assert not rows(rest) & rows(TABLE[TABLE[:, 0] < 0.19])
    assert {int(np.abs(normal).argmax()) for normal in [plane.normal for plane in planes]} == {0, 2}
    np.testing.assert_allclose([np.abs(normal).max() for normal in [plane.normal for plane in planes]], 1.0, atol=0.02)


def test_plane_through_the_target_is_kept():
    on_the_table = np.array([0.1, 0.1, 0.0])
    rest, planes = without_planes(np.vstack([TABLE, CUBE]), on_the_table)
    assert len(rows(rest) & rows(TABLE)) == len(TABLE)
    assert planes == []


def test_who_points_at_a_support_just_beside_a_thing_means_the_thing():
    cloud = np.vstack([TABLE, CUBE])
    for target in ([0.035, 0.0, 0.0], [0.0, -0.03, 0.001]):
        meant = beside_which(cloud, np.array(target), 0.03)
        assert tuple(meant.round(6)) in rows(CUBE)
        assert np.linalg.norm(meant - target) < 0.03
    for target in ([0.1, 0.1, 0.0], [0.0, 0.0, 0.05]):
        assert beside_which(cloud, np.array(target), 0.03).tolist() == target


def test_who_points_at_something_flat_that_does_not_go_on_around_means_that():
    board = sheet((-0.05, -0.2, 0.0), (0.2, 0.03, 0.0))
    target = np.array([0.035, 0.01, 0.0])
    assert beside_which(np.vstack([board, CUBE]), target, 0.03) is target
    assert beside_which(board, target, 0.03) is target
    assert beside_which(NOTHING, target, 0.03) is target


def test_face_of_a_thing_that_fits_the_hand_is_no_large_plane():
    rest, planes = without_planes(CUBE, np.array([0.0, 0.0, 0.05]))
    assert len(rest) == len(CUBE)
    assert planes == []


def test_cluster_is_the_one_nearest_to_the_target():
    for thing, target in ((CUBE, [0.0, 0.0, 0.05]), (OTHER, [0.0, 0.07, 0.05])):
        found = cluster_at(np.vstack([CUBE, OTHER]), np.array(target), 0.03)
        assert rows(found) == rows(thing)


def test_cluster_out_of_reach_is_none():
    assert len(cluster_at(CUBE, np.array([0.0, 0.0, 0.10]), 0.03)) == 0


def test_few_points_are_no_cluster():
    assert len(cluster_at(CUBE[:5], CUBE[0], 0.03)) == 0


def test_scattered_noise_is_no_cluster():
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, (40, 3))
    assert len(cluster_at(noise, noise[0], 0.03)) < 12


@pytest.mark.parametrize("of", [NOTHING, CUBE[:2]])
def test_clouds_of_next_to_nothing_are_no_error(of):
    assert len(thinned(of)) <= len(of)
    assert len(cluster_at(of, np.zeros(3), 0.03)) == 0
    rest, planes = without_planes(of, np.zeros(3))
    assert len(rest) == len(of)
    assert planes == []


def test_thinned_cloud_keeps_its_shape_with_fewer_points():
    dense = sheet((0, 0, 0), (0.1, 0.1, 0.0), 0.001)
    thin = thinned(dense, 0.004)
    assert len(dense) / 25 < len(thin) < len(dense) / 8
    assert np.linalg.norm(dense[:, None, :] - thin[None, ::7], axis=2).min(axis=0).max() < 0.004


def test_planes_found_are_the_same_each_time():
    cloud = np.vstack([TABLE, BACK, CUBE]) + np.random.default_rng(1).normal(
        0, 0.001, (len(TABLE) + len(BACK) + len(CUBE), 3)
    )
    first, second = (without_planes(cloud, np.array([0.0, 0.0, 0.05])) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    for one, other in zip(first[1], second[1], strict=True):
        np.testing.assert_array_equal(one.normal, other.normal)


def test_all_of_a_support_is_taken_away_also_where_it_is_seen_in_parts():
    seen = np.vstack([TABLE, BESIDE])
    rest, planes = without_planes(seen, np.array([0.1, 0.1, 0.05]))
    assert len(planes) == 1
    assert not len(rest)


def test_parts_of_a_plane_above_the_target_stay():
    rest, _ = without_planes(np.vstack([TABLE, BESIDE]), np.array([0.1, 0.1, -0.05]))
    assert len(rest) == len(BESIDE)
