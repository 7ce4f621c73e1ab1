from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fake_panda import PANDA

from embodied.motion.body import Body
from embodied.motion.collision import CollisionWorld
from embodied.motion.kinematics import Kinematics

HERE = Path(__file__).parent


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


def pytest_collection_modifyitems(items):
    deprecated = "ignore:This class member has been marked as deprecated"  # by coal, used in motion/body.py
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.filterwarnings(deprecated))
