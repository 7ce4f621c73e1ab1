"""Motions of the hand with an arm that follows perfectly: watched by the clock, by a stop, by force and by speed."""

from __future__ import annotations

import numpy as np
import pytest
from fake_panda import PANDA
from scenery import TABLE, block, goal_at

from embodied.errors import SkillError
from embodied.geometry import Box, Pose
from embodied.guard import Limits
from embodied.motion.skills.retreat import UP, go_home, shifted
from embodied.motion.surroundings import CARVES_M

DOWN = -UP
WALL_N = 30.0


def speeds(arm):
    return np.array([arm.kinematics.speed(state) for state in arm.states])


def test_line_is_straight_and_keeps_the_hand_s_turn(make, arm):
    mover = make()
    start, end = mover.pose, shifted(mover.pose, np.array([0.1, 0.15, -0.15]))
    arrived = mover.line(end, speed_m_s=0.3, force_n=20.0)
    assert not arrived.blocked
    np.testing.assert_allclose(arrived.pose.translation_m, end.translation_m, atol=1e-3)
    along = (end.translation_m - start.translation_m) / np.linalg.norm(end.translation_m - start.translation_m)
    for state in arm.states:
        pose = arm.kinematics.grasp_pose(state.positions_rad)
        way = pose.translation_m - start.translation_m
        assert np.linalg.norm(way - (way @ along) * along) < 4e-3  # corners between its points are rounded
        np.testing.assert_allclose(pose.rotation, start.rotation, atol=5e-3)


@pytest.mark.parametrize("speed_m_s", [0.05, 0.2, 0.6])
def test_line_is_no_faster_than_asked_nor_much_slower(make, arm, speed_m_s):
    mover = make()
    mover.line(shifted(mover.pose, 0.3 * DOWN), speed_m_s=speed_m_s, force_n=20.0)
    assert 0.7 * speed_m_s < speeds(arm).max() <= speed_m_s


def test_travel_is_no_faster_than_the_limit_and_its_peak_is_measured(make, arm):
    mover = make(limits=Limits(0.4, 60.0))
    mover.travel(goal_at(mover, [0.3, -0.5, 0.9]), scale=1.0)
    assert 0.25 < speeds(arm).max() <= 0.8 * 0.4
    assert mover.measured(False).max_speed_m_s == pytest.approx(speeds(arm).max(), rel=0.1)


def test_line_that_leaves_the_reach_is_unreachable_and_nothing_moves(make, arm):
    mover = make()
    with pytest.raises(SkillError) as caught:
        mover.line(shifted(mover.pose, np.array([1.0, 0.0, 0.0])), speed_m_s=0.2, force_n=20.0)
    assert caught.value.reason == "unreachable"
    assert arm.states == []


def test_line_that_makes_the_arm_touch_itself_is_no_line(make, kinematics):
    mover = make()
    at_the_base = Pose(kinematics.grasp_pose(PANDA.home_rad).rotation, np.array([0.12, 0.0, 0.75]))
    assert mover.line_path(PANDA.home_rad, at_the_base) is None


def test_line_stops_where_the_hand_feels_the_force_and_says_where(make, arm):
    mover = make()
    arm.force_W = lambda X_WG: WALL_N * UP if X_WG.translation_m[2] < 0.95 else np.zeros(3)
    arrived = mover.line(shifted(mover.pose, 0.3 * DOWN), speed_m_s=0.1, force_n=20.0)
    assert arrived.blocked
    assert arrived.pose.translation_m[2] == pytest.approx(0.95, abs=0.003)
    np.testing.assert_allclose(arrived.force_W, WALL_N * UP, atol=0.5)
    assert mover.measured(False).max_force_n == pytest.approx(WALL_N, rel=0.2)


def test_force_below_the_threshold_does_not_stop_the_line(make, arm):
    mover = make()
    arm.force_W = lambda X_WG: WALL_N * UP
    arrived = mover.line(shifted(mover.pose, 0.1 * DOWN), speed_m_s=0.1, force_n=WALL_N + 5)
    assert not arrived.blocked


@pytest.mark.parametrize("side_W", [UP, [0.0, 1.0, 0.0], [0.6, 0.0, 0.8]])
@pytest.mark.parametrize("force_n", [20.0, 40.0, 50.0])
def test_whatever_a_line_may_press_with_what_grows_from_any_side_stops_it_before_the_limit_is_broken(
    make, arm, side_W, force_n
):
    mover = make()
    top_m = mover.pose.translation_m[2]
    arm.force_W = lambda X_WG: 1000.0 * (top_m - X_WG.translation_m[2]) * np.asarray(side_W)
    arrived = mover.line(shifted(mover.pose, 0.3 * DOWN), speed_m_s=0.1, force_n=force_n)
    assert arrived.blocked
    assert mover.measured(False).max_force_n <= mover.limits.force_n


