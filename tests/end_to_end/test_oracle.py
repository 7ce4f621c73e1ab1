"""The oracle's choices: the right next command, at points that any grounding accepts."""

from collections.abc import Iterator

import numpy as np
import pybullet as p  # noqa: TID251 - opens drawers and puts things where tests want them
import pytest

from embodied.commands import Done, Grasp, Move, Refuse
from embodied.errors import UsageError
from embodied.grounding import GroundedCommand, ground
from embodied.observation import GripperState, Observation
from embodied.registry import ControllerSetup, PlannerSetup
from embodied.task import load_task
from embodied.testing import FakeController
from sim import situation
from sim.controller import KitchenController
from sim.evidence import glance
from sim.judges import check_goal
from sim.oracle import choose, open_planner
from sim.outline import Outline
from sim.pointing import Picture
from sim.scene import load_scene
from sim.situation import Situation
from sim.tactics import Command
from sim.things import link_pose
from sim.tries import Tries
from sim.world import World

pytestmark = pytest.mark.slow

ON_COUNTER = {"on": {"thing": "bag", "place": "counter"}}
DRAWER = "drawer_top"


@pytest.fixture
def world() -> Iterator[World]:
    with World.build(load_scene("drawer_bag"), np.random.default_rng(4)) as built:
        yield built


def look(world: World, holding: bool = False) -> Observation:
    image, depth_m, camera = world.look()
    return Observation(1, world.time_s, image, depth_m, camera, GripperState(0.02 if holding else 0.08, holding))


def asked(
    world: World, goal: dict[str, object], holding: bool = False, tries: Tries | None = None
) -> tuple[Command, GroundedCommand | None]:
    """What the oracle says, and where it is in the world."""
    seen = look(world, holding)
    tries = Tries() if tries is None else tries
    wanted = check_goal(world.scene, goal)
    command = choose(Situation(world, Picture.of(world, seen), glance(world), wanted, tries))
    return command, None if isinstance(command, Done | Refuse) else ground(command, seen, "look-1")


def slide(world: World, position_m: float, name: str = DRAWER) -> None:
    """Move a drawer with the bag in it."""
    joint, bag = world.joints[name], world.objects["bag"]
    travel_m = position_m - joint.position
    p.resetJointState(joint.body, joint.index, position_m, physicsClientId=world.client)
    p_WO = bag.pose_in_world.translation_m - [travel_m, 0.0, 0.0]
    p.resetBasePositionAndOrientation(
        bag.body, p_WO.tolist(), bag.pose_in_world.quaternion_xyzw.tolist(), physicsClientId=world.client
    )
    for _ in range(120):
        world.step()


def stand_on_counter(world: World) -> None:
    at = [0.55, 0.30, 0.80 - world.objects["bag"].low_m[2] + 0.001]
    p.resetBasePositionAndOrientation(world.objects["bag"].body, at, [0, 0, 0, 1], physicsClientId=world.client)
    for _ in range(240):
        world.step()


def pretend_to_hold(monkeypatch: pytest.MonkeyPatch, body: int, link: int) -> None:
    monkeypatch.setattr(situation, "between_fingers", lambda world: frozenset({(body, link)}))


def points(grounded: GroundedCommand | None) -> list[np.ndarray]:
    assert grounded is not None
    return [np.array(point) for point in grounded.points_in_world_m]


def test_a_closed_drawer_is_taken_by_its_handle(world: World) -> None:
    command, grounded = asked(world, ON_COUNTER)
    joint = world.joints[DRAWER]
    assert isinstance(command, Grasp)
    p_LP = link_pose(joint.client, joint.body, joint.index).inverse() @ points(grounded)[0]
    assert (p_LP > np.array(joint.handle_low_m) - 0.01).all()
    assert (p_LP < np.array(joint.handle_high_m) + 0.01).all()
    assert abs(p_LP[1]) < 0.02


