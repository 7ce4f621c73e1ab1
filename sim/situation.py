"""What the oracle knows at one step: the simulator's truth, the picture, and what was tried before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pybullet as p
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

from embodied.geometry import Box, FloatArray
from sim.agenda import shuts
from sim.evidence import Evidence, between_fingers
from sim.goals import Goal
from sim.pointing import Picture
from sim.things import FurnitureJoint, Region, Thing, link_pose
from sim.tries import Tries
from sim.world import World

REACHABLE_SHARE = 0.8
"""A hand gets into what is open so far."""
STACKED_SHARE = 0.3
"""What carries more than this of another's weight cannot be taken away from under it."""
ROOF_M = 0.03
ROUNDED_M = 0.01
"""Image coordinates are exact to less than this."""
SLOW_M_S = 0.002
SLOW_RAD_S = 0.05
"""What goes on like this for half a second is not at rest for a judge."""
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
        goal: What is to be brought about.
        tries: What was tried in this episode.
    """

    world: World
    picture: Picture
    evidence: Evidence
    goal: Goal
    tries: Tries

    @property
    def hand_full(self) -> bool:
        """Whether the robot believes that it holds something: that is what its commands depend on."""
        return self.picture.observation.gripper.holding

    @property
    def held_thing(self) -> Thing | None:
        """The thing between the fingers."""
        return held_thing(self.world)

    @property
    def held_joint(self) -> FurnitureJoint | None:
        """The drawer or door whose handle is between the fingers."""
        return held_joint(self.world)

    @property
    def restless(self) -> Thing | None:
        """A thing of the goal that still rocks or rolls, perhaps more slowly than a glance would notice."""
        names = {getattr(part, "thing", None) for part in self.goal.walk()}
        things = (thing for name, thing in self.world.objects.items() if name in names)
        return next((each for each in things if each.speed_m_s > SLOW_M_S or each.turning_rad_s > SLOW_RAD_S), None)

    def lid_over(self, thing: Thing) -> FurnitureJoint | None:
        """The drawer or door that has to be opened before a hand can get at ``thing``."""
        middle = thing.pose_in_world.translation_m
        around = (region for region in self.world.regions.values() if region.contains(middle))
        return next((lid for lid in map(self.lid_of, around) if lid is not None), None)

    def lid_of(self, region: Region) -> FurnitureJoint | None:
        """The drawer or door that closes ``region``; ``None`` where it is open already, or always."""
        lids = (joint for joint in self.world.joints.values() if shuts(joint, region))
        return next((lid for lid in lids if lid.position < REACHABLE_SHARE * lid.upper), None)

    def roof_over(self, p_WP: FloatArray) -> FurnitureJoint | None:
        """The open drawer that hangs over a point."""
        for joint in self.world.joints.values():
            hangs = [region for region in self.world.regions.values() if shuts(joint, region)]
            if joint.motion == "prismatic" and any(_is_over(region, p_WP) for region in hangs):
                return joint
        return None

    def allowed(self, points: FloatArray) -> NDArray[np.bool_]:
        """Whether a guard would let a command name points (..., 3): with room to spare, as they are rounded."""
        workspace, keep_out = self.world.scene.kitchen.site
        return np.asarray(_within(workspace, points) & ~np.any([_within(box, points) for box in keep_out], axis=0))

    def region_around(self, p_WP: FloatArray) -> Region | None:
        """The largest place that a point is in or on."""
        around = (region for region in self.world.regions.values() if region.contains(p_WP))
        return max(around, key=_area_m2, default=None)

    def carried_by(self, thing: Thing) -> Thing | None:
        """What stands or lies on or in ``thing``."""
        others = (each for each in self.world.objects.values() if each is not thing)
        return next((each for each in others if self._share_on(thing, each) > STACKED_SHARE), None)

    def _share_on(self, below: Thing, above: Thing) -> float:
        return self.evidence.carried_share(above.name, lambda contact: contact.body == below.body)

    def neighbours(self, thing: Thing, within_m: float) -> list[Thing]:
        """Other things whose surface is so near that of ``thing``, the nearest first."""
        near: dict[str, float] = {}
        for name, other in self.world.objects.items():
            rows = p.getClosestPoints(thing.body, other.body, within_m, physicsClientId=self.world.client)
            if rows and other is not thing:
                near[name] = min(row[8] for row in rows)
        return [self.world.objects[name] for name in sorted(near, key=lambda name: near[name])]

    def room_m(self, points: FloatArray, apart_from: Sequence[Thing], up_to_m: float) -> FloatArray:
        """Distances (k,) from points of a surface to the nearest thing but some, as far as ``up_to_m``."""
        others = [thing for thing in self.world.objects.values() if thing not in apart_from]
        distances_m = [self.distances_m(thing, points, up_to_m) for thing in others]
        return np.asarray(np.min([np.full(len(points), up_to_m), *distances_m], axis=0))

    def distances_m(self, thing: Thing, points: FloatArray, up_to_m: float) -> FloatArray:
        """From points (k, 3) of a surface to ``thing``, as far as ``up_to_m``."""
        low, high = np.array(p.getAABB(thing.body, physicsClientId=self.world.client))
        aside_m = np.linalg.norm((points - np.clip(points, low, high))[:, :2], axis=1)
        near = (aside_m < up_to_m) & (points[:, 2] <= high[2]) & (points[:, 2] + POLE_M >= low[2])
        distances_m = np.full(len(points), up_to_m)
        distances_m[near] = [self._distance_m(thing, point, up_to_m) for point in points[near]]
        return distances_m

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


def held_thing(world: World) -> Thing | None:
    """The thing between the fingers."""
    bodies = {body for body, _ in between_fingers(world)}
    return next((thing for thing in world.objects.values() if thing.body in bodies), None)


def held_joint(world: World) -> FurnitureJoint | None:
    """The drawer or door whose handle is between the fingers."""
    links = between_fingers(world)
    return next((joint for joint in world.joints.values() if (joint.body, joint.index) in links), None)


def _within(box: Box, points: FloatArray) -> NDArray[np.bool_]:
    low, high = np.array(box.low_m) + ROUNDED_M, np.array(box.high_m) - ROUNDED_M
    return np.asarray(((points >= low) & (points <= high)).all(axis=-1))


def floor_of(region: Region) -> FloatArray:
    """``p_WP`` of the middle of a place's bottom face."""
    low, high = np.array(region.low_m), np.array(region.high_m)
    return np.asarray(region.pose_in_world @ np.array([*(low + high)[:2] / 2.0, low[2]]))


def _area_m2(region: Region) -> float:
    return float(np.prod(np.subtract(region.high_m, region.low_m)[:2]))


def _is_over(region: Region, p_WP: FloatArray) -> bool:
    p_LP = region.pose_in_world.inverse() @ p_WP
    low, high = np.array(region.low_m), np.array(region.high_m)
    return bool((p_LP > low - ROOF_M)[:2].all() and (p_LP < high + ROOF_M)[:2].all() and p_LP[2] < low[2] - ROOF_M)


def displaced(joint: FurnitureJoint, p_WP: ArrayLike, position: float) -> FloatArray:
    """Where a point of a drawer or door is when its joint is at ``position``."""
    X_WL, point = link_pose(joint.client, joint.body, joint.index), np.asarray(p_WP, dtype=np.float64)
    v_LJ = np.array(p.getJointInfo(joint.body, joint.index, physicsClientId=joint.client)[13])
    motion = (X_WL.rotation @ v_LJ) * (position - joint.position)
    if joint.motion == "prismatic":
        return np.asarray(point + motion)
    turned = Rotation.from_rotvec(motion).apply(point - X_WL.translation_m)
    return np.asarray(X_WL.translation_m + turned)
