"""A drawer or a door jams at the first pull."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pybullet as p

from sim.disturbances.disturbance import Disturbance
from sim.evidence import between_fingers
from sim.things import FurnitureJoint
from sim.world import World

STUCK_N = 60.0
"""At the handle: more than the hand pulls with."""
PULLED_SHARE = 0.2
"""A force of this share of what holds it is a pull, and no accident of taking the handle."""


class Jam(Disturbance):
    """A shut drawer or door sticks until it was pulled at in vain; from the next command on it goes as ever."""

    word: ClassVar[str] = "jammed"

    def __init__(self, world: World, names: Sequence[str], rng: np.random.Generator) -> None:
        """Draw which one, and jam it."""
        super().__init__(world)
        self._joint = world.joints[names[int(rng.integers(len(names)))]]
        self._stuck = STUCK_N * _lever(self._joint)
        self._resist(self._stuck)

    def look(self) -> None:
        """Note the first pull."""
        if (self._joint.body, self._joint.index) in between_fingers(self.world) and self._pulled_at():
            self.happens(self._joint.name)

    def command_ends(self) -> None:
        """Free it once it was pulled at."""
        super().command_ends()
        if self.happened and self._stuck:
            self._stuck = 0.0
            moving = self.world.scene.kitchen.furnishing.moving
            self._resist(next(each.resistance for each in moving if each.name == self._joint.name))

    def _pulled_at(self) -> bool:
        client = self.world.client
        felt = p.getJointState(self._joint.body, self._joint.index, physicsClientId=client)[3]
        return bool(abs(felt) > PULLED_SHARE * self._stuck)

    def _resist(self, force: float) -> None:
        at = self._joint.body, self._joint.index, p.VELOCITY_CONTROL
        p.setJointMotorControl2(*at, targetVelocity=0.0, force=force, physicsClientId=self.world.client)


def _lever(joint: FurnitureJoint) -> float:
    """What a newton at the handle is at the joint: one newton, or as many newton metres as the handle is away."""
    if joint.motion == "prismatic":
        return 1.0
    return float(np.hypot(*(np.add(joint.handle_low_m, joint.handle_high_m) / 2.0)[:2]))
