"""The tasks that ship, as data: enough of each family and split, said in many ways, each goal a goal in its scene."""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import chain
from typing import get_args

import pytest

from embodied.task import Family, Split, Task, load_task, task_names
from sim.judges import check_goal
from sim.scene import Scene, load_scene

FAMILIES = set(get_args(Family)) - {"own"}
LEAST = {"seen": 40, "unseen_objects": 6, "unseen_combinations": 6, "unseen_scenes": 6}
NEW_KITCHEN = "loft"


@cache
def task_of(name: str) -> Task:
    return load_task(name)


@cache
def scene_of(name: str) -> Scene:
    task = task_of(name)
    return load_scene(task.scene, task.initial, task.name)


TASKS = task_names()
SEEN = tuple(name for name in TASKS if task_of(name).split == "seen")


def plain(phrase: str) -> str:
    return " ".join(phrase.casefold().split()).rstrip(".。!！?？ ")


def test_there_are_at_least_sixty_four_tasks_several_of_each_family() -> None:
    families = Counter(task_of(name).family for name in TASKS)
    assert len(TASKS) >= 64
    assert set(families) == FAMILIES
    assert min(families.values()) >= 3


def test_there_are_enough_tasks_of_each_split() -> None:
    splits = Counter(task_of(name).split for name in TASKS)
    assert set(splits) == set(get_args(Split))
    assert all(splits[split] >= least for split, least in LEAST.items()), splits


@pytest.mark.parametrize("name", TASKS)
def test_task_says_what_it_tests_and_its_goal_is_a_goal_in_its_scene(name: str) -> None:
    task = task_of(name)
    check_goal(scene_of(name), task.goal)
    assert task.tests.endswith(".")
    assert len(task.instructions.en) >= 5
    assert len(task.instructions.zh) >= 5


@pytest.mark.parametrize("name", SEEN)
def test_seen_task_has_phrasings_to_measure_with(name: str) -> None:
    unseen = task_of(name).unseen_phrasings
    assert len(unseen.en) >= 2
    assert len(unseen.zh) >= 2


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_two_tasks_are_asked_for_in_the_same_words(language: str) -> None:
    phrases = Counter(
        plain(phrase)
        for name in TASKS
        for phrase in chain(
            getattr(task_of(name).instructions, language), getattr(task_of(name).unseen_phrasings, language)
        )
    )
    assert [phrase for phrase, count in phrases.items() if count > 1] == []


@pytest.mark.parametrize("name", TASKS)
def test_english_is_english_and_chinese_is_chinese(name: str) -> None:
    task = task_of(name)
    for phrases in (task.instructions, task.unseen_phrasings):
        assert all(phrase.isascii() for phrase in phrases.en)
        assert all(any("\u4e00" <= each <= "\u9fff" for each in phrase) for phrase in phrases.zh)


@pytest.mark.parametrize("name", TASKS)
def test_only_tasks_of_unseen_objects_name_what_is_held_out_and_only_of_unseen_scenes_the_other_kitchen(
    name: str,
) -> None:
    task, scene = task_of(name), scene_of(name)
    groups = chain(scene.file.objects, scene.file.distractors)
    held_out = {kind for group in groups for kind in group.kinds if scene.kinds[kind].held_out}
    assert bool(held_out) == (task.split == "unseen_objects"), held_out
    assert (scene.file.kitchen == NEW_KITCHEN) == (task.split == "unseen_scenes")


@pytest.mark.parametrize("name", [name for name in TASKS if task_of(name).family == "refusing"])
def test_refusing_is_judged_with_nothing_disturbed(name: str) -> None:
    assert task_of(name).goal == {"all": [{"refused": {}}, {"undisturbed": {}}]}
