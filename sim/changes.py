"""What is said of things compared with how the episode began."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from embodied.geometry import FloatArray, Pose
from sim.arrangement import tilt_rad
from sim.bearings import Direction, bearing, towards
from sim.evidence import Evidence
from sim.goals import MAX_PARTS, Predicate
from sim.tables import Length, Name
from sim.things import Thing

TILT_RAD = float(np.deg2rad(15.0))
"""What leans further than this against how it stood has fallen over."""
HEIGHT_M = 0.03
"""What is this much higher or lower than it was is not where it was, nor was it slid."""
DISTURBED_M = 0.02
"""What is further than this from where it was has been moved."""
DISTURBED_SHARE = 0.05
"""A drawer or door that is further than this share of its travel from where it was has been moved."""


class Slid(Predicate):
    """The thing is so far from where it was in a direction, on what it was on, standing as it stood, let go, at rest.

    Directions are those of the picture: "nearer" and "away" are from the planning camera.
    """

    word: ClassVar[str] = "slid"
    names: ClassVar[dict[str, tuple[str, ...]]] = {"thing": ("things",)}
    thing: Name
    direction: Direction
    at_least_m: Length = 0.08

    def holds(self, evidence: Evidence) -> bool:
        """Whether it went far enough, and more in this direction than in any other."""
        if not _stands_as_before(evidence, self.thing):
            return False
        camera, start_W, end_W = evidence.world.camera(), *_way(evidence, self.thing)
        far = float((end_W - start_W) @ bearing(self.direction, camera, start_W)) >= self.at_least_m
        return far and towards(self.direction, camera, start_W, end_W)


class Back(Predicate):
    """The thing is where it was when the episode began, on what it was on, standing as it stood, let go, at rest."""

    word: ClassVar[str] = "back"
    names: ClassVar[dict[str, tuple[str, ...]]] = {"thing": ("things",)}
    thing: Name
    within_m: Length = 0.06

    def holds(self, evidence: Evidence) -> bool:
        """Whether it is so near, measured on the level."""
        start_W, end_W = _way(evidence, self.thing)
        near = float(np.linalg.norm((end_W - start_W)[:2])) <= self.within_m
        return near and _stands_as_before(evidence, self.thing)


class Undisturbed(Predicate):
    """Everything is as it was when the episode began, let go, at rest, but for what is named.

    What lies in a drawer counts as moved if it has moved in the drawer; the drawer counts by itself.
    """

    word: ClassVar[str] = "undisturbed"
    names: ClassVar[dict[str, tuple[str, ...]]] = {"but": ("things", "joints", "buttons")}
    but: Annotated[tuple[Name, ...], Field(max_length=MAX_PARTS)] = ()

    def holds(self, evidence: Evidence) -> bool:
        """Whether nothing has moved, fallen over or been pressed."""
        things = (name for name in evidence.world.objects if name not in self.but)
        joints = (name for name in evidence.world.joints if name not in self.but)
        return all(_thing_is_as_before(evidence, name) for name in things) and all(
            _joint_is_as_before(evidence, name) for name in joints
        )


def _way(evidence: Evidence, thing: str) -> tuple[FloatArray, FloatArray]:
    """Where it was, and where it is."""
    return _before(evidence, thing).translation_m, evidence.world.objects[thing].pose_in_world.translation_m


def _before(evidence: Evidence, thing: str) -> Pose:
    """The pose that it would have if it had stayed in its place."""
    return evidence.world.start.things[thing].now(evidence.world.client)


def _stands_as_before(evidence: Evidence, name: str) -> bool:
    """Whether it is left alone on what it was on, no higher or lower, and has not fallen over."""
    start_W, end_W = _way(evidence, name)
    same_seat = evidence.seat(name) == evidence.world.start.things[name].seat
    same = same_seat and abs(float(end_W[2] - start_W[2])) < HEIGHT_M
    return same and evidence.left_alone(name) and not _fallen(evidence, evidence.world.objects[name])


def _fallen(evidence: Evidence, thing: Thing) -> bool:
    """Whether it leans; what has no way up cannot."""
    tilt = tilt_rad(thing.pose_in_world.rotation, _before(evidence, thing.name).rotation)
    return not thing.kind.rolls and tilt > TILT_RAD


def _thing_is_as_before(evidence: Evidence, name: str) -> bool:
    start_W, end_W = _way(evidence, name)
    near = float(np.linalg.norm(end_W - start_W)) <= DISTURBED_M
    return near and evidence.left_alone(name) and not _fallen(evidence, evidence.world.objects[name])


def _joint_is_as_before(evidence: Evidence, name: str) -> bool:
    joint = evidence.world.joints[name]
    near = abs(joint.position - evidence.world.start.joints[name]) <= DISTURBED_SHARE * joint.upper
    return near and name in evidence.resting_joints and not evidence.world.presses[name]
