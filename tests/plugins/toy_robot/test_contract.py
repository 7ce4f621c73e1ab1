"""What the robot's own package tests: that it keeps both contracts. No more is needed."""

from __future__ import annotations

import pytest
from toy_robot.arm import ToyArm
from toy_robot.gantry import Gantry
from toy_robot.table import Table

from embodied.testing import ARM_CHECKS, CONTROLLER_CHECKS


@pytest.mark.parametrize("check", CONTROLLER_CHECKS)
def test_gantry_keeps_the_promise(check):
    check(Gantry(Table()))


@pytest.mark.parametrize("check", ARM_CHECKS)
def test_arm_keeps_the_promise(check):
    check(ToyArm())
