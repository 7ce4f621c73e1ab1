"""How the oracle brings about each kind of goal: the next command towards it. Ground truth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from embodied.commands import Approach, Done, Grasp, ImagePoint, Move, Refuse
from embodied.geometry import FloatArray
from sim.changes import Back, Slid
from sim.composing import Not
from sim.course import Refused
from sim.goals import Goal
from sim.mechanisms import Closed, Open, Pressed
from sim.pushing import push
from sim.relations import Behind, InFrontOf, LeftOf, NextTo, RightOf
from sim.situation import Situation, displaced, floor_of
from sim.spots import (
    CELL_M,
    LEVEL_M,
    Fit,
    anywhere,
    away_from,
    beside,
    near_to,
    not_before,
    sided,
    slid_from,
    spot_in,
    spot_on,
)
from sim.things import FurnitureJoint, Region, Thing
from sim.whereabouts import Held, In, On, Upright

OPENED_SHARE = 0.98
"""How far the oracle opens a drawer or door."""
ASIDE = ("work_area", "sink", "counter")
"""Where things are put that must be out of the way: the first of these places that will do."""
APART_M = 0.12
"""What shall not be beside another thing is put further away than this."""
BACK_M = 0.045
"""What is put back comes nearer than this to where it was."""
SHORTER = (1.0, 0.9, 0.8, 0.6, 0.4)
"""Shares of a motion to try while its end lies out of sight."""
ASTRAY_M = 0.05
"""A drawer or door follows its joint: a motion may be told to end so far beside it."""
LITTLE_M = 0.03
"""The end of a motion shorter than this lies at the surface that moves."""
PUSHES = 2
"""What could not be pushed so often is carried."""
REGRASP = 3
"""What could not be put where it should go is put aside at every so many tries, and taken in another way."""
TOO_OFTEN = 3
"""What could not be taken so often may be hemmed in by what stands beside it."""
HEMMED_IN_M = 0.03

T = TypeVar("T")
Command = Approach | Grasp | Move | Done | Refuse
Sided = LeftOf | RightOf | InFrontOf | Behind


def pursue(wanted: Goal, now: Situation) -> Command:
    """The next command towards a goal that does not hold."""
    tactic = _TACTICS.get(type(wanted))
    return tactic(wanted, now) if tactic else _give_up(wanted)


def empty_hand(now: Situation) -> Command:
    """Put aside what is held; let go of a handle where it is."""
    joint, thing = now.held_joint, now.held_thing
    if joint is not None:
        return Move(start=now.picture.handle(joint), end=now.picture.handle(joint))
    return _let_go(now) if thing is None else _put(thing, now.world.regions[ASIDE[0]], now)


def wait(restless: Thing, now: Situation) -> Command:
    """Let time pass until a thing has come to rest: go and look where there is nothing."""
    point = spot_on(restless, now.world.regions[ASIDE[0]], now)
    return Done() if point is None else Approach(at=point)


def _let_go(now: Situation) -> Command:
    """Open a hand that the robot takes for full, with nothing between its fingers but air or furniture."""
    point = now.picture.surface(now.world.regions[ASIDE[0]], LEVEL_M, CELL_M).shown[0]
    return Move(start=point, end=point)


def _give_up(wanted: Goal) -> Command:
    return Refuse(reason=f"I do not know how to bring about {wanted}"[:200])


def _avoid(wanted: Not, now: Situation) -> Command:
    part = wanted.part
    match part:
        case Open():
            return _close(now.world.joints[part.joint], now)
        case Closed():
            return _open(now.world.joints[part.joint], now)
        case On() | In():
            return _put(now.world.objects[part.thing], _elsewhere(part.place, now), now)
        case Held():
            return _put(now.world.objects[part.thing], now.world.regions[ASIDE[0]], now)
        case NextTo() | LeftOf() | RightOf() | InFrontOf() | Behind():
            fit = away_from(now.world.objects[part.other], part.within_m + APART_M, now)
            return _put(now.world.objects[part.thing], now.world.regions[ASIDE[0]], now, fit)
    return _give_up(wanted)


def _elsewhere(place: str, now: Situation) -> Region:
    """A place to put things aside that is no part of ``place``."""
    region, others = now.world.regions.get(place), [now.world.regions[name] for name in ASIDE]
    return next(each for each in others if region is None or not region.contains(floor_of(each)))


def _put_where_wanted(wanted: On | In, now: Situation) -> Command:
    place = now.world.regions.get(wanted.place) or now.world.objects[wanted.place]
    return _put(now.world.objects[wanted.thing], place, now)


def _put_beside(wanted: NextTo, now: Situation) -> Command:
    thing, other = (now.world.objects[name] for name in (wanted.thing, wanted.other))
    return _put(thing, _place_around(other, now), now, beside(thing, other, wanted.within_m, now))


def _put_on_side(wanted: Sided, now: Situation) -> Command:
    thing, other = (now.world.objects[name] for name in (wanted.thing, wanted.other))
    fit = sided(thing, other, wanted.direction, wanted.within_m, now)
    return _put(thing, _place_around(other, now), now, fit)


def _place_around(other: Thing, now: Situation) -> Region:
    return now.region_around(other.pose_in_world.translation_m) or now.world.regions[ASIDE[0]]


def _put_back(wanted: Back, now: Situation) -> Command:
    thing, berth = now.world.objects[wanted.thing], now.world.start.things[wanted.thing]
    at = berth.now(now.world.client).translation_m
    region = now.region_around(at) or now.world.regions[ASIDE[0]]
    return _put(thing, region, now, near_to(at, BACK_M))


def _slide_along(wanted: Slid, now: Situation) -> Command:
    """Push it; carry it if that was in vain, or if it is held already."""
    thing = now.world.objects[wanted.thing]
    if not now.hand_full and now.tries.another(f"slide {thing.name}") < PUSHES:
        pushed = push(thing, wanted, now)
        if pushed is not None:
            return pushed
    at = now.world.start.things[thing.name].now(now.world.client).translation_m
    region = now.region_around(at) or now.world.regions[ASIDE[0]]
    return _put(thing, region, now, slid_from(at, wanted.direction, wanted.at_least_m, now))


def _put(thing: Thing, place: Region | Thing, now: Situation, fit: Fit = anywhere) -> Command:
    """Bring ``thing`` to ``place``, opening on the way what is closed."""
    lid = now.lid_of(place) if isinstance(place, Region) else now.lid_over(place)
    if lid is not None:
        return _open(lid, now)
    if now.held_thing is not thing or not now.hand_full:
        return _take(thing, now)
    end = None
    if (now.tries.another(f"put {thing.name}") + 1) % REGRASP:
        end = spot_on(thing, place, now, fit) if isinstance(place, Region) else spot_in(thing, place, now)
    if end is None:  # to be taken in another way, or for the arm to hide what it hides no longer
        target_W = floor_of(place) if isinstance(place, Region) else place.pose_in_world.translation_m
        end = spot_on(thing, now.world.regions[ASIDE[0]], now, not_before(target_W, now))
    if end is None:
        return Refuse(reason=f"there is no free place in sight for {thing.name}")
    return Move(start=now.picture.thing(thing), end=end)


def _take(thing: Thing, now: Situation, instead_of: tuple[Thing, ...] = ()) -> Command:
    """Take ``thing``, or first what is in the way; not what was to be taken in the first place."""
    if lid := now.lid_over(thing):
        return _open(lid, now)
    if now.hand_full:
        return empty_hand(now)
    if roof := now.roof_over(thing.pose_in_world.translation_m):
        return _close(roof, now)
    wanted = (*instead_of, thing)
    obstacle = now.carried_by(thing) or _hemming_in(thing, now)
    if obstacle is not None and obstacle not in wanted:
        return _take(obstacle, now, wanted)
    return Grasp(at=_another_point(f"grasp {thing.name}", now.picture.thing, thing, now))


def _hemming_in(thing: Thing, now: Situation) -> Thing | None:
    """What stands so close to a thing that could not be taken that it may be why."""
    if now.tries.count(f"grasp {thing.name}") < TOO_OFTEN:
        return None
    close = now.neighbours(thing, HEMMED_IN_M)
    return next((each for each in close if now.tries.count(f"grasp {each.name}") < TOO_OFTEN), None)


def _open(joint: FurnitureJoint, now: Situation) -> Command:
    if now.hand_full:
        return _slide(joint, OPENED_SHARE, now) if now.held_joint is joint else empty_hand(now)
    return Grasp(at=_another_point(f"grasp {joint.name}", now.picture.handle, joint, now))


def _close(joint: FurnitureJoint, now: Situation) -> Command:
    if now.hand_full:
        return _slide(joint, 0.0, now) if now.held_joint is joint else empty_hand(now)
    return _along(joint, _another_point(f"push {joint.name}", now.picture.front, joint, now), 0.0, now)


def _press(button: FurnitureJoint, now: Situation) -> Command:
    """Both points of the move on the button: a press."""
    if now.hand_full:
        return empty_hand(now)
    point = _another_point(f"press {button.name}", now.picture.handle, button, now)
    return Move(start=point, end=point)


def _another_point(what: str, point_of: Callable[[T, FloatArray], ImagePoint], target: T, now: Situation) -> ImagePoint:
    """A point of ``target``, away from those that were tried before."""
    point = point_of(target, now.tries.points(what))
    now.tries.another(what)
    now.tries.note(what, now.picture.lift(point))
    return point


def _slide(joint: FurnitureJoint, share: float, now: Situation) -> Command:
    return _along(joint, now.picture.handle(joint), share, now)


def _along(joint: FurnitureJoint, start: ImagePoint, share: float, now: Situation) -> Command:
    """Move a point of a drawer or door to where its joint takes it."""
    begin = now.picture.lift(start)
    travel = share * joint.upper - joint.position
    targets = (displaced(joint, begin, joint.position + part * travel) for part in SHORTER)
    ends = (now.picture.free(target, target - begin, ASTRAY_M) for target in targets)
    end = next((each for each in ends if each is not None and now.allowed(now.picture.lift(each))), None)
    little = np.linalg.norm(displaced(joint, begin, joint.position + travel) - begin) < LITTLE_M
    if end is None and (little or now.held_joint is joint):
        end = start  # a press, deep enough for the rest of the way; or the handle is let go, to be moved in another way
    return Refuse(reason=f"{joint.name} would move out of sight") if end is None else Move(start=start, end=end)


_TACTICS: dict[type[Goal], Callable[[Any, Situation], Command]] = {
    On: _put_where_wanted,
    In: _put_where_wanted,
    NextTo: _put_beside,
    LeftOf: _put_on_side,
    RightOf: _put_on_side,
    InFrontOf: _put_on_side,
    Behind: _put_on_side,
    Back: _put_back,
    Slid: _slide_along,
    Held: lambda wanted, now: _take(now.world.objects[wanted.thing], now),
    Open: lambda wanted, now: _open(now.world.joints[wanted.joint], now),
    Closed: lambda wanted, now: _close(now.world.joints[wanted.joint], now),
    Pressed: lambda wanted, now: _press(now.world.joints[wanted.button], now),
    Upright: lambda wanted, now: _put(now.world.objects[wanted.thing], now.world.regions[ASIDE[0]], now),
    Refused: lambda wanted, now: Refuse(reason="what is asked for cannot be done here, or is dangerous"),
    Not: _avoid,
}
"""How to bring about each kind of goal."""
