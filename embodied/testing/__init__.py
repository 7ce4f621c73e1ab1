"""Fakes and contract checks, for whoever writes a robot or a planner: part of the product, and run over our own."""

from embodied.models.scripted import ScriptedPlanner
from embodied.testing.arm_checks import ARM_CHECKS, check_arm
from embodied.testing.controller_checks import CONTROLLER_CHECKS, check_controller
from embodied.testing.fake_controller import FakeController
from embodied.testing.flat_world import FlatWorld, Thing

__all__ = [
    "ARM_CHECKS",
    "CONTROLLER_CHECKS",
    "FakeController",
    "FlatWorld",
    "ScriptedPlanner",
    "Thing",
    "check_arm",
    "check_controller",
]
