"""What the oracle works on next: which parts of a goal do not hold yet, and which of them comes first. Ground truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sim.changes import Undisturbed
from sim.composing import Count, Either, Every, Not
from sim.course import Initially, Refused, Then
from sim.evidence import Evidence
from sim.goals import Goal
from sim.mechanisms import Closed
from sim.things import FurnitureJoint, Region
from sim.whereabouts import Held, In, On, Upright
from sim.world import World


def pending(goal: Goal, evidence: Evidence) -> list[Goal]:
    """The parts that have to be worked on, in the order in which ``goal`` states them; none if it holds."""
    if isinstance(goal, Undisturbed) or goal.holds(evidence):
        return []  # what was disturbed by accident is left as it is
    match goal:
        case Every():
            return [each for part in goal.each for each in pending(part, evidence)]
        case Either():
            return pending(next((part for part in goal.each if possible(part, evidence)), goal.each[0]), evidence)
        case Not():
            opposite = _opposite(goal.part)
            return [goal] if opposite is None else pending(opposite, evidence)
        case Count():
            return _uncounted(goal, evidence)
        case Then():
            return _next_in_order(goal, evidence)
    return [goal]


def possible(goal: Goal, evidence: Evidence) -> bool:
    """Whether ``goal`` can still be brought about: how the episode began cannot be changed."""
    match goal:
        case Initially():
            return goal.holds(evidence)
        case Every() | Then():
            return all(possible(part, evidence) for part in goal.each)
        case Either():
            return any(possible(part, evidence) for part in goal.each)
        case Not():
            opposite = _opposite(goal.part)
            settled = isinstance(goal.part, Initially)
            return goal.holds(evidence) if settled else opposite is None or possible(opposite, evidence)
        case Count():
            return sum(possible(part, evidence) for part in goal.each) >= goal.at_least
    return True


def first(parts: Sequence[Goal], world: World, held: str | None) -> Goal:
    """Which of the pending ``parts`` comes first, with the thing called ``held`` in the hand."""

    def key(part: Goal) -> tuple[bool, int, int]:
        return held is None or _thing(part) != held, _turn(part, parts, world), _storey(part, parts)

    return min(parts, key=key)


def _opposite(goal: Goal) -> Goal | None:
    """What holds if and only if ``goal`` does not, put together from smaller parts; ``None`` where there is no such."""
    match goal:
        case Every():
            return Either(tuple(map(Not, goal.each)))
        case Either():
            return Every(tuple(map(Not, goal.each)))
        case Not():
            return goal.part
    return None


def _uncounted(goal: Count, evidence: Evidence) -> list[Goal]:
    """So many of the parts as are missing, or the opposites of so many as are too many."""
    number = goal.number(evidence)
    missing = [part for part in goal.each if not part.holds(evidence) and possible(part, evidence)]
    surplus = [Not(part) for part in goal.each if part.holds(evidence)]
    wanted = missing[: goal.at_least - number] if number < goal.at_least else surplus[goal.at_most :]
    return [each for part in wanted for each in pending(part, evidence)]


def _next_in_order(goal: Then, evidence: Evidence) -> list[Goal]:
    """The next part; its opposite first if it holds already, as it must come about after the others."""
    part = goal.each[min(goal.done(evidence), len(goal.each) - 1)]
    return pending(Not(part) if part.holds(evidence) else part, evidence)


def _turn(part: Goal, parts: Sequence[Goal], world: World) -> int:
    """What is shut comes first, or last if something else has to be done behind it; then comes what ends an episode."""
    if isinstance(part, Closed):
        regions = shut_by(world.joints[part.joint], world)
        return 2 if any(_happens_in(region, other, world) for region in regions for other in parts) else 0
    return 4 if isinstance(part, Refused) else 3 if isinstance(part, Held | Upright) else 1


def _happens_in(region: Region, part: Goal, world: World) -> bool:
    """Whether a part of a goal is about something that is in a place, or is to come there."""
    thing = world.objects.get(_thing(part) or "")
    return _place(part) == region.name or (thing is not None and region.contains(thing.pose_in_world.translation_m))


def _storey(part: Goal, parts: Sequence[Goal]) -> int:
    """How many of the other parts come before: what something is to stand on, or beside, is put in its place first."""
    below, count = _place(part), 0
    while below is not None and count < len(parts):
        below = next((_place(each) for each in parts if _thing(each) == below), None)
        count += below is not None
    return count


def guests(place: str, goal: Goal) -> int:
    """How many things ``goal`` wants on or in ``place``."""
    return len({part.thing for part in _wanted(goal) if isinstance(part, On | In) and part.place == place})


def _wanted(goal: Goal) -> Iterator[Goal]:
    """The goal and its parts, but for those that must not hold."""
    if not isinstance(goal, Not):
        yield goal
        for part in goal.parts:
            yield from _wanted(part)


def shut_by(joint: FurnitureJoint, world: World) -> list[Region]:
    """The places that a drawer or door closes."""
    return [region for region in world.regions.values() if shuts(joint, region)]


def shuts(joint: FurnitureJoint, region: Region) -> bool:
    """Whether a drawer or door closes a place."""
    return (joint.body, joint.index) == (region.body, region.link) or joint.name == f"{region.name}_door"


def _thing(part: Goal) -> str | None:
    """Name of the thing that a part of a goal is about."""
    return getattr(part.part if isinstance(part, Not) else part, "thing", None)


def _place(part: Goal) -> str | None:
    """Name of what the thing is to be on, in or beside."""
    return getattr(part, "place", None) or getattr(part, "other", None)
