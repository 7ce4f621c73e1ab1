"""The oracle: a planner that reads the simulator to decide which command comes next.

It speaks the same commands in the same image coordinates as any other planner, through the same grounding, guard and
controller, so that it shows what the robot can do. Its tier is ``oracle``, and every figure says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from embodied.commands import Done, Grasp, ImagePoint, Move, Refuse
from embodied.errors import UsageError
from embodied.geometry import FloatArray
from embodied.planner import Planner, Prompt, Reply, Tier
from embodied.registry import PlannerSetup
from sim.composing import Either, Every, Not
from sim.controller import KitchenController
from sim.evidence import Evidence
from sim.goals import Goal
from sim.judges import check_goal
from sim.mechanisms import Closed, Open, Pressed
from sim.pointing import Picture, surface_points
from sim.relations import NextTo
from sim.situation import Situation, displaced, radius_m
from sim.things import FurnitureJoint, Region, Thing
from sim.whereabouts import Held, In, On

OPENED_SHARE = 0.98
"""How far the oracle opens a drawer or door."""
COMFORTABLE_REACH_M = 0.60
"""From the robot's axis, horizontally: there the arm has most ways to put something down."""
MAX_REACH_M = 0.80
"""Further out it has none."""
ENOUGH_ROOM_M = 0.06
"""More room than this around a thing is no better."""
ROOM_WEIGHT = 1.5
"""How much a metre of room counts against a metre from the comfortable reach."""
GAP_M = 0.015
"""Least room around a thing, and to the edge of what it stands on."""
ASIDE = "work_area"
"""Where things are put that must be out of the way."""
SHORTER = (1.0, 0.9, 0.8, 0.6, 0.4)
"""Shares of a motion to try while its end lies out of sight."""
ASTRAY_M = 0.05
"""A drawer or door follows its joint: a motion may be told to end so far beside it."""
SKIPPED_SPOTS = 6
"""Each new try to put something down leaves so many of the best places out."""

Command = Grasp | Move | Done | Refuse


class OraclePlanner(Planner):
    """Says what to do next for the first part of a goal that does not hold."""

    name = "oracle"
    tier: Tier = "oracle"

    def __init__(self, controller: KitchenController, goal: Goal) -> None:
        """Look into the world of ``controller``, which must be connected by the first question."""
        self._controller, self._goal = controller, goal
        self._tried: Counter[str] = Counter()

    def reply(self, prompt: Prompt) -> Reply:
        """The next command, in call form."""
        world = self._controller.world
        picture = Picture.of(world, prompt.observation)
        return Reply(str(choose(self._goal, Situation(world, picture, self._controller.glance(), self._tried))))


def open_planner(setup: PlannerSetup) -> OraclePlanner:
    """The entry point.

    Raises:
        UsageError: If the controller is not the simulated kitchen, there is no task, or its goal is none in the scene.
    """
    if not isinstance(setup.controller, KitchenController):
        raise UsageError("the oracle reads the simulator: it works with the controller 'kitchen' alone")
    if setup.task is None:
        raise UsageError("the oracle needs a task, by name or by one of its phrases: it understands no other words")
    return OraclePlanner(setup.controller, check_goal(setup.controller.world.scene, setup.task.goal))


def choose(goal: Goal, now: Situation) -> Command:
    """The next command towards ``goal``."""
    wanted = unmet(goal, now.evidence)
    if wanted is not None:
        return _pursue(wanted, now)
    held_on_purpose = isinstance(goal, Held) or any(isinstance(part, Held) for part in goal.parts)
    return _empty_hand(now) if now.hand_full and not held_on_purpose else Done()


def unmet(goal: Goal, evidence: Evidence) -> Goal | None:
    """The first part of ``goal`` that has to be worked on; ``None`` if it holds."""
    if goal.holds(evidence):
        return None
    if isinstance(goal, Every | Either):
        return next(part for part in (unmet(part, evidence) for part in goal.parts) if part is not None)
    return goal


