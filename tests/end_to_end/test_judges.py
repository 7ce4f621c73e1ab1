"""Judges say yes where a goal holds, and no where it only looks like it."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pybullet as p  # noqa: TID251 - puts things where tests want them
import pytest

from embodied.geometry import Pose
from sim.evidence import between_fingers, glance
from sim.fixtures import ARM_JOINTS, FINGER_JOINTS, HAND_LINK
from sim.judges import check_goal, judge
from sim.scene import ObjectSpec, load_scene
from sim.things import link_pose
from sim.world import World

pytestmark = pytest.mark.slow

KINDS = ("bag", "plate", "bowl", "apple", "bottle")
COUNTER_M = 0.80
GRASP_M = 0.1034
PARKED = {"plate": (0.80, 0.22), "bowl": (0.80, 0.05), "bottle": (0.80, -0.09)}
LEVEL = (0.0, 0.0, 0.0, 1.0)
DOWN = (1.0, 0.0, 0.0, 0.0)
ON_COUNTER = {"on": {"thing": "bag", "place": "counter"}}


@pytest.fixture
def world() -> Iterator[World]:
    scene = load_scene("counter")
    specs = tuple(ObjectSpec(name=kind, kinds=(kind,), region="counter", clearance_m=0.01) for kind in KINDS)
    file = scene.file.model_copy(update={"objects": specs, "distractors": (), "joints": {"drawer_top": 0.9}})
    with World.build(replace(scene, file=file), np.random.default_rng(0), image_size_px=(32, 24)) as built:
        for name, at in PARKED.items():
            stand(built, name, (*at, COUNTER_M))
        put(built, "apple", (0.95, -0.3, COUNTER_M + 0.034))
        put(built, "bag", (0.95, 0.3, COUNTER_M + 0.021))
        yield built


def put(world: World, name: str, at: tuple[float, float, float], turn: tuple[float, ...] = LEVEL) -> None:
    """The middle of the thing's mass at a point."""
    body = world.objects[name].body
    p.resetBasePositionAndOrientation(body, at, turn, physicsClientId=world.client)
    p.resetBaseVelocity(body, [0, 0, 0], [0, 0, 0], physicsClientId=world.client)


def stand(world: World, name: str, at: tuple[float, float, float]) -> None:
    """The thing's foot at a point."""
    put(world, name, (at[0], at[1], at[2] - world.objects[name].low_m[2] + 0.001))


def settle(world: World, seconds: float = 1.0) -> None:
    for _ in range(int(240 * seconds)):
        world.step()


def says(world: World, goal: dict[str, object]) -> bool:
    return judge(world, check_goal(world.scene, goal)).success


def in_place(thing: str, place: str) -> dict[str, object]:
    return {"in": {"thing": thing, "place": place}}


def on_place(thing: str, place: str) -> dict[str, object]:
    return {"on": {"thing": thing, "place": place}}


def reach(world: World, grasp_m: tuple[float, float, float]) -> None:
    """Let the open hand point down at a point, without passing through anywhere else."""
    wrist = [grasp_m[0], grasp_m[1], grasp_m[2] + GRASP_M]
    for _ in range(50):
        q = p.calculateInverseKinematics(world.robot, HAND_LINK, wrist, DOWN, physicsClientId=world.client)[:7]
        for joint, position in zip(ARM_JOINTS, q, strict=True):
            p.resetJointState(world.robot, joint, position, physicsClientId=world.client)
    mode = p.POSITION_CONTROL
    p.setJointMotorControlArray(world.robot, ARM_JOINTS, mode, q, physicsClientId=world.client)


def close_hand(world: World) -> None:
    mode = p.POSITION_CONTROL
    p.setJointMotorControlArray(
        world.robot, FINGER_JOINTS, mode, [0.0, 0.0], forces=[20.0, 20.0], physicsClientId=world.client
    )


def grip(world: World, name: str, at: tuple[float, float, float]) -> None:
    """The thing between closed fingers, at a point."""
    reach(world, at)
    put(world, name, at)
    close_hand(world)
    settle(world, 0.5)


def drawer_floor(world: World, name: str = "drawer_top") -> Pose:
    region = world.regions[name]
    middle = [(low + high) / 2 for low, high in zip(region.low_m[:2], region.high_m[:2], strict=True)]
    return Pose(np.eye(3), region.pose_in_world @ np.array([middle[0] - 0.08, middle[1], region.low_m[2]]))


# ---- on


def test_a_bag_that_lies_on_the_counter_is_on_it(world: World) -> None:
    stand(world, "bag", (0.6, 0.0, COUNTER_M))
    settle(world)
    judgement = judge(world, check_goal(world.scene, ON_COUNTER))
    assert judgement.success
    assert judgement.trace == (("on(bag, counter)", True),)


@pytest.mark.parametrize("height_m", [0.01, 0.1, 0.3])
def test_a_bag_that_still_falls_is_not_on_the_counter(world: World, height_m: float) -> None:
    stand(world, "bag", (0.6, 0.0, COUNTER_M + height_m))
    assert not says(world, ON_COUNTER)


