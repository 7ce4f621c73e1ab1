"""Whether a task was done, by predicates over the simulator's state. Import it and every predicate has its word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar

import numpy as np
import pybullet as p
from pydantic import Field

from embodied.geometry import FloatArray
from embodied.judge import Judgement
from sim.evidence import TOUCH_N, Contact, Evidence, watch
from sim.fixtures import FINGER_JOINTS
from sim.goals import Goal, Predicate, Vocabulary, read_goal, register
from sim.scene import Scene
from sim.tables import Fraction, Length, Name
from sim.things import Region, Thing
from sim.world import World

CARRIED_SHARE = 0.5
"""What a thing stands on carries at least half of its weight."""
FLOOR_M = 0.012
"""A contact so near the bottom face of a region is one with the face."""
INSIDE_SHARE = 0.9
"""Of a thing's box, seen from above, what lies in the place that it is in."""
SUNK_M = 0.008
"""The foot of what is in a bowl is at least so far below the rim."""
LIFTED_SHARE = 0.1
"""Of what is held in the air, nothing but the hand carries more than this."""

_THING = ("things",)
_PLACE = ("places", "things")


def judge(world: World, goal: dict[str, Any]) -> Judgement:
    """Whether ``goal`` holds, with the answer of each of its parts.

    Half a second passes in the world, to see what is at rest: judge at the end of an episode.

    Raises:
        SceneError: If the goal is no goal in this scene.
    """
    asked = check_goal(world.scene, goal)
    evidence = watch(world)
    return Judgement(asked.holds(evidence), tuple(asked.trace(evidence)))


def check_goal(scene: Scene, goal: dict[str, Any]) -> Goal:
    """The goal that a task states, checked against the names of ``scene``; needs no world.

    Raises:
        SceneError: Names the field, its value and what would be valid.
    """
    return read_goal(goal, Vocabulary.of(scene))


class Held(Predicate):
    """The thing is between the fingers, and nothing else carries it."""

    word: ClassVar[str] = "held"
    names: ClassVar[dict[str, tuple[str, ...]]] = {"thing": _THING}
    thing: Name

    def holds(self, evidence: Evidence) -> bool:
        """Whether both fingers press on it, and on nothing below it does it stand."""
        carried = evidence.carried_share(self.thing, lambda contact: not evidence.by_robot(contact))
        pressed = all(self._pressed_by(evidence, finger) for finger in FINGER_JOINTS)
        return pressed and carried < LIFTED_SHARE and self.thing in evidence.resting_things

    def _pressed_by(self, evidence: Evidence, finger: int) -> bool:
        def counts(contact: Contact) -> bool:
            return evidence.by_robot(contact) and contact.link == finger

        return evidence.force_n(self.thing, counts) > TOUCH_N


class On(Predicate):
    """The thing stands or lies on a surface or on another thing, let go, at rest."""

    word: ClassVar[str] = "on"
    names: ClassVar[dict[str, tuple[str, ...]]] = {"thing": _THING, "place": _PLACE}
    thing: Name
    place: Name

    def holds(self, evidence: Evidence) -> bool:
        """Whether the place itself carries most of its weight."""
        if not evidence.left_alone(self.thing):
            return False
        region = evidence.world.regions.get(self.place)
        if region is None:
            return _stands_on_thing(evidence, self.thing, evidence.world.objects[self.place])
        inside = region.contains(evidence.world.objects[self.thing].pose_in_world.translation_m)
        return inside and evidence.carried_share(self.thing, _on_floor_of(region)) >= CARRIED_SHARE


class In(Predicate):
    """The thing is inside a place or in another thing, let go, at rest."""

    word: ClassVar[str] = "in"
    names: ClassVar[dict[str, tuple[str, ...]]] = {"thing": _THING, "place": _PLACE}
    thing: Name
    place: Name

    def holds(self, evidence: Evidence) -> bool:
        """Whether its middle and nearly all of it, seen from above, are in the place."""
        if not evidence.left_alone(self.thing):
            return False
        thing, region = evidence.world.objects[self.thing], evidence.world.regions.get(self.place)
        if region is None:
            return _lies_in_thing(evidence, thing, evidence.world.objects[self.place])
        box = np.array([region.low_m, region.high_m])
        p_LS = region.pose_in_world.inverse() @ _samples(thing)
        middle = region.contains(thing.pose_in_world.translation_m)
        return middle and _share_within(p_LS, box) >= INSIDE_SHARE


class Open(Predicate):
    """A drawer or a door is open by at least a share of its travel, at rest."""

    word: ClassVar[str] = "open"
    names: ClassVar[dict[str, tuple[str, ...]]] = {"joint": ("joints",)}
    joint: Name
    share: Annotated[Fraction, Field(gt=0.0)] = 0.6

    def holds(self, evidence: Evidence) -> bool:
        """Whether its joint says so."""
        joint = evidence.world.joints[self.joint]
        return self.joint in evidence.resting_joints and joint.position >= self.share * joint.upper


