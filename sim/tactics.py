"""How the oracle brings about each kind of goal: the next command towards it. Ground truth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from embodied.commands import Done, Grasp, ImagePoint, Move, Refuse
from sim.composing import Not
from sim.goals import Goal
from sim.mechanisms import Closed, Open, Pressed
from sim.relations import NextTo
from sim.situation import Situation, displaced
from sim.spots import CELL_M, LEVEL_M, beside, spot_in, spot_on
from sim.things import FurnitureJoint, Region, Thing
from sim.whereabouts import Held, In, On

OPENED_SHARE = 0.98
"""How far the oracle opens a drawer or door."""
ASIDE = "work_area"
"""Where things are put that must be out of the way."""
SHORTER = (1.0, 0.9, 0.8, 0.6, 0.4)
"""Shares of a motion to try while its end lies out of sight."""
ASTRAY_M = 0.05
"""A drawer or door follows its joint: a motion may be told to end so far beside it."""

Command = Grasp | Move | Done | Refuse


def pursue(wanted: Goal, now: Situation) -> Command:
    """The next command towards a goal that does not hold."""
    tactic = _TACTICS.get(type(wanted))
    return tactic(wanted, now) if tactic else Refuse(reason=f"I do not know how to bring about {wanted}"[:200])


def _avoid(wanted: Not, now: Situation) -> Command:
    part = wanted.part
    match part:
        case Open():
            return _close(now.world.joints[part.joint], now)
        case Closed():
            return _open(now.world.joints[part.joint], now)
        case On() | In() | Held():
            return _put(now.world.objects[part.thing], now.world.regions[ASIDE], now)
    return Refuse(reason=f"I do not know how to bring about {wanted}"[:200])


def _put_where_wanted(wanted: On | In, now: Situation) -> Command:
    place = now.world.regions.get(wanted.place) or now.world.objects[wanted.place]
    return _put(now.world.objects[wanted.thing], place, now)


def _put_beside(wanted: NextTo, now: Situation) -> Command:
    thing, other = (now.world.objects[name] for name in (wanted.thing, wanted.other))
    if now.held_thing is not thing:
        return _take(thing, now)
    region = now.region_around(other) or now.world.regions[ASIDE]
    return _carry(thing, spot_on(thing, region, now, beside(thing, other, wanted.within_m, now)), now)


def _put(thing: Thing, place: Region | Thing, now: Situation) -> Command:
    """Bring ``thing`` to ``place``, opening on the way what is closed."""
    lid = now.lid_of(place) if isinstance(place, Region) else now.lid_over(place)
    if lid is not None:
        return _open(lid, now)
    if now.hand_full and now.held_thing is thing:
        return _carry(
            thing, spot_on(thing, place, now) if isinstance(place, Region) else spot_in(thing, place, now), now
        )
    return _take(thing, now)


def _take(thing: Thing, now: Situation) -> Command:
    if now.hand_full:
        return empty_hand(now)
    lid = now.lid_over(thing)
    if lid is not None:
        return _open(lid, now)
    return Grasp(at=now.picture.thing(thing, now.tries.another(f"grasp {thing.name}")))


def _carry(thing: Thing, end: ImagePoint | None, now: Situation) -> Command:
    if end is None:
        return Refuse(reason=f"there is no free place in sight for {thing.name}")
    return Move(start=now.picture.thing(thing), end=end)


def empty_hand(now: Situation) -> Command:
    """Put aside what is held; let go of a handle where it is wanted most: open."""
    joint, thing = now.held_joint, now.held_thing
    if joint is not None:
        return _slide(joint, OPENED_SHARE, now)
    if thing is None:
        return _let_go(now)
    return _carry(thing, spot_on(thing, now.world.regions[ASIDE], now), now)


def _let_go(now: Situation) -> Command:
    """Open a hand that the robot takes for full, with nothing between its fingers but air or furniture."""
    point = now.picture.surface(now.world.regions[ASIDE], LEVEL_M, CELL_M).shown[0]
    return Move(start=point, end=point)


def _open(joint: FurnitureJoint, now: Situation) -> Command:
    if now.hand_full:
        return _slide(joint, OPENED_SHARE, now) if now.held_joint is joint else empty_hand(now)
    return Grasp(at=now.picture.handle(joint, now.tries.another(f"grasp {joint.name}")))


def _close(joint: FurnitureJoint, now: Situation) -> Command:
    if now.hand_full:
        return _slide(joint, 0.0, now) if now.held_joint is joint else empty_hand(now)
    return _along(joint, now.picture.front(joint, now.tries.another(f"push {joint.name}")), 0.0, now)


def _press(button: FurnitureJoint, now: Situation) -> Command:
    """Both points of the move on the button: a press."""
    point = now.picture.handle(button, now.tries.another(f"press {button.name}"))
    return empty_hand(now) if now.hand_full else Move(start=point, end=point)


def _slide(joint: FurnitureJoint, share: float, now: Situation) -> Command:
    return _along(joint, now.picture.handle(joint), share, now)


def _along(joint: FurnitureJoint, start: ImagePoint, share: float, now: Situation) -> Command:
    """Move a point of a drawer or door to where its joint takes it."""
    begin = now.picture.lift(start)
    travel = share * joint.upper - joint.position
    targets = (displaced(joint, begin, joint.position + part * travel) for part in SHORTER)
    ends = (now.picture.free(target, target - begin, ASTRAY_M) for target in targets)
    end = next((each for each in ends if each is not None), None)
    return Refuse(reason=f"{joint.name} would move out of sight") if end is None else Move(start=start, end=end)


_TACTICS: dict[type[Goal], Callable[[Any, Situation], Command]] = {
    On: _put_where_wanted,
    In: _put_where_wanted,
    NextTo: _put_beside,
    Held: lambda wanted, now: _take(now.world.objects[wanted.thing], now),
    Open: lambda wanted, now: _open(now.world.joints[wanted.joint], now),
    Closed: lambda wanted, now: _close(now.world.joints[wanted.joint], now),
    Pressed: lambda wanted, now: _press(now.world.joints[wanted.button], now),
    Not: _avoid,
}
"""How to bring about each kind of goal."""
