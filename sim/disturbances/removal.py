"""Somebody moves a thing elsewhere between the robot's look and its deed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pybullet as p

from embodied.geometry import FloatArray
from sim.disturbances.disturbance import Disturbance
from sim.disturbances.room import can_go, stands_free
from sim.things import Thing
from sim.world import TIME_STEP_S, World

FAR_M = (0.06, 0.25)
TRIES = 200
SETTLING_S = 0.25
FIRST_COMMANDS = 2


class Removal(Disturbance):
    """At the beginning of one of the first commands, a thing that nobody holds is put elsewhere on the counter."""

    word: ClassVar[str] = "moved"

    def __init__(self, world: World, names: Sequence[str], rng: np.random.Generator) -> None:
        """Draw at which command, the order in which things are considered, and where they might go."""
        super().__init__(world)
        self._wait = int(rng.integers(FIRST_COMMANDS))
        self._names = [str(name) for name in rng.permutation(names)]
        turns, lengths = rng.uniform(0.0, 2.0 * np.pi, TRIES), rng.uniform(*FAR_M, TRIES)
        self._steps_W = np.column_stack([lengths * np.cos(turns), lengths * np.sin(turns), np.zeros(TRIES)])

    def look(self) -> None:
        """Its moment is the beginning of a command, and no other."""

    def command_begins(self) -> None:
        """Move the first thing that stands free and has somewhere to go, when it is time."""
        super().command_begins()
        self._wait -= 1
        if self.happened or self._wait >= 0:
            return
        things = [thing for name in self._names if stands_free(self.world, thing := self.world.objects[name])]
        ways = ((thing, step) for thing in things for step in self._steps_W)
        for thing, step_W in ways:
            if can_go(self.world, thing, step_W, slid=False):
                self.happens(f"{thing.name}, {100.0 * np.linalg.norm(step_W):.0f} cm away")
                self._put(thing, step_W)
                return

    def _put(self, thing: Thing, step_W: FloatArray) -> None:
        pose = thing.pose_in_world
        at, turn = (pose.translation_m + step_W).tolist(), pose.quaternion_xyzw.tolist()
        p.resetBasePositionAndOrientation(thing.body, at, turn, physicsClientId=thing.client)
        for _ in range(round(SETTLING_S / TIME_STEP_S)):
            self.world.step()
