"""Which disturbance befalls an episode: drawn from its seed, among those that its task can bear."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from sim.disturbances.disturbance import Disturbance
from sim.disturbances.jam import Jam
from sim.disturbances.removal import Removal
from sim.disturbances.room import stands_free
from sim.disturbances.shove import Shove
from sim.disturbances.slip import Slip
from sim.disturbances.stakes import Stakes
from sim.disturbances.topple import Topple
from sim.goals import Goal
from sim.world import World

STREAM = 1
"""Of the episode's seed: the world and the robot's plans draw from others, and are the same without a disturbance."""

Make = Callable[[World, Sequence[str], np.random.Generator], Disturbance]


def draw(world: World, goal: Goal | None, seed: int) -> Disturbance | None:
    """What will go wrong in the episode of ``seed``; ``None`` where nothing could without spoiling the task.

    Drawn in this order: which of the kinds, all as likely, then what that kind leaves open:

    - ``Shove``, where a thing of the task stands free on a counter: how near, how far, where to.
    - ``Topple``, where such a thing is tall and slim and need not stand: how near, where to.
    - ``Slip``, where something has to be carried: how high up.
    - ``Jam``, where a drawer or door has to be opened: which.
    - ``Removal``, where a thing of the task stands free on a counter: when, what and where to.
    """
    kinds = _kinds(world, Stakes.of(world, goal))
    if not kinds:
        return None
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(STREAM,)))
    make, names = kinds[int(rng.integers(len(kinds)))]
    return make(world, names, rng)


def _kinds(world: World, stakes: Stakes) -> list[tuple[Make, Sequence[str]]]:
    """What can go wrong, and for which things or joints."""

    def free(names: Sequence[str]) -> list[str]:
        return [name for name in names if stands_free(world, world.objects[name])]

    kinds: list[tuple[Make, Sequence[str]]] = [
        (Shove, free(stakes.shoved)),
        (Topple, free(stakes.toppled)),
        (Slip, stakes.carried),
        (Jam, stakes.pulled),
        (Removal, free(stakes.moved)),
    ]
    return [(make, names) for make, names in kinds if names]
