"""The right next command for what could be asked for in a state: the oracle is asked, nothing is simulated."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from embodied.commands import Approach, Done, Move, Refuse
from embodied.learning.teacher import Lesson
from embodied.observation import Observation
from sim.changes import Slid
from sim.evidence import Evidence
from sim.oracle import choose
from sim.pointing import Picture
from sim.situation import Situation
from sim.spots import CELL_M, LEVEL_M
from sim.teaching.wishes import Wish, Wishing, places_of
from sim.things import FurnitureJoint, Thing
from sim.tries import Tries
from sim.world import World

DONE_SHARE = 0.4
"""What holds already is kept so often."""
TRIES = 8
"""So many wishes are drawn for each lesson at most."""


@dataclass(frozen=True, eq=False)
class Imagined(Situation):
    """A situation in which something was put between the fingers without any force that would tell of it.

    Attributes:
        in_hand: What was.
    """

    in_hand: Thing | None = None

    @property
    def held_thing(self) -> Thing | None:
        """The thing between the fingers."""
        return self.in_hand

    @property
    def held_joint(self) -> FurnitureJoint | None:
        """No handle is ever held."""
        return None


def draw_lessons(
    world: World,
    observation: Observation,
    evidence: Evidence,
    visible: frozenset[str],
    held: Thing | None,
    count: int,
    rng: np.random.Generator,
) -> tuple[Lesson, ...]:
    """``count`` lessons about different wishes, or as many as were found.

    Args:
        world: As it was pictured.
        observation: The picture.
        evidence: Who carried whom before something was put into the hand.
        visible: Names of what is plainly seen.
        held: What was put into the hand.
        count: How many.
        rng: Draws them.
    """
    contacts = tuple(each for each in evidence.contacts if held is None or each.thing != held.name)
    known = replace(evidence, contacts=contacts)
    wishing, picture = Wishing(world, visible, places_of(world, known), held, rng), Picture.of(world, observation)
    lessons: dict[str, Lesson] = {}
    for _ in range(TRIES * count):
        wish = wishing.draw()
        lesson = None if wish is None else _lesson(wish, world, picture, known, held, rng)
        if wish is not None and lesson is not None:
            lessons.setdefault(f"{wish.word} {wish.roles}", lesson)
        if len(lessons) == count:
            break
    return tuple(lessons.values())


def _lesson(
    wish: Wish, world: World, picture: Picture, evidence: Evidence, held: Thing | None, rng: np.random.Generator
) -> Lesson | None:
    history = () if held is None else _history(world, picture, rng)
    if wish.goal is None:
        kind, color = wish.absent or ("", None)
        absent = (kind, color) if kind else None
        return Lesson(wish.word, tuple(wish.roles.items()), str(Refuse(reason=wish.refusal)), (), absent)
    command = choose(Imagined(world, picture, evidence, wish.goal, Tries(), held))
    if isinstance(command, Approach | Refuse) or (isinstance(command, Done) and rng.random() > DONE_SHARE):
        return None  # it waits for something to come to rest, or knows no way
    if isinstance(wish.goal, Slid) and not isinstance(command, Move):
        return None  # what cannot be pushed would be carried, and that was not asked for
    return Lesson(wish.word, tuple(wish.roles.items()), str(command), history)


def _history(world: World, picture: Picture, rng: np.random.Generator) -> tuple[tuple[str, str, str], ...]:
    """How the hand came to hold what it holds: it took it from somewhere."""
    seen = picture.surface(world.regions["counter"], LEVEL_M, CELL_M).shown
    if not seen:
        return ()
    point = seen[int(rng.integers(len(seen)))]
    return ((f"grasp({point})", "succeeded", ""),)