def test_a_bag_that_slides_is_not_on_the_counter(world: World) -> None:
    stand(world, "bag", (0.6, 0.0, COUNTER_M))
    settle(world)
    p.resetBaseVelocity(world.objects["bag"].body, [0.3, 0, 0], physicsClientId=world.client)
    assert not says(world, ON_COUNTER)


def test_a_bag_in_the_closed_hand_in_the_air_is_held_and_not_on_the_counter(world: World) -> None:
    grip(world, "bag", (0.6, 0.0, 1.0))
    assert between_fingers(world) == {(world.objects["bag"].body, -1)}
    assert says(world, {"held": {"thing": "bag"}})
    assert not says(world, ON_COUNTER)
    assert says(world, {"not": ON_COUNTER})


def test_a_bag_on_the_counter_that_the_hand_still_holds_is_neither_on_it_nor_held(world: World) -> None:
    grip(world, "bag", (0.6, 0.0, COUNTER_M + 0.021))
    assert world.objects["bag"].pose_in_world.translation_m[2] < COUNTER_M + 0.03
    assert not says(world, ON_COUNTER)
    assert not says(world, {"held": {"thing": "bag"}})


def test_a_bag_beside_the_open_hand_is_on_the_counter_and_not_held(world: World) -> None:
    reach(world, (0.6, 0.0, COUNTER_M + 0.03))
    stand(world, "bag", (0.6, 0.0, COUNTER_M))
    settle(world)
    assert says(world, ON_COUNTER)
    assert not says(world, {"held": {"thing": "bag"}})


@pytest.mark.parametrize("place", ["plate", "bowl"])
def test_an_apple_on_another_thing_is_on_that_and_not_on_the_counter(world: World, place: str) -> None:
    stand(world, "apple", (*PARKED[place], COUNTER_M + 0.02))
    settle(world, 2.0)
    assert says(world, on_place("apple", place))
    assert not says(world, on_place("apple", "counter"))


def test_a_bag_that_touches_a_plate_from_beside_is_on_the_counter_and_not_on_the_plate(world: World) -> None:
    x, y = PARKED["plate"]
    stand(world, "bag", (x - 0.088 - 0.054, y, COUNTER_M))
    settle(world)
    assert not says(world, on_place("bag", "plate"))
    assert says(world, ON_COUNTER)


def test_a_bag_on_the_microwave_or_the_floor_is_not_on_the_counter(world: World) -> None:
    for at in ((0.75, -0.6, 1.08), (0.2, 0.5, 0.0)):
        stand(world, "bag", at)
        settle(world)
        assert not says(world, ON_COUNTER)


def test_a_plate_under_an_apple_is_not_on_the_apple(world: World) -> None:
    stand(world, "apple", (*PARKED["plate"], COUNTER_M + 0.01))
    settle(world, 2.0)
    assert not says(world, on_place("plate", "apple"))


# ---- in


def test_a_bag_on_the_floor_of_a_drawer_is_in_it_and_not_on_the_counter(world: World) -> None:
    stand(world, "bag", tuple(drawer_floor(world).translation_m))
    settle(world)
    assert says(world, in_place("bag", "drawer_top"))
    assert says(world, on_place("bag", "drawer_top"))
    assert not says(world, in_place("bag", "drawer_middle"))
    assert not says(world, ON_COUNTER)


def test_a_bag_above_a_drawer_is_not_in_it(world: World) -> None:
    x, y, z = drawer_floor(world).translation_m
    stand(world, "bag", (x, y, z + 0.05))
    assert not says(world, in_place("bag", "drawer_top"))


def test_a_bag_held_inside_a_drawer_is_not_in_it_yet(world: World) -> None:
    x, y, z = drawer_floor(world).translation_m
    grip(world, "bag", (float(x), float(y), float(z) + 0.05))
    assert world.regions["drawer_top"].contains(world.objects["bag"].pose_in_world.translation_m)
    assert not says(world, in_place("bag", "drawer_top"))


def test_a_bag_on_the_edge_of_a_drawer_is_not_in_it(world: World) -> None:
    region = world.regions["drawer_top"]
    front = region.pose_in_world @ np.array([0.01, 0.0, 0.078])
    stand(world, "bag", tuple(front))
    settle(world, 0.3)
    assert not says(world, in_place("bag", "drawer_top"))


def test_a_bag_on_the_counter_above_the_closed_drawer_is_not_in_it(world: World) -> None:
    stand(world, "bag", (0.6, -0.25, COUNTER_M))
    settle(world)
    assert not says(world, in_place("bag", "drawer_top"))


def test_an_apple_is_in_the_bowl_only_if_it_lies_inside(world: World) -> None:
    x, y = PARKED["bowl"]
    stand(world, "apple", (x, y, COUNTER_M + 0.015))
    settle(world, 2.0)
    assert says(world, in_place("apple", "bowl"))
    stand(world, "apple", (x - 0.1, y, COUNTER_M))
    settle(world, 2.0)
    assert not says(world, in_place("apple", "bowl"))


