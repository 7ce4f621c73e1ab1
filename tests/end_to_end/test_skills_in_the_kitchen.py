"""The three verbs in the simulated kitchen: what the robot reports is what has happened in the world."""

from __future__ import annotations

import threading
from collections import deque
from itertools import count

import cv2
import numpy as np
import pybullet as p  # noqa: TID251 - measures contacts
import pytest

from embodied.commands import Approach, Grasp, ImagePoint, Move
from embodied.grounding import GroundedCommand
from embodied.registry import ControllerSetup
from embodied.result import Reason
from embodied.task import load_task
from sim.controller import KitchenController
from sim.fixtures import ARM_JOINTS, HAND_LINK
from sim.things import link_pose
from sim.world import TIME_STEP_S

pytestmark = pytest.mark.slow

SEED = 3
SEED_WITH_A_CUCUMBER = 2
DEEPEST_M = 0.005
SETTLING_S = 0.5
"""How long the arm may take to come to a stand, and the fingers to end their cycle."""
MEAN_STEPS = 6
"""Forces are told as means over 25 ms."""
SOMEWHERE = ImagePoint(x=0.5, y=0.5, z=1.0)
IDS = count()


class Watch:
    """What the simulator knows of one run, taken at every time step."""

    def __init__(self, world):
        self.world, self.joint_speeds = world, []
        self.deepest_m = self.fastest_m_s = self.hardest_n = 0.0
        self._before = None
        self._forces = deque(maxlen=MEAN_STEPS)
        world.after_step.append(self._note)

    def _note(self):
        bodies = (self.world.fixed, self.world.furniture)
        client, robot = self.world.client, self.world.robot
        touching = [contact for body in bodies for contact in p.getContactPoints(robot, body, physicsClientId=client)]
        self.deepest_m = max(self.deepest_m, max((-contact[8] for contact in touching), default=0.0))
        force_W = sum((np.array(contact[7]) * contact[9] for contact in touching), np.zeros(3))
        self._forces.append(force_W)
        self.hardest_n = max(self.hardest_n, np.linalg.norm(np.mean(self._forces, axis=0)))
        hand = hand_m(self.world)
        if self._before is not None:
            self.fastest_m_s = max(self.fastest_m_s, np.linalg.norm(hand - self._before) / TIME_STEP_S)
        self._before = hand
        self.joint_speeds.append(joint_speed(self.world))


def hand_m(world):
    return link_pose(world.client, world.robot, HAND_LINK) @ np.array([0.0, 0.0, 0.1034])


def joint_speed(world):
    return max(abs(row[1]) for row in p.getJointStates(world.robot, ARM_JOINTS, physicsClientId=world.client))


def things(world):
    return {name: thing.pose_in_world.translation_m for name, thing in world.objects.items()}


def furthest_m(before, after):
    return max(np.linalg.norm(after[name] - before[name]) for name in before)


def do(kitchen, command, *points, timeout_s=60.0):
    observation = kitchen.observe()
    points = tuple(tuple(float(value) for value in point) for point in points)
    grounded = GroundedCommand(f"c{next(IDS)}", command, points, observation.id, "measured")
    return kitchen.execute(grounded, timeout_s)


def approach(kitchen, point, **options):
    return do(kitchen, Approach(at=SOMEWHERE), point, **options)


def grasp(kitchen, point, **options):
    return do(kitchen, Grasp(at=SOMEWHERE), point, **options)


def move(kitchen, start, end, **options):
    return do(kitchen, Move(start=SOMEWHERE, end=SOMEWHERE), start, end, **options)


def handle_of(world, name="drawer_top"):
    """The point of the handle that the planning camera sees."""
    joint = world.joints[name]
    return joint.handle_in_world_m + np.array([-0.006, 0.0, 0.0])


def tallest(world):
    """The middle of the top of the tallest thing on the counter that fits the hand."""

    def size(thing):
        return np.subtract(thing.high_m, thing.low_m)

    fits = [t for t in world.objects.values() if t.name != "bag" and min(size(t)[:2]) < 0.06]
    best = max(fits, key=lambda thing: size(thing)[2])
    return best, best.pose_in_world.translation_m + np.array([0.0, 0.0, best.high_m[2] - 0.005])


