"""Set the arm into a posture that it could have in the middle of a task, with something between its fingers or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pybullet as p
from scipy.spatial.transform import Rotation

from embodied.geometry import FloatArray, Pose
from embodied.motion.kinematics import Kinematics
from sim.arm import GRIPPER
from sim.fixtures import ARM_JOINTS, FINGER_JOINTS
from sim.things import FurnitureJoint, Region, Thing, link_pose
from sim.world import World

LOW_M, HIGH_M = (0.42, -0.36, 0.04), (0.72, 0.36, 0.34)
"""Where the hand may be: x and y in the world, z above the counter."""
INNER_SHARE, LIFT_M = 0.25, (0.02, 0.12)
"""Of a drawer, how far from its sides, and how high over its floor, a hand is that has taken something there."""
TRIES = 6
ROOM_M = 0.004
"""A hand is about so much further open than what it holds is wide."""
WIDEST_M = 0.074
"""What is wider is held by its rim."""
DEPTH_M = 0.02
"""Fingers reach so far over what they hold, or to the middle of what is lower."""
TURNS_DEG = (0.0, 20.0, -20.0, 34.0, -34.0)
"""From straight ahead, in the plane that the handle's bar lies in: how a hand comes to a handle."""
INTO_M = 0.007
"""A handle's middle is so far before the middle of the finger pads."""


@dataclass(frozen=True, eq=False)
class Grip:
    """How the fingers stand, and what is between them.

    Attributes:
        width_m: How far open they are.
        thing: What they hold,
        joint: or whose handle.
        place: Name of the drawer that the hand is over or in, if it is.
    """

    width_m: float
    thing: Thing | None = None
    joint: FurnitureJoint | None = None
    place: str | None = None

    @property
    def name(self) -> str | None:
        """Of what is between them, as it is labelled."""
        if self.thing is not None:
            return self.thing.name
        return None if self.joint is None else self.joint.handle_name


def go_home(world: World) -> None:
    """The posture that an episode begins with."""
    place = world.scene.kitchen.robot
    _set_joints(world, np.array(place.home_rad), 2.0 * place.finger_m)


def hover(
    world: World, kinematics: Kinematics, below_m: float, rng: np.random.Generator, place: Region | None = None
) -> Pose | None:
    """Hold the open hand over the counter, pointing down; ``X_WG``, or ``None`` if no such posture was found.

    Args:
        world: Whose arm it is.
        kinematics: Of the arm.
        below_m: How far what is to be held reaches down.
        rng: Draws where.
        place: It is held over or in this instead.
    """
    for _ in range(TRIES):
        X_WG = _over_counter(world, below_m, rng) if place is None else _over(place, below_m, rng)
        q_rad = kinematics.solve(X_WG, kinematics.description.home_rad)
        if q_rad is not None:
            _set_joints(world, q_rad, GRIPPER.max_width_m)
            return X_WG
    return None


def take_handle(world: World, kinematics: Kinematics, joint: FurnitureJoint, rng: np.random.Generator) -> Grip | None:
    """Close the hand around the handle of ``joint``; ``None`` if the arm does not get there."""
    for X_WG in _around_handle(joint, rng):
        q_rad = next(iter(kinematics.solutions(X_WG, kinematics.description.home_rad)), None)
        if q_rad is not None:
            width_m = float(np.subtract(joint.handle_high_m, joint.handle_low_m).min())
            _set_joints(world, q_rad, width_m)
            return Grip(width_m, joint=joint)
    return None


def _around_handle(joint: FurnitureJoint, rng: np.random.Generator) -> Iterator[Pose]:
    """``X_WG`` that close across the bar of a handle, which stands off towards -x of its link."""
    X_WL = link_pose(joint.client, joint.body, joint.index)
    into = np.array([1.0, 0.0, 0.0])
    bar = np.eye(3)[int(np.argmax(np.subtract(joint.handle_high_m, joint.handle_low_m)))]
    across = np.cross(into, bar) * rng.choice([-1.0, 1.0])
    for turn_deg in rng.permutation(TURNS_DEG):
        z = Rotation.from_rotvec(np.deg2rad(turn_deg) * across).apply(into)
        R_LG = np.column_stack([np.cross(across, z), across, z])
        middle = np.add(joint.handle_low_m, joint.handle_high_m) / 2.0
        yield X_WL @ Pose(R_LG, middle + INTO_M * z)


def hold(world: World, thing: Thing, X_WG: Pose) -> Grip:
    """Put ``thing`` between the fingers of a hand at ``X_WG`` and close them."""
    size = np.subtract(thing.high_m, thing.low_m)
    across = int(np.argmin(size[:2]))
    rim = size[across] > WIDEST_M
    width_m = min(thing.kind.grasp_m if rim else float(size[across]), WIDEST_M)
    middle = (np.array(thing.low_m) + np.array(thing.high_m)) / 2.0
    gripped = middle.copy()
    gripped[2] = max(middle[2], thing.high_m[2] - DEPTH_M)
    if rim:
        gripped[across] = thing.high_m[across] - width_m / 2.0
    R_GO = _upright(across)
    X_WO = X_WG @ Pose(R_GO, -R_GO @ gripped)
    at, turn = X_WO.translation_m.tolist(), X_WO.quaternion_xyzw.tolist()
    p.resetBasePositionAndOrientation(thing.body, at, turn, physicsClientId=thing.client)
    _set_fingers(world, width_m)
    return Grip(width_m, thing)


def _upright(across: int) -> FloatArray:
    """Turns a thing so that it stands in a hand that points down, its axis ``across`` along the fingers' way."""
    flip = np.diag([1.0, -1.0, -1.0])
    return flip if across == 1 else flip @ Rotation.from_euler("z", np.pi / 2.0).as_matrix()


def _over_counter(world: World, below_m: float, rng: np.random.Generator) -> Pose:
    top_m = world.regions["counter"].low_m[2] + below_m
    at = rng.uniform(LOW_M, HIGH_M) + [0.0, 0.0, top_m]
    down = Rotation.from_euler("zx", [rng.uniform(-np.pi / 2.0, np.pi / 2.0), np.pi])
    return Pose(down.as_matrix(), at)


def _over(place: Region, below_m: float, rng: np.random.Generator) -> Pose:
    """Where the hand is when it has just taken something there."""
    low, high = np.array(place.low_m), np.array(place.high_m)
    margin = INNER_SHARE * (high - low)[:2]
    x, y = rng.uniform(low[:2] + margin, high[:2] - margin)
    at = place.pose_in_world @ np.array([x, y, low[2]]) + [0.0, 0.0, below_m + float(rng.uniform(*LIFT_M))]
    down = Rotation.from_euler("zx", [rng.uniform(-np.pi / 2.0, np.pi / 2.0), np.pi])
    return Pose(down.as_matrix(), at)


def _set_joints(world: World, q_rad: FloatArray, width_m: float) -> None:
    for joint, position in zip(ARM_JOINTS, q_rad, strict=True):
        p.resetJointState(world.robot, joint, float(position), physicsClientId=world.client)
    _set_fingers(world, width_m)


def _set_fingers(world: World, width_m: float) -> None:
    for finger in FINGER_JOINTS:
        p.resetJointState(world.robot, finger, width_m / 2.0, physicsClientId=world.client)
