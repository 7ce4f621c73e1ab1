"""Lessons in the middle and at the end of what was asked for: what they say was done is so, and what is left is not."""

from __future__ import annotations

import numpy as np
import pytest

from embodied.camera import IMAGE_SIZE_PX
from embodied.commands import Done, Grasp, Move, Refuse, parse
from embodied.learning.sights import plainly_seen
from embodied.learning.teacher import FIRST_TRAINING_SEED
from embodied.observation import GripperState, Observation
from sim.arm import GRIPPER
from sim.evidence import glance
from sim.mechanisms import Closed, Open
from sim.pointing import Picture
from sim.spots import CELL_M, LEVEL_M
from sim.teaching.deeds import Deeds
from sim.teaching.exclusions import held_back
from sim.teaching.hand import Grip, go_home
from sim.teaching.kitchens import draw_scene, fill
from sim.teaching.labelling import boards_of, labelled
from sim.teaching.midway import Midway
from sim.teaching.scattering import BLOCKS, scatter
from sim.teaching.standing import draw_standing, draw_upset
from sim.teaching.teacher import open_teacher
from sim.teaching.wishes import BESIDE
from sim.teaching.wishing import Wish, Wishing, places_of, shutting
from sim.whereabouts import In, On
from sim.world import World

pytestmark = pytest.mark.slow

KITCHENS = (FIRST_TRAINING_SEED + 900, FIRST_TRAINING_SEED + 909)
"""The second has many blocks."""
STATES = 4
GOALS = {"in": In, "on": On, "stack": On, "open": Open, "closed": Closed, **BESIDE}


@pytest.fixture(scope="module")
def states():
    """Kitchens with the hand at home: what can be asked for, what is seen, and who carries whom."""

    def each():
        for seed in KITCHENS:
            rng = np.random.default_rng(seed)
            with World.build(draw_scene(rng), rng, image_size_px=IMAGE_SIZE_PX) as world:
                fill(world, rng)
                everything = world.objects
                for _ in range(STATES):
                    go_home(world)
                    scatter(world, everything, rng)
                    yield _state(world, rng)

    return each


def _state(world, rng):
    evidence = glance(world)
    image, depth_m, camera = world.look()
    observation = Observation(0, world.time_s, image, depth_m, camera, GripperState(GRIPPER.max_width_m, False))
    view = labelled(world, boards_of(world.scene.kitchen), observation, evidence, None)
    visible = plainly_seen(view)
    now = Wishing(world, visible, places_of(world, evidence), Grip(GRIPPER.max_width_m), rng)
    return now, Picture.of(world, observation), evidence


def test_what_is_said_to_stand_stands_and_may_be_taught(states):
    words = set()
    for now, _, evidence in states():
        for wish in filter(None, (draw_standing(now, evidence) for _ in range(40))):
            assert wish.goal.holds(evidence)
            assert not now.is_held_back(wish.goal)
            words.add(wish.word)
    assert {"in", "open", "closed", "out"} <= words
    assert words & {"left_of", "right_of", "next_to", "behind", "in_front_of"}


def test_a_stack_is_turned_over_from_its_top(states):
    turned = 0
    for now, _, evidence in states():
        wish = draw_upset(now)
        if wish is None:
            continue
        below, above = now.world.objects[wish.roles["thing"]], now.world.objects[wish.roles["place"]]
        assert {below.kind_name, above.kind_name} <= set(BLOCKS)
        assert above.pose_in_world.translation_m[2] > below.pose_in_world.translation_m[2]
        assert not wish.goal.holds(evidence)
        turned += 1
    assert turned


def test_what_was_brought_back_was_brought_to_where_it_was_taken(states):
    lessons = [lesson for lesson, _ in drawn(states, "_returning", "_returned") if lesson.then[-1][0] == "back"]
    assert lessons
    for lesson in lessons:
        first, last = (parse(lesson.history[index][0]) for index in (0, -1))
        assert isinstance(first, Grasp)
        command = parse(lesson.command)
        if isinstance(command, Done):
            assert isinstance(last, Move)
            assert last.end == first.at