def test_a_bag_on_a_bowl_that_lies_upside_down_is_not_in_it(world: World) -> None:
    x, y = PARKED["bowl"]
    put(world, "bowl", (x, y, COUNTER_M + world.objects["bowl"].high_m[2] + 0.001), DOWN)
    stand(world, "bag", (x, y, COUNTER_M + 0.058))
    settle(world)
    assert says(world, on_place("bag", "bowl"))
    assert not says(world, in_place("bag", "bowl"))


def test_a_bag_that_lies_across_the_rim_of_a_bowl_is_not_in_it(world: World) -> None:
    stand(world, "plate", (*PARKED["bowl"], COUNTER_M + 0.058))
    settle(world)
    assert says(world, on_place("plate", "bowl"))
    assert not says(world, in_place("plate", "bowl"))


# ---- joints


@pytest.mark.parametrize(
    ("position_m", "is_open", "is_closed"),
    [(0.0, False, True), (0.005, False, True), (0.01, False, False), (0.14, False, False), (0.15, True, False)],
)
def test_a_drawer_is_open_or_closed_or_neither(world: World, position_m: float, is_open: bool, is_closed: bool) -> None:
    joint = world.joints["drawer_top"]
    p.resetJointState(joint.body, joint.index, position_m, physicsClientId=world.client)
    assert says(world, {"open": {"joint": "drawer_top"}}) is is_open
    assert says(world, {"closed": {"joint": "drawer_top"}}) is is_closed


def test_a_drawer_that_still_moves_is_not_open(world: World) -> None:
    joint = world.joints["drawer_top"]
    p.resetJointState(joint.body, joint.index, 0.20, -1.0, physicsClientId=world.client)
    assert not says(world, {"open": {"joint": "drawer_top", "share": 0.1}})


def test_a_button_counts_as_pressed_once_it_has_clicked(world: World) -> None:
    goal = {"pressed": {"button": "stove_button"}}
    assert not says(world, goal)
    joint = world.joints["stove_button"]
    p.resetJointState(joint.body, joint.index, joint.upper, physicsClientId=world.client)
    world.step()
    assert says(world, goal)


# ---- poses


def test_a_bottle_is_upright_only_while_it_stands(world: World) -> None:
    goal = {"upright": {"thing": "bottle"}}
    assert says(world, goal)
    put(world, "bottle", (0.6, -0.1, COUNTER_M + 0.034), (0.0, 2**-0.5, 0.0, 2**-0.5))
    settle(world, 2.0)
    assert not says(world, goal)


def test_a_bottle_that_still_rocks_is_not_upright(world: World) -> None:
    half_rad = np.deg2rad(5.0)
    x, y, z = world.objects["bottle"].pose_in_world.translation_m
    put(world, "bottle", (x, y, z + 0.006), (0.0, float(np.sin(half_rad)), 0.0, float(np.cos(half_rad))))
    assert not says(world, {"upright": {"thing": "bottle"}})


def test_things_are_next_to_each_other_if_they_are_near_and_not_stacked(world: World) -> None:
    goal = {"next_to": {"thing": "apple", "other": "plate"}}
    assert not says(world, goal)
    x, y = PARKED["plate"]
    stand(world, "apple", (x - 0.088 - 0.034 - 0.03, y, COUNTER_M))
    settle(world, 2.0)
    assert says(world, goal)
    assert not says(world, {"next_to": {"thing": "apple", "other": "plate", "within_m": 0.01}})
    stand(world, "apple", (x, y, COUNTER_M + 0.01))
    settle(world, 2.0)
    assert not says(world, goal)
    assert not says(world, {"next_to": {"thing": "plate", "other": "plate"}})


# ---- judging itself


def test_the_trace_has_every_parts_answer_in_order(world: World) -> None:
    settle(world)
    goal = {"all": [{"not": {"held": {"thing": "bag"}}}, {"open": {"joint": "drawer_top"}}]}
    judgement = judge(world, check_goal(world.scene, goal))
    assert judgement.trace == (
        ("held(bag)", False),
        ("not(held(bag))", True),
        ("open(drawer_top, 0.6)", True),
        ("all(not(held(bag)), open(drawer_top, 0.6))", True),
    )
    assert judgement.success


def test_a_glance_lets_no_time_pass_and_agrees_with_a_watch_of_what_rests(world: World) -> None:
    stand(world, "bag", (0.6, 0.0, COUNTER_M))
    settle(world)
    goal, time_s = check_goal(world.scene, ON_COUNTER), world.time_s
    assert goal.holds(glance(world))
    assert world.time_s == time_s
    assert says(world, ON_COUNTER)
    assert world.time_s == pytest.approx(time_s + 0.5)


def test_the_hand_is_where_the_tests_put_it(world: World) -> None:
    reach(world, (0.6, 0.0, 1.0))
    middle = link_pose(world.client, world.robot, HAND_LINK) @ np.array([0.0, 0.0, GRASP_M])
    assert np.allclose(middle, (0.6, 0.0, 1.0), atol=0.003)
