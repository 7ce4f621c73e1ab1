"""What goes wrong in mid-episode: drawn with sense, done with care; and the robot says what it felt."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from types import ModuleType

import numpy as np
import pybullet as p  # noqa: TID251 - puts things where tests want them, and pulls at drawers
import pytest

from embodied.commands import Grasp, ImagePoint, Move
from embodied.grounding import GroundedCommand
from embodied.judge import Judge
from embodied.registry import ControllerSetup
from embodied.result import Reason, Result
from embodied.task import load_task
from sim.controller import KitchenController
from sim.disturbances import shove, topple
from sim.disturbances.disturbance import Disturbance
from sim.disturbances.drawing import draw
from sim.disturbances.jam import Jam
from sim.disturbances.removal import Removal
from sim.disturbances.room import pads_in_world_m
from sim.disturbances.shove import Shove
from sim.disturbances.slip import Slip
from sim.disturbances.stakes import Stakes
from sim.disturbances.topple import Topple
from sim.judges import check_goal
from sim.scene import ObjectSpec, load_scene
from sim.things import Thing
from sim.world import World

pytestmark = pytest.mark.slow

COUNTER_M = 0.80
PLACES = {"plate": (0.60, 0.22), "apple": (0.70, 0.02), "bottle": (0.60, -0.22), "bag": (0.85, 0.25)}
DRAWER = "drawer_top"
SOMEWHERE = ImagePoint(x=0.5, y=0.5, z=1.0)
IDS = count()
ON_PLATE = {"on": {"thing": "apple", "place": "plate"}}
SEEDS = range(40)


@pytest.fixture
def world() -> Iterator[World]:
    scene = load_scene("counter")
    specs = tuple(ObjectSpec(name=kind, kinds=(kind,), region="counter", clearance_m=0.01) for kind in PLACES)
    file = scene.file.model_copy(update={"objects": specs, "distractors": ()})
    with World.build(replace(scene, file=file), np.random.default_rng(0), image_size_px=(32, 24)) as built:
        for name, at in PLACES.items():
            z = COUNTER_M - built.objects[name].low_m[2] + 0.001
            body = built.objects[name].body
            p.resetBasePositionAndOrientation(body, (*at, z), (0, 0, 0, 1), physicsClientId=built.client)
        settle(built)
        yield built


def settle(world: World, seconds: float = 1.0) -> None:
    for _ in range(int(240 * seconds)):
        world.step()


def places(world: World) -> dict[str, np.ndarray]:
    return {name: thing.pose_in_world.translation_m for name, thing in world.objects.items()}


def stakes(world: World, goal: dict[str, object] | None) -> Stakes:
    return Stakes.of(world, None if goal is None else check_goal(world.scene, goal))


def kinds_drawn(world: World, goal: dict[str, object]) -> set[type[Disturbance]]:
    wanted = check_goal(world.scene, goal)
    return {type(drawn) for seed in SEEDS if (drawn := draw(world, wanted, seed))}


def befall(world: World, disturbance: Disturbance, seconds: float = 1.5) -> None:
    """Let it happen during one command."""
    world.after_step.append(disturbance.step)
    disturbance.command_begins()
    settle(world, seconds)
    disturbance.command_ends()


def test_what_is_at_stake_is_what_the_goal_makes_the_robot_handle(world: World) -> None:
    found = stakes(world, ON_PLATE)
    assert found.carried == ("apple",)
    assert set(found.shoved) == set(found.moved) == {"apple", "plate"}
    assert not found.pulled


def test_what_holds_already_is_not_at_stake(world: World) -> None:
    assert stakes(world, {"all": [ON_PLATE, {"on": {"thing": "bag", "place": "counter"}}]}).carried == ("apple",)


def test_only_what_stands_slim_and_need_not_stand_is_knocked_over(world: World) -> None:
    beside = {"next_to": {"thing": "bottle", "other": "plate"}}
    assert stakes(world, beside).toppled == ("bottle",)
    assert stakes(world, ON_PLATE).toppled == ("bottle",)
    assert not stakes(world, {"all": [ON_PLATE, {"undisturbed": {"but": ["apple"]}}]}).toppled
    assert not stakes(world, {"all": [beside, {"upright": {"thing": "bottle"}}]}).toppled


def test_a_shut_drawer_that_has_to_be_opened_may_jam(world: World) -> None:
    assert stakes(world, {"in": {"thing": "apple", "place": DRAWER}}).pulled == (DRAWER,)
    assert stakes(world, {"open": {"joint": DRAWER}}).pulled == (DRAWER,)
    assert not stakes(world, {"closed": {"joint": DRAWER}}).pulled


def test_what_must_stay_or_come_back_is_left_in_peace(world: World) -> None:
    assert stakes(world, {"all": [ON_PLATE, {"undisturbed": {"but": ["apple"]}}]}).moved == ("apple",)
    there_and_back = {"then": [ON_PLATE, {"back": {"thing": "apple"}}]}
    assert stakes(world, there_and_back).moved == ("plate",)
    assert stakes(world, there_and_back).carried == ("apple",)


def test_nothing_befalls_a_task_that_must_be_refused(world: World) -> None:
    assert kinds_drawn(world, {"all": [{"refused": {}}, {"undisturbed": {}}]}) == set()


def test_every_kind_that_makes_sense_is_drawn_and_no_other(world: World) -> None:
    assert kinds_drawn(world, ON_PLATE) == {Shove, Topple, Slip, Removal}
    assert kinds_drawn(world, {"all": [{"open": {"joint": DRAWER}}, {"undisturbed": {"but": [DRAWER]}}]}) == {Jam}
    assert kinds_drawn(world, {"next_to": {"thing": "bottle", "other": "plate"}}) == {Shove, Topple, Slip, Removal}


def test_without_a_task_everything_may_be_disturbed(world: World) -> None:
    assert set(stakes(world, None).moved) == set(world.objects)


def near(thing: Thing, module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that the hand is near to it."""
    monkeypatch.setattr(module, "approached", lambda world, names, within_m: thing if thing.name in names else None)


