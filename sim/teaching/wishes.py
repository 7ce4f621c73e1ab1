"""What could be asked for in a state of the kitchen, as goals. Ground truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from sim.bearings import Direction
from sim.changes import Slid
from sim.evidence import Evidence
from sim.goals import Goal, Predicate
from sim.mechanisms import Closed, Open, Pressed
from sim.relations import Behind, InFrontOf, LeftOf, NextTo, RightOf
from sim.teaching.exclusions import ROLES, held_back
from sim.teaching.hand import Grip
from sim.teaching.labelling import place_of
from sim.things import FurnitureJoint, Thing
from sim.whereabouts import Held, In, On
from sim.world import World

WIDEST_M = 0.074
FLAT = ("plate", "cutting_board", "tray", "book")
HOLLOW = ("bowl", "fruit_bowl", "tray")
BLOCKS = ("wooden_block", "large_block")
SLIDING = ("plate", "cutting_board")
LARGE = ("plate", "cutting_board", "tray", "pan", "fruit_bowl", "bowl", "book", "towel_roll")
NARROW = ("mug", "cup", "wine_glass")
METAL = ("fork", "whisk")
"""Kinds that must not come into a microwave; of others nobody is told whether they must not."""
BURNS = ("cloth", "sponge", "bag", "towel_roll")
"""Kinds that must not come onto a hot stove."""
DANGER, UNFIT, ABSENT = "that is dangerous", "it does not fit", "I see no such thing here"
"""Why something is refused."""
BESIDE: dict[str, type[NextTo | LeftOf | RightOf | InFrontOf | Behind]] = {
    "next_to": NextTo,
    "left_of": LeftOf,
    "right_of": RightOf,
    "in_front_of": InFrontOf,
    "behind": Behind,
}


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
    """Draws wishes.

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

    def draw(self) -> Wish | None:
        """One that may be taught; ``None`` if the one that was drawn may not, or there is none of its sort."""
        sorts = _WHEN_PULLING if self.grip.joint is not None else _WHEN_HELD if self.held is not None else _WISHES
        names = list(sorts)
        weights = np.array([sorts[name][0] for name in names])
        wish = sorts[str(self.rng.choice(names, p=weights / weights.sum()))][1](self)
        return None if wish is None or (wish.goal is not None and self._kept(wish.goal)) else wish

    def pick(self, things: Sequence[Thing]) -> Thing | None:
        """One of them that is seen."""
        seen = [thing for thing in things if thing.name in self.visible]
        return seen[int(self.rng.integers(len(seen)))] if seen else None

    def movable(self) -> Thing | None:
        """What is to be moved: what is held, or what a hand can take."""
        if self.held is not None:
            return self.held
        return self.pick([thing for thing in self.world.objects.values() if _narrow(thing)])

    def of(self, kinds: Sequence[str], apart_from: Thing | None = None) -> Thing | None:
        """One thing of some kinds."""
        things = self.world.objects.values()
        return self.pick([each for each in things if each.kind_name in kinds and each is not apart_from])

    def _kept(self, goal: Goal) -> bool:
        assert isinstance(goal, Predicate)
        names = [getattr(goal, role) for role in ROLES if hasattr(goal, role)]
        kinds = (self.world.objects[name].kind_name if name in self.world.objects else name for name in names)
        return (goal.word, *kinds) in held_back()


def places_of(world: World, evidence: Evidence) -> dict[str, str | None]:
    """What each thing is on or in."""
    return {name: place_of(thing, world, evidence) for name, thing in world.objects.items()}


def _narrow(thing: Thing) -> bool:
    width_m = float(np.subtract(thing.high_m, thing.low_m)[:2].min())
    return thing.kind_name not in LARGE and (width_m < WIDEST_M or thing.kind.grasp_m < WIDEST_M)


def _on(now: Wishing) -> Wish | None:
    thing = now.movable()
    place = now.of(FLAT, thing)
    if thing is None or place is None or thing.kind_name == "lid":
        return None
    return Wish("on", On(thing=thing.name, place=place.name), {"thing": thing.name, "place": place.name})


