"""A kitchen whose things are put where a judge's cases want them, without being built anew for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pybullet as p  # noqa: TID251 - puts things where tests want them

from embodied.judge import Ending
from sim.arrangement import Arrangement
from sim.bearings import Direction, bearing
from sim.composing import Every
from sim.course import Course
from sim.evidence import watch
from sim.fixtures import ARM_JOINTS, FINGER_FORCE_N, FINGER_JOINTS, HAND_LINK
from sim.judges import check_goal
from sim.scene import Distractors, ObjectSpec, load_scene
from sim.world import World

Asked = dict[str, Any]
"""A goal as a task's file states it."""
Point = tuple[float, float, float]

KINDS = ("bag", "plate", "bowl", "apple", "bottle", "mug", "can", "tea_box", "egg")
COUNTER_M = 0.80
SHELF_M = 1.20
MICROWAVE_TOP_M = 1.08
GRASP_M = 0.1034
"""From the hand's frame to between the fingertips."""
PALM_M = 0.04
"""So far a thing may rise between the fingers."""
LEVEL = (0.0, 0.0, 0.0, 1.0)
OVER = (1.0, 0.0, 0.0, 0.0)
"""Upside down; also the hand that points down."""
LYING = (0.0, 2**-0.5, 0.0, 2**-0.5)


@dataclass(frozen=True)
class Case:
    """A situation, and what judges have to say of it.

    Attributes:
        title: The situation in words.
        prepare: Brings it about.
        yes: Goals that hold.
        no: Goals that do not, though it may look as if they did.
    """

    title: str
    prepare: Callable[[Stage], None]
    yes: tuple[Asked, ...] = ()
    no: tuple[Asked, ...] = ()


