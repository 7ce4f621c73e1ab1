"""Every controller that ships is held to the contract, through the door that strangers use."""

from __future__ import annotations

import pytest

from embodied.registry import ControllerSetup, names, open_controller
from embodied.testing import CONTROLLER_CHECKS

pytestmark = pytest.mark.slow
OURS = ("kitchen",)


@pytest.mark.parametrize("check", CONTROLLER_CHECKS)
@pytest.mark.parametrize("name", OURS)
def test_controller_keeps_the_promise(name, check):
    check(open_controller(name, ControllerSetup(scene="counter", image_size_px=(224, 168))))


def test_every_controller_of_ours_is_held_to_the_contract():
    assert set(OURS) <= set(names("embodied.controllers"))
