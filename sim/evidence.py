"""What judges decide by: who touches whom, who carries whom, and what is at rest. Ground truth, not for a planner."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np
import pybullet as p

from embodied.geometry import FloatArray
from embodied.judge import Ending
from sim.contacts import Contact, Seat, contacts_on, seat_among
from sim.fixtures import FINGER_JOINTS
from sim.things import FurnitureJoint, Thing
from sim.world import TIME_STEP_S, World

WATCH_S = 0.5
"""How long a judge watches whether things are at rest."""
SAMPLE_STEPS = 6
"""Contacts are taken down every so many time steps."""
REST_M = 0.003
REST_RAD = 0.05
"""What moves or turns further than this while it is watched is not at rest."""
REST_M_S = 0.02
REST_RAD_S = 0.3
"""What moves or turns faster than this is not at rest at a glance."""
GRAVITY_M_S2 = 9.81
TOUCH_N = 0.01
"""Less force than a sheet of paper's weight is no touch."""
Past = tuple[frozenset[Hashable], ...]
"""Which goals held at each earlier moment: the start of the episode, then the end of every command but the last."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of a world that was watched, or looked at for an instant.

    Attributes:
        world: In its present state.
        contacts: Of all samples.
        samples: How many there were.
        resting_things, resting_joints: Names of what was at rest all the time.
        past: What held before; empty at the start, and where nobody kept a record.
        ending: How the episode ended; ``None`` while it goes on.
    """

    world: World
    contacts: tuple[Contact, ...]
    samples: int
    resting_things: frozenset[str]
    resting_joints: frozenset[str]
    past: Past = ()
    ending: Ending | None = None

    def force_n(self, thing: str, counts: Callable[[Contact], bool]) -> float:
        """Mean force on ``thing`` of those contacts that count."""
        return sum(each.force_n for each in self.contacts if each.thing == thing and counts(each)) / self.samples

    def carried_share(self, thing: str, counts: Callable[[Contact], bool]) -> float:
        """Which share of the weight of ``thing`` is carried from below by those contacts that count."""
        below = (each for each in self.contacts if each.thing == thing and each.carries and counts(each))
        weight_n = self.world.objects[thing].kind.mass_kg * GRAVITY_M_S2
        return sum(each.force_n * each.up for each in below) / self.samples / weight_n

    def seat(self, thing: str) -> Seat | None:
        """What carries most of ``thing``."""
        return seat_among([each for each in self.contacts if each.thing == thing])

    def by_robot(self, contact: Contact) -> bool:
        """Whether it is the robot that presses."""
        return contact.body == self.world.robot

    def let_go(self, thing: str) -> bool:
        """Whether the robot never touched ``thing``."""
        return self.force_n(thing, self.by_robot) < TOUCH_N

    def left_alone(self, thing: str) -> bool:
        """Whether ``thing`` was at rest without any help of the robot."""
        return thing in self.resting_things and self.let_go(thing)


def watch(world: World, past: Past = (), ending: Ending | None = None) -> Evidence:
    """Let time pass and watch; for the end of an episode, as the world is another one afterwards."""
    before = _Placement.of(world)
    moved_things: set[str] = set()
    moved_joints: set[str] = set()
    contacts: list[Contact] = []
    samples = max(1, round(WATCH_S / TIME_STEP_S / SAMPLE_STEPS))
    for _ in range(samples):
        for _ in range(SAMPLE_STEPS):
            world.step()
        contacts += [contact for thing in world.objects.values() for contact in contacts_on(thing)]
        now = _Placement.of(world)
        moved_things |= now.things_moved_since(before)
        moved_joints |= now.joints_moved_since(before)
    resting = frozenset(world.objects) - moved_things, frozenset(world.joints) - moved_joints
    return Evidence(world, tuple(contacts), samples, *resting, past, ending)


def glance(world: World, past: Past = ()) -> Evidence:
    """What can be known without letting time pass."""
    things = frozenset(name for name, thing in world.objects.items() if _slow(thing))
    joints = frozenset(name for name, joint in world.joints.items() if abs(_speed(joint)) < REST_M_S)
    contacts = tuple(contact for thing in world.objects.values() for contact in contacts_on(thing))
    return Evidence(world, contacts, 1, things, joints, past)


def between_fingers(world: World) -> frozenset[tuple[int, int]]:
    """Body and link of whatever both fingers press on at this instant."""
    left, right = (_pressed_by(world, finger) for finger in FINGER_JOINTS)
    return frozenset(left & right)


def _pressed_by(world: World, finger: int) -> set[tuple[int, int]]:
    rows = p.getContactPoints(bodyA=world.robot, linkIndexA=finger, physicsClientId=world.client)
    return {(row[2], row[4]) for row in rows if row[9] > TOUCH_N and row[2] != world.robot}


def _slow(thing: Thing) -> bool:
    return thing.speed_m_s < REST_M_S and thing.turning_rad_s < REST_RAD_S


def _speed(joint: FurnitureJoint) -> float:
    return float(p.getJointState(joint.body, joint.index, physicsClientId=joint.client)[1])


@dataclass(frozen=True, eq=False)
class _Placement:
    """Where everything is at one instant."""

    things: dict[str, tuple[FloatArray, FloatArray]]
    joints: dict[str, float]

    @classmethod
    def of(cls, world: World) -> _Placement:
        """By points and quaternions: taken too often for whole poses."""
        rows = {
            name: p.getBasePositionAndOrientation(thing.body, physicsClientId=world.client)
            for name, thing in world.objects.items()
        }
        things = {name: (np.array(point), np.array(turn)) for name, (point, turn) in rows.items()}
        return cls(things, {name: joint.position for name, joint in world.joints.items()})

    def things_moved_since(self, before: _Placement) -> set[str]:
        return {name for name, (point, turn) in self.things.items() if _moved(point, turn, *before.things[name])}

    def joints_moved_since(self, before: _Placement) -> set[str]:
        return {name for name, position in self.joints.items() if abs(position - before.joints[name]) > REST_M}


def _moved(point: FloatArray, turn: FloatArray, point_before: FloatArray, turn_before: FloatArray) -> bool:
    turned_rad = 2.0 * np.arccos(min(1.0, abs(float(turn @ turn_before))))
    return bool(np.linalg.norm(point - point_before) > REST_M or turned_rad > REST_RAD)