def _in(now: Wishing) -> Wish | None:
    thing = now.movable()
    place = now.of(HOLLOW, thing)
    if thing is None or place is None or not _fits(thing, place):
        return None
    return Wish("in", In(thing=thing.name, place=place.name), {"thing": thing.name, "place": place.name})


def _into_drawer(now: Wishing) -> Wish | None:
    thing, joint = now.movable(), _joint(now, "prismatic", wanted=now.grip.joint)
    if thing is None or joint is None or joint not in now.world.regions:
        return None
    if now.held is not None and now.world.joints[joint].position < 0.8 * now.world.joints[joint].upper:
        return None
    return Wish("in", In(thing=thing.name, place=joint), {"thing": thing.name, "place": joint})


def _stack(now: Wishing) -> Wish | None:
    thing = now.held if now.held is not None else now.of(BLOCKS)
    place = now.of(BLOCKS, thing)
    if thing is None or place is None or thing.kind_name not in BLOCKS:
        return None
    return Wish("stack", On(thing=thing.name, place=place.name), {"thing": thing.name, "place": place.name})


def _cover(now: Wishing) -> Wish | None:
    thing = now.held if now.held is not None else now.of(("lid",))
    place = now.of(("pan",))
    if thing is None or place is None or thing.kind_name != "lid":
        return None
    return Wish("cover", On(thing=thing.name, place=place.name), {"thing": thing.name, "place": place.name})


def _away(now: Wishing) -> Wish | None:
    """Out of a drawer or bowl, or off what it is on, onto the counter."""
    inside = {name: place for name, place in now.places.items() if place and place != "counter"}
    things = [thing for thing in map(now.world.objects.__getitem__, inside) if _narrow(thing)]
    if not things:
        return None
    thing = things[int(now.rng.integers(len(things)))]
    place, on_thing = inside[thing.name], now.world.objects.get(inside[thing.name])
    hollow = on_thing.kind_name in HOLLOW if on_thing else place in now.world.joints
    if not (hollow or on_thing) or (on_thing and thing.name not in now.visible):
        return None
    roles = {"thing": thing.name, "place": place}
    return Wish("out" if hollow else "off", On(thing=thing.name, place="counter"), roles)


def _beside(now: Wishing) -> Wish | None:
    thing = now.movable()
    other = now.pick([each for each in now.world.objects.values() if each is not thing])
    if thing is None or other is None or now.places.get(other.name) != "counter":
        return None
    word = str(now.rng.choice(list(BESIDE)))
    return Wish(word, BESIDE[word](thing=thing.name, other=other.name), {"thing": thing.name, "other": other.name})


def _open(now: Wishing) -> Wish | None:
    return _opening(_joint(now, wanted=now.grip.joint))


def _open_another(now: Wishing) -> Wish | None:
    """Something else than what the hand is at."""
    return _opening(_joint(now))


def _opening(joint: str | None) -> Wish | None:
    return None if joint is None else Wish("open", Open(joint=joint), {"joint": joint})


def _close(now: Wishing) -> Wish | None:
    opened = now.rng.random() < 0.85
    joint = _joint(now, opened=opened, wanted=now.grip.joint)
    return None if joint is None else Wish("closed", Closed(joint=joint), {"joint": joint})


def _press(now: Wishing) -> Wish | None:
    buttons = [joint.name for joint in now.world.joints.values() if joint.springs_back and joint.name in now.visible]
    return Wish("pressed", Pressed(button=buttons[0]), {"joint": buttons[0]}) if buttons else None


def _slide(now: Wishing) -> Wish | None:
    thing = now.of(SLIDING)
    directions: tuple[Direction, ...] = ("left", "right", "away", "nearer")
    direction = directions[int(now.rng.integers(len(directions)))]
    if thing is None or now.places.get(thing.name) != "counter":
        return None
    return Wish(f"slid_{direction}", Slid(thing=thing.name, direction=direction), {"thing": thing.name})


def _take(now: Wishing) -> Wish | None:
    thing = now.movable()
    return None if thing is None else Wish("held", Held(thing=thing.name), {"thing": thing.name})


