"""Somebody knocks a thing over just as the hand comes for one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
import pybullet as p

from embodied.geometry import FloatArray
from sim.disturbances.disturbance import Disturbance
from sim.disturbances.room import can_fall, stands_free
from sim.disturbances.shove import approached, level_ways
from sim.outline import Outline
from sim.things import Thing
from sim.world import TIME_STEP_S, World

NEAR_M = (0.10, 0.18)
"""From the pads: a thing that falls needs some room."""
TILTING_RAD_S = 3.0
TIPPED_RAD = np.deg2rad(40.0)
"""So far it is tilted over its edge; from there it falls by itself."""
LYING_RAD = np.deg2rad(80.0)
BRAKE_S = 0.6
BRAKE = 0.9
"""Whoever knocked it over keeps it from rolling away: what is left of its speed after each time step."""


class Topple(Disturbance):
    """While the empty hand comes near anything for the first time, a thing is knocked over, to where there is room."""

    word: ClassVar[str] = "knocked over"

    def __init__(self, world: World, names: Sequence[str], rng: np.random.Generator) -> None:
        """Draw which one, how near the hand comes first, and in which direction the thing falls first of all."""
        super().__init__(world)
        self._thing = world.objects[names[int(rng.integers(len(names)))]]
        self._near_m, self._turn_rad = float(rng.uniform(*NEAR_M)), float(rng.uniform(0.0, 2.0 * np.pi))
        self._fall: Iterator[None] = iter(())

    def look(self) -> None:
        """Knock it over if the hand is near to anything, and it stands free and has room."""
        if not approached(self.world, tuple(self.world.objects), self._near_m):
            return
        way_W = next((way for way in level_ways(self._turn_rad) if can_fall(self.world, self._thing, way)), None)
        if stands_free(self.world, self._thing) and way_W is not None:
            self.happens(self._thing.name)
            self._fall = _fall(self._thing, way_W)

    def go_on(self) -> None:
        """Tilt on."""
        next(self._fall, None)


def _fall(thing: Thing, way_W: FloatArray) -> Iterator[None]:
    """Turn it about the edge of its foot, then leave it to its weight, then keep it from rolling away."""
    turning_W = TILTING_RAD_S * np.cross([0.0, 0.0, 1.0], way_W)
    foot = thing.samples_in_world_m()[:, 2].min() - thing.pose_in_world.translation_m[2]
    edge_W = thing.pose_in_world.translation_m + [0.0, 0.0, foot] + Outline.of(thing).half_width_m * way_W
    while _tilt_rad(thing) < TIPPED_RAD:
        _set_motion(thing, np.cross(turning_W, thing.pose_in_world.translation_m - edge_W), turning_W)
        yield
    while _tilt_rad(thing) < LYING_RAD:
        yield
    for _ in range(round(BRAKE_S / TIME_STEP_S)):
        speed, turning = p.getBaseVelocity(thing.body, physicsClientId=thing.client)
        _set_motion(thing, BRAKE * np.array(speed), BRAKE * np.array(turning))
        yield


def _tilt_rad(thing: Thing) -> float:
    return float(np.arccos(np.clip(thing.pose_in_world.rotation[2, 2], -1.0, 1.0)))


def _set_motion(thing: Thing, speed_m_s: FloatArray, turning_rad_s: FloatArray) -> None:
    p.resetBaseVelocity(thing.body, speed_m_s.tolist(), turning_rad_s.tolist(), physicsClientId=thing.client)
