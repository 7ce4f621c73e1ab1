from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from embodied import registry
from embodied.errors import MissingDependencyError, UnknownNameError, UsageError
from embodied.registry import ControllerSetup, PlannerSetup, names, open_controller, open_planner
from embodied.testing import FakeController, ScriptedPlanner


def open_fake(setup):
    return FakeController()


def open_scripted(setup):
    return ScriptedPlanner([])


def open_nothing(setup):
    return None


def needs_torch(setup):
    raise MissingDependencyError("torch", "transformers")


@pytest.fixture
def register(monkeypatch):
    def set_points(**points):
        def registered(group):
            return tuple(EntryPoint(name.rstrip("_"), value, group) for name, value in points.items())

        monkeypatch.setattr(registry, "_points", registered)

    return set_points


def test_controller_and_planner_are_found_by_name(register):
    register(fake=f"{__name__}:open_fake", script=f"{__name__}:open_scripted")
    controller = open_controller("fake", ControllerSetup())
    assert isinstance(controller, FakeController)
    assert isinstance(open_planner("script", PlannerSetup(controller=controller)), ScriptedPlanner)
    assert names("embodied.controllers") == ("fake", "script")


def test_unknown_name_lists_every_valid_one(register):
    register(fake="a:b", kitchen="a:c")
    with pytest.raises(UnknownNameError, match="no controller is called 'kitchn'; there are: fake, kitchen"):
        open_controller("kitchn", ControllerSetup())


@pytest.mark.parametrize("value", ["no_such_module:open", f"{__name__}:no_such_function"])
def test_package_that_cannot_be_imported_is_named(register, value):
    register(fake=value)
    with pytest.raises(UsageError, match="'fake' .* cannot be loaded"):
        open_controller("fake", ControllerSetup())


@pytest.mark.parametrize("factory", ["open_nothing", "open_scripted"])
def test_entry_point_that_gives_something_else_is_refused(register, factory):
    register(fake=f"{__name__}:{factory}")
    with pytest.raises(UsageError, match="must subclass Controller"):
        open_controller("fake", ControllerSetup())


def test_planner_that_is_none_is_refused(register):
    register(fake=f"{__name__}:open_nothing")
    with pytest.raises(UsageError, match="must subclass Planner"):
        open_planner("fake", PlannerSetup(controller=FakeController()))


def test_name_that_two_packages_claim_is_refused(register):
    register(fake="mine:open", fake_="theirs:open")
    with pytest.raises(UsageError, match=r"mine:open.*theirs:open"):
        open_controller("fake", ControllerSetup())


def test_error_that_says_what_is_missing_comes_through(register):
    register(big=f"{__name__}:needs_torch")
    with pytest.raises(MissingDependencyError, match="transformers"):
        open_planner("big", PlannerSetup(controller=FakeController()))


def test_simulator_is_registered_through_the_door_of_strangers():
    assert "kitchen" in names("embodied.controllers")