def _pursue(wanted: Goal, now: Situation) -> Command:
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
    standing = other.pose_in_world.translation_m
    region = next((each for each in now.world.regions.values() if each.contains(standing)), now.world.regions[ASIDE])
    return _carry(thing, _spot(thing, region, now, beside=other), now)


def _put(thing: Thing, place: Region | Thing, now: Situation) -> Command:
    """Bring ``thing`` to ``place``, opening on the way what is closed."""
    lid = now.lid_of(place) if isinstance(place, Region) else now.lid_over(place)
    if lid is not None:
        return _open(lid, now)
    if now.hand_full and now.held_thing is thing:
        end = _spot(thing, place, now) if isinstance(place, Region) else now.picture.thing(place)
        return _carry(thing, end, now)
    return _take(thing, now)


def _take(thing: Thing, now: Situation) -> Command:
    if now.hand_full:
        return _empty_hand(now)
    lid = now.lid_over(thing)
    if lid is not None:
        return _open(lid, now)
    return Grasp(at=now.picture.thing(thing, now.attempt(f"grasp {thing.name}")))


def _carry(thing: Thing, end: ImagePoint | None, now: Situation) -> Command:
    if end is None:
        return Refuse(reason=f"there is no free place in sight for {thing.name}")
    return Move(start=now.picture.thing(thing), end=end)


def _empty_hand(now: Situation) -> Command:
    """Put aside what is held; let go of a handle where it is wanted most: open."""
    joint, thing = now.held_joint, now.held_thing
    if joint is not None:
        return _slide(joint, OPENED_SHARE, now)
    if thing is None:
        return Refuse(reason="the robot says that it holds something, but nothing is between its fingers")
    return _carry(thing, _spot(thing, now.world.regions[ASIDE], now), now)


def _open(joint: FurnitureJoint, now: Situation) -> Command:
    if now.hand_full:
        return _slide(joint, OPENED_SHARE, now) if now.held_joint is joint else _empty_hand(now)
    return Grasp(at=now.picture.handle(joint, now.attempt(f"grasp {joint.name}")))


def _close(joint: FurnitureJoint, now: Situation) -> Command:
    if now.hand_full:
        return _slide(joint, 0.0, now) if now.held_joint is joint else _empty_hand(now)
    return _along(joint, now.picture.front(joint, now.attempt(f"push {joint.name}")), 0.0, now)


def _press(button: FurnitureJoint, now: Situation) -> Command:
    """Both points of the move on the button: a press."""
    point = now.picture.handle(button, now.attempt(f"press {button.name}"))
    return _empty_hand(now) if now.hand_full else Move(start=point, end=point)


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


def _spot(thing: Thing, region: Region, now: Situation, beside: Thing | None = None) -> ImagePoint | None:
    """A visible place on ``region`` with room for ``thing``, from the best that was not tried yet."""
    spots = []
    for point in surface_points(region, radius_m(thing) + GAP_M):
        seen = now.picture.seen(point) if _reach_m(point, now) < MAX_REACH_M else None
        room_m = now.room_m(point, thing, radius_m(thing) + ENOUGH_ROOM_M) - radius_m(thing) if seen else 0.0
        if seen and room_m > GAP_M:
            spots.append((_cost(point, room_m, beside, now), seen))
    spots.sort(key=lambda spot: spot[0])
    skipped = SKIPPED_SPOTS * now.attempt(f"put {thing.name}")
    return spots[skipped % len(spots)][1] if spots else None


def _cost(p_WP: FloatArray, room_m: float, beside: Thing | None, now: Situation) -> float:
    """How unfit a place is: far from what it should be beside, or else cramped and hard to reach."""
    if beside is not None:
        return float(np.linalg.norm(p_WP - beside.pose_in_world.translation_m))
    return abs(_reach_m(p_WP, now) - COMFORTABLE_REACH_M) - ROOM_WEIGHT * room_m


def _reach_m(p_WP: FloatArray, now: Situation) -> float:
    base = np.array(now.world.scene.kitchen.robot.base_m)
    return float(np.linalg.norm((p_WP - base)[:2]))


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
