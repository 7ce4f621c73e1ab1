"""The contract of ``Controller`` as code: every check is one promise, and says how to mend what breaks it.

A check gets a controller that is not connected and leaves it so. The robot approaches points that its camera sees in
the workspace, and nothing else: clear the table before you run this over a real one.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from embodied.controller import Controller
from embodied.errors import ControllerError, EmbodiedError, StaleCommandError
from embodied.grounding import GroundedCommand
from embodied.guard import Guard
from embodied.result import Measured, Reason, Result
from embodied.testing.probes import Call, approaches, beyond_reach, counting, promise, same_scene, stopping_at_begin

ControllerCheck = Callable[[Controller], None]

TIMEOUT_S = 60.0
"""Robot's time that an approach is given."""
PATIENCE_S = 120.0
"""Wall time in which a command must have come back."""
STOP_WITHIN_S = 10.0
"""Wall time in which ``stop()`` must come back, and a motion must end after it."""
NEAR_M = 0.35
"""How far from the point an approach may end."""


def check_controller(controller: Controller) -> None:
    """Run every check of ``CONTROLLER_CHECKS`` over ``controller``, which must not be connected.

    Raises:
        ControllerError: At the first promise that is broken; says which, and how to mend it.
    """
    for check in CONTROLLER_CHECKS:
        check(controller)


def check_capabilities_are_readable_before_connecting(controller: Controller) -> None:
    """Capabilities are known, sane and stable without a connection."""
    capabilities = controller.capabilities
    promise(capabilities == controller.capabilities, "capabilities change between two readings", "keep them constant")
    numbers = np.array([capabilities.limits.speed_m_s, capabilities.limits.force_n, capabilities.gripper_width_m])
    promise(
        bool(np.isfinite(numbers).all() and (numbers > 0).all()),
        f"speed limit, force limit and gripper width are {numbers.tolist()}",
        "declare positive, finite numbers in capabilities",
    )
    names = capabilities.cameras
    promise(len(set(names)) == len(names) > 0, f"cameras are {names}", "name at least one camera, each once")
    promise(bool(capabilities.name), "the controller has no name", "give capabilities a name")


def check_site_admits_its_own_robot(controller: Controller) -> None:
    """The site that it declares admits the limits that it promises."""
    try:
        Guard(controller.site).admit(controller.capabilities.limits, controller.capabilities.name)
    except EmbodiedError as error:
        raise ControllerError(f"contract broken: {error}. To mend it: make site and capabilities agree.") from error


def check_observations_fit_the_capabilities(controller: Controller) -> None:
    """What is observed is what was declared: which camera, whether there is depth, how wide the gripper opens."""
    with controller:
        observation, capabilities = controller.observe(), controller.capabilities
    seen, declared = observation.camera.name, capabilities.cameras[0]
    promise(seen == declared, f"the observation is from {seen!r}, not {declared!r}", "name the planning camera first")
    promise(
        (observation.depth_m is not None) == capabilities.has_depth,
        f"capabilities say has_depth={capabilities.has_depth}, the observation says otherwise",
        "declare has_depth as it is",
    )
    promise(
        observation.gripper.width_m <= capabilities.gripper_width_m + 0.01,
        f"the gripper is {observation.gripper.width_m:.3f} m wide, more than declared",
        "give widths in metres between the pads, 0 when closed",
    )


def check_observations_are_ordered_and_frozen(controller: Controller) -> None:
    """Ids rise, time does not run backwards, and nobody can write into what was seen."""
    with controller:
        first, second = controller.observe(), controller.observe()
    promise(second.id > first.id, f"observation {second.id} follows {first.id}", "use the id given to sense()")
    promise(second.time_s >= first.time_s, "the robot's clock runs backwards", "use a monotonic clock")
    for array in (first.image, first.depth_m):
        promise(array is None or not array.flags.writeable, "what was seen can be overwritten", "freeze the arrays")


def check_connecting_and_looking_do_not_move_the_robot(controller: Controller) -> None:
    """Looking, leaving and connecting again change nothing that can be seen."""
    with controller:
        before, again = controller.observe(), controller.observe()
    with controller:
        after = controller.observe()
    promise(same_scene(before, again), "the scene changed between two looks", "do not move in sense()")
    promise(same_scene(before, after), "the scene changed by leaving and connecting", "do not move in (dis)connect()")