@pytest.fixture(scope="module")
def drawer():
    """A whole drawer run: grasp the handle, pull it open, look at the front again and push it shut."""
    with KitchenController(ControllerSetup(scene="drawer_bag", seed=SEED)) as kitchen:
        world = kitchen.world
        watch = Watch(world)
        at = handle_of(world)
        run = {"kitchen": kitchen, "watch": watch, "grasp": grasp(kitchen, at), "before": things(world)}
        run["holding"] = kitchen.observe().gripper
        run["pull"] = move(kitchen, at, at + np.array([-0.22, 0.0, 0.0]))
        run["open_m"] = world.joints["drawer_top"].position
        run["let_go"] = kitchen.observe().gripper
        at = handle_of(world)
        run["push"] = move(kitchen, at, at + np.array([0.22, 0.0, 0.0]))
        run["shut_m"] = world.joints["drawer_top"].position
        yield run


def test_handle_is_felt_as_fixed(drawer):
    assert drawer["grasp"].status == "succeeded", drawer["grasp"]
    assert "cannot be lifted" in drawer["grasp"].message
    assert drawer["holding"].holding
    assert 0.005 < drawer["holding"].width_m < 0.03


def test_pull_opens_the_drawer_and_lets_go(drawer):
    assert drawer["pull"].status == "succeeded", drawer["pull"]
    assert drawer["open_m"] >= 0.18
    assert not drawer["let_go"].holding
    assert drawer["let_go"].width_m > 0.075


def test_push_shuts_the_drawer(drawer):
    assert drawer["push"].status == "succeeded", drawer["push"]
    assert drawer["shut_m"] < 0.03


def test_robot_never_sinks_into_the_furniture(drawer):
    assert drawer["watch"].deepest_m < DEEPEST_M


def test_hand_is_never_faster_than_promised_and_reports_its_true_peak(drawer):
    limits = drawer["kitchen"].capabilities.limits
    told = max(drawer[step].measured.max_speed_m_s for step in ("grasp", "pull", "push"))
    assert drawer["watch"].fastest_m_s <= limits.speed_m_s
    assert told <= limits.speed_m_s
    assert told == pytest.approx(drawer["watch"].fastest_m_s, rel=0.15)


def test_force_that_was_felt_is_within_what_was_promised(drawer):
    felt = [drawer[step].measured.max_force_n for step in ("grasp", "pull", "push")]
    assert max(felt) <= drawer["kitchen"].capabilities.limits.force_n
    assert felt[1] > 5.0


def test_force_that_was_felt_is_the_true_one_but_for_single_cycles(drawer):
    told = max(drawer[step].measured.max_force_n for step in ("grasp", "pull", "push"))
    assert 0.5 * drawer["watch"].hardest_n < told < 1.3 * drawer["watch"].hardest_n


def test_arm_stands_after_each_command(drawer):
    assert joint_speed(drawer["kitchen"].world) < 0.02


@pytest.fixture(scope="module")
def kitchen():
    """For commands that leave the world as it was."""
    with KitchenController(ControllerSetup(scene="drawer_bag", seed=SEED)) as opened:
        yield opened


def test_connecting_does_not_move_the_arm(kitchen):
    home = kitchen.world.scene.kitchen.robot.home_rad
    state = p.getJointStates(kitchen.world.robot, ARM_JOINTS, physicsClientId=kitchen.world.client)
    np.testing.assert_allclose([row[0] for row in state], home, atol=0.02)
    assert kitchen.world.time_s == 0.0


def test_approach_stands_before_the_thing_and_touches_nothing(kitchen):
    thing, top = tallest(kitchen.world)
    before = things(kitchen.world)
    result = approach(kitchen, top)
    assert result.status == "succeeded", result
    assert 0.05 < np.linalg.norm(hand_m(kitchen.world) - top) < 0.14, thing
    assert furthest_m(before, things(kitchen.world)) < 0.002


def test_measured_position_is_where_the_hand_is(kitchen):
    result = approach(kitchen, (0.5, 0.0, 0.95))
    np.testing.assert_allclose(result.measured.gripper_in_world_m, hand_m(kitchen.world), atol=2e-3)


def test_depth_of_the_scene_has_no_arm_in_it_where_the_kitchen_was_seen_before(kitchen):
    arm = lambda: kitchen.world.shown(kitchen.world.camera())[0] == kitchen.world.robot  # noqa: E731
    approach(kitchen, (0.45, 0.2, 1.0))
    before, was_hidden = kitchen.observe(), arm()
    approach(kitchen, (0.6, -0.3, 1.0))
    after, hidden = kitchen.observe(), arm()
    came = hidden & ~cv2.dilate(was_hidden.astype(np.uint8), np.ones((31, 31), np.uint8)).astype(bool)
    assert came.sum() > 500
    assert (before.depth_m - after.depth_m)[came].min() > 0.05
    np.testing.assert_allclose(after.scene_depth_m[came], before.depth_m[came], atol=1e-3)


