"""Timing: within every joint's limits, from rest to rest, exactly on the path's ends."""

from __future__ import annotations

import numpy as np
import pytest
from fake_panda import PANDA
from hypothesis import given, settings
from hypothesis import strategies as st

from embodied.errors import ControllerError
from embodied.motion.arm import JointTrajectory
from embodied.motion.trajectory import parametrise, rounded_path

LIMITS = PANDA.limits
TOLERANCES = (1.01, 1.15, 1.0)
"""Limits are met at the samples that the timing was found with; between these, accelerations are a little higher."""
CORNER = np.array(
    [[0, -0.8, 0, -2.3, 0, 1.5, 0.8], [0.6, -0.3, 0, -2.3, 0.4, 1.5, 0.8], [0.6, 0.5, 0, -1.2, 0.4, 2, 0]]
)

seeds = st.integers(0, 2**32 - 1)


def random_path(seed):
    rng = np.random.default_rng(seed)
    return rng.uniform(LIMITS.lower_rad, LIMITS.upper_rad, (int(rng.integers(2, 6)), 7))


def assert_within_limits(trajectory, scale=1.0):
    q, t = trajectory.positions_rad, trajectory.times_s
    step_s = np.diff(t).mean()
    np.testing.assert_allclose(np.diff(t), step_s, rtol=1e-6)
    of = (LIMITS.velocity_rad_s, LIMITS.acceleration_rad_s2, LIMITS.jerk_rad_s3)
    for order, (limit, tolerance) in enumerate(zip(of, TOLERANCES, strict=True), start=1):
        if len(q) > order:
            highest = np.abs(np.diff(q, order, axis=0)).max(axis=0) / step_s**order
            assert (highest <= limit * scale**order * tolerance).all(), (order, highest / limit)


@settings(max_examples=60, deadline=None)
@given(seeds, st.sampled_from([0.2, 0.5, 1.0]))
def test_every_joint_stays_within_velocity_acceleration_and_jerk_limits(seed, scale):
    assert_within_limits(parametrise(random_path(seed), LIMITS, scale), scale)


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_trajectory_begins_and_ends_at_rest_exactly_at_the_path_s_ends(seed):
    path = random_path(seed)
    trajectory = parametrise(path, LIMITS)
    np.testing.assert_allclose(trajectory.positions_rad[[0, -1]], path[[0, -1]], atol=1e-9)
    np.testing.assert_array_equal(trajectory.velocities_rad_s[[0, -1]], 0.0)
    assert (np.diff(trajectory.times_s) > 0).all()
    assert (trajectory.positions_rad >= path.min(axis=0) - 1e-9).all()
    assert (trajectory.positions_rad <= path.max(axis=0) + 1e-9).all()


def test_fastest_trajectory_uses_a_limit_and_does_not_dawdle():
    trajectory = parametrise(np.array([PANDA.home_rad, PANDA.home_rad + 1.0]), LIMITS)
    speed = np.abs(np.diff(trajectory.positions_rad, axis=0)).max(axis=0) / np.diff(trajectory.times_s).mean()
    assert (speed / LIMITS.velocity_rad_s).max() > 0.95
    assert trajectory.duration_s < 1.0


def test_velocities_are_those_of_the_positions():
    trajectory = parametrise(CORNER, LIMITS)
    q, t = trajectory.positions_rad, trajectory.times_s
    middle = (q[2:] - q[:-2]) / (t[2:] - t[:-2])[:, None]
    np.testing.assert_allclose(trajectory.velocities_rad_s[1:-1], middle, atol=0.02)


def test_scale_slows_down_in_proportion_on_the_same_curve():
    fast, slow = parametrise(CORNER, LIMITS), parametrise(CORNER, LIMITS, 0.25)
    assert slow.duration_s == pytest.approx(4 * fast.duration_s, rel=0.01)
    for point in slow.positions_rad:
        assert np.abs(fast.positions_rad - point).max(axis=1).min() < 0.05


def test_straight_path_stays_straight():
    start, end = PANDA.home_rad, PANDA.home_rad + np.array([0.5, 0.2, -0.3, 0.4, 0.1, -0.6, 0.0])
    trajectory = parametrise(np.array([start, start + 0.3 * (end - start), end]), LIMITS)
    shares = (trajectory.positions_rad - start)[:, :6] / (end - start)[:6]
    np.testing.assert_allclose(shares - shares[:, :1], 0.0, atol=1e-9)
    assert (np.diff(shares[:, 0]) > -1e-12).all()


def test_path_of_no_length_is_a_single_point_in_time():
    trajectory = parametrise(np.array([PANDA.home_rad, PANDA.home_rad]), LIMITS)
    assert trajectory.duration_s == 0.0
    np.testing.assert_array_equal(trajectory.positions_rad, PANDA.home_rad[None])


def test_points_that_repeat_do_not_matter():
    path = np.repeat(CORNER, [1, 3, 2], axis=0)
    assert parametrise(path, LIMITS).duration_s == pytest.approx(parametrise(CORNER, LIMITS).duration_s, rel=1e-6)


@pytest.mark.parametrize("length_rad", [1e-5, 1e-3, 1e-2])
def test_tiny_path_is_timed_within_limits_as_well(length_rad):
    trajectory = parametrise(np.array([PANDA.home_rad, PANDA.home_rad + length_rad]), LIMITS)
    assert 0 < trajectory.duration_s < 0.5
    assert_within_limits(trajectory)


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_rounded_corner_stays_in_the_triangle_of_the_corner(seed):
    start, corner, end = np.random.default_rng(seed).uniform(LIMITS.lower_rad, LIMITS.upper_rad, (3, 7))
    sides = np.column_stack([start - corner, end - corner])
    shares, *_ = np.linalg.lstsq(sides, (rounded_path(np.array([start, corner, end])) - corner).T, rcond=None)
    np.testing.assert_allclose((sides @ shares).T + corner, rounded_path(np.array([start, corner, end])), atol=1e-9)
    assert shares.min() > -1e-9
    assert shares.sum(axis=0).max() < 1 + 1e-9


def test_trajectory_follows_the_rounded_path():
    dense = rounded_path(CORNER, 0.002)
    for point in parametrise(CORNER, LIMITS).positions_rad:
        assert np.abs(dense - point).max(axis=1).min() < 0.004


def test_rounded_path_has_points_as_near_to_each_other_as_asked():
    assert np.abs(np.diff(rounded_path(CORNER, 0.05), axis=0)).max() < 0.10


@pytest.mark.parametrize(
    ("times", "positions", "says"),
    [
        ([0.0, 0.0], np.zeros((2, 7)), "rise"),
        ([0.1, 0.2], np.zeros((2, 7)), "rise from 0"),
        ([0.0], np.zeros((2, 7)), "one row a time"),
        ([0.0, 1.0], np.full((2, 7), np.nan), "finite"),
        ([0.0, np.nan], np.zeros((2, 7)), "finite"),
    ],
)
def test_what_cannot_be_followed_is_no_trajectory(times, positions, says):
    with pytest.raises(ValueError, match=says):
        JointTrajectory(np.array(times), positions, np.zeros_like(positions))


def test_trajectory_that_leaves_the_joint_limits_is_not_admitted():
    outside = parametrise(np.array([PANDA.home_rad, PANDA.home_rad + np.array([0, 0, 0, 2.5, 0, 0, 0])]), LIMITS)
    with pytest.raises(ControllerError, match=r"joint 3 from -2\.356 to 0\.144.*-3\.072 to -0\.070"):
        LIMITS.admit(outside)
