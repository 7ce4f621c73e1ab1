"""The right next command for what could be asked for in a state: the oracle is asked, nothing is simulated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from embodied.commands import Approach, Done, Move, Refuse
from embodied.learning.teacher import History, Lesson
from embodied.observation import Observation
from sim.changes import Slid
from sim.evidence import Evidence
from sim.oracle import choose
from sim.pointing import Picture
from sim.spots import CELL_M, LEVEL_M
from sim.teaching.deeds import Deeds, done
from sim.teaching.hand import Grip
from sim.teaching.imagined import Imagined
from sim.teaching.midway import Midway
from sim.teaching.wishes import draw_wish
from sim.teaching.wishing import Wishing, places_of
from sim.tries import Tries
from sim.world import World

DONE_SHARE = 0.4
"""What holds already is kept so often."""
MIDWAY_SHARE = 0.45
"""So many lessons are in the middle or at the end of something."""
TRIES = 8
"""So many wishes are drawn for each lesson at most."""


def draw_lessons(
    world: World,
    observation: Observation,
    evidence: Evidence,
    visible: frozenset[str],
    grip: Grip,
    count: int,
    rng: np.random.Generator,
) -> tuple[Lesson, ...]:
    """``count`` lessons about different wishes, or as many as were found.

    Args:
        world: As it was pictured.
        observation: The picture.
        evidence: Who carried whom before something was put into the hand.
        visible: Names of what is plainly seen.
        grip: What was put into the hand.
        count: How many.
        rng: Draws them.
    """
    contacts = tuple(each for each in evidence.contacts if each.thing != grip.name)
    known = replace(evidence, contacts=contacts)
    wishing, picture = Wishing(world, visible, places_of(world, known), grip, rng), Picture.of(world, observation)
    counter = picture.surface(world.regions["counter"], LEVEL_M, CELL_M)
    deeds = Deeds(world, picture, counter, rng)
    midway = Midway(wishing, picture, known, deeds, _history(deeds, grip))
    lessons: dict[str, Lesson] = {}
    for _ in range(TRIES * count):
        begun = rng.random() < MIDWAY_SHARE
        lesson = midway.draw() if begun else _beginning(wishing, picture, known, deeds)
        if lesson is not None:
            lessons.setdefault(f"{lesson.word} {lesson.roles} {lesson.then}", lesson)
        if len(lessons) == count:
            break
    return tuple(lessons.values())


def _beginning(now: Wishing, picture: Picture, evidence: Evidence, deeds: Deeds) -> Lesson | None:
    """A lesson about one wish, of which nothing was done yet; ``None`` if the one that was drawn cannot be taught."""
    wish = draw_wish(now)
    if wish is None:
        return None
    history, roles = _history(deeds, now.grip), tuple(wish.roles.items())
    if wish.goal is None:
        kind, color = wish.absent or ("", None)
        absent = (kind, color) if kind else None
        return Lesson(wish.word, roles, str(Refuse(reason=wish.refusal)), (), absent)
    command = choose(Imagined(now.world, picture, evidence, wish.goal, Tries(), now.grip))
    if isinstance(command, Approach | Refuse) or (isinstance(command, Done) and now.rng.random() > DONE_SHARE):
        return None  # it waits for something to come to rest, or knows no way
    if isinstance(wish.goal, Slid) and not isinstance(command, Move):
        return None  # what cannot be pushed would be carried, and that was not asked for
    return Lesson(wish.word, roles, str(command), history)


def _history(deeds: Deeds, grip: Grip) -> History:
    """How the hand came to hold what it holds: it took the handle where it is, and a thing from somewhere."""
    if grip.joint is not None:
        point = deeds.picture.projected(grip.joint.handle_in_world_m)
    else:
        spot = None if grip.thing is None else deeds.spot()
        point = None if spot is None else spot[0]
    return () if point is None else (done(f"grasp({point})"),)