class Closed(Predicate):
    """A drawer or a door is open by at most a share of its travel, at rest."""

    word: ClassVar[str] = "closed"
    names: ClassVar[dict[str, tuple[str, ...]]] = {"joint": ("joints",)}
    joint: Name
    share: Fraction = 0.03

    def holds(self, evidence: Evidence) -> bool:
        """Whether its joint says so."""
        joint = evidence.world.joints[self.joint]
        return self.joint in evidence.resting_joints and joint.position <= self.share * joint.upper


class Pressed(Predicate):
    """A button has clicked since the episode began."""

    word: ClassVar[str] = "pressed"
    names: ClassVar[dict[str, tuple[str, ...]]] = {"button": ("buttons",)}
    button: Name

    def holds(self, evidence: Evidence) -> bool:
        """Whether it was counted."""
        return evidence.world.presses[self.button] > 0


class Upright(Predicate):
    """The thing stands as it was made to stand, let go, at rest."""

    word: ClassVar[str] = "upright"
    names: ClassVar[dict[str, tuple[str, ...]]] = {"thing": _THING}
    thing: Name
    within_deg: Annotated[float, Field(gt=0.0, le=90.0)] = 15.0

    def holds(self, evidence: Evidence) -> bool:
        """Whether its own vertical is the world's, nearly."""
        up = evidence.world.objects[self.thing].pose_in_world.rotation[2, 2]
        return evidence.left_alone(self.thing) and bool(up >= np.cos(np.deg2rad(self.within_deg)))


class NextTo(Predicate):
    """Two things stand beside each other with a small gap, neither on the other, both let go, at rest."""

    word: ClassVar[str] = "next_to"
    names: ClassVar[dict[str, tuple[str, ...]]] = {"thing": _THING, "other": _THING}
    thing: Name
    other: Name
    within_m: Length = 0.08

    def holds(self, evidence: Evidence) -> bool:
        """Whether their surfaces come so near."""
        one, other = (evidence.world.objects[name] for name in (self.thing, self.other))
        if self.thing == self.other or not all(map(evidence.left_alone, (self.thing, self.other))):
            return False
        stacked = _carries(evidence, one, other) or _carries(evidence, other, one)
        near = p.getClosestPoints(one.body, other.body, self.within_m, physicsClientId=one.client)
        return bool(near) and not stacked


PREDICATES: tuple[type[Predicate], ...] = (Held, On, In, Open, Closed, Pressed, Upright, NextTo)
"""Every predicate."""
for _predicate in PREDICATES:
    register(_predicate.word, _predicate.read)


def _on_floor_of(region: Region) -> Callable[[Contact], bool]:
    X_WL = region.pose_in_world

    def counts(contact: Contact) -> bool:
        p_LP = X_WL.inverse() @ np.array(contact.point_in_world_m)
        same = (contact.body, contact.link) == (region.body, region.link)
        return same and abs(float(p_LP[2]) - region.low_m[2]) < FLOOR_M

    return counts


def _carries(evidence: Evidence, below: Thing, above: Thing) -> bool:
    return evidence.carried_share(above.name, lambda contact: contact.body == below.body) > LIFTED_SHARE


def _stands_on_thing(evidence: Evidence, thing: str, place: Thing) -> bool:
    return evidence.carried_share(thing, lambda contact: contact.body == place.body) >= CARRIED_SHARE


def _lies_in_thing(evidence: Evidence, thing: Thing, place: Thing) -> bool:
    p_OS = place.pose_in_world.inverse() @ _samples(thing)
    p_OM = place.pose_in_world.inverse() @ thing.pose_in_world.translation_m
    low, high = np.array(place.low_m), np.array(place.high_m)
    over = bool(((p_OM > low) & (p_OM < high))[:2].all()) and float(p_OM[2]) > low[2]
    sunk = float(p_OS[:, 2].min()) < place.high_m[2] - SUNK_M
    return over and sunk and _stands_on_thing(evidence, thing.name, place)


def _samples(thing: Thing) -> FloatArray:
    """(27, 3) points spread over the thing's box, in the world."""
    axes = [np.linspace(low, high, 3) for low, high in zip(thing.low_m, thing.high_m, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    return np.asarray(thing.pose_in_world @ grid)


def _share_within(points: FloatArray, box: FloatArray) -> float:
    """Which share of the points lies in the box, seen from above."""
    inside = (points[:, :2] >= box[0, :2]) & (points[:, :2] <= box[1, :2])
    return float(inside.all(axis=1).mean())
