from __future__ import annotations

import threading

import pytest

from embodied.commands import Grasp, ImagePoint
from embodied.controller import StopReport
from embodied.errors import ControllerError, StaleCommandError
from embodied.grounding import ground
from embodied.result import Reason, Result
from embodied.testing import FakeController

RED = ImagePoint(x=0.313, y=0.417, z=0.95)


def grasp(controller, command_id="a"):
    return ground(Grasp(at=RED), controller.observe(), command_id)


class Counted(FakeController):
    def __init__(self, **settings):
        super().__init__(**settings)
        self.halts = 0

    def halt(self) -> StopReport:
        self.halts += 1
        return super().halt()


def test_command_delivered_twice_is_executed_once():
    with FakeController() as controller:
        grounded = grasp(controller)
        first = controller.execute(grounded, 60.0)
        assert first.status == "succeeded"
        assert controller.execute(grounded, 60.0) == first
        assert controller.motions == 1


def test_command_delivered_again_after_a_new_look_is_still_known():
    with FakeController() as controller:
        grounded = grasp(controller)
        first = controller.execute(grounded, 60.0)
        controller.observe()
        assert controller.execute(grounded, 60.0) == first


def test_command_delivered_by_two_threads_at_once_is_executed_once():
    with FakeController(pace=0.3) as controller:
        grounded = grasp(controller)
        threads = [threading.Thread(target=controller.execute, args=(grounded, 60.0)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert controller.motions == 1


def test_command_made_from_an_older_look_is_refused():
    with FakeController() as controller:
        old = grasp(controller)
        controller.observe()
        with pytest.raises(StaleCommandError, match=r"observation 1.*latest is 2"):
            controller.execute(old, 60.0)
        assert controller.motions == 0


def test_command_that_ended_in_an_error_is_not_executed_again():
    class Broken(FakeController):
        def perform(self, grounded, timeout_s):
            self.motions += 1
            raise ControllerError("the arm is gone")

    controller = Broken()
    grounded = grasp(controller)
    for message in ("the arm is gone", "not executed again"):
        with pytest.raises(ControllerError, match=message):
            controller.execute(grounded, 60.0)
    assert controller.motions == 1


def test_stopped_robot_rejects_commands_until_it_is_connected_again():
    controller = FakeController()
    with controller:
        assert controller.stop().standstill_measured
        assert controller.execute(grasp(controller, "a"), 60.0).reason is Reason.STOPPED
        assert controller.motions == 0
    with controller:
        assert controller.execute(grasp(controller, "b"), 60.0).status == "succeeded"


def test_command_rejected_by_a_stop_may_be_delivered_again_after_connecting():
    controller = FakeController()
    with controller:
        grounded = grasp(controller)
        controller.stop()
        assert controller.execute(grounded, 60.0).reason is Reason.STOPPED
    with controller:
        assert controller.execute(grounded, 60.0).status == "succeeded"


def test_stop_from_another_thread_ends_a_motion_where_it_is():
    with FakeController(pace=1.0) as controller:
        results: list[Result] = []
        grounded = grasp(controller)
        motion = threading.Thread(target=lambda: results.append(controller.execute(grounded, 60.0)))
        motion.start()
        while controller.motions == 0:
            pass
        assert controller.stop().standstill_measured
        motion.join(2.0)
        assert results[0].reason is Reason.STOPPED
        assert controller.held is None


def test_leaving_after_an_error_stops_the_robot_and_leaving_well_does_not():
    controller = Counted()
    with controller:
        pass
    assert controller.halts == 0
    with pytest.raises(KeyError), controller:
        raise KeyError
    assert controller.halts == 1


def test_observation_ids_go_on_rising_over_connections():
    controller = FakeController()
    with controller:
        first = controller.observe()
    with controller:
        assert controller.observe().id > first.id


def test_site_has_the_workspace_and_limits_of_the_robot_unless_it_says_more():
    controller = FakeController()
    assert controller.site.workspace == controller.capabilities.workspace
    assert controller.site.limits == controller.capabilities.limits
    assert controller.site.keep_out == controller.site.hazards == ()
