from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from embodied.commands import Grasp, parse
from embodied.learning.exchange import NOWHERE
from embodied.learning.held_out import held_out_in, held_out_phrases
from embodied.learning.instructions import Instructor, in_words, looked_at
from embodied.learning.mistakes import Mistakes
from embodied.learning.phrasebook import load_phrasebook
from embodied.learning.questions import Asker
from embodied.learning.sights import _inner, sights
from embodied.learning.teacher import Lesson
from embodied.prompting import Prompter
from embodied.resources import prompts_dir
from embodied.task import load_task, task_names

from .conftest import COUNTER, DRAWER, HANDLE, HIDDEN, RED_CUP

COMPACT = prompts_dir() / "compact"


def asked(view, language="en", seeds=30):
    book, seen = load_phrasebook(language), sights(view)
    for seed in range(seeds):
        yield from Asker(book, view.things, seen, np.random.default_rng(seed)).ask(8)


def test_every_point_that_is_named_lies_on_a_thing_of_that_name(view):
    checked = 0
    for exchange in asked(view):
        found = re.fullmatch(r"(.+) \((\S+), (\S+), (\S+)\)", exchange.answer)
        if exchange.word == "where" and found:
            number = view.shown[view.observation.camera.pixel(float(found[2]), float(found[3]))[::-1]]
            thing = view.things[number - 1]
            assert thing.title_en in found[1]
            assert thing.color is None or thing.color in found[1]
            checked += 1
    assert checked > 20


def test_what_is_hidden_is_never_pointed_at_nor_said_to_be_nowhere(view):
    for exchange in asked(view):
        if exchange.word in ("where", "there", "caption", "count"):
            assert "lemon" not in exchange.question + exchange.answer or "yellow" not in exchange.question


def test_yes_and_no_are_about_as_frequent(view):
    answers = [exchange.answer for exchange in asked(view, seeds=80) if exchange.word in ("there", "is_color")]
    assert 0.3 < answers.count("yes") / len(answers) < 0.7


def test_answer_is_about_what_it_names(view):
    looked_at = {"where": 0, "what": 0, "contents": 0, "color": 0}
    for exchange in asked(view):
        things = [view.things[number - 1] for number in exchange.about if number != NOWHERE]
        if exchange.word in looked_at and things:
            named = things[0].color if exchange.word == "color" else things[0].title_en
            assert named in exchange.answer or exchange.answer == "nothing"
            looked_at[exchange.word] += 1
    assert min(looked_at.values()) > 0


def test_what_is_not_there_is_looked_for_nowhere(view):
    absent = [each for each in asked(view) if each.answer == "none" or (each.word, each.answer) == ("there", "no")]
    assert absent
    assert all(each.about == (NOWHERE,) for each in absent)
    assert all(NOWHERE not in each.about for each in asked(view) if each.word in ("what", "color", "caption", "box"))


def test_command_begins_with_a_look_at_its_first_point(view):
    number = 1 + [thing.name for thing in view.things].index("a")
    at = next(sight.point for sight in sights(view) if sight.number == number)
    other = next(sight.point for sight in sights(view) if sight.number != number and sight.point)
    assert looked_at(f"grasp({at})", view) == looked_at(f"move({at}, {other})", view) == (number,)
    assert looked_at("done()", view) == looked_at('refuse("that is dangerous")', view) == ()


def test_refusal_of_what_is_not_there_looks_nowhere(view):
    lesson = Lesson("on", (("place", "plate"),), 'refuse("there is no such thing")', absent=("bottle", None))
    instructor = Instructor(
        load_phrasebook("en"), Prompter("en", directory=COMPACT), view, sights(view), np.random.default_rng(0)
    )
    assert instructor.exchange(lesson).about == (NOWHERE,)


@pytest.mark.parametrize("held", [HANDLE, HIDDEN])
def test_nobody_says_of_a_hand_that_holds_something_unnamed_or_unseen_that_there_is_nothing_in_it(make_view, held):
    full = make_view(RED_CUP, DRAWER, replace(held, held=True), COUNTER, holding=True)
    assert not any(each.word == "hand" for each in asked(full))
    assert any(each.word == "hand" for each in asked(make_view(RED_CUP, DRAWER, held, COUNTER)))


def test_same_seed_asks_the_same(view):
    assert list(asked(view, "zh", 3)) == list(asked(view, "zh", 3))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_command_is_asked_for_as_the_planner_asks(view, language):
    lesson = Lesson("on", (("thing", "a"), ("place", "plate")), "grasp(0.130, 0.420, 1.500)")
    prompter = Prompter(language, directory=COMPACT)
    instructor = Instructor(load_phrasebook(language), prompter, view, sights(view), np.random.default_rng(0))
    exchange = instructor.exchange(lesson)
    instruction, gripper = exchange.question.split("\n")
    (turn,) = prompter.prompt(instruction, [], view.observation).turns
    assert turn.text == exchange.question
    assert gripper == "empty"
    assert exchange.answer == lesson.command


