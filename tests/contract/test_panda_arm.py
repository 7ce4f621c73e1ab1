"""The simulated Panda is held to the contract of every arm."""

from __future__ import annotations

import numpy as np
import pytest

from embodied.testing import ARM_CHECKS
from sim.arm import PandaArm
from sim.scene import load_scene
from sim.world import World

pytestmark = pytest.mark.slow


@pytest.fixture
def panda():
    world = World.build(load_scene("counter"), np.random.default_rng(0), False, "tiny", (64, 48))
    yield PandaArm(world)
    world.close()


@pytest.mark.parametrize("check", ARM_CHECKS)
def test_panda_keeps_the_promise(check, panda):
    check(panda)
