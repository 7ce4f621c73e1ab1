"""Where everything is at one instant, to compare with later: what an episode began with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from embodied.geometry import FloatArray, Pose
from sim.contacts import Seat, contacts_on, seat_among
from sim.things import FurnitureJoint, Thing, link_pose


@dataclass(frozen=True, eq=False)
class Berth:
    """Where one thing is, and on what.

    Attributes:
        pose_in_world: ``X_WO``.
        seat: Body and link of what carries it; ``None`` in the air.
        pose_in_seat: ``X_SO`` in the frame of the seat: what lies in a drawer stays there while the drawer moves.
    """

    pose_in_world: Pose
    seat: Seat | None
    pose_in_seat: Pose

    @classmethod
    def of(cls, thing: Thing) -> Berth:
        """Where ``thing`` is at this instant."""
        X_WO, seat = thing.pose_in_world, seat_among(list(contacts_on(thing)))
        return cls(X_WO, seat, _seat_pose(thing.client, seat).inverse() @ X_WO)

    def now(self, client: int) -> Pose:
        """``X_WO`` of the same place on the same seat, wherever the seat is at this instant."""
        return _seat_pose(client, self.seat) @ self.pose_in_seat


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Where everything is at one instant.

    Attributes:
        things: By their names in the scene.
        joints: Positions of drawers, doors and buttons, in metres or radians from closed.
    """

    things: Mapping[str, Berth]
    joints: Mapping[str, float]

    @classmethod
    def of(cls, things: Mapping[str, Thing], joints: Mapping[str, FurnitureJoint]) -> Arrangement:
        """Where all of them are at this instant."""
        berths = {name: Berth.of(thing) for name, thing in things.items()}
        return cls(berths, {name: joint.position for name, joint in joints.items()})


def tilt_rad(one: FloatArray, other: FloatArray) -> float:
    """By how much the vertical of one rotation leans away from that of another."""
    return float(np.arccos(np.clip(one[:, 2] @ other[:, 2], -1.0, 1.0)))


def _seat_pose(client: int, seat: Seat | None) -> Pose:
    return Pose.identity() if seat is None else link_pose(client, *seat)