def test_a_held_handle_is_moved_along_its_joint(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    joint = world.joints[DRAWER]
    pretend_to_hold(monkeypatch, joint.body, joint.index)
    command, grounded = asked(world, ON_COUNTER, holding=True)
    assert isinstance(command, Move)
    start, end = points(grounded)
    assert np.allclose(end - start, [-0.235, 0.0, 0.0], atol=0.05)


@pytest.mark.parametrize("position_m", [0.02, 0.10])
def test_a_drawer_that_is_not_open_enough_is_opened_further(world: World, position_m: float) -> None:
    slide(world, position_m)
    command, grounded = asked(world, ON_COUNTER)
    assert isinstance(command, Grasp)
    assert np.linalg.norm(points(grounded)[0] - world.joints[DRAWER].handle_in_world_m) < 0.03


def test_the_bag_in_the_open_drawer_is_taken(world: World) -> None:
    slide(world, 0.23)
    command, grounded = asked(world, ON_COUNTER)
    assert isinstance(command, Grasp)
    bag = world.objects["bag"]
    p_OP = bag.pose_in_world.inverse() @ points(grounded)[0]
    assert (p_OP > np.array(bag.low_m) - 0.005).all()
    assert (p_OP < np.array(bag.high_m) + 0.005).all()


def test_the_held_bag_is_taken_to_a_free_place_on_the_counter(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    slide(world, 0.23)
    bag = world.objects["bag"]
    pretend_to_hold(monkeypatch, bag.body, -1)
    command, grounded = asked(world, ON_COUNTER, holding=True)
    assert isinstance(command, Move)
    end = points(grounded)[1]
    assert end[2] == pytest.approx(0.80, abs=0.01)
    assert world.regions["counter"].contains(end + [0.0, 0.0, 0.02])
    for name, other in world.objects.items():
        low, high = p.getAABB(other.body, physicsClientId=world.client)
        aside = np.linalg.norm(end[:2] - np.clip(end[:2], low[:2], high[:2]))
        assert name == "bag" or high[2] < 0.8 or aside > 0.0
        assert name == "bag" or np.linalg.norm(end - other.pose_in_world.translation_m) > Outline.of(bag).half_width_m


def test_it_is_done_when_the_bag_lies_on_the_counter_and_the_hand_is_empty(world: World) -> None:
    stand_on_counter(world)
    assert asked(world, ON_COUNTER)[0] == Done()


def test_asking_lets_no_time_pass(world: World) -> None:
    time_s = world.time_s
    asked(world, ON_COUNTER)
    assert world.time_s == time_s


def test_asking_again_for_the_same_gives_another_point_of_it(world: World) -> None:
    tries = Tries()
    commands = [asked(world, ON_COUNTER, tries=tries)[0] for _ in range(3)]
    assert all(isinstance(command, Grasp) for command in commands)
    assert len(set(map(str, commands))) == 3


def test_the_same_world_is_answered_the_same(world: World) -> None:
    assert asked(world, ON_COUNTER) == asked(world, ON_COUNTER)


def test_an_open_drawer_that_should_be_closed_is_pushed_beside_its_handle(world: World) -> None:
    slide(world, 0.20)
    command, grounded = asked(world, {"closed": {"joint": DRAWER}})
    assert isinstance(command, Move)
    start, end = points(grounded)
    assert np.allclose(end - start, [0.20, 0.0, 0.0], atol=0.05)
    assert start[0] == pytest.approx(0.30, abs=0.01)
    assert np.linalg.norm(start - world.joints[DRAWER].handle_in_world_m) > 0.05


def test_what_should_not_be_open_is_closed_and_what_should_not_be_closed_is_opened(world: World) -> None:
    assert isinstance(asked(world, {"not": {"closed": {"joint": DRAWER}}})[0], Grasp)
    slide(world, 0.20)
    assert isinstance(asked(world, {"not": {"open": {"joint": DRAWER}}})[0], Move)


def test_the_first_part_that_does_not_hold_comes_first(world: World) -> None:
    stand_on_counter(world)
    drawer_open = {"open": {"joint": DRAWER}}
    assert isinstance(asked(world, {"all": [ON_COUNTER, drawer_open]})[0], Grasp)
    assert asked(world, {"any": [ON_COUNTER, drawer_open]})[0] == Done()


def test_button_is_pressed_by_a_move_on_the_spot(world: World) -> None:
    command = asked(world, {"pressed": {"button": "stove_button"}})[0]
    assert isinstance(command, Move)
    assert command.start == command.end


def test_what_the_commands_cannot_bring_about_is_refused(world: World) -> None:
    world.presses.update(["stove_button"])
    command = asked(world, {"not": {"pressed": {"button": "stove_button"}}})[0]
    assert isinstance(command, Refuse)
    assert "pressed(stove_button)" in command.reason


def test_a_thing_that_is_hidden_gets_a_point_in_its_direction(world: World) -> None:
    seen = look(world)
    point = Picture.of(world, seen).thing(world.objects["bag"])
    ground(Grasp(at=point), seen, "look-1")
    towards = seen.camera.project(world.objects["bag"].pose_in_world.translation_m)
    assert np.allclose([point.x, point.y], towards[:2], atol=0.002)


def test_the_oracle_needs_the_kitchen_and_a_task() -> None:
    task = load_task("bag_out_of_drawer")
    with pytest.raises(UsageError, match="'kitchen' alone"):
        open_planner(PlannerSetup(controller=FakeController(), task=task))
    kitchen = KitchenController(ControllerSetup(task=task))
    with pytest.raises(UsageError, match="needs a task"):
        open_planner(PlannerSetup(controller=kitchen))
