"""Instructions in other words: the answer, the history and all that is no instruction stay as they were."""

from __future__ import annotations

import numpy as np
import pytest

from embodied.language import LANGUAGES
from embodied.learning.held_out import held_out_in
from embodied.learning.phrasebook import load_phrasebook
from embodied.learning.rewording import _parts, in_form, reworded
from embodied.task import load_task, task_names

HISTORY = "grasp(0.412, 0.611, 0.930) -> failed: missed_grasp\nempty"


def sample(ask: str, instruction: str, task: str | None = None, language: str = "en", turns: int = 1) -> dict:
    asked = [
        {"from": "human", "value": f"{'' if index else '<image>' + chr(10)}{instruction}\n{HISTORY}"}
        for index in range(turns)
    ]
    answer = {"from": "gpt", "value": "grasp(0.557, 0.793, 1.542)"}
    pairs = [turn for question in asked for turn in (question, answer)]
    return {"language": language, "task": task, "asks": [ask] * turns, "conversations": pairs}


def instructions(entry: dict) -> list[str]:
    return [turn["value"].removeprefix("<image>\n").splitlines()[0] for turn in entry["conversations"][::2]]


def draws(entry: dict, count: int = 40) -> list[dict]:
    return [reworded(entry, np.random.default_rng(seed)) for seed in range(count)]


def test_a_lesson_is_said_in_every_form_of_its_word_and_about_the_same_things():
    entry = sample("command:left_of", "put the red cup to the left of the blue plate")
    forms = load_phrasebook("en").command["left_of"]
    said = {instruction for each in draws(entry, 400) for instruction in instructions(each)}
    assert {form.format(thing="red cup", other="blue plate") for form in forms} <= said


def test_what_is_no_instruction_stays_as_it_was():
    entry = sample("command:open", "open the top drawer")
    for each in draws(entry):
        first, answer = each["conversations"]
        assert first["value"].startswith("<image>\n")
        assert first["value"].split("\n", 2)[2] == HISTORY
        assert answer == entry["conversations"][1]


def test_a_question_is_left_alone():
    entry = sample("where", "where is the red cup?")
    assert all(each == entry for each in draws(entry))


def test_the_sample_that_is_given_stays_as_it_was():
    entry = sample("command:open", "open the top drawer")
    draws(entry)
    assert entry == sample("command:open", "open the top drawer")


def test_an_instruction_that_could_be_read_in_two_ways_is_not_turned_around():
    instruction = "put the cup in front of the plate in front of the bowl"
    entry = sample("command:in_front_of", instruction)
    assert all(instruction in said for each in draws(entry) for said in instructions(each))


@pytest.mark.parametrize(
    ("instruction", "form", "values"),
    [
        ("put the cup on the plate", "put the {thing} on the {place}", {"thing": "cup", "place": "plate"}),
        ("put the cup on the tray on the plate", "put the {thing} on the {place}", None),
        ("put the cup in the bowl", "put the {thing} on the {place}", None),
        ("is it (open)?", "is it ({joint})?", {"joint": "open"}),
    ],
)
def test_a_form_is_found_where_there_is_one_way_to_read_it(instruction, form, values):
    assert in_form(instruction, form) == values


def test_a_task_is_asked_for_in_different_ways_in_one_sample():
    task = load_task("apple_on_plate")
    entry = sample("command:task", task.instructions.en[0], "apple_on_plate", turns=4)
    known = [*task.instructions.en, *load_phrasebook("en").tasks["apple_on_plate"]]
    for each in draws(entry):
        ways = [max((way for way in known if way in said), key=len) for said in instructions(each)]
        assert len(set(ways)) == len(ways)


@pytest.mark.parametrize("language", LANGUAGES)
def test_more_ways_are_known_for_every_task_that_may_be_taught_and_none_for_others(language):
    seen = {name for name in task_names() if load_task(name).split == "seen"}
    assert set(load_phrasebook(language).tasks) == seen


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_way_to_ask_for_a_task_is_held_out_or_known_or_said_twice(language):
    for name, more in load_phrasebook(language).tasks.items():
        phrases = [*more, *getattr(load_task(name).instructions, language)]
        assert len(set(phrases)) == len(phrases)
        assert not [phrase for phrase in phrases if held_out_in(phrase)]


def test_what_is_held_out_is_not_said(monkeypatch):
    monkeypatch.setattr("embodied.learning.rewording.held_out_in", lambda text: text)
    entry = sample("command:on", "put the apple on the plate")
    assert all(each == entry for each in draws(entry))


@pytest.mark.parametrize(
    ("language", "said", "cup", "drawer"),
    [
        ("en", "first put the red cup on the plate, then open the top drawer", "red cup", "top drawer"),
        ("zh", "先把红色的杯子放到盘子上，再打开最上面的抽屉", "红色的杯子", "最上面的抽屉"),
    ],
)
def test_two_things_that_are_asked_for_stay_two_in_their_order(language, said, cup, drawer):
    entry = sample("command:on+open", said, language=language)
    drawn = {instruction for each in draws(entry, 60) for instruction in instructions(each)}
    assert len(drawn) > 40
    assert all(-1 < instruction.find(cup) < instruction.find(drawer) for instruction in drawn)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_put_together_in_any_way_comes_apart_again(language):
    book = load_phrasebook(language)
    for form in book.sequence:
        for first in book.command["closed"][:8]:
            parts = first.format(joint="X"), book.command["open"][0].format(joint="Y")
            found = _parts(form.format(first=parts[0], second=parts[1]), book.sequence)
            assert found == {"first": parts[0], "second": parts[1]}


def test_what_has_three_parts_stays_as_it_was_said():
    said = "first: open the top drawer; second: put the red cup on the plate, then close the top drawer"
    for each in draws(sample("command:open+on+closed", said)):
        assert said in instructions(each)[0]
