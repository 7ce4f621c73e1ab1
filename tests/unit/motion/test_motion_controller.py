"""The three verbs over an arm without a simulator: what each sensor says decides what comes of a command."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from fake_kitchen import LIMITS, SOMEWHERE, Kitchen
from fake_panda import PANDA
from scenery import TABLE

from embodied.commands import Approach
from embodied.errors import ControllerError
from embodied.grounding import GroundedCommand
from embodied.result import Reason

TOP = (0.5, 0.0, 0.86)
THERE = (0.5, 0.25, 0.80)
FLOOR_M = TABLE.high_m[2] + 0.03
"""So high is the hand when what it holds touches the table."""


def rises(kitchen):
    """The brick goes wherever the hand is from now on."""
    kitchen.arm.between_m = lambda X_WG: 0.04


def set_down(kitchen, end):
    """What comes of a thing's being set down on the table, and where the fingers first opened."""
    grasped(kitchen)
    rises(kitchen)
    opened_at = []

    def note(state):
        if state.gripper_width_m > 0.045 and not opened_at:
            opened_at.append(kitchen.arm.kinematics.grasp_pose(state.positions_rad).translation_m)

    kitchen.arm.on_cycle = note
    kitchen.arm.force_W = lambda X_WG: np.array([0, 0, 20.0 if X_WG.translation_m[2] < FLOOR_M else 0.0])
    return kitchen.move(TOP, end), opened_at


def handle(kitchen):
    """What is between the pads is fixed: lifting it meets resistance."""
    p_WH = kitchen.arm.kinematics.grasp_pose(kitchen.arm.read().positions_rad).translation_m.copy()
    kitchen.arm.force_W = lambda X_WG: 4000.0 * (p_WH - X_WG.translation_m)


def grasped(kitchen):
    result = kitchen.grasp(TOP)
    assert result.status == "succeeded", result
    return result


def test_connecting_moves_nothing(kitchen):
    assert kitchen.arm.states == []


def test_approach_stands_off_with_the_hand_open_and_looks_at_the_point(kitchen):
    result = kitchen.approach(TOP)
    assert result.status == "succeeded"
    assert 0.05 < np.linalg.norm(np.subtract(result.measured.gripper_in_world_m, TOP)) < 0.14
    assert result.measured.gripper_width_m == pytest.approx(0.08)
    pose = kitchen.arm.kinematics.grasp_pose(kitchen.arm.read().positions_rad)
    towards = np.subtract(TOP, pose.translation_m)
    assert pose.rotation[:, 2] @ towards / np.linalg.norm(towards) > 0.9


def test_approach_to_an_empty_place_stands_before_the_place_itself(kitchen):
    result = kitchen.approach((0.5, -0.3, 0.80))
    assert result.status == "succeeded"
    assert 0.07 < np.linalg.norm(np.subtract(result.measured.gripper_in_world_m, (0.5, -0.3, 0.80))) < 0.14


@pytest.mark.parametrize("far", [(1.6, 0.0, 0.9), (0.6, 1.4, 0.8)])
def test_approach_out_of_reach_is_unreachable(kitchen, far):
    result = kitchen.approach(far)
    assert (result.status, result.reason) == ("failed", Reason.UNREACHABLE)


def test_grasp_holds_what_the_fingers_feel(kitchen):
    result = grasped(kitchen)
    assert result.measured.holding
    assert result.measured.gripper_width_m == pytest.approx(0.04, abs=0.025)
    assert "lifted" in result.message
    assert kitchen.observe().gripper.holding


def test_grasp_lifts_three_centimetres(kitchen):
    result = grasped(kitchen)
    lowest = min(kitchen.arm.kinematics.grasp_pose(s.positions_rad).translation_m[2] for s in kitchen.arm.states)
    assert result.measured.gripper_in_world_m[2] - lowest == pytest.approx(0.03, abs=0.004)


def test_motions_stay_within_the_speed_that_was_promised(kitchen):
    grasped(kitchen)
    rises(kitchen)
    result = kitchen.move(TOP, THERE)
    fastest = max(kitchen.arm.kinematics.speed(state) for state in kitchen.arm.states)
    assert max(fastest, result.measured.max_speed_m_s) <= LIMITS.speed_m_s


def test_grasp_that_feels_nothing_is_missed_and_leaves_the_hand_open_and_empty(kitchen):
    kitchen.arm.between_m = lambda X_WG: 0.0
    result = kitchen.grasp(TOP)
    assert (result.status, result.reason) == ("failed", Reason.MISSED_GRASP)
    assert not result.measured.holding
    assert result.measured.gripper_width_m == pytest.approx(0.08)
    np.testing.assert_allclose(kitchen.arm.read().positions_rad, PANDA.home_rad, atol=1e-6)


