from __future__ import annotations

import numpy as np
import pytest
from fake_kitchen import BRICK, Kitchen
from fake_panda import PANDA, FakePanda
from scenery import TABLE, look_at

from embodied.guard import Limits
from embodied.motion.body import Body
from embodied.motion.collision import CollisionWorld
from embodied.motion.kinematics import Kinematics
from embodied.motion.memory import SceneMemory
from embodied.motion.mover import Mover

LIMITS = Limits(1.0, 60.0)


class Stop:
    requested = False

    def __call__(self):
        return self.requested


@pytest.fixture(scope="session")
def kinematics():
    return Kinematics(PANDA)


@pytest.fixture(scope="session")
def body(kinematics):
    return Body(kinematics)


@pytest.fixture(scope="session")
def alone(kinematics, body):
    """The arm in an empty world."""
    return CollisionWorld(kinematics, body, np.empty((0, 3)), ())


@pytest.fixture
def arm(kinematics):
    return FakePanda(kinematics)


@pytest.fixture
def stop():
    return Stop()


@pytest.fixture
def make(arm, stop, kinematics, body):
    """Makes a mover in a place with boxes, seen and declared."""

    def mover(seen=(), keep_out=(), limits=LIMITS, seed=0):
        memory = SceneMemory(body)
        if seen:
            memory.see(look_at(seen), arm.read().positions_rad)
        rng = np.random.default_rng(seed)
        return Mover(arm, memory, keep_out, limits, rng, stop, lambda: None, lambda: False, kinematics, body)

    return mover


@pytest.fixture
def kitchen(kinematics, body, monkeypatch):
    """A connected kitchen; models of the arm take a second to build, so that all share one."""
    monkeypatch.setattr("embodied.motion.controller.Kinematics", lambda description: kinematics)
    monkeypatch.setattr("embodied.motion.controller.Body", lambda kinematics: body)
    with Kitchen([TABLE, BRICK], kinematics) as opened:
        yield opened
