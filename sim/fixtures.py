"""Load what an episode finds already there: the robot and the furniture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pybullet as p

from sim.bodies import write_furniture
from sim.furnishing import Furnishing, Moving, RegionSpec
from sim.kitchen import Material, RobotPlace
from sim.panda import panda_urdf
from sim.things import FurnitureJoint, Region

ARM_JOINTS = tuple(range(7))
FINGER_JOINTS = (9, 10)
HAND_LINK = 8
ARM_FORCES_NM = (87.0, 87.0, 87.0, 87.0, 12.0, 12.0, 12.0)
"""From the Panda's data sheet."""
FINGER_FORCE_N = 20.0
PAD_FRICTION = {"lateralFriction": 1.0, "spinningFriction": 0.003, "rollingFriction": 0.0001}
"""Rubber pads. PyBullet multiplies both sides' lateral friction: a thing's own number is the one against rubber."""
BOARD_FRICTION = {"lateralFriction": 0.8, "spinningFriction": 0.001, "rollingFriction": 0.0}
"""Laminate, wood and steel, relative to rubber (engineering tables: 0.2 to 0.5 against packaging and crockery)."""


def load_robot(client: int, place: RobotPlace) -> int:
    """The Panda at home, its motors holding it there, its fingers open."""
    flags = p.URDF_USE_INERTIA_FROM_FILE
    robot = int(p.loadURDF(str(panda_urdf()), place.base_m, useFixedBase=True, flags=flags, physicsClientId=client))
    joints = (*ARM_JOINTS, *FINGER_JOINTS)
    positions = (*place.home_rad, place.finger_m, place.finger_m)
    for joint, position in zip(joints, positions, strict=True):
        p.resetJointState(robot, joint, position, physicsClientId=client)
    forces = (*ARM_FORCES_NM, FINGER_FORCE_N, FINGER_FORCE_N)
    mode = p.POSITION_CONTROL
    p.setJointMotorControlArray(robot, joints, mode, positions, forces=forces, physicsClientId=client)
    for joint in ARM_JOINTS:  # the real arm's torque sensors sit behind its gears' friction
        p.changeDynamics(robot, joint, jointDamping=0.0, linearDamping=0.0, angularDamping=0.0, physicsClientId=client)
    for finger in FINGER_JOINTS:
        p.changeDynamics(robot, finger, **PAD_FRICTION, physicsClientId=client)
    return robot


def load_furniture(
    client: int, folder: Path, furnishing: Furnishing, materials: Mapping[str, Material]
) -> tuple[int, int]:
    """All furniture, its doors and drawers closed: the body that stands still and the body of all that moves.

    What stands still is loaded as PyBullet's plain rigid body: contacts with it are solved several times faster. A
    joint's limits keep moving parts off it, so the two bodies do not collide.
    """
    files = write_furniture(folder, furnishing, materials)
    fixed, moving = _load(client, files[0], useMaximalCoordinates=True), _load(client, files[1])
    p.changeDynamics(fixed, -1, **BOARD_FRICTION, physicsClientId=client)
    for link in range(p.getNumJoints(moving, physicsClientId=client)):
        p.changeDynamics(moving, link, **BOARD_FRICTION, physicsClientId=client)
        p.setCollisionFilterPair(moving, fixed, link, -1, enableCollision=0, physicsClientId=client)
    return fixed, moving


def _load(client: int, path: Path, **options: bool) -> int:
    flags = p.URDF_USE_INERTIA_FROM_FILE
    return int(p.loadURDF(str(path), useFixedBase=True, flags=flags, physicsClientId=client, **options))


def joints_of(client: int, body: int, furnishing: Furnishing) -> Iterator[FurnitureJoint]:
    """Each drawer, door and button, its friction set."""
    numbers = _numbers(client, body)
    for moving in furnishing.moving:
        index = numbers[moving.name]
        _resist(client, body, index, moving)
        handle = moving.handle_m
        yield FurnitureJoint(
            client, body, index, moving.name, moving.motion, 0.0, moving.upper, *handle, moving.springs_back
        )


def regions_of(client: int, fixed: int, body: int, furnishing: Furnishing) -> Iterator[Region]:
    """Each named place, on what stands still and on what moves."""
    numbers = _numbers(client, body)
    yield from (_region(client, fixed, -1, spec) for spec in furnishing.regions)
    for moving in furnishing.moving:
        yield from (_region(client, body, numbers[moving.name], spec) for spec in moving.regions)


def _region(client: int, body: int, link: int, spec: RegionSpec) -> Region:
    return Region(client, body, link, spec.name, spec.low_m, spec.high_m, spec.kind)


def _numbers(client: int, body: int) -> dict[str, int]:
    count = p.getNumJoints(body, physicsClientId=client)
    return {p.getJointInfo(body, i, physicsClientId=client)[1].decode(): i for i in range(count)}


def _resist(client: int, body: int, index: int, moving: Moving) -> None:
    if moving.springs_back:
        mode, gains = p.POSITION_CONTROL, {"targetPosition": 0.0, "positionGain": 0.1}
    else:
        mode, gains = p.VELOCITY_CONTROL, {"targetVelocity": 0.0}
    p.setJointMotorControl2(body, index, mode, **gains, force=moving.resistance, physicsClientId=client)