def test_thing_lost_when_lifted_is_missed(kitchen):
    def lose(state):
        if state.gripper_width_m < 0.061 and abs(state.velocities_rad_s).max() > 0.01:
            kitchen.arm.drop()

    kitchen.arm.on_cycle = lose
    result = kitchen.grasp(TOP)
    assert (result.status, result.reason) == ("failed", Reason.MISSED_GRASP)


def test_grasp_that_touches_something_on_the_way_is_blocked(kitchen):
    kitchen.arm.force_W = lambda X_WG: np.array([0, 0, 40.0 if X_WG.translation_m[2] < 0.90 else 0.0])
    result = kitchen.grasp(TOP)
    assert (result.status, result.reason) == ("failed", Reason.BLOCKED)
    assert "cm before" in result.message


@pytest.mark.parametrize("timeout_s", [0.05, 0.5, 1.5])
def test_command_whose_time_runs_out_fails_and_the_arm_stands(kitchen, timeout_s):
    result = kitchen.grasp(TOP, timeout_s=timeout_s)
    assert (result.status, result.reason) == ("failed", Reason.TIMEOUT)
    assert result.measured.duration_s == pytest.approx(timeout_s, abs=0.041)
    assert np.abs(kitchen.arm.read().velocities_rad_s).max() == 0.0


@pytest.mark.parametrize("cycles", [1, 30, 120])
def test_stop_from_another_thread_ends_the_command_within_a_cycle_or_two(kitchen, cycles):
    def stop_once(state):
        if len(kitchen.arm.states) == cycles:
            thread = threading.Thread(target=kitchen.stop)
            thread.start()
            thread.join()

    kitchen.arm.on_cycle = stop_once
    result = kitchen.grasp(TOP)
    assert (result.status, result.reason) == ("failed", Reason.STOPPED)
    assert len(kitchen.arm.states) <= cycles + 1


def test_stopped_robot_refuses_what_comes_next(kitchen):
    assert kitchen.stop().standstill_measured
    result = kitchen.approach(TOP)
    assert (result.status, result.reason) == ("rejected", Reason.STOPPED)
    assert kitchen.arm.states == []


def test_full_hand_neither_grasps_nor_approaches(kitchen):
    grasped(kitchen)
    count = len(kitchen.arm.states)
    for result in (kitchen.grasp(TOP), kitchen.approach(TOP)):
        assert (result.status, result.reason) == ("failed", Reason.HAND_FULL)
    assert len(kitchen.arm.states) == count


def test_carry_sets_the_thing_down_at_the_end_and_lets_go(kitchen):
    result, opened_at = set_down(kitchen, THERE)
    assert result.status == "succeeded", result
    np.testing.assert_allclose(opened_at[0][:2], THERE[:2], atol=0.02)
    assert abs(opened_at[0][2] - FLOOR_M) < 0.01
    assert not kitchen.observe().gripper.holding
    assert result.measured.gripper_width_m == pytest.approx(0.08)


def test_what_is_set_down_over_the_edge_of_the_table_comes_to_stand_on_it(kitchen):
    edge_m = TABLE.high_m[1]
    result, opened_at = set_down(kitchen, (0.45, edge_m - 0.004, TABLE.high_m[2]))
    assert result.status == "succeeded", result
    assert edge_m - opened_at[0][1] > 0.012


def test_fingers_that_find_no_room_to_open_leave_without_touching_what_is_beside_them(kitchen):
    grasped(kitchen)
    rises(kitchen)
    floor, wall_m, leaving = TABLE.high_m[2] + 0.03, 0.052, []
    set_gripper = kitchen.arm.set_gripper

    def height(state):
        return kitchen.arm.kinematics.grasp_pose(state.positions_rad).translation_m[2] - floor

    def between_walls(width_m, force_n, monitor):
        return set_gripper(min(width_m, wall_m) if height(kitchen.arm.read()) < 0.03 else width_m, force_n, monitor)

    kitchen.arm.set_gripper = between_walls
    kitchen.arm.force_W = lambda X_WG: np.array([0, 0, 20.0 if X_WG.translation_m[2] < floor else 0.0])
    kitchen.arm.on_cycle = lambda state: leaving.append(state.gripper_width_m) if 0.01 < height(state) < 0.03 else None
    assert kitchen.move(TOP, THERE).status == "succeeded"
    assert 0.042 < leaving[-1] < wall_m - 0.002


