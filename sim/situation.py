"""What the oracle knows at one step: the simulator's truth, the picture, and what was tried before."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pybullet as p
from numpy.typing import ArrayLike
from scipy.spatial.transform import Rotation

from embodied.geometry import FloatArray
from sim.evidence import Evidence, between_fingers
from sim.pointing import Picture
from sim.things import FurnitureJoint, Region, Thing, link_pose
from sim.world import World

REACHABLE_SHARE = 0.8
"""A hand gets into what is open so far."""
POLE_M = 0.10
POLE_RADIUS_M = 0.005
"""Of the pole that stands for a place on a surface, to measure how far things are from it."""


@dataclass(frozen=True, eq=False)
class Situation:
    """Everything that the oracle decides by.

    Attributes:
        world: The simulator's truth.
        picture: What the planner was asked with.
        evidence: Who touches whom.
        tried: How often each thing was tried in this episode.
    """

    world: World
    picture: Picture
    evidence: Evidence
    tried: Counter[str]

    def attempt(self, what: str) -> int:
        """How often ``what`` was tried before; it counts as tried from now on."""
        self.tried[what] += 1
        return self.tried[what] - 1

    @property
    def hand_full(self) -> bool:
        """Whether the robot believes that it holds something: that is what its commands depend on."""
        return self.picture.observation.gripper.holding

    @property
    def held_thing(self) -> Thing | None:
        """The thing between the fingers."""
        bodies = {body for body, _ in between_fingers(self.world)}
        return next((thing for thing in self.world.objects.values() if thing.body in bodies), None)

    @property
    def held_joint(self) -> FurnitureJoint | None:
        """The drawer or door whose handle is between the fingers."""
        links = between_fingers(self.world)
        return next((joint for joint in self.world.joints.values() if (joint.body, joint.index) in links), None)

    def lid_over(self, thing: Thing) -> FurnitureJoint | None:
        """The drawer or door that has to be opened before a hand can get at ``thing``."""
        middle = thing.pose_in_world.translation_m
        around = (region for region in self.world.regions.values() if region.contains(middle))
        return next((lid for lid in map(self.lid_of, around) if lid is not None), None)

    def lid_of(self, region: Region) -> FurnitureJoint | None:
        """The drawer or door that closes ``region``; ``None`` where it is open already, or always."""
        for joint in self.world.joints.values():
            shuts = (joint.body, joint.index) == (region.body, region.link) or joint.name == f"{region.name}_door"
            if shuts and joint.position < REACHABLE_SHARE * joint.upper:
                return joint
        return None

    def room_m(self, p_WP: FloatArray, apart_from: Thing, up_to_m: float) -> float:
        """Distance from a point of a surface to the nearest thing but one, as far as ``up_to_m``."""
        others = [thing for thing in self.world.objects.values() if thing is not apart_from]
        return min((self._distance_m(thing, p_WP, up_to_m) for thing in others), default=up_to_m)

    def _distance_m(self, thing: Thing, p_WP: FloatArray, up_to_m: float) -> float:
        middle = (p_WP + [0.0, 0.0, POLE_M / 2.0]).tolist()
        pole = {"collisionShapeB": self._pole, "collisionShapePositionB": middle}
        near = p.getClosestPoints(thing.body, -1, up_to_m, **pole, physicsClientId=self.world.client)
        return min((row[8] + POLE_RADIUS_M for row in near), default=up_to_m)

    @cached_property
    def _pole(self) -> int:
        """A shape of PyBullet that no body has."""
        size = {"radius": POLE_RADIUS_M, "height": POLE_M}
        return int(p.createCollisionShape(p.GEOM_CYLINDER, **size, physicsClientId=self.world.client))


def displaced(joint: FurnitureJoint, p_WP: ArrayLike, position: float) -> FloatArray:
    """Where a point of a drawer or door is when its joint is at ``position``."""
    X_WL, point = link_pose(joint.client, joint.body, joint.index), np.asarray(p_WP, dtype=np.float64)
    v_LJ = np.array(p.getJointInfo(joint.body, joint.index, physicsClientId=joint.client)[13])
    motion = (X_WL.rotation @ v_LJ) * (position - joint.position)
    if joint.motion == "prismatic":
        return np.asarray(point + motion)
    turned = Rotation.from_rotvec(motion).apply(point - X_WL.translation_m)
    return np.asarray(X_WL.translation_m + turned)


def radius_m(thing: Thing) -> float:
    """Of the circle that a thing fills, seen from above, however it is turned."""
    pose = thing.pose_in_world
    low, high = np.array(thing.low_m), np.array(thing.high_m)
    corners = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    aside = (corners - (low + high) / 2.0) @ pose.rotation.T
    return float(np.linalg.norm(aside[:, :2], axis=1).max())
