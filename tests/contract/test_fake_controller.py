from __future__ import annotations

from dataclasses import replace

import pytest

from embodied.camera import Camera
from embodied.controller import Capabilities, StopReport
from embodied.errors import ControllerError
from embodied.geometry import Pose
from embodied.guard import Limits, Site
from embodied.result import Measured, Result
from embodied.testing import CONTROLLER_CHECKS, FakeController, check_controller
from embodied.testing import controller_checks as checks


@pytest.mark.parametrize("check", CONTROLLER_CHECKS)
@pytest.mark.parametrize("settings", [{}, {"pace": 0.5}, {"has_depth": False}], ids=str)
def test_fake_controller_keeps_the_promise(check, settings):
    check(FakeController(**settings))


def test_checks_have_one_name_each_and_a_sentence():
    names = [check.__name__ for check in CONTROLLER_CHECKS]
    assert len(set(names)) == len(names)
    assert all(name.startswith("check_") for name in names)
    assert all(check.__doc__ for check in CONTROLLER_CHECKS)


class ForgetsIds(FakeController):
    def execute(self, grounded, timeout_s):
        return self.perform(grounded, timeout_s)


class TakesStaleCommands(FakeController):
    def execute(self, grounded, timeout_s):
        self._latest_id = grounded.observation_id
        return super().execute(grounded, timeout_s)


class IgnoresStop(FakeController):
    def _wait_a_cycle(self):
        self._time_s += 0.01


class RaisesOutOfReach(FakeController):
    def perform(self, grounded, timeout_s):
        result = super().perform(grounded, timeout_s)
        if result.status == "rejected":
            raise ValueError("out of reach")
        return result


class MovesOnConnecting(FakeController):
    def connect(self):
        x, y, z = self.world.thing("red cube").base_in_world_m
        self.world.place("red cube", (x + 0.1, y, z))


class IsTooFast(FakeController):
    def _measured(self, begun_s):
        return Measured(self.gripper_in_world_m, 0.0, False, 1.0, max_speed_m_s=9.0)


class ReportsTheWrongFrame(FakeController):
    def _measured(self, begun_s):
        return Measured((3.0, 0.0, 0.0), 0.0, False, 1.0)


class CannotStopBeforeConnecting(FakeController):
    def halt(self) -> StopReport:
        raise RuntimeError("not connected")


class HasItsCameraElsewhere(FakeController):
    def sense(self, observation_id):
        seen = super().sense(observation_id)
        pose = Pose(seen.camera.pose_in_world.rotation, seen.camera.pose_in_world.translation_m + 5.0)
        return replace(seen, camera=Camera(seen.camera.intrinsics, pose, seen.camera.name))


class PromisesDepth(FakeController):
    @property
    def capabilities(self) -> Capabilities:
        return replace(super().capabilities, has_depth=not self._has_depth)


class StandsOnASlowSite(FakeController):
    @property
    def site(self) -> Site:
        return Site(self.capabilities.workspace, limits=Limits(0.01, 1.0))


class SaysNothing(FakeController):
    def _succeeded(self, message, begun_s) -> Result:
        return super()._succeeded("", begun_s)


class StaysStopped(FakeController):
    def __enter__(self):
        self.connect()
        return self


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (ForgetsIds, "stale command was accepted"),
        (TakesStaleCommands, "stale command was accepted"),
        (IgnoresStop, "given 1 ms ended with succeeded"),
        (RaisesOutOfReach, "raised ValueError"),
        (MovesOnConnecting, "do not move in"),
        (IsTooFast, r"speed in m/s was 9, promised is at most 0\.5"),
        (ReportsTheWrongFrame, "from its point"),
        (CannotStopBeforeConnecting, r"stop\(\) before connecting raised"),
        (HasItsCameraElsewhere, "calibrate X_WC"),
        (PromisesDepth, "declare has_depth as it is"),
        (StandsOnASlowSite, "make site and capabilities agree"),
        (SaysNothing, "write a sentence for the model"),
        (StaysStopped, "stop"),
    ],
)
def test_broken_controller_is_told_which_promise_it_breaks(broken, says):
    with pytest.raises(ControllerError, match=says) as caught:
        check_controller(broken())
    assert "To mend it: " in str(caught.value)


class KeepsTimeButNotStops(FakeController):
    def _wait_a_cycle(self):
        if self._time_s > self._deadline_s:
            raise ControllerError("out of time")
        self._time_s += 0.01


@pytest.mark.parametrize(
    ("broken", "check", "says"),
    [
        (ForgetsIds, checks.check_a_command_delivered_twice_is_executed_once, "second delivery|executed twice"),
        (
            ForgetsIds,
            checks.check_a_stopped_robot_stays_stopped_until_it_is_connected_again,
            "began to move|after stop",
        ),
        (KeepsTimeButNotStops, checks.check_stop_prevents_a_motion_that_has_just_begun, "ended with succeeded"),
    ],
)
def test_check_finds_the_one_thing_that_it_is_for(broken, check, says):
    with pytest.raises(ControllerError, match=says):
        check(broken())
