"""What is in the world: small objects, joints of furniture and named regions. Ground truth, not for a planner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pybullet as p
from numpy.typing import ArrayLike

from embodied.geometry import FloatArray, Pose
from sim.furnishing import Vector
from sim.kinds import Kind

CLICK_FRACTION = 0.6
"""A button clicks at this share of its travel."""


@dataclass(frozen=True, eq=False)
class Thing:
    """A small object.

    Attributes:
        client: Of PyBullet.
        body: Its number there.
        name: In the scene.
        kind_name: Name of its kind's file.
        kind: What it is made of.
        color: Name of its colour.
        low_m, high_m: Its bounding box in its own frame, whose origin is its centre of mass.
        label: What is written on it.
    """

    client: int
    body: int
    name: str
    kind_name: str
    kind: Kind
    color: str
    low_m: Vector
    high_m: Vector
    label: str | None = None

    @property
    def pose_in_world(self) -> Pose:
        """``X_WO`` at this instant."""
        return Pose.from_quaternion(*p.getBasePositionAndOrientation(self.body, physicsClientId=self.client))

    def samples_in_world_m(self) -> FloatArray:
        """(27, 3) points spread over its box, at this instant."""
        axes = [np.linspace(low, high, 3) for low, high in zip(self.low_m, self.high_m, strict=True)]
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
        return np.asarray(self.pose_in_world @ grid)

    @property
    def speed_m_s(self) -> float:
        """Of its centre of mass."""
        return float(np.linalg.norm(p.getBaseVelocity(self.body, physicsClientId=self.client)[0]))

    @property
    def turning_rad_s(self) -> float:
        """Angular speed."""
        return float(np.linalg.norm(p.getBaseVelocity(self.body, physicsClientId=self.client)[1]))


@dataclass(frozen=True, eq=False)
class FurnitureJoint:
    """A drawer, a door or a button.

    Attributes:
        client: Of PyBullet.
        body: The furniture's number there.
        index: Of the joint, and of the link that it moves.
        name: Of both.
        motion: "prismatic" (metres) or "revolute" (radians).
        lower, upper: Ends of travel; zero is closed.
        handle_low_m, handle_high_m: Corners of the bar or knob to take, in the link's frame.
        springs_back: Whether it is a button.
    """

    client: int
    body: int
    index: int
    name: str
    motion: Literal["prismatic", "revolute"]
    lower: float
    upper: float
    handle_low_m: Vector
    handle_high_m: Vector
    springs_back: bool

    @property
    def position(self) -> float:
        """Metres or radians from closed, at this instant."""
        return float(p.getJointState(self.body, self.index, physicsClientId=self.client)[0])

    @property
    def pressed(self) -> bool:
        """Whether it is a button that is past its click at this instant."""
        return self.springs_back and self.position > CLICK_FRACTION * self.upper

    @property
    def handle_name(self) -> str:
        """What its handle is called where it stands for a thing of its own."""
        return f"{self.name}.handle"

    @property
    def handle_in_world_m(self) -> FloatArray:
        """``p_WH`` of the handle's middle at this instant."""
        middle = np.add(self.handle_low_m, self.handle_high_m) / 2.0
        return link_pose(self.client, self.body, self.index) @ middle


@dataclass(frozen=True, eq=False)
class Region:
    """A named place that may move with a link.

    Attributes:
        client: Of PyBullet.
        body, link: Whose frame it is given in; -1 is the base, whose frame is the world's.
        name: For scenes, tasks and messages.
        low_m, high_m: Corners of the box, in that frame.
        kind: "inside" the box, or "on" its bottom face.
    """

    client: int
    body: int
    link: int
    name: str
    low_m: Vector
    high_m: Vector
    kind: Literal["inside", "on"]

    @property
    def pose_in_world(self) -> Pose:
        """``X_WL`` of the link's frame at this instant."""
        return link_pose(self.client, self.body, self.link)

    def contains(self, p_WP: ArrayLike) -> bool:
        """Whether a point of the world lies in the box at this instant."""
        p_LP = self.pose_in_world.inverse() @ np.asarray(p_WP, dtype=np.float64)
        return bool((p_LP >= np.array(self.low_m)).all() and (p_LP <= np.array(self.high_m)).all())


def link_pose(client: int, body: int, link: int) -> Pose:
    """``X_WL`` of the frame that the URDF gives a link (-1 for a base whose centre of mass is its origin)."""
    if link < 0:
        return Pose.from_quaternion(*p.getBasePositionAndOrientation(body, physicsClientId=client))
    state = p.getLinkState(body, link, computeForwardKinematics=True, physicsClientId=client)
    return Pose.from_quaternion(state[4], state[5])