def test_history_is_a_line_a_step(view):
    lesson = Lesson("held", (("thing", "a"),), "done()", (("grasp(0.100, 0.200, 1.000)", "failed", "missed_grasp"),))
    prompter = Prompter("en", directory=COMPACT)
    instructor = Instructor(load_phrasebook("en"), prompter, view, sights(view), np.random.default_rng(0))
    assert instructor.exchange(lesson).question.split("\n")[1] == "grasp(0.100, 0.200, 1.000) -> failed: missed_grasp"


def test_several_things_are_asked_for_in_one_instruction_and_their_words_are_told(view):
    then = (("held", (("thing", "a"),)), ("back", ()))
    lesson = Lesson("on", (("thing", "a"), ("place", "plate")), "grasp(0.130, 0.420, 1.500)", then=then)
    prompter = Prompter("en", directory=COMPACT)
    book = load_phrasebook("en")
    for seed in range(10):
        instructor = Instructor(book, prompter, view, sights(view), np.random.default_rng(seed))
        exchange = instructor.exchange(lesson)
        instruction, *past, _ = exchange.question.split("\n")
        assert exchange.word == "command:on+held+back"
        assert any(form in instruction for form in book.command["back"])
        assert not any(line.endswith("succeeded") for line in past)  # a deed could be taken for one of the parts


def pasts(view, command, seeds=40, **lesson):
    for seed in range(seeds):
        prompter = Prompter("en", directory=COMPACT)
        instructor = Instructor(load_phrasebook("en"), prompter, view, sights(view), np.random.default_rng(seed))
        taught = Lesson("on", (("thing", "a"), ("place", "plate")), command, **lesson)
        yield instructor.exchange(taught).question.split("\n")[1:-1]


def test_what_was_said_in_vain_before_is_never_what_is_right(view):
    right = "grasp(0.130, 0.420, 1.500)"
    stumbles = [line for past in pasts(view, right) for line in past if not line.endswith("succeeded")]
    assert len(stumbles) > 5
    for line in stumbles:
        wrong, result = line.split(" -> ")
        assert parse(wrong) != parse(right)
        assert re.fullmatch(r"(rejected|failed): \w+", result)


def test_what_explains_the_hand_comes_before_what_went_wrong_with_it(view):
    taken = ("grasp(0.300, 0.300, 1.500)", "succeeded", "")
    for past in pasts(view, "move(0.130, 0.420, 1.500, 0.580, 0.550, 1.500)", history=(taken,)):
        grasp = past.index("grasp(0.300, 0.300, 1.500) -> succeeded")
        assert all(line.startswith("move") for line in past[grasp + 1 :])
        assert [line.split("(")[0] for line in past[:grasp]] in ([], ["grasp", "move"])


def test_something_may_have_been_done_before_it_is_said_that_nothing_is_left_to_do(view):
    assert {len(past) for past in pasts(view, "done()")} == {0, 2}


def test_refusal_comes_first(view):
    assert not any(pasts(view, 'refuse("that is dangerous")'))


def test_refusal_is_in_the_language_that_was_asked_in():
    command = 'refuse("that is dangerous")'
    assert in_words(command, load_phrasebook("en")) == command
    assert "危险" in in_words(command, load_phrasebook("zh"))


def test_every_unseen_phrasing_is_recognised_and_no_seen_one():
    assert len(held_out_phrases()) > 200
    for task in map(load_task, task_names()):
        for phrase in (*task.unseen_phrasings.en, *task.unseen_phrasings.zh):
            assert held_out_in(f"{phrase.upper()}!\nempty")
        for phrase in (*task.instructions.en, *task.instructions.zh):
            assert held_out_in(phrase) is None or task.split != "seen", phrase


@pytest.mark.parametrize("seed", range(12))
def test_mistake_is_a_command_and_another_one(view, seed):
    right = Grasp.model_validate({"kind": "grasp", "at": {"x": 0.13, "y": 0.42, "z": 1.5}})
    wrong = Mistakes(1.0, np.random.default_rng(seed)).instead_of(right, view)
    assert wrong is None or (parse(str(wrong)) == wrong and wrong != right)
    assert Mistakes(0.0, np.random.default_rng(seed)).instead_of(right, view) is None


def test_of_a_bar_the_middle_is_pointed_at():
    bar = np.zeros((20, 60), bool)
    bar[8:12, 4:53] = True
    row, column = _inner(bar)
    assert bar[row, column]
    assert abs(column - 28) <= 1


def test_of_a_thing_that_is_bent_around_its_middle_a_pixel_of_it_is_pointed_at():
    ring = np.zeros((40, 40), bool)
    ring[5:35, 5:35] = True
    ring[10:30, 10:30] = False
    assert ring[_inner(ring)]