def test_grasp_of_air_is_no_grasp_and_does_not_move(kitchen):
    before_s = kitchen.world.time_s
    result = grasp(kitchen, (0.5, -0.3, 1.1))
    assert (result.status, result.reason) == ("failed", Reason.NO_GRASP), result
    assert kitchen.world.time_s - before_s < 0.5


@pytest.mark.parametrize("verb", [approach, grasp])
def test_point_out_of_reach_is_told_so(kitchen, verb):
    result = verb(kitchen, (0.98, 0.80, 0.85))
    assert result.status == "failed"
    assert result.reason in (Reason.UNREACHABLE, Reason.NO_PATH, Reason.NO_GRASP), result


def test_time_that_runs_out_leaves_the_arm_standing(kitchen):
    thing, top = tallest(kitchen.world)
    approach(kitchen, (0.45, 0.2, 1.0))
    before_s = kitchen.world.time_s
    result = approach(kitchen, top, timeout_s=0.4)
    assert (result.status, result.reason) == ("failed", Reason.TIMEOUT)
    assert kitchen.world.time_s - before_s < 0.4 + SETTLING_S
    stood = hand_m(kitchen.world)
    for _ in range(240):
        kitchen.world.step()
    assert np.linalg.norm(hand_m(kitchen.world) - stood) < 0.05


def test_fingers_that_closed_on_nothing_are_judged_empty(kitchen):
    arm = kitchen._robot[0]
    state = arm.set_gripper(0.0, 40.0, lambda state: False)
    assert state.gripper_width_m < 0.003
    assert not kitchen.observe().gripper.holding
    arm.set_gripper(0.08, 40.0, lambda state: False)


def test_grasped_thing_is_lifted_and_a_full_hand_takes_nothing_more():
    with KitchenController(ControllerSetup(scene="drawer_bag", seed=SEED_WITH_A_CUCUMBER)) as kitchen:
        thing, top = tallest(kitchen.world)
        height_m = thing.pose_in_world.translation_m[2]
        result = grasp(kitchen, top)
        assert result.status == "succeeded", (thing.name, result)
        assert thing.pose_in_world.translation_m[2] > height_m + 0.015
        assert kitchen.observe().gripper.holding
        assert grasp(kitchen, top).reason == Reason.HAND_FULL
        assert move(kitchen, top, (1.6, 0.0, 0.8)).reason == Reason.UNREACHABLE
        assert kitchen.observe().gripper.holding


def test_stop_from_another_thread_ends_the_command_and_the_arm_stands_soon_after():
    with KitchenController(ControllerSetup(scene="drawer_bag", seed=SEED)) as kitchen:
        world, reports, at_s = kitchen.world, [], []
        watch = Watch(world)

        def stop_when_fast():
            if not at_s and joint_speed(world) > 0.5:
                at_s.append(world.time_s)
                thread = threading.Thread(target=lambda: reports.append(kitchen.stop()))
                thread.start()
                while not kitchen.stop_requested:
                    pass
                threads.append(thread)

        threads = []
        world.after_step.append(stop_when_fast)
        result = approach(kitchen, (0.45, 0.25, 0.95))
        threads[0].join()
        assert (result.status, result.reason) == ("failed", Reason.STOPPED)
        assert world.time_s - at_s[0] < SETTLING_S
        assert reports[0].standstill_measured == bool(watch.joint_speeds[-1] < 0.003)
        stood = hand_m(world)
        for _ in range(120):
            world.step()
        assert np.linalg.norm(hand_m(world) - stood) < 0.005
        assert approach(kitchen, (0.45, 0.25, 0.95)).status == "rejected"


@pytest.mark.parametrize("aside_m", [(0.0, 0.0), (-0.02, -0.02), (0.03, 0.0)])
def test_a_press_beside_the_button_presses_it(aside_m):
    with KitchenController(ControllerSetup(task=load_task("press_stove_button"), seed=SEED)) as kitchen:
        point = kitchen.world.joints["stove_button"].handle_in_world_m + [*aside_m, 0.0]
        assert move(kitchen, point, point).status == "succeeded"
        assert kitchen.world.presses["stove_button"] == 1


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_board_that_is_pushed_at_its_top_slides_along(seed):
    with KitchenController(ControllerSetup(task=load_task("slide_board_away"), seed=seed)) as kitchen:
        board = kitchen.world.objects["board"]
        before = board.pose_in_world.translation_m
        way = np.array([0.08, 0.06, 0.0])
        top = before + [0.0, -0.05, 0.008]
        assert move(kitchen, top, top + way).status == "succeeded"
        slid = board.pose_in_world.translation_m - before
        assert 0.5 < slid @ way / (way @ way) < 1.3, "pushed at a corner it turns, and its middle comes less far"
