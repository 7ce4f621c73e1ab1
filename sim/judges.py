"""Whether a task was done, by predicates over the simulator's state. Import it and every word of a goal is known."""

from __future__ import annotations

from typing import Any

from embodied.judge import Ending, Judgement
from sim.changes import Back, Slid, Undisturbed
from sim.course import Course, Refused
from sim.evidence import watch
from sim.goals import Goal, Predicate, Vocabulary, read_goal, register
from sim.mechanisms import Closed, Open, Pressed
from sim.relations import Behind, InFrontOf, LeftOf, NextTo, RightOf
from sim.scene import Scene
from sim.whereabouts import Held, In, On, Upright
from sim.world import World

PREDICATES: tuple[type[Predicate], ...] = (
    *(Held, On, In, Upright),
    *(Open, Closed, Pressed),
    *(NextTo, LeftOf, RightOf, InFrontOf, Behind),
    *(Slid, Back, Undisturbed, Refused),
)
"""Every predicate; ``sim.composing`` and ``sim.course`` have the words that put them together."""
for _predicate in PREDICATES:
    register(_predicate.word, _predicate.read)


def judge(world: World, goal: Goal, course: Course | None = None, ending: Ending | None = None) -> Judgement:
    """Whether ``goal`` holds, with the answer of each of its parts.

    Half a second passes in the world, to see what is at rest: judge at the end of an episode.

    Args:
        world: In its present state.
        goal: As ``check_goal`` read it.
        course: What was noted of it earlier in the episode.
        ending: How the episode ended.
    """
    known = course or Course(goal)
    evidence = watch(world, known.past, ending)
    return Judgement(goal.holds(evidence), tuple(goal.trace(evidence)), known.told)


def check_goal(scene: Scene, goal: dict[str, Any]) -> Goal:
    """The goal that a task states, checked against the names of ``scene``; needs no world.

    Raises:
        SceneError: Names the field, its value and what would be valid.
    """
    return read_goal(goal, Vocabulary.of(scene))