def test_what_was_brought_elsewhere_is_not_taken_for_done(states):
    lessons = [lesson for lesson, _ in drawn(states, "_missed")]
    assert lessons
    for lesson in lessons:
        assert isinstance(parse(lesson.history[-1][0]), Move)
        assert not isinstance(parse(lesson.command), Done)


def test_done_is_said_where_every_part_holds_and_nowhere_else(states):
    ended, parts = set(), set()
    for now, picture, evidence in states():
        midway = _midway(now, picture, evidence)
        for lesson in filter(None, (midway.draw() for _ in range(30))):
            asked = ((lesson.word, lesson.roles), *lesson.then)
            if all(word in GOALS for word, _ in asked):
                hold = all(GOALS[word](**dict(roles)).holds(evidence) for word, roles in asked)
                assert hold == (lesson.command == "done()")
                ended.add(hold)
                parts.add(len(asked))
    assert ended == {True, False}
    assert parts == {1, 2, 3}


def test_what_is_held_over_a_drawer_was_taken_out_of_it_and_goes_onto_the_counter():
    found = 0
    for seed in range(FIRST_TRAINING_SEED + 910, FIRST_TRAINING_SEED + 913):
        for view in open_teacher().views(seed, 8):
            for lesson in view.lessons:
                command = parse(lesson.command)
                taken = [step for step, _, _ in lesson.history[-1:] if step.startswith("grasp")]
                if lesson.word == "out" and not lesson.then and taken and isinstance(command, Move):
                    thing = next(each for each in view.things if each.name == dict(lesson.roles)["thing"])
                    found += thing.held
    assert found


def test_what_is_to_come_back_goes_to_where_it_was_taken_as_that_was_named():
    found = 0
    for seed in range(FIRST_TRAINING_SEED + 910, FIRST_TRAINING_SEED + 913):
        for lesson in (lesson for view in open_teacher().views(seed, 8) for lesson in view.lessons):
            command = parse(lesson.command)
            if lesson.then and lesson.then[-1][0] == "back" and isinstance(command, Move):
                assert command.end == parse(lesson.history[0][0]).at
                found += 1
    assert found


def test_what_a_test_alone_may_ask_to_shut_is_not_shut_after_something_else(states):
    now, _, _ = next(states())
    assert ("closed", "drawer_middle") in held_back()
    assert shutting(Wish("in", None, {"thing": "a", "place": "drawer_middle"}), now) is None
    assert shutting(Wish("in", None, {"thing": "a", "place": "drawer_top"}), now).roles == {"joint": "drawer_top"}


def test_no_part_of_a_lesson_is_kept_to_measure_with():
    for seed in range(FIRST_TRAINING_SEED + 920, FIRST_TRAINING_SEED + 922):
        for view in open_teacher().views(seed, 8):
            kinds = {thing.name: thing.kind for thing in view.things if thing.movable}
            for lesson in view.lessons:
                for word, roles in ((lesson.word, lesson.roles), *lesson.then):
                    combination = (word, *(kinds.get(name, name) for _, name in roles))
                    assert combination not in held_back() or isinstance(parse(lesson.command), Refuse)


def drawn(states, *sorts):
    """Lessons of these sorts alone, with the pictures that they are about."""
    for now, picture, evidence in states():
        midway = _midway(now, picture, evidence)
        for sort in sorts:
            for lesson in filter(None, (getattr(midway, sort)() for _ in range(10))):
                yield lesson, picture


def _midway(now, picture, evidence):
    counter = picture.surface(now.world.regions["counter"], LEVEL_M, CELL_M)
    return Midway(now, picture, evidence, Deeds(now.world, picture, counter, now.rng), ())