def test_force_that_was_tared_is_not_felt(make, arm):
    mover = make()
    arm.force_W = lambda X_WG: 25.0 * DOWN  # what the hand carries
    mover.tare()
    assert not mover.line(shifted(mover.pose, 0.1 * DOWN), speed_m_s=0.1, force_n=10.0).blocked
    arm.force_W = lambda X_WG: 40.0 * DOWN
    assert mover.line(shifted(mover.pose, 0.1 * UP), speed_m_s=0.1, force_n=10.0).blocked


def test_comply_gives_way_to_what_presses_until_little_does(make, arm):
    mover = make()
    spring = mover.pose.translation_m[1] + 0.003
    arm.force_W = lambda X_WG: 8000.0 * max(spring - X_WG.translation_m[1], 0.0) * np.array([0.0, 1.0, 0.0])
    mover.comply()
    assert np.linalg.norm(arm.force_W(mover.pose)) < 12.0
    assert mover.pose.translation_m[1] < spring + 0.001


def test_comply_does_not_move_a_hand_that_nothing_presses_on(make, arm):
    make().comply()
    assert arm.states == []


@pytest.mark.parametrize("motion", ["travel", "line", "grip"])
def test_time_that_runs_out_ends_the_motion_there(make, arm, motion):
    mover = make()
    mover.begin(0.2)
    with pytest.raises(SkillError) as caught:
        start(mover, motion)
    assert caught.value.reason == "timeout"
    assert arm.read().time_s == pytest.approx(0.2, abs=0.041)
    assert np.abs(arm.read().velocities_rad_s).max() == 0.0


@pytest.mark.parametrize("motion", ["travel", "line", "grip"])
def test_stop_ends_the_motion_within_a_cycle(make, arm, stop, motion):
    mover = make()
    arm.on_cycle = lambda state: setattr(stop, "requested", len(arm.states) >= 12)
    with pytest.raises(SkillError) as caught:
        start(mover, motion)
    assert caught.value.reason == "stopped"
    assert len(arm.states) == 12


def start(mover, motion):
    if motion == "grip":
        mover.grip(0.0, 20.0)
    elif motion == "line":
        mover.line(shifted(mover.pose, 0.3 * DOWN), speed_m_s=0.1, force_n=20.0)
    else:
        mover.travel(goal_at(mover, [0.3, -0.5, 0.9]), scale=0.3)


def test_each_command_has_its_own_clock_and_peaks(make, arm):
    mover = make()
    mover.begin(20.0)
    start(mover, "line")
    assert mover.measured(False).duration_s == pytest.approx(arm.read().time_s)
    mover.begin(20.0)
    fresh = mover.measured(True)
    assert (fresh.duration_s, fresh.max_speed_m_s, fresh.max_force_n, fresh.holding) == (0.0, 0.0, 0.0, True)


def test_measured_says_where_the_hand_is_and_how_wide(make, arm):
    mover = make()
    arm.between_m = lambda X_WG: 0.031
    mover.grip(0.0, 20.0)
    measured = mover.measured(False)
    np.testing.assert_allclose(measured.gripper_in_world_m, mover.pose.translation_m)
    assert measured.gripper_width_m == pytest.approx(0.031)


def test_travel_goes_around_what_was_seen(make, arm, kinematics, body):
    q_from, q_to = np.array([0.7, 0.2, 0, -2.0, 0, 2.2, 0.785]), np.array([-0.7, 0.2, 0, -2.0, 0, 2.2, 0.785])
    pillar = block(0.50, 0.0, (0.06, 0.06, 0.35))
    arm._q = q_from.copy()
    mover = make(seen=[TABLE, pillar])
    world = mover.world()
    assert not all(world.free(q_from + share * (q_to - q_from)) for share in np.linspace(0, 1, 50))
    mover.travel([q_to], scale=1.0)
    np.testing.assert_allclose(arm.read().positions_rad, q_to, atol=1e-6)
    inside = [
        body.inside(np.array([[0.50, 0.0, z] for z in np.arange(0.82, 1.15, 0.03)]), s.positions_rad, 0.0)
        for s in arm.states[::3]
    ]
    assert not np.any(inside)


def test_travel_into_a_declared_box_has_no_path_and_nothing_moves(make, arm):
    goals = goal_at(make(), [0.3, -0.5, 0.9])
    assert goals
    mover = make(keep_out=[Box((0.1, -0.7, 0.6), (0.5, -0.3, 1.2), "cupboard")])
    with pytest.raises(SkillError) as caught:
        mover.travel(goals, scale=1.0)
    assert caught.value.reason == "no_path"
    assert arm.states == []


def test_points_to_ignore_do_not_hinder(make):
    mover = make(seen=[TABLE, block(0.5, 0.0, (0.06, 0.06, 0.10))])
    q = goal_at(mover, [0.5, 0.0, 0.86])[0]
    assert not mover.world().free(q)
    around = np.array([[0.40, -0.10, 0.70], [0.60, 0.10, 0.95]])
    assert mover.world(ignore=around).free(q)


def test_what_the_arm_touches_already_does_not_hold_it_there(make, arm):
    mover = make(seen=[TABLE, block(0.5, 0.0, (0.06, 0.06, 0.10))])
    arm._q = goal_at(mover, [0.5, 0.0, 0.86])[0]
    assert mover.world().free(mover.q_rad)


