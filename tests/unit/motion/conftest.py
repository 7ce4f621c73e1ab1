from __future__ import annotations

import numpy as np
import pytest
from fake_panda import PANDA

from embodied.motion.body import Body
from embodied.motion.collision import CollisionWorld
from embodied.motion.kinematics import Kinematics


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