@pytest.mark.parametrize("seed", range(4))
def test_a_shove_slides_one_thing_a_little_and_touches_no_other(
    world: World, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    near(world.objects["apple"], shove, monkeypatch)
    before = places(world)
    disturbance = Shove(world, ["apple"], np.random.default_rng(seed))
    befall(world, disturbance)
    after = places(world)
    assert disturbance.happened, disturbance.told
    assert 0.02 < np.linalg.norm((after["apple"] - before["apple"])[:2]) < 0.09
    assert abs(after["apple"] - before["apple"])[2] < 0.005
    assert all(np.linalg.norm(after[name] - before[name]) < 0.002 for name in before if name != "apple")


@pytest.mark.parametrize("seed", range(4))
def test_what_is_knocked_over_lies_still_near_by(world: World, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    bottle = world.objects["bottle"]
    near(bottle, topple, monkeypatch)
    before = places(world)
    disturbance = Topple(world, ["bottle"], np.random.default_rng(seed))
    befall(world, disturbance, 2.5)
    after = places(world)
    assert disturbance.happened, disturbance.told
    assert abs(bottle.pose_in_world.rotation[2, 2]) < 0.3
    assert bottle.speed_m_s < 0.02
    assert np.linalg.norm((after["bottle"] - before["bottle"])[:2]) < 0.25
    assert world.regions["counter"].contains(after["bottle"])
    assert all(np.linalg.norm(after[name] - before[name]) < 0.002 for name in before if name != "bottle")


@pytest.mark.parametrize("seed", range(4))
def test_what_is_moved_stands_elsewhere_on_the_counter_and_touches_nothing(world: World, seed: int) -> None:
    before = places(world)
    disturbance = Removal(world, ["apple", "plate"], np.random.default_rng(seed))
    disturbance.command_begins()
    disturbance.command_begins()
    after = places(world)
    moved = [name for name in before if np.linalg.norm(after[name] - before[name]) > 0.002]
    assert len(moved) == 1, disturbance.told
    assert moved[0] in disturbance.told
    assert 0.05 < np.linalg.norm((after[moved[0]] - before[moved[0]])[:2]) < 0.25
    assert world.regions["counter"].contains(after[moved[0]])


def test_a_jammed_drawer_withstands_one_pull_and_goes_at_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    joint = world.joints[DRAWER]
    monkeypatch.setattr("sim.disturbances.jam.between_fingers", lambda world: {(joint.body, joint.index)})

    def pull() -> None:
        at = joint.handle_in_world_m.tolist()
        p.applyExternalForce(joint.body, joint.index, [-30, 0, 0], at, p.WORLD_FRAME, physicsClientId=world.client)

    world.after_step.append(pull)
    disturbance = Jam(world, [DRAWER], np.random.default_rng(0))
    befall(world, disturbance, 0.5)
    assert joint.position < 0.005
    assert disturbance.told.startswith("jammed: drawer_top, at ")
    settle(world, 0.5)
    assert joint.position > 0.1


def test_what_never_came_about_is_told_as_such(world: World) -> None:
    disturbance = Slip(world, ["apple"], np.random.default_rng(0))
    befall(world, disturbance, 0.1)
    assert disturbance.told == "slipped: its moment never came"


def opened(task: str, seed: int, disturbed: bool = True) -> KitchenController:
    return KitchenController(ControllerSetup(task=load_task(task), seed=seed, disturbed=disturbed))


def do(kitchen: KitchenController, command: Grasp | Move, *points: np.ndarray) -> Result:
    observation = kitchen.observe()
    said = tuple(tuple(float(value) for value in point) for point in points)
    return kitchen.execute(GroundedCommand(f"c{next(IDS)}", command, said, observation.id, "measured"), 60.0)


def grasp(kitchen: KitchenController, at: np.ndarray) -> Result:
    return do(kitchen, Grasp(at=SOMEWHERE), at)


def move(kitchen: KitchenController, start: np.ndarray, end: np.ndarray) -> Result:
    return do(kitchen, Move(start=SOMEWHERE, end=SOMEWHERE), start, end)


def instead(kitchen: KitchenController, disturbance: Disturbance) -> None:
    """Let this befall the episode, and not what was drawn."""
    if kitchen._disturbance is not None:
        kitchen.world.after_step.remove(kitchen._disturbance.step)
    kitchen._disturbance = disturbance
    kitchen.world.after_step.append(disturbance.step)


def top_of(thing: Thing) -> np.ndarray:
    return thing.pose_in_world.translation_m + [0.0, 0.0, thing.high_m[2] - 0.005]


def test_a_disturbed_episode_begins_as_the_undisturbed_one_of_its_seed() -> None:
    with opened("apple_on_plate", 3) as one, opened("apple_on_plate", 3, disturbed=False) as other:
        assert one._disturbance is not None
        assert other._disturbance is None
        for name, place in places(one.world).items():
            np.testing.assert_array_equal(place, places(other.world)[name])


def test_the_record_tells_what_was_done_and_only_where_it_was_asked_for() -> None:
    with opened("apple_on_plate", 3) as kitchen:
        assert isinstance(kitchen, Judge)
        judgement = kitchen.judge("done")
        assert judgement is not None
        assert len(judgement.disturbances) == 1
        assert judgement.disturbances[0].endswith("its moment never came")
    with opened("apple_on_plate", 3, disturbed=False) as kitchen:
        judgement = kitchen.judge("done")
        assert judgement is not None
        assert judgement.disturbances == ()


def test_what_slips_is_felt_and_can_be_taken_again() -> None:
    with opened("apple_on_plate", 0) as kitchen:
        world, apple = kitchen.world, kitchen.world.objects["apple"]
        instead(kitchen, Slip(world, ["apple"], np.random.default_rng(0)))
        plate = world.objects["plate"].pose_in_world.translation_m + [0.0, 0.0, 0.01]
        assert grasp(kitchen, top_of(apple)).status == "succeeded"
        result = move(kitchen, top_of(apple), plate)
        assert (result.status, result.reason) == ("failed", Reason.SLIPPED), result
        assert not kitchen.observe().gripper.holding
        assert world.regions["counter"].contains(apple.pose_in_world.translation_m)
        assert grasp(kitchen, top_of(apple)).status == "succeeded"


def test_a_jammed_drawer_is_felt_and_opens_at_the_next_try() -> None:
    with opened("open_top_drawer", 0) as kitchen:
        joint = kitchen.world.joints[DRAWER]
        assert isinstance(kitchen._disturbance, Jam)
        results = []
        for _ in range(2):
            handle = joint.handle_in_world_m + [-0.006, 0.0, 0.0]
            assert grasp(kitchen, handle).status == "succeeded"
            results.append(move(kitchen, handle, handle + [-0.2, 0.0, 0.0]))
        assert results[0].reason in (Reason.BLOCKED, Reason.SLIPPED), results[0]
        assert "did not move" in results[0].message or "slipped" in results[0].message
        assert results[1].status == "succeeded", results[1]
        assert joint.position > 0.15


def test_a_grasp_of_what_was_taken_away_says_so_and_goes_home() -> None:
    with opened("apple_on_plate", 0) as kitchen:
        world, apple = kitchen.world, kitchen.world.objects["apple"]
        removal = Removal(world, ["apple"], np.random.default_rng(0))
        removal._wait = 0
        instead(kitchen, removal)
        home = pads_in_world_m(world)
        result = grasp(kitchen, top_of(apple))
        assert removal.happened
        assert result.reason in (Reason.NO_GRASP, Reason.MISSED_GRASP), result
        np.testing.assert_allclose(pads_in_world_m(world), home, atol=0.01)
        assert not kitchen.observe().gripper.holding
        assert grasp(kitchen, top_of(apple)).status == "succeeded"
