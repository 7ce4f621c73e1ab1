"""Somebody shoves a thing aside just as the hand comes for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
import pybullet as p

from embodied.geometry import FloatArray
from sim.disturbances.disturbance import Disturbance
from sim.disturbances.room import box_of, can_go, pads_in_world_m, stands_free
from sim.evidence import between_fingers
from sim.things import Thing
from sim.world import TIME_STEP_S, World

NEAR_M = (0.06, 0.18)
"""From the pads: before or after a close look at the thing, as it is drawn."""
LENGTH_M = (0.03, 0.06)
DURATION_S = 0.3
DIRECTIONS = 8


class Shove(Disturbance):
    """While the empty hand comes near a thing for the first time, it is slid aside, level, to where there is room."""

    word: ClassVar[str] = "shoved"

    def __init__(self, world: World, names: Sequence[str], rng: np.random.Generator) -> None:
        """Draw how near the hand comes first, how far the thing goes, and in which direction first of all."""
        super().__init__(world)
        self._names = list(names)
        self._near_m, self._length_m = float(rng.uniform(*NEAR_M)), float(rng.uniform(*LENGTH_M))
        self._turn_rad = float(rng.uniform(0.0, 2.0 * np.pi))
        self._push: Iterator[None] = iter(())

    def look(self) -> None:
        """Shove what the hand is near to, if it stands free and has room."""
        thing = approached(self.world, self._names, self._near_m)
        if thing is None:
            return
        self._names.remove(thing.name)
        steps = (self._length_m * way for way in level_ways(self._turn_rad))
        step_W = next((step for step in steps if can_go(self.world, thing, step)), None)
        if stands_free(self.world, thing) and step_W is not None:
            self.happens(f"{thing.name}, {100.0 * self._length_m:.1f} cm aside")
            self._push = _slide(thing, step_W)

    def go_on(self) -> None:
        """Push on."""
        next(self._push, None)


def approached(world: World, names: Sequence[str], within_m: float) -> Thing | None:
    """Which of these things the empty hand is near to."""
    if between_fingers(world):
        return None
    pads = pads_in_world_m(world)
    things = [world.objects[name] for name in names]
    away_m = [float(np.linalg.norm(pads - np.clip(pads, *box_of(world, thing.body)))) for thing in things]
    nearest = int(np.argmin(away_m)) if away_m else None
    return things[nearest] if nearest is not None and away_m[nearest] < within_m else None


def level_ways(first_rad: float) -> Iterator[FloatArray]:
    """Level unit vectors all around."""
    for angle in first_rad + np.arange(DIRECTIONS) * 2.0 * np.pi / DIRECTIONS:
        yield np.array([np.cos(angle), np.sin(angle), 0.0])


def _slide(thing: Thing, step_W: FloatArray) -> Iterator[None]:
    """Give it, at every time step, the speed of a hand that starts and stops gently."""
    count = round(DURATION_S / TIME_STEP_S)
    shares = np.sin(np.linspace(0.0, np.pi, count)) ** 2
    for share in shares / shares.sum():
        falling_m_s = p.getBaseVelocity(thing.body, physicsClientId=thing.client)[0][2]
        speed_W = share * step_W / TIME_STEP_S
        _set_speed(thing, [*speed_W[:2], falling_m_s])
        yield
    _set_speed(thing, [0.0, 0.0, 0.0])


def _set_speed(thing: Thing, speed_m_s: Sequence[float]) -> None:
    p.resetBaseVelocity(thing.body, list(map(float, speed_m_s)), [0.0, 0.0, 0.0], physicsClientId=thing.client)
