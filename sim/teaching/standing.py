"""What holds already in a state of the kitchen, as wishes that came true. Ground truth."""

from __future__ import annotations

from collections.abc import Iterator

from sim.evidence import Evidence
from sim.mechanisms import Closed, Open
from sim.teaching.scattering import BLOCKS
from sim.teaching.wishes import BESIDE
from sim.teaching.wishing import FLAT, HOLLOW, Wish, Wishing, is_hollow, narrow, open_drawers
from sim.things import Thing
from sim.whereabouts import In, On


def draw_standing(now: Wishing, evidence: Evidence) -> Wish | None:
    """A wish that nothing is left to do for, and that may be taught; ``None`` if the one that was drawn is none."""
    if now.rng.random() < 0.2:
        wish = _joint(now)
    else:
        thing = now.pick([thing for thing in now.world.objects.values() if narrow(thing) and thing is not now.held])
        wishes = [] if thing is None else list(_of_thing(thing, now))
        wish = wishes[int(now.rng.integers(len(wishes)))] if wishes else None
    if wish is None or wish.goal is None or now.is_held_back(wish.goal) or not wish.goal.holds(evidence):
        return None
    return wish


def draw_upset(now: Wishing) -> Wish | None:
    """A stack the other way round, or with a thing beside what it is on: what stands is not yet what is wanted."""
    stacks = [
        (name, place)
        for name, place in now.places.items()
        if place is not None and {name, place} <= now.visible and _are_blocks(now, name, place)
    ]
    if not stacks:
        return None
    above, below = stacks[int(now.rng.integers(len(stacks)))]
    wish = Wish("stack", On(thing=below, place=above), {"thing": below, "place": above})
    return None if wish.goal is None or now.is_held_back(wish.goal) else wish


def _are_blocks(now: Wishing, *names: str) -> bool:
    things = map(now.world.objects.get, names)
    return all(thing is not None and thing.kind_name in BLOCKS for thing in things)


def _joint(now: Wishing) -> Wish | None:
    joints = [each for each in now.world.joints.values() if not each.springs_back and each.handle_name in now.visible]
    if not joints or now.grip.joint is not None:
        return None
    joint = joints[int(now.rng.integers(len(joints)))]
    if joint.position > 0.5 * joint.upper:
        return Wish("open", Open(joint=joint.name), {"joint": joint.name})
    return Wish("closed", Closed(joint=joint.name), {"joint": joint.name})


def _of_thing(thing: Thing, now: Wishing) -> Iterator[Wish]:
    """What could be said of where ``thing`` is."""
    place = now.places.get(thing.name) or ""
    if place in now.world.objects:
        if place in now.visible:
            yield from _on_or_in(thing, now.world.objects[place])
    elif place in now.world.joints:
        yield Wish("in", In(thing=thing.name, place=place), {"thing": thing.name, "place": place})
    elif place == "counter":
        yield from _beside(thing, now)
        yield from _taken_away(thing, now)


def _on_or_in(thing: Thing, below: Thing) -> Iterator[Wish]:
    roles = {"thing": thing.name, "place": below.name}
    if below.kind_name in HOLLOW:
        yield Wish("in", In(**roles), roles)
    if below.kind_name in FLAT:
        yield Wish("on", On(**roles), roles)
    if {below.kind_name, thing.kind_name} <= set(BLOCKS):
        yield Wish("stack", On(**roles), roles)
    if (thing.kind_name, below.kind_name) == ("lid", "pan"):
        yield Wish("cover", On(**roles), roles)


def _beside(thing: Thing, now: Wishing) -> Iterator[Wish]:
    for other in now.world.objects.values():
        if other is not thing and other.name in now.visible and now.places.get(other.name) == "counter":
            word = str(now.rng.choice(list(BESIDE)))
            yield Wish(
                word, BESIDE[word](thing=thing.name, other=other.name), {"thing": thing.name, "other": other.name}
            )


def _taken_away(thing: Thing, now: Wishing) -> Iterator[Wish]:
    """Out of a drawer that is open, or off or out of another thing."""
    goal = On(thing=thing.name, place="counter")
    for place in places_to_leave(now):
        yield Wish("out" if is_hollow(place, now.world) else "off", goal, {"thing": thing.name, "place": place})


def places_to_leave(now: Wishing) -> list[str]:
    """Names of open drawers, and of what things lie on or in, as far as they are seen."""
    bearers = [
        thing.name
        for thing in now.world.objects.values()
        if thing.kind_name in (*FLAT, *HOLLOW) and thing.name in now.visible and thing is not now.held
    ]
    return [*open_drawers(now.world), *bearers]