def check_the_camera_sees_the_workspace(controller: Controller) -> None:
    """Some visible points lie in the workspace; where none does, ``X_WC`` or the workspace is wrong."""
    with controller:
        approaches(controller.capabilities, controller.observe(), "seen")


def check_an_approach_ends_near_its_point_within_limits(controller: Controller) -> None:
    """One of a few visible points can be approached, and what was measured is finite and within limits."""
    with controller:
        result, command = _first_success(controller, "near")
    promise(
        result.status == "succeeded",
        f"no visible point of the workspace could be approached; the last try said: {result.message}",
        "shrink the workspace to what the robot reaches, and check X_WC and X_WB",
    )
    if result.measured is not None:
        gap_m = float(np.linalg.norm(np.subtract(result.measured.gripper_in_world_m, command.points_in_world_m[0])))
        promise(gap_m <= NEAR_M, f"an approach ended {gap_m:.2f} m from its point", "report p_WG in W, in metres")


def _first_success(controller: Controller, purpose: str) -> tuple[Result, GroundedCommand]:
    """The first approach that succeeds, or the last that does not."""
    found = approaches(controller.capabilities, controller.observe(), purpose)
    for command in found:
        result = _execute(controller, command, TIMEOUT_S)
        _check_result(result, controller)
        if result.status == "succeeded":
            break
    return result, command


def _execute(controller: Controller, command: GroundedCommand, timeout_s: float) -> Result:
    return Call(lambda: controller.execute(command, timeout_s), "execute()").result(PATIENCE_S)


def _check_result(result: Result, controller: Controller) -> None:
    promise(bool(result.message), f"a {result.status} result has no message", "write a sentence for the model")
    if result.status == "rejected":
        promise(result.measured is None, "a rejected command was measured", "use 'failed' once something has moved")
    else:
        promise(result.measured is not None, f"a {result.status} result lacks what was measured", "fill in measured")
    if result.measured is not None:
        _check_measured(result.measured, controller)


def _check_measured(measured: Measured, controller: Controller) -> None:
    capabilities = controller.capabilities
    numbers = [*measured.gripper_in_world_m, measured.gripper_width_m, measured.duration_s]
    promise(bool(np.isfinite(numbers).all()), f"measured numbers are not finite: {measured}", "check sensors for NaN")
    promise(
        -0.002 <= measured.gripper_width_m <= capabilities.gripper_width_m + 0.01,
        f"a gripper width of {measured.gripper_width_m:.3f} m was measured",
        "give widths in metres between the pads, 0 when closed",
    )
    for what, value, limit in (
        ("speed in m/s", measured.max_speed_m_s, capabilities.limits.speed_m_s),
        ("force in N", measured.max_force_n, capabilities.limits.force_n),
    ):
        promise(0 <= value <= limit, f"{what} was {value:.3g}, promised is at most {limit:g}", "keep your own limits")


def check_a_command_delivered_twice_is_executed_once(controller: Controller) -> None:
    """The second delivery of an id returns the first one's result, and begins no motion."""
    with controller, counting(controller) as begun:
        result, command = _first_success(controller, "twice")
        count, before = begun.count, controller.observe()
        again = controller.execute(command, TIMEOUT_S)
        after = controller.observe()
    remedy = "leave execute() as it is and override perform()"
    promise(again == result, f"the second delivery gave {again}, the first {result}", remedy)
    promise(begun.count == count and same_scene(before, after), "a command delivered twice was executed twice", remedy)


def check_a_stale_command_is_refused(controller: Controller) -> None:
    """A command made from an earlier observation raises ``StaleCommandError`` and begins no motion."""
    with controller, counting(controller) as begun:
        old = approaches(controller.capabilities, controller.observe(), "stale")[0]
        controller.observe()
        try:
            controller.execute(old, TIMEOUT_S)
        except StaleCommandError:
            promise(begun.count == 0, "a stale command was begun before it was refused", "override perform() alone")
            return
    promise(False, "a stale command was accepted", "leave execute() and observe() as they are")


def check_a_point_out_of_reach_is_a_result(controller: Controller) -> None:
    """A point far outside the workspace is a result with a reason, not an exception and not a success."""
    with controller:
        command = beyond_reach(controller.capabilities, controller.observe())
        result = _execute(controller, command, TIMEOUT_S)
    _check_result(result, controller)
    reasons = (Reason.OUT_OF_WORKSPACE, Reason.UNREACHABLE, Reason.NO_PATH)
    promise(
        result.reason in reasons,
        f"a point five metres outside the workspace gave {result.status} {result.reason}",
        f"return a Result with one of {[reason.value for reason in reasons]}",
    )