class Stage:
    """A world, and the ways to set it."""

    def __init__(self) -> None:
        scene = load_scene("counter")
        specs = tuple(ObjectSpec(name=kind, kinds=(kind,), region="counter", clearance_m=0.01) for kind in KINDS)
        unnamed = (Distractors(count=(1, 1), kinds=("sponge",), region="counter"),)
        file = scene.file.model_copy(update={"objects": specs, "distractors": unnamed})
        self.scene = replace(scene, file=file)
        self.world = World.build(self.scene, np.random.default_rng(0), image_size_px=(32, 24))
        self.course = Course(None)
        self.ending: Ending | None = None

    def answers(self, case: Case) -> list[tuple[Asked, bool, bool]]:
        """Each goal of the case, what should be said of it, and what is said."""
        asked = [(goal, True) for goal in case.yes] + [(goal, False) for goal in case.no]
        goals = [check_goal(self.scene, goal) for goal, _ in asked]
        self.clear()
        self.course = Course(Every(tuple(goals)))
        case.prepare(self)
        evidence = watch(self.world, self.course.past, self.ending)
        return [(goal, right, read.holds(evidence)) for (goal, right), read in zip(asked, goals, strict=True)]

    def clear(self) -> None:
        """Everything stands on the floor out of the way, closed; the hand is open and at home."""
        self.ending = None
        for index, name in enumerate(self.world.objects):
            self.stand(name, -0.8, -1.2 + 0.28 * index, 0.0)
        for name in self.world.joints:
            self.joint(name, 0.0)
        self._set_arm(list(self.scene.kitchen.robot.home_rad))
        self.fingers(0.04)
        self.settle(0.02)
        self.world.presses.clear()
        self.begin()

    def begin(self) -> None:
        """The episode begins with what there is now."""
        self.world.start = Arrangement.of(self.world.objects, self.world.joints)

    def note(self) -> None:
        """A command has ended; the first time, the episode begins."""
        self.course.note(self.world)

    def put(self, name: str, at: Point, turn: tuple[float, ...] = LEVEL) -> None:
        """The middle of the thing's mass at a point."""
        body = self.world.objects[name].body
        p.resetBasePositionAndOrientation(body, at, turn, physicsClientId=self.world.client)
        p.resetBaseVelocity(body, [0, 0, 0], [0, 0, 0], physicsClientId=self.world.client)

    def stand(self, name: str, x_m: float, y_m: float, foot_m: float = COUNTER_M) -> None:
        """The thing upright, its foot at a height."""
        self.put(name, (x_m, y_m, foot_m - self.world.objects[name].low_m[2] + 0.001))

    def over(self, name: str, x_m: float, y_m: float, foot_m: float = COUNTER_M) -> None:
        """The thing upside down."""
        self.put(name, (x_m, y_m, foot_m + self.world.objects[name].high_m[2] + 0.001), OVER)

    def lie(self, name: str, x_m: float, y_m: float, foot_m: float = COUNTER_M) -> None:
        """The thing on its side."""
        self.put(name, (x_m, y_m, foot_m - self.world.objects[name].low_m[1] + 0.002), LYING)

    def beside(self, name: str, other: str, direction: Direction, apart_m: float, turn_deg: float = 0.0) -> None:
        """The thing on the counter in a direction from the middle of another, perhaps turned about it."""
        middle = self.world.objects[other].pose_in_world.translation_m
        way = bearing(direction, self.world.camera(), middle)
        c, s = np.cos(np.deg2rad(turn_deg)), np.sin(np.deg2rad(turn_deg))
        x, y = middle[:2] + apart_m * np.array([[c, -s], [s, c]]) @ way[:2]
        self.stand(name, float(x), float(y))

    def shift(self, name: str, direction: Direction, by_m: float, turn_deg: float = 0.0) -> None:
        """The thing on the counter so far from where it is."""
        self.beside(name, name, direction, by_m, turn_deg)

    def in_drawer(self, name: str, region_name: str, x_m: float = -0.08, y_m: float = 0.0, up_m: float = 0.0) -> None:
        """The thing over the floor of a drawer, from its middle."""
        region = self.world.regions[region_name]
        low, high = np.array(region.low_m), np.array(region.high_m)
        floor = region.pose_in_world @ np.array([*(low + high)[:2] / 2.0 + [x_m, y_m], low[2] + up_m])
        self.stand(name, *map(float, floor))

    def push(self, name: str, velocity_m_s: Point, turning_rad_s: Point = (0.0, 0.0, 0.0)) -> None:
        """The thing is on its way."""
        body = self.world.objects[name].body
        p.resetBaseVelocity(body, velocity_m_s, turning_rad_s, physicsClientId=self.world.client)

    def joint(self, name: str, share: float, speed: float = 0.0) -> None:
        """A drawer, door or button at a share of its travel."""
        joint = self.world.joints[name]
        p.resetJointState(joint.body, joint.index, share * joint.upper, speed, physicsClientId=self.world.client)

    def settle(self, seconds: float = 0.35) -> None:
        for _ in range(round(240 * seconds)):
            self.world.step()

    def reach(self, at: Point) -> None:
        """The open hand points down at a point, without passing through anywhere else."""
        wrist, client = [at[0], at[1], at[2] + GRASP_M], self.world.client
        self._set_arm(list(self.scene.kitchen.robot.home_rad))
        for _ in range(60):
            q_rad = p.calculateInverseKinematics(self.world.robot, HAND_LINK, wrist, OVER, physicsClientId=client)
            self._set_arm(list(q_rad[: len(ARM_JOINTS)]))

    def fingers(self, half_m: float) -> None:
        """Both fingers at a distance from the middle, at once."""
        for finger in FINGER_JOINTS:
            p.resetJointState(self.world.robot, finger, half_m, physicsClientId=self.world.client)
        self.drive_fingers(half_m)

    def drive_fingers(self, half_m: float) -> None:
        """Both fingers are on their way to a distance from the middle."""
        forces = [FINGER_FORCE_N] * len(FINGER_JOINTS)
        mode, targets = p.POSITION_CONTROL, [half_m] * len(FINGER_JOINTS)
        p.setJointMotorControlArray(
            self.world.robot, FINGER_JOINTS, mode, targets, forces=forces, physicsClientId=self.world.client
        )

    def grip(self, name: str, at: Point, turn: tuple[float, ...] = LEVEL) -> None:
        """The thing between closed fingers, its middle at a point; a tall one is taken below its top."""
        above_m = max(0.0, self.world.objects[name].high_m[2] - PALM_M)
        self.reach((at[0], at[1], at[2] + above_m))
        self.put(name, at, turn)
        self.drive_fingers(0.0)
        self.settle(0.4)

    def _set_arm(self, q_rad: list[float]) -> None:
        client, mode = self.world.client, p.POSITION_CONTROL
        for joint, position in zip(ARM_JOINTS, q_rad, strict=True):
            p.resetJointState(self.world.robot, joint, position, physicsClientId=client)
        p.setJointMotorControlArray(self.world.robot, ARM_JOINTS, mode, q_rad, physicsClientId=client)