def test_travel_is_slow_only_between_the_first_and_the_last_hidden_place(make, arm, monkeypatch):
    mover = make()
    monkeypatch.setattr(mover.memory, "unseen", lambda p_WP: np.abs(p_WP[:, 1] - 0.15) < 0.04)
    mover.travel(goal_at(mover, (0.45, 0.4, 0.9)), scale=0.85)
    hand_y = np.array([arm.kinematics.grasp_pose(state.positions_rad).translation_m[1] for state in arm.states])
    hidden, seen_place = np.abs(hand_y - 0.15) < 0.04, hand_y > 0.25
    assert hidden.any()
    assert speeds(arm)[hidden].max() < 0.4 * speeds(arm)[seen_place].max()


def test_hand_leaves_slowly_what_it_stands_at_and_then_hurries(make, arm, monkeypatch):
    mover = make()
    start = mover.pose.translation_m
    monkeypatch.setattr(mover.memory, "voxels", lambda: start[None] + [0.0, 0.06, 0.0])  # beside the fingers
    mover.travel(goal_at(mover, (0.45, 0.4, 0.9)), scale=0.85)
    gone_m = [
        np.linalg.norm(arm.kinematics.grasp_pose(state.positions_rad).translation_m - start) for state in arm.states
    ]
    leaving = np.array(gone_m) < 0.05
    assert speeds(arm)[leaving].max() < 0.4 * speeds(arm)[~leaving].max()


def test_what_touches_a_declared_box_from_the_start_is_first_taken_straight_away_from_it(make, arm):
    x, y, z = arm.kinematics.grasp_pose(PANDA.home_rad).translation_m
    oven = Box((x - 0.2, y + 0.04, z - 0.3), (x + 0.2, y + 0.5, z + 0.02), "oven")
    mover, held_G = make(keep_out=[oven]), np.array([[-0.05, -0.05, 0.0], [0.05, 0.05, 0.02]])
    goals = goal_at(mover, (0.45, -0.3, 0.9))
    assert not mover.world(held_G).free(mover.q_rad)
    mover.travel(goals, scale=0.5, held_G=held_G)
    np.testing.assert_allclose(mover.pose.translation_m, (0.45, -0.3, 0.9), atol=5e-3)
    clear = [mover.world(held_G).free(state.positions_rad) for state in arm.states]
    assert all(clear[clear.index(True) :]), "once clear, it stays clear"


def test_what_is_pressed_on_while_it_is_taken_away_is_not_pressed_on_further(make, arm):
    x, y, z = arm.kinematics.grasp_pose(PANDA.home_rad).translation_m
    shelf = Box((x - 0.1, y - 0.1, z - 0.1), (x + 0.1, y + 0.1, z - 0.01), "shelf")
    mover, held_G = make(keep_out=[shelf]), np.array([[-0.02, -0.02, -0.02], [0.02, 0.02, 0.03]])
    arm.force_W = lambda X_WG: WALL_N * DOWN * (X_WG.translation_m[2] > z + 0.005)
    with pytest.raises(SkillError):
        mover.travel(goal_at(mover, (0.45, -0.3, 0.9)), scale=0.5, held_G=held_G)
    assert max(arm.kinematics.grasp_pose(state.positions_rad).translation_m[2] for state in arm.states) < z + 0.03


def test_an_arm_beside_something_thin_does_not_forget_it(make, body):
    mover = make(seen=[Box((-0.09, 0.06, 1.17), (-0.03, 0.07, 1.23), "board")])  # beside the upper arm at home
    seen = mover.memory.voxels()
    assert body.inside(seen, mover.q_rad, 0.04).any(), "the scene of this test: within 4 cm of the arm"
    assert mover.world().free(mover.q_rad)
    assert not mover.world().free(mover.q_rad - np.array([0.3, 0, 0, 0, 0, 0, 0]))


def test_a_hand_beside_something_thin_does_not_go_through_it(make, body):
    mover = make()
    x, y, z = mover.pose.translation_m
    mover = make(seen=[Box((x - 0.03, y + 0.14, z + 0.04), (x + 0.03, y + 0.15, z + 0.12), "side of a drawer")])
    seen = mover.memory.voxels()
    assert body.inside(seen, mover.q_rad, CARVES_M[-1]).any(), "the scene of this test: very near to the palm"
    assert mover.world().free(mover.q_rad)
    towards = mover.line_path(mover.q_rad, shifted(mover.pose, np.array([0.0, 0.08, 0.0])))
    assert not all(mover.world().free(q) for q in towards)


def test_go_home_says_whether_there_was_a_way(make, arm):
    mover = make()
    start(mover, "line")
    assert go_home(mover)
    np.testing.assert_allclose(arm.read().positions_rad, PANDA.home_rad, atol=1e-6)
    start(mover, "line")
    around_home = make(keep_out=[Box((0.25, -0.1, 1.02), (0.40, 0.1, 1.15), "lamp")])
    assert not go_home(around_home)