def check_a_timeout_is_kept(controller: Controller) -> None:
    """A command that is given a millisecond ends with reason ``timeout``, soon."""
    with controller:
        command = approaches(controller.capabilities, controller.observe(), "timeout")[0]
        result = _execute(controller, command, 0.001)
    _check_result(result, controller)
    promise(
        result.status != "succeeded" and result.reason in (Reason.TIMEOUT, Reason.UNREACHABLE, Reason.NO_PATH),
        f"a command given 1 ms ended with {result.status} {result.reason}",
        "end perform() with Reason.TIMEOUT when timeout_s is over on the robot's clock",
    )


def check_stop_is_safe_in_any_state(controller: Controller) -> None:
    """``stop()`` works before connecting, from another thread, and twice."""
    for _ in range(2):
        Call(controller.stop, "stop() before connecting").result(STOP_WITHIN_S)
    with controller:
        for _ in range(2):
            Call(controller.stop, "stop() from another thread").result(STOP_WITHIN_S)
    Call(controller.stop, "stop() after leaving").result(STOP_WITHIN_S)


def check_stop_prevents_a_motion_that_has_just_begun(controller: Controller) -> None:
    """``stop()`` from another thread at the very beginning of a motion ends it with reason ``stopped``."""
    with controller, stopping_at_begin(controller):
        command = approaches(controller.capabilities, controller.observe(), "stopped-first")[-1]
        result = _execute(controller, command, TIMEOUT_S)
    _check_stopped(result, controller)


def check_stop_ends_a_motion(controller: Controller) -> None:
    """``stop()`` from another thread during a motion comes back soon, and the motion ends soon."""
    with controller, counting(controller) as begun:
        command = approaches(controller.capabilities, controller.observe(), "stopped-later")[-1]
        motion = Call(lambda: controller.execute(command, TIMEOUT_S), "a stopped command")
        begun.first.wait(STOP_WITHIN_S)
        time.sleep(0.2)
        stopped_s, in_time = time.monotonic(), motion.running
        Call(controller.stop, "stop() during a motion").result(STOP_WITHIN_S)
        result = motion.result(STOP_WITHIN_S)
    if in_time and time.monotonic() - stopped_s > 1.0:
        _check_stopped(result, controller)


def _check_stopped(result: Result, controller: Controller) -> None:
    _check_result(result, controller)
    promise(
        result.reason is Reason.STOPPED,
        f"a command that was stopped ended with {result.status} {result.reason}",
        "poll stop_requested while moving and end perform() with Reason.STOPPED",
    )


def check_a_stopped_robot_stays_stopped_until_it_is_connected_again(controller: Controller) -> None:
    """After ``stop()`` commands are rejected with reason ``stopped``; a new connection works again."""
    with controller, counting(controller) as begun:
        command = approaches(controller.capabilities, controller.observe(), "after-stop")[0]
        controller.stop()
        result = controller.execute(command, TIMEOUT_S)
    remedy = "leave execute() and stop() as they are and override perform() and halt()"
    promise(result.reason is Reason.STOPPED, f"after stop() a command gave {result.status} {result.reason}", remedy)
    promise(begun.count == 0, "a stopped robot began to move", remedy)
    with controller:
        result, _ = _first_success(controller, "reconnected")
    promise(result.reason is not Reason.STOPPED, "a robot that was connected anew is still stopped", remedy)


CONTROLLER_CHECKS: tuple[ControllerCheck, ...] = (
    check_capabilities_are_readable_before_connecting,
    check_site_admits_its_own_robot,
    check_observations_fit_the_capabilities,
    check_observations_are_ordered_and_frozen,
    check_connecting_and_looking_do_not_move_the_robot,
    check_the_camera_sees_the_workspace,
    check_a_stale_command_is_refused,
    check_a_point_out_of_reach_is_a_result,
    check_stop_is_safe_in_any_state,
    check_an_approach_ends_near_its_point_within_limits,
    check_a_command_delivered_twice_is_executed_once,
    check_a_timeout_is_kept,
    check_stop_prevents_a_motion_that_has_just_begun,
    check_stop_ends_a_motion,
    check_a_stopped_robot_stays_stopped_until_it_is_connected_again,
)
"""Every promise of the contract, cheapest first; for ``pytest.mark.parametrize``."""
