"""What could be asked for in a state of the kitchen, as goals, and how often. Ground truth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.bearings import Direction
from sim.changes import Slid
from sim.mechanisms import Closed, Open, Pressed
from sim.relations import Behind, InFrontOf, LeftOf, NextTo, RightOf
from sim.teaching.refusals import absent, dangerous, harmless, unfit
from sim.teaching.scattering import BLOCKS
from sim.teaching.wishing import FLAT, HOLLOW, Wish, Wishing, narrow
from sim.things import FurnitureJoint, Thing
from sim.whereabouts import Held, In, On

SLIDING = ("plate", "cutting_board")
BESIDE_CROCKERY_SHARE = 0.3
"""So often something is put beside what could also bear it."""
BESIDE: dict[str, type[NextTo | LeftOf | RightOf | InFrontOf | Behind]] = {
    "next_to": NextTo,
    "left_of": LeftOf,
    "right_of": RightOf,
    "in_front_of": InFrontOf,
    "behind": Behind,
}


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
    things = [thing for thing in map(now.world.objects.__getitem__, inside) if narrow(thing)]
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
    others = [each for each in now.world.objects.values() if each is not thing]
    crockery = now.of((*FLAT, *HOLLOW), thing) if now.rng.random() < BESIDE_CROCKERY_SHARE else None
    other = crockery or now.pick(others)
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
    "dangerous": (0.8, dangerous),
    "harmless": (0.8, harmless),
    "unfit": (0.5, unfit),
    "absent": (1.2, absent),
}
"""For each sort of wish how often it is drawn, and how."""


def draw_wish(now: Wishing) -> Wish | None:
    """One that may be taught; ``None`` if the one that was drawn may not, or there is none of its sort."""
    sorts = _WHEN_PULLING if now.grip.joint is not None else _WHEN_HELD if now.held is not None else _WISHES
    names = list(sorts)
    weights = np.array([sorts[name][0] for name in names])
    wish = sorts[str(now.rng.choice(names, p=weights / weights.sum()))][1](now)
    return None if wish is None or (wish.goal is not None and now.is_held_back(wish.goal)) else wish
