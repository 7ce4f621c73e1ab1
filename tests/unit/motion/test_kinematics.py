"""Where the hand is, how to bring it there, and what it feels: held against numbers found in another way."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pinocchio
import pytest
from fake_panda import PANDA
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from embodied.errors import UsageError
from embodied.geometry import Pose
from embodied.motion.arm import JointState
from embodied.motion.kinematics import LIMIT_MARGIN_RAD, Kinematics

sys.path.append(str(Path(__file__).parents[2] / "plugins" / "toy_robot"))
from toy_robot.arm import DESCRIPTION as TOY

REACHED = 5e-4
"""Metres or radians."""
TURNED_BASE = Pose(Rotation.from_euler("z", 130, degrees=True).as_matrix(), np.array([0.4, -0.2, 0.3]))


def inside_limits(description):
    low = description.limits.lower_rad + LIMIT_MARGIN_RAD
    high = description.limits.upper_rad - LIMIT_MARGIN_RAD
    shares = st.lists(st.floats(0, 1), min_size=len(low), max_size=len(low))
    return shares.map(lambda share: low + np.array(share) * (high - low))


def gap(one, other):
    """Metres and radians between two poses, whichever is more."""
    turn = Rotation.from_matrix(one.rotation.T @ other.rotation).magnitude()
    return max(np.linalg.norm(one.translation_m - other.translation_m), turn)


@pytest.fixture(scope="module")
def toy():
    return Kinematics(TOY)


@pytest.fixture(scope="module")
def turned():
    """The same Panda on a base that stands elsewhere and is turned."""
    return Kinematics(replace(PANDA, base_in_world=TURNED_BASE))


@pytest.fixture(params=["kinematics", "turned", "toy"])
def arm(request):
    return request.getfixturevalue(request.param)


def numeric_jacobian(arm, q, step=1e-6):
    columns = []
    for index in range(len(q)):
        ahead, behind = (arm.grasp_pose(q + sign * step * np.eye(len(q))[index]) for sign in (1, -1))
        spin = Rotation.from_matrix(ahead.rotation @ behind.rotation.T).as_rotvec()
        columns.append(np.concatenate([ahead.translation_m - behind.translation_m, spin]) / (2 * step))
    return np.column_stack(columns)


def random_positions(description, count, seed=0):
    low = description.limits.lower_rad + LIMIT_MARGIN_RAD
    high = description.limits.upper_rad - LIMIT_MARGIN_RAD
    return np.random.default_rng(seed).uniform(low, high, (count, len(low)))


def test_jacobian_equals_numeric_differences(arm):
    for q in random_positions(arm.description, 20):
        np.testing.assert_allclose(arm.jacobian(q), numeric_jacobian(arm, q), atol=1e-6)


def test_panda_at_home_points_straight_down_half_a_metre_above_its_base(kinematics):
    X_WG = kinematics.grasp_pose(PANDA.home_rad)
    np.testing.assert_allclose(X_WG.rotation[:, 2], [0, 0, -1], atol=1e-3)
    np.testing.assert_allclose(X_WG.translation_m, [0.307, 0.0, 1.087], atol=2e-3)


def test_toy_arm_stretched_out_reaches_as_far_as_its_links_are_long(toy):
    X_WG = toy.grasp_pose(np.zeros(3))
    np.testing.assert_allclose(X_WG.translation_m, [0.30 + 0.25, 0.0, 0.20], atol=1e-6)
    np.testing.assert_allclose(X_WG.rotation[:, 2], [1, 0, 0], atol=1e-6)


def test_letters_cancel_whatever_the_base(kinematics, turned):
    for q in random_positions(PANDA, 10):
        X_BG = PANDA.base_in_world.inverse() @ kinematics.grasp_pose(q)
        assert gap(turned.grasp_pose(q), TURNED_BASE @ X_BG) < 1e-9


@settings(max_examples=60, deadline=None)
@given(q=inside_limits(PANDA), nudge=st.lists(st.floats(-0.05, 0.05), min_size=7, max_size=7))
def test_what_solve_returns_reaches_the_pose_within_limits(kinematics, q, nudge):
    X_WG = kinematics.grasp_pose(q)
    solved = kinematics.solve(X_WG, q + np.array(nudge))
    if solved is not None:
        assert gap(kinematics.grasp_pose(solved), X_WG) < REACHED
        assert (solved >= PANDA.limits.lower_rad).all()
        assert (solved <= PANDA.limits.upper_rad).all()


def test_solve_finds_almost_every_pose_from_a_position_near_it(arm):
    rng = np.random.default_rng(1)
    nudges = rng.normal(0, 0.05, (150, len(arm.description.home_rad)))
    positions = random_positions(arm.description, 150)
    solved = [arm.solve(arm.grasp_pose(q), q + nudge) for q, nudge in zip(positions, nudges, strict=True)]
    assert sum(q is not None for q in solved) >= 146


def test_solve_leaves_a_position_that_is_right_already(arm):
    for q in random_positions(arm.description, 10):
        np.testing.assert_array_equal(arm.solve(arm.grasp_pose(q), q), q)


@pytest.mark.parametrize("far_m", [[1.5, 0.0, 0.8], [0.0, 0.0, 0.62], [0.4, 0.0, -0.9]])
def test_pose_out_of_reach_has_no_solution(kinematics, far_m):
    X_WG = Pose(kinematics.grasp_pose(PANDA.home_rad).rotation, np.array(far_m))
    assert kinematics.solve(X_WG, PANDA.home_rad) is None
    assert kinematics.solutions(X_WG, PANDA.home_rad) == []


def test_solutions_are_distinct_within_limits_and_reach_the_pose(kinematics):
    down = kinematics.grasp_pose(PANDA.home_rad).rotation
    several = 0
    for place in ([0.45, 0.1, 0.85], [0.5, -0.2, 0.95], [0.6, 0.2, 0.9], [0.4, -0.4, 0.9]):
        X_WG = Pose(down, np.array(place))
        found = kinematics.solutions(X_WG, PANDA.home_rad)
        several += len(found) > 1
        assert all(gap(kinematics.grasp_pose(q), X_WG) < REACHED for q in found)
        assert all((q > PANDA.limits.lower_rad).all() and (q < PANDA.limits.upper_rad).all() for q in found)
        assert all(np.abs(one - two).max() > 0.1 for i, one in enumerate(found) for two in found[:i])
        assert [kinematics.effort(q) for q in found] == sorted(kinematics.effort(q) for q in found)
    assert several >= 2


def test_solutions_are_the_same_each_time(kinematics):
    X_WG = Pose(kinematics.grasp_pose(PANDA.home_rad).rotation, np.array([0.5, 0.1, 0.9]))
    again = Kinematics(PANDA)
    first, second = (arm.solutions(X_WG, PANDA.home_rad) for arm in (kinematics, again))
    np.testing.assert_array_equal(np.array(first), np.array(second))


def test_base_elsewhere_shifts_the_solutions_with_it(kinematics, turned):
    X_BG = PANDA.base_in_world.inverse() @ kinematics.grasp_pose(np.array([0.2, -0.5, 0.1, -2.2, 0.0, 1.7, 0.8]))
    q = turned.solve(TURNED_BASE @ X_BG, PANDA.home_rad)
    assert q is not None
    assert gap(kinematics.grasp_pose(q), PANDA.base_in_world @ X_BG) < REACHED


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"joint_names": ("panda_joint1", "elbow")}, r"no joint 'elbow'.*panda_joint1, panda_joint2.*panda_joint7"),
        ({"finger_joint_names": ("thumb",)}, r"no joint 'thumb'.*panda_finger_joint1"),
        ({"grasp_link": "claw"}, r"no link 'claw'.*panda_link0.*panda_hand"),
        ({"joint_names": PANDA.joint_names[::-1]}, r"joints in order are \('panda_joint1'"),
    ],
)
def test_name_that_the_description_lacks_is_an_error_that_lists_those_it_has(changes, says):
    with pytest.raises(UsageError, match=says):
        Kinematics(replace(PANDA, **changes))


def state_under(arm, q, velocity, acceleration, wrench_W):
    """The state of an arm that moves so while the world exerts ``wrench_W`` on its hand, and the one before it."""
    data = arm.model.createData()
    torques = pinocchio.rnea(arm.model, data, q, velocity, acceleration) - arm.jacobian(q).T @ wrench_W
    before = JointState(0.0, q, velocity - 0.004 * acceleration, torques, 0.08, 0.0)
    return JointState(0.004, q, velocity, torques, 0.08, 0.0), before


@pytest.mark.parametrize("name", ["kinematics", "turned"])
def test_contact_force_is_the_force_that_presses_on_the_hand(request, name):
    arm, rng = request.getfixturevalue(name), np.random.default_rng(2)
    for _ in range(20):
        q = PANDA.home_rad + rng.normal(0, 0.2, 7)
        wrench_W = np.concatenate([rng.normal(0, 20, 3), rng.normal(0, 2, 3)])
        state, before = state_under(arm, q, rng.normal(0, 0.5, 7), rng.normal(0, 2, 7), wrench_W)
        np.testing.assert_allclose(arm.contact_force(state, before), wrench_W[:3], atol=0.01)


def test_arm_that_moves_freely_feels_nothing(kinematics):
    rng = np.random.default_rng(3)
    for _ in range(20):
        q = rng.uniform(PANDA.limits.lower_rad, PANDA.limits.upper_rad)
        state, before = state_under(kinematics, q, rng.normal(0, 0.5, 7), rng.normal(0, 2, 7), np.zeros(6))
        np.testing.assert_allclose(kinematics.contact_force(state, before), 0.0, atol=0.01)


def test_arm_that_accelerates_feels_its_inertia_only_without_an_earlier_state(kinematics):
    state, before = state_under(kinematics, PANDA.home_rad, np.zeros(7), np.full(7, 3.0), np.zeros(6))
    assert np.linalg.norm(kinematics.contact_force(state)) > 1.0
    assert np.linalg.norm(kinematics.contact_force(state, before)) < 0.01


def test_singular_posture_gives_a_finite_force(kinematics):
    stretched = np.array([0.0, 0.0, 0.0, -0.07, 0.0, 0.07, 0.0])
    state, _ = state_under(kinematics, stretched, np.zeros(7), np.zeros(7), np.array([10.0, 0, 0, 0, 0, 0]))
    assert np.linalg.norm(kinematics.contact_force(state)) < 40.0


def test_speed_is_the_distance_of_the_hand_over_time(arm):
    for q in random_positions(arm.description, 5):
        velocity = np.random.default_rng(4).normal(0, 1, len(q))
        moved = arm.grasp_pose(q + 1e-6 * velocity).translation_m - arm.grasp_pose(q).translation_m
        state = JointState(0.0, q, velocity, np.zeros(len(q)), 0.08, 0.0)
        assert arm.speed(state) == pytest.approx(np.linalg.norm(moved) / 1e-6, rel=1e-3, abs=1e-5)
