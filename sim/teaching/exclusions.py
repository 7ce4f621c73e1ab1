"""What must not be taught: combinations of a skill and kinds of things that are kept to measure with."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import product

from embodied.task import Task, load_task, task_names
from sim.composing import Not
from sim.goals import Goal, Predicate
from sim.judges import check_goal
from sim.scene import Scene, load_scene

ROLES = ("thing", "place", "other", "joint", "button")
Combination = tuple[str, ...]
"""A word, then the kind of each thing or the name of each piece of furniture that it is said of."""


@lru_cache(maxsize=1)
def held_back() -> frozenset[Combination]:
    """The combinations that no task of the split "seen" asks for, and one of "unseen_combinations" does."""
    tasks = [load_task(name) for name in task_names()]
    seen = frozenset(each for task in tasks if task.split == "seen" for each in combinations(task))
    unseen = (each for task in tasks if task.split == "unseen_combinations" for each in combinations(task))
    return frozenset(unseen) - seen


def combinations(task: Task) -> Iterator[Combination]:
    """What a task asks for, in kinds."""
    scene = load_scene(task.scene, task.initial, task.name)
    for part in _wanted(check_goal(scene, task.goal)):
        if isinstance(part, Predicate):
            names = [getattr(part, role) for role in ROLES if hasattr(part, role)]
            yield from ((part.word, *kinds) for kinds in product(*(_kinds(name, scene) for name in names)))


def _kinds(name: str, scene: Scene) -> tuple[str, ...]:
    return next((spec.kinds for spec in scene.file.objects if spec.name == name), (name,))


def _wanted(goal: Goal) -> Iterator[Goal]:
    if not isinstance(goal, Not):
        yield goal
        for part in goal.parts:
            yield from _wanted(part)
