"""Wishes, and what they are drawn from: what could be asked for in a state of the kitchen. Ground truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sim.evidence import Evidence
from sim.goals import Goal, Predicate
from sim.mechanisms import Closed
from sim.situation import REACHABLE_SHARE
from sim.teaching.exclusions import ROLES, held_back
from sim.teaching.hand import Grip
from sim.teaching.labelling import place_of
from sim.things import FurnitureJoint, Thing
from sim.world import World

WIDEST_M = 0.074
FLAT = ("plate", "cutting_board", "tray", "book")
HOLLOW = ("bowl", "fruit_bowl", "tray")
LARGE = ("plate", "cutting_board", "tray", "pan", "fruit_bowl", "bowl", "book", "towel_roll")


@dataclass(frozen=True)
class Wish:
    """Something that could be asked for.

    Attributes:
        word: What phrases are found by.
        goal: What is to hold; ``None`` for what is to be refused.
        roles: Names of what it is about, by their part in it.
        refusal: Why it is to be refused.
        absent: Kind and colour of what is asked for and not there.
    """

    word: str
    goal: Goal | None
    roles: dict[str, str] = field(default_factory=dict)
    refusal: str = ""
    absent: tuple[str, str | None] | None = None


@dataclass(frozen=True, eq=False)
class Wishing:
    """What wishes are drawn from.

    Attributes:
        world: What could be otherwise.
        visible: Names of what is plainly seen.
        places: What each thing is on or in.
        grip: What is in the hand, or whose handle.
        rng: Draws them.
    """

    world: World
    visible: frozenset[str]
    places: dict[str, str | None]
    grip: Grip
    rng: np.random.Generator

    @property
    def held(self) -> Thing | None:
        """The thing in the hand."""
        return self.grip.thing

    def pick(self, things: Sequence[Thing]) -> Thing | None:
        """One of them that is seen."""
        seen = [thing for thing in things if thing.name in self.visible]
        return seen[int(self.rng.integers(len(seen)))] if seen else None

    def movable(self) -> Thing | None:
        """What is to be moved: what is held, or what a hand can take."""
        if self.held is not None:
            return self.held
        return self.pick([thing for thing in self.world.objects.values() if narrow(thing)])

    def of(self, kinds: Sequence[str], apart_from: Thing | None = None) -> Thing | None:
        """One thing of some kinds."""
        things = self.world.objects.values()
        return self.pick([each for each in things if each.kind_name in kinds and each is not apart_from])

    def is_held_back(self, goal: Goal) -> bool:
        """Whether only a test may ask for it."""
        assert isinstance(goal, Predicate)
        names = [getattr(goal, role) for role in ROLES if hasattr(goal, role)]
        kinds = (self.world.objects[name].kind_name if name in self.world.objects else name for name in names)
        return (goal.word, *kinds) in held_back()


def shutting(wish: Wish, now: Wishing) -> Wish | None:
    """To shut the drawer or door of another wish; ``None`` if it has none, or a test alone may ask for that."""
    name = wish.roles.get("place") or wish.roles.get("joint", "")
    joint = now.world.joints.get(name)
    if joint is None or joint.springs_back or wish.word == "closed":
        return None
    goal = Closed(joint=name)
    return None if now.is_held_back(goal) else Wish("closed", goal, {"joint": name})


def is_hollow(place: str, world: World) -> bool:
    """Whether things are in it rather than on it: a drawer, or a bowl."""
    thing = world.objects.get(place)
    return thing is None or thing.kind_name in HOLLOW


def open_drawers(world: World) -> list[str]:
    """Names of drawers that a hand gets into."""
    drawers = (joint for joint in world.joints.values() if joint.motion == "prismatic" and joint.name in world.regions)
    return [drawer.name for drawer in drawers if is_open(drawer)]


def is_open(joint: FurnitureJoint) -> bool:
    """Whether a drawer or door is as far open as a hand needs it."""
    return joint.position > REACHABLE_SHARE * joint.upper


def places_of(world: World, evidence: Evidence) -> dict[str, str | None]:
    """What each thing is on or in."""
    return {name: place_of(thing, world, evidence) for name, thing in world.objects.items()}


def narrow(thing: Thing) -> bool:
    """Whether a hand can take it."""
    width_m = float(np.subtract(thing.high_m, thing.low_m)[:2].min())
    return thing.kind_name not in LARGE and (width_m < WIDEST_M or thing.kind.grasp_m < WIDEST_M)