def _dangerous(now: Wishing) -> Wish | None:
    """Metal into the microwave; what burns onto the stove, if it is hot."""
    metal, burns = now.of(METAL), now.of(BURNS)
    if metal is not None and (burns is None or now.rng.random() < 0.5):
        return Wish("in", None, {"thing": metal.name, "place": "microwave"}, DANGER)
    if burns is None or not now.world.variation.materials["hotplate"].color == "#ff3b10":
        return None
    return Wish("on", None, {"thing": burns.name, "place": "stove"}, DANGER)


def _harmless(now: Wishing) -> Wish | None:
    """What looks like a danger, and is none: food into the open microwave."""
    thing = now.of(("lemon", "potato", "tomato", "apple", "carrot", "egg", "orange"))
    if thing is None or now.world.joints["microwave_door"].position < 0.8 * now.world.joints["microwave_door"].upper:
        return None
    return Wish("in", In(thing=thing.name, place="microwave"), {"thing": thing.name, "place": "microwave"})


def _unfit(now: Wishing) -> Wish | None:
    thing, place = now.of(LARGE), now.of(NARROW)
    if thing is None or place is None:
        return None
    return Wish("in", None, {"thing": thing.name, "place": place.name}, UNFIT)


def _absent(now: Wishing) -> Wish | None:
    """Something that is nowhere, onto or into something that is there."""
    place = now.of((*FLAT, *HOLLOW))
    if place is None:
        return None
    there = {(thing.kind_name, thing.color) for thing in now.world.objects.values()}
    kinds = sorted(now.world.scene.kinds)
    near = now.rng.random() < 0.5 and there
    kind = sorted(there)[int(now.rng.integers(len(there)))][0] if near else str(now.rng.choice(kinds))
    color = str(now.rng.choice(sorted(now.world.scene.kinds[kind].colors))) if near or now.rng.random() < 0.4 else None
    if any(other == kind and color in (None, shade) for other, shade in there):
        return None
    word = "in" if place.kind_name in HOLLOW else "on"
    return Wish(word, None, {"place": place.name}, ABSENT, (kind, color))


def _fits(thing: Thing, place: Thing) -> bool:
    inner_m = float(np.subtract(place.high_m, place.low_m)[:2].min())
    return float(np.subtract(thing.high_m, thing.low_m)[:2].max()) < 0.9 * inner_m


def _joint(
    now: Wishing, motion: str | None = None, opened: bool | None = None, wanted: FurnitureJoint | None = None
) -> str | None:
    """A drawer or door whose handle is seen, or ``wanted``; one that is open, or not, where that is asked for."""
    joints = [wanted] if wanted else [joint for joint in now.world.joints.values() if not joint.springs_back]
    names = [
        joint.name
        for joint in joints
        if motion in (None, joint.motion)
        and (joint is wanted or joint.handle_name in now.visible)
        and (opened is None or (joint.position > 0.25 * joint.upper) == opened)
    ]
    return names[int(now.rng.integers(len(names)))] if names else None


Sort = tuple[float, Callable[[Wishing], Wish | None]]
_WHEN_HELD: dict[str, Sort] = {
    "on": (3.0, _on),
    "in": (3.0, _in),
    "into_drawer": (1.5, _into_drawer),
    "stack": (2.0, _stack),
    "cover": (2.0, _cover),
    "beside": (3.0, _beside),
}
_WHEN_PULLING: dict[str, Sort] = {
    "open": (4.0, _open),
    "close": (2.0, _close),
    "into_drawer": (3.0, _into_drawer),
    "away": (2.0, _away),
    "another": (0.5, _open_another),
}
_WISHES: dict[str, Sort] = {
    **_WHEN_HELD,
    "take": (1.0, _take),
    "away": (2.0, _away),
    "open": (2.0, _open),
    "close": (2.0, _close),
    "press": (0.7, _press),
    "slide": (1.0, _slide),
    "dangerous": (0.8, _dangerous),
    "harmless": (0.8, _harmless),
    "unfit": (0.5, _unfit),
    "absent": (1.2, _absent),
}
"""For each sort of wish how often it is drawn, and how."""
