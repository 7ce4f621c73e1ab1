"""Kitchens that were looked at once, and the paths that a robot would want in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import pybullet as p  # noqa: TID251 - puts the arm where a query begins
from scipy.spatial.transform import Rotation

from embodied.errors import SkillError
from embodied.geometry import FloatArray, Pose
from embodied.guard import Limits
from embodied.motion.body import Body
from embodied.motion.kinematics import Kinematics
from embodied.motion.memory import SceneMemory
from embodied.motion.mover import Mover
from embodied.motion.skills.grasp import Reach, reaches
from embodied.motion.skills.retreat import UP, shifted
from embodied.motion.things import thing_at
from sim.arm import PandaArm
from sim.controller import FORCE_N, SPEED_M_S, KitchenEye
from sim.fixtures import ARM_JOINTS
from sim.scene import Scene, load_scene
from sim.world import World

SCENE, DRAWER, COUNTER = "drawer_bag", "drawer_top", "counter"
SEEN_WITHIN_M = 0.04
"""A thing is in sight if a point was seen so near to its middle."""
LIFT_M = 0.15
SPOTS = 2
"""Places to which each thing is carried."""
YAWS_DEG = (0.0, 45.0, -45.0, 90.0, -90.0, 180.0)


@dataclass(frozen=True, eq=False)
class Query:
    """A path that is wanted; the arm stands at its start.

    Attributes:
        kind: "to a grasp", "back home" or "carrying".
        start_rad: Where the arm stands.
        goals_rad: Where it may end, best first; at least one.
        held_G: Points of what is in the hand, if anything is.
    """

    kind: str
    start_rad: FloatArray
    goals_rad: list[FloatArray]
    held_G: FloatArray | None = None


@contextmanager
def open_kitchen(seed: int, drawer_open: bool) -> Iterator[tuple[World, Mover]]:
    """The kitchen of the drawer example, and its arm at home after one look."""
    with World.build(_scene(drawer_open), np.random.default_rng(seed)) as world:
        arm, eye = PandaArm(world), KitchenEye(world)
        arm.connect()
        kinematics = Kinematics(arm.description)
        body = Body(kinematics)
        memory = SceneMemory(body)
        keep_out, limits, rng = world.scene.kitchen.site[1], Limits(SPEED_M_S, FORCE_N), np.random.default_rng(seed)
        mover = Mover(arm, memory, keep_out, limits, rng, lambda: False, lambda: None, lambda: False, kinematics, body)
        memory.see(eye.look(eye.names[0]), mover.q_rad)
        yield world, mover


def _scene(drawer_open: bool) -> Scene:
    scene = load_scene(SCENE)
    joints = {DRAWER: 1.0 if drawer_open else 0.0}
    return replace(scene, file=scene.file.model_copy(update={"joints": joints}))


def queries(world: World, mover: Mover, rng: np.random.Generator) -> Iterator[Query]:
    """The paths for every handle and thing in sight that the arm can come to; the world's arm is put at each start."""
    home = mover.q_rad
    handles = [joint.handle_in_world_m for joint in world.joints.values() if not joint.springs_back]
    things = [thing.pose_in_world.translation_m for thing in world.objects.values()]
    for middle_W, loose in [*((each, False) for each in handles), *((each, True) for each in things)]:
        _put_arm(world, home)
        found = _first_reach(mover, middle_W)
        if found is not None:
            yield from _round_trip(world, home, found[0])
            if loose:
                yield from _carries(world, mover, *found, rng)


def _first_reach(mover: Mover, middle_W: FloatArray) -> tuple[Reach, FloatArray] | None:
    """How the thing there would be taken first, and its points in W; ``None`` if it is out of sight or reach."""
    seen = mover.memory.points()
    distances = np.linalg.norm(seen - middle_W, axis=1)
    if distances.min() > SEEN_WITHIN_M:
        return None
    widest_m = mover.kinematics.description.gripper.max_width_m
    thing = thing_at(seen[distances.argmin()], seen, widest_m)
    try:
        reach = next(reaches(mover, thing), None)
    except SkillError:
        return None
    return None if reach is None else (reach, thing.cluster_W)


def _round_trip(world: World, home: FloatArray, reach: Reach) -> Iterator[Query]:
    yield Query("to a grasp", home, [reach.before_rad])
    _put_arm(world, reach.before_rad)
    yield Query("back home", reach.before_rad, [home])


def _carries(
    world: World, mover: Mover, reach: Reach, cluster_W: FloatArray, rng: np.random.Generator
) -> Iterator[Query]:
    X_WG = reach.candidate.pose
    lift = mover.line_path(reach.grasp_rad, shifted(X_WG, LIFT_M * UP))
    if lift is None:
        return
    _put_arm(world, lift[-1])
    for _ in range(SPOTS):
        goals = _goals_above(mover, X_WG, _place(world, rng))
        if goals:
            yield Query("carrying", lift[-1], goals, X_WG.inverse() @ cluster_W)


def _place(world: World, rng: np.random.Generator) -> FloatArray:
    """Any point of the counter's top."""
    region = world.regions[COUNTER]
    x, y, _ = rng.uniform(region.low_m, region.high_m)
    return region.pose_in_world @ np.array([x, y, region.low_m[2]])


def _goals_above(mover: Mover, X_WG: Pose, place_W: FloatArray) -> list[FloatArray]:
    """Joint positions that hold the thing above the place as it was held, turned as little as needed."""
    above_W = np.array([*place_W[:2], X_WG.translation_m[2] + LIFT_M / 3.0])
    for yaw_deg in YAWS_DEG:
        turn = Rotation.from_euler("z", yaw_deg, degrees=True).as_matrix()
        if goals := mover.solutions(Pose(turn @ X_WG.rotation, above_W)):
            return goals
    return []


def _put_arm(world: World, q_rad: FloatArray) -> None:
    """Without moving there: a benchmark may."""
    for joint, angle_rad in zip(ARM_JOINTS, q_rad, strict=True):
        p.resetJointState(world.robot, joint, angle_rad, physicsClientId=world.client)
