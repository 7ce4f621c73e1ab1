"""The simulated kitchen as a whole: it rests, it moves where it should, and it is the same every time."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pybullet as p  # noqa: TID251 - pulls at handles
import pytest

from embodied.errors import SceneError, UnknownNameError
from embodied.geometry import FloatArray
from sim.scene import ObjectSpec, Scene, kind_names, load_scene
from sim.things import FurnitureJoint, Thing
from sim.world import World

pytestmark = pytest.mark.slow

FINGERPRINT = """
import hashlib, numpy
from sim.scene import load_scene
from sim.world import World
with World.build(load_scene("drawer_bag"), numpy.random.default_rng(11), image_size_px=(112, 84)) as world:
    for _ in range(30):
        world.step()
    image, depth_m, camera = world.look()
    state = [thing.pose_in_world.matrix for thing in world.objects.values()]
    digest = hashlib.sha256(image.tobytes() + depth_m.tobytes() + numpy.array(state).tobytes()).hexdigest()
    print(digest, sorted(thing.kind_name for thing in world.objects.values()))
"""


@pytest.fixture(scope="module")
def empty() -> Iterator[World]:
    with World.build(_with(()), np.random.default_rng(0)) as world:
        yield world


def _with(objects: tuple[ObjectSpec, ...]) -> Scene:
    initial = {"objects": [spec.model_dump(mode="json") for spec in objects], "distractors": []}
    return load_scene("counter", initial, "mine")


def _pull(world: World, joint: FurnitureJoint, force_n: float, seconds: float) -> float:
    """Pull at the handle along -x in the world, then let go; where the joint comes to rest."""
    for _ in range(int(seconds * 240)):
        at = joint.handle_in_world_m.tolist()
        p.applyExternalForce(
            joint.body, joint.index, [-force_n, 0.0, 0.0], at, p.WORLD_FRAME, physicsClientId=world.client
        )
        world.step()
    for _ in range(120):
        world.step()
    return joint.position


def test_the_same_seed_gives_the_same_bits_in_other_processes() -> None:
    runs = [subprocess.run([sys.executable, "-c", FINGERPRINT], capture_output=True, text=True) for _ in range(2)]
    assert all(run.returncode == 0 for run in runs), runs[0].stderr
    assert runs[0].stdout == runs[1].stdout
    assert len(runs[0].stdout.split()[0]) == len(hashlib.sha256().hexdigest())


def test_another_seed_gives_another_picture() -> None:
    images = []
    for seed in (1, 2):
        with World.build(load_scene("counter"), np.random.default_rng(seed), image_size_px=(64, 48)) as world:
            images.append(world.look()[0])
    assert (images[0] != images[1]).mean() > 0.1


def test_a_tasks_initial_state_is_drawn_anew_for_every_seed_and_the_same_for_the_same() -> None:
    initial = {"joints": {"drawer_top": [0.0, 0.9]}, "materials": {"burner": {"color": "#ff5a1f"}}, "distractors": []}
    scene = load_scene("drawer_bag", initial, "mine")
    openings = []
    for seed in (0, 1, 2, 3, 4, 5, 0):
        with World.build(scene, np.random.default_rng(seed), image_size_px=(32, 24)) as world:
            assert world.variation.materials["burner"].color == "#ff5a1f"
            joint = world.joints["drawer_top"]
            openings.append(round(joint.position / joint.upper, 2))
    assert set(openings) == {0.0, 0.9}
    assert openings[0] == openings[-1]


def test_what_is_placed_on_another_thing_rests_on_it() -> None:
    block = {"kinds": ["wooden_block"], "yaw_deg": [-5.0, 5.0]}
    board = {"name": "board", "kinds": ["cutting_board"], "region": "counter"}
    tower = [board, {"name": "low", **block, "region": "board"}, {"name": "high", **block, "region": "low"}]
    scene = load_scene("galley", {"objects": tower}, "mine")
    with World.build(scene, np.random.default_rng(5), image_size_px=(32, 24)) as world:
        at = [world.objects[name].pose_in_world.translation_m for name in ("board", "low", "high")]
    assert at[2] - at[1] == pytest.approx([0.0, 0.0, 0.045], abs=0.003)
    assert np.linalg.norm((at[1] - at[0])[:2]) < 0.06
    assert at[1][2] == pytest.approx(0.8 + 0.014 + 0.0225, abs=0.003)


@pytest.mark.parametrize("kinds", [kind_names()[i : i + 4] for i in range(0, len(kind_names()), 4)])
def test_every_kind_comes_to_rest_upright_on_the_counter(kinds: tuple[str, ...]) -> None:
    specs = tuple(ObjectSpec(name=kind, kinds=(kind,), region="counter", clearance_m=0.03) for kind in kinds)
    with World.build(_with(specs), np.random.default_rng(3)) as world:
        before = {name: thing.pose_in_world.translation_m for name, thing in world.objects.items()}
        for _ in range(120):
            world.step()
        for name, thing in world.objects.items():
            _assert_at_rest(world, thing, before[name])


def _assert_at_rest(world: World, thing: Thing, before: FloatArray) -> None:
    p_WO = thing.pose_in_world.translation_m
    assert thing.speed_m_s < 0.004, thing.name
    assert np.linalg.norm(p_WO - before) < 0.002, thing.name
    assert world.regions["counter"].contains(p_WO), thing.name
    assert 0.80 - 0.5 * thing.low_m[2] - 0.002 < p_WO[2] < 0.81 - thing.low_m[2], thing.name


@pytest.mark.parametrize("seed", range(20))
def test_the_bag_lies_in_the_closed_drawer_with_room_for_fingers(seed: int) -> None:
    with World.build(load_scene("drawer_bag"), np.random.default_rng(seed), image_size_px=(32, 24)) as world:
        bag, drawer = world.objects["bag"], world.regions["drawer_top"]
        assert (bag.kind_name, bag.color) == ("bag", "green")
        assert drawer.contains(bag.pose_in_world.translation_m)
        p_LO = drawer.pose_in_world.inverse() @ bag.pose_in_world.translation_m
        assert min(p_LO[1] - drawer.low_m[1], drawer.high_m[1] - p_LO[1]) > 0.033 + 0.03
        assert world.joints["drawer_top"].position == pytest.approx(0.0, abs=1e-3)
        for name, thing in world.objects.items():
            assert thing.speed_m_s < 0.01, name
            assert name == "bag" or world.regions["counter"].contains(thing.pose_in_world.translation_m), name
            assert (thing.kind_name, thing.color) != ("bag", "green") or name == "bag"


@pytest.mark.parametrize("name", ["drawer_top", "drawer_middle", "drawer_bottom"])
def test_a_hand_opens_a_drawer_and_it_stays(empty: World, name: str) -> None:
    joint = empty.joints[name]
    assert _pull(empty, joint, 4.0, 0.5) < 0.002
    opened = _pull(empty, joint, 15.0, 0.4)
    assert 0.02 < opened <= joint.upper + 0.002
    for _ in range(240):
        empty.step()
    assert joint.position == pytest.approx(opened, abs=0.002)


@pytest.mark.parametrize("name", ["cupboard_door", "microwave_door"])
def test_a_hand_opens_a_door_and_it_stays(empty: World, name: str) -> None:
    joint = empty.joints[name]
    opened = _pull(empty, joint, 8.0, 0.6)
    assert 0.1 < opened <= joint.upper + 0.01
    for _ in range(240):
        empty.step()
    assert joint.position == pytest.approx(opened, abs=0.01)


def test_a_button_clicks_once_and_springs_back(empty: World) -> None:
    button = empty.joints["stove_button"]
    before = empty.presses["stove_button"]
    for step in range(240):
        at = button.handle_in_world_m.tolist()
        force = [0.0, 0.0, -6.0 if step < 60 else 0.0]
        p.applyExternalForce(button.body, button.index, force, at, p.WORLD_FRAME, physicsClientId=empty.client)
        empty.step()
        assert step != 59 or button.pressed
    assert not button.pressed
    assert button.position < 0.001
    assert empty.presses["stove_button"] == before + 1


def test_what_lies_in_a_drawer_goes_along_with_it() -> None:
    spec = ObjectSpec(name="bag", kinds=("bag",), region="drawer_top", clearance_m=0.04)
    with World.build(_with((spec,)), np.random.default_rng(0)) as world:
        opened = _pull(world, world.joints["drawer_top"], 10.0, 0.6)
        assert opened > 0.05
        assert world.regions["drawer_top"].contains(world.objects["bag"].pose_in_world.translation_m)


def test_a_scene_may_begin_with_an_open_drawer() -> None:
    scene = _with(())
    scene = replace(scene, file=scene.file.model_copy(update={"joints": {"drawer_top": 1.0}}))
    with World.build(scene, np.random.default_rng(0)) as world:
        assert world.joints["drawer_top"].position == pytest.approx(world.joints["drawer_top"].upper, abs=0.003)


def test_the_arm_holds_itself_at_home(empty: World) -> None:
    home = empty.scene.kitchen.robot.home_rad
    states = p.getJointStates(empty.robot, range(7), physicsClientId=empty.client)
    assert [state[0] for state in states] == pytest.approx(home, abs=0.01)


def test_time_passes_and_listeners_hear_every_step() -> None:
    with World.build(_with(()), np.random.default_rng(0)) as world:
        heard: list[float] = []
        world.after_step.append(lambda: heard.append(world.time_s))
        for _ in range(24):
            world.step()
        assert heard[-1] == pytest.approx(0.1)
        assert len(heard) == 24


def test_things_that_do_not_fit_are_an_error_that_says_so() -> None:
    specs = tuple(ObjectSpec(name=f"pan_{i}", kinds=("pan",), region="drawer_top") for i in range(3))
    with pytest.raises(SceneError, match="no room in 'drawer_top'"):
        World.build(_with(specs), np.random.default_rng(0))


def test_an_unknown_camera_lists_those_that_exist(empty: World) -> None:
    with pytest.raises(UnknownNameError, match="planning, wrist"):
        empty.look("ceiling")


def test_closing_twice_is_harmless() -> None:
    world = World.build(_with(()), np.random.default_rng(0))
    world.close()
    world.close()
