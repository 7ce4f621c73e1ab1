"""The kitchen as a teacher: what it says of its own pictures is so."""

from __future__ import annotations

import numpy as np
import pytest

from embodied.commands import Grasp, Move, parse
from embodied.errors import UnknownNameError, UsageError
from embodied.learning.dataset import read_conversations
from embodied.learning.demonstrations import Student, demonstrate, errand_lecture, lecture
from embodied.learning.generation import DataSettings, generate
from embodied.learning.instructions import compact_prompter
from embodied.learning.sights import sights
from embodied.learning.teacher import FIRST_TRAINING_SEED
from embodied.registry import ControllerSetup
from embodied.task import Instructions, Task, load_task
from sim.judges import check_goal
from sim.scene import load_scene
from sim.teaching.exclusions import ROLES, combinations, held_back
from sim.teaching.kitchens import draw_scene
from sim.teaching.teacher import open_teacher

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def views():
    return list(open_teacher().views(FIRST_TRAINING_SEED + 11, 8))


def test_same_seed_gives_the_same_pictures_and_lessons(views):
    for one, other in zip(views, open_teacher().views(FIRST_TRAINING_SEED + 11, 8), strict=True):
        assert (one.observation.image == other.observation.image).all()
        assert (one.shown == other.shown).all()
        assert np.array_equal(one.observation.depth_m, other.observation.depth_m, equal_nan=True)
        assert (one.things, one.lessons) == (other.things, other.lessons)


def test_points_lie_on_their_things_at_the_depth_measured(views):
    for view in views:
        for sight in sights(view):
            if sight.point is not None:
                u, v = view.observation.camera.pixel(sight.point.x, sight.point.y)
                assert view.shown[v, u] == sight.number
                assert abs(view.observation.depth_m[v, u] - sight.point.z) < 0.001


def test_what_is_to_be_taken_is_what_is_asked_for(views):
    checked = 0
    for view in views:
        for lesson in view.lessons:
            command = parse(lesson.command)
            if lesson.word == "held" and isinstance(command, Grasp):
                u, v = view.observation.camera.pixel(command.at.x, command.at.y)
                named = view.things[view.shown[v, u] - 1]
                assert named.name == dict(lesson.roles)["thing"] or named.kind == "handle" or named.movable
                checked += 1
    assert sum(len(view.lessons) for view in views) >= 6


def test_hand_at_a_handle_pulls_it_as_far_as_its_joint_goes_or_lets_go_of_it(views):
    at_handles = [view for view in views if any(thing.held and thing.kind == "handle" for thing in view.things)]
    pulled = set()
    for view in at_handles:
        (handle,) = (thing for thing in view.things if thing.held)
        assert view.observation.gripper.holding
        for lesson in view.lessons:
            command = parse(lesson.command)
            assert isinstance(command, Move)
            start, end = (view.observation.camera.lift(at.x, at.y, at.z) for at in (command.start, command.end))
            way_m = float(np.linalg.norm(end - start))
            assert way_m == 0.0 or 0.05 < way_m < 0.6
            if way_m and lesson.word == "open":
                assert f"{dict(lesson.roles)['joint']}.handle" == handle.name
                pulled.add(handle.name)
    assert pulled


def test_nothing_held_out_is_ever_shown(views):
    kinds = draw_scene(np.random.default_rng(0)).kinds
    assert not any(kind.held_out for kind in kinds.values())
    assert all(thing.kind in kinds for view in views for thing in view.things if thing.movable)


def test_combinations_that_are_kept_to_measure_with_are_known():
    assert ("closed", "drawer_middle") in held_back()
    assert ("in", "wooden_block", "bowl") in held_back()
    assert not held_back() & set(combinations(load_task("lemon_in_bowl")))
    task = load_task("tin_on_book")
    assert check_goal(load_scene(task.scene, task.initial), task.goal)
    assert set(combinations(task)) & held_back()