def test_thing_lost_on_the_way_has_slipped_and_the_hand_is_empty(kitchen):
    grasped(kitchen)
    kitchen.arm.on_cycle = lambda state: kitchen.arm.drop() if len(kitchen.arm.states) % 50 == 49 else None
    result = kitchen.move(TOP, THERE)
    assert (result.status, result.reason) == ("failed", Reason.SLIPPED)
    assert not result.measured.holding
    assert not kitchen.observe().gripper.holding


def test_thing_lost_on_the_way_has_slipped_also_where_the_closing_fingers_shake_the_hand(kitchen):
    grasped(kitchen)
    start = kitchen.arm.kinematics.grasp_pose(kitchen.arm.read().positions_rad).translation_m

    def lose(state):
        here = kitchen.arm.kinematics.grasp_pose(state.positions_rad).translation_m
        if np.linalg.norm((here - start)[:2]) > 0.05:
            kitchen.arm.drop()
        lost = state.gripper_width_m < 0.003
        kitchen.arm.force_W = lambda X_WG: np.array([0.0, 25.0 if lost else 0.0, 0.0])

    kitchen.arm.on_cycle = lose
    assert kitchen.move(TOP, THERE).reason == Reason.SLIPPED


def test_place_out_of_reach_is_unreachable_and_the_thing_is_still_held(kitchen):
    grasped(kitchen)
    rises(kitchen)
    result = kitchen.move(TOP, (1.5, 0.0, 0.8))
    assert (result.status, result.reason) == ("failed", Reason.UNREACHABLE)
    assert result.measured.holding


def felt_as_fixed(kitchen):
    """Grasp something that holds on to the table."""

    def hold(state):
        if state.gripper_width_m < 0.061 and kitchen.arm.between_m.__name__ != "<lambda>":
            kitchen.arm.between_m = lambda X_WG: 0.04
            handle(kitchen)

    kitchen.arm.on_cycle = hold
    result = kitchen.grasp(TOP)
    kitchen.arm.on_cycle = lambda state: None
    return result


def test_what_cannot_be_lifted_is_held_as_fixed(kitchen):
    result = felt_as_fixed(kitchen)
    assert result.status == "succeeded", result
    assert "cannot be lifted" in result.message


def test_fixed_thing_that_follows_is_pulled_to_the_end_and_let_go(kitchen):
    felt_as_fixed(kitchen)
    kitchen.arm.force_W = lambda X_WG: np.zeros(3)
    before = kitchen.arm.kinematics.grasp_pose(kitchen.arm.read().positions_rad).translation_m
    furthest = [before]

    def note(state):
        furthest.append(kitchen.arm.kinematics.grasp_pose(state.positions_rad).translation_m)

    kitchen.arm.on_cycle = note
    result = kitchen.move(TOP, (TOP[0] - 0.12, TOP[1], TOP[2]))
    assert result.status == "succeeded", result
    reached = before + np.array([-0.12, 0.0, 0.0])
    assert min(np.linalg.norm(p - reached) for p in furthest) < 0.015
    assert not kitchen.observe().gripper.holding


def test_fixed_thing_that_does_not_follow_is_blocked(kitchen):
    felt_as_fixed(kitchen)
    result = kitchen.move(TOP, (TOP[0] - 0.20, TOP[1], TOP[2]))
    assert (result.status, result.reason) == ("failed", Reason.BLOCKED)
    assert "m short of the end" in result.message


def test_where_nothing_stands_there_is_no_grasp_and_the_arm_does_not_go_there(kitchen):
    result = kitchen.grasp((0.5, 0.0, 0.90))
    assert (result.status, result.reason) == ("failed", Reason.NO_GRASP)


def test_command_delivered_twice_moves_once(kitchen):
    observation = kitchen.observe()
    grounded = GroundedCommand("once", Approach(at=SOMEWHERE), (TOP,), observation.id, "measured")
    first = kitchen.execute(grounded, 60.0)
    count = len(kitchen.arm.states)
    assert kitchen.execute(grounded, 60.0) is first
    assert len(kitchen.arm.states) == count


def test_observation_shows_the_hand_empty_when_it_closed_on_nothing(kitchen):
    kitchen.arm.set_gripper(0.0, 20.0, lambda state: False)
    assert not kitchen.observe().gripper.holding


def test_controller_that_is_not_connected_says_so(kinematics):
    with pytest.raises(ControllerError, match="with statement"):
        Kitchen([TABLE], kinematics).observe()