def test_what_would_have_been_right_is_taught_of_every_step_of_a_student(tmp_path):
    student = Student("grasp(0.02, 0.02, 0.5); done()", planner="scripted")
    count = generate(DataSettings(tmp_path / "data", views=0, practice=1, student=student))
    entries = read_conversations(tmp_path / "data")
    assert {entry["kind"] for entry in entries} == {"practice"}
    for number, entry in enumerate(entries):
        asked = [turn["value"] for turn in entry["conversations"]][::2]
        answered = [turn["value"] for turn in entry["conversations"]][1::2]
        taught = {answer for answer, word in zip(answered, entry["asks"], strict=True) if word == "command:task"}
        assert len(taught) == 1
        assert "grasp(0.020, 0.020, 0.500)" not in taught
        assert ("grasp(0.020, 0.020, 0.500) -> " in asked[0]) == (number > 0)
        assert (taught == {"done()"}) == (number == count - 1 > 1)  # what the student said too early ended nothing


def test_tasks_of_chosen_families_are_played_and_no_errands():
    rng = np.random.default_rng(0)
    drawn = [lecture(number, number, open_teacher(), "kitchen", rng, ("memory", "many")) for number in range(40)]
    assert {what.task.family for what in drawn} == {"memory", "many"}
    assert {what.task.split for what in drawn} == {"seen"}


def test_a_family_without_anything_to_teach_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(UnknownNameError, match="memory"):
        generate(DataSettings(tmp_path / "data", views=0, episodes=1, families=("own",)))
    assert not (tmp_path / "data").exists()


def test_nobody_practises_unless_it_is_said_who(tmp_path):
    with pytest.raises(UsageError, match="--student"):
        generate(DataSettings(tmp_path / "data", views=0, practice=1))


@pytest.fixture(scope="module")
def errands():
    drawn = {seed: open_teacher().errand(seed) for seed in range(FIRST_TRAINING_SEED + 50, FIRST_TRAINING_SEED + 58)}
    return {seed: errand for seed, errand in drawn.items() if errand is not None}


def test_same_seed_gives_the_same_errand(errands):
    for seed, errand in list(errands.items())[:2]:
        again = open_teacher().errand(seed)
        assert (again.goal, again.view.lessons, again.view.things) == (
            errand.goal,
            errand.view.lessons,
            errand.view.things,
        )
        assert (again.view.observation.image == errand.view.observation.image).all()


def test_an_errand_begins_with_what_was_seen_when_it_was_drawn_and_is_still_to_be_done(errands):
    for seed, errand in errands.items():
        with errand.robot(ControllerSetup(task=as_task(errand), seed=seed)) as robot:
            observation = robot.observe()
            assert (observation.image == errand.view.observation.image).all()
            assert np.array_equal(observation.depth_m, errand.view.observation.depth_m, equal_nan=True)
            assert not robot.judge("done").success


def test_no_errand_asks_for_what_is_kept_to_measure_with(errands):
    for errand in errands.values():
        kinds = {thing.name: thing.kind for thing in errand.view.things if thing.movable}
        for goal in errand.goal.get("then", [errand.goal]):
            ((word, roles),) = goal.items()
            names = [roles[role] for role in ROLES if role in roles]
            assert (word, *(kinds.get(name, name) for name in names)) not in held_back()


def test_errands_are_taught_from_beginning_to_end_in_the_words_of_their_lessons(errands):
    taught = 0
    for seed, errand in errands.items():
        rng = np.random.default_rng(seed)
        what = errand_lecture(errand, seed, "en", rng)
        samples = [] if what is None else list(demonstrate("errand", what, open_teacher(), compact_prompter("en"), rng))
        taught += bool(samples)
        for sample in samples:
            assert sample.task is None
            assert sample.exchanges[0].word == f"command:{'+'.join(lesson.word for lesson in errand.view.lessons)}"
        if samples:
            assert samples[-1].exchanges[0].answer == "done()"
    assert taught >= len(errands) / 2


def as_task(errand):
    words = {language: ["do it"] for language in ("en", "zh")}
    return Task(name="errand", scene="errand", instructions=Instructions(**words), goal=errand.goal)
