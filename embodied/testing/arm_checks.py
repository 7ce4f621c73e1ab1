"""The contract of ``Arm`` as code: every check is one promise, and says how to mend what breaks it.

A check gets an arm that is not connected and leaves it so. Joints move by less than a tenth of a radian around where
they stand, and the fingers open and close with nothing between them: leave room before you run this on a real one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from xml.etree import ElementTree

import numpy as np

from embodied.errors import ControllerError
from embodied.geometry import FloatArray
from embodied.motion.arm import Arm, ArmDescription, JointState, JointTrajectory, Monitor
from embodied.testing.probes import Call, promise

ArmCheck = Callable[[Arm], None]

STEP_RAD = 0.08
"""How far joints are moved (radians; metres at a sliding joint)."""
TOLERANCE_RAD = 0.02
"""How far from the end of a trajectory the arm may come to rest."""
REST_RAD_S = 0.05
"""Joint speed that counts as standing."""
WIDTH_TOLERANCE_M = 0.006
"""How far the fingers may be from the commanded width."""
PATIENCE_S = 120.0
"""Wall time in which a motion must have come back."""


def check_arm(arm: Arm) -> None:
    """Run every check of ``ARM_CHECKS`` over ``arm``, which must not be connected.

    Raises:
        ControllerError: At the first promise that is broken; says which, and how to mend it.
    """
    for check in ARM_CHECKS:
        check(arm)


def check_description_is_consistent(arm: Arm) -> None:
    """Names are unique, arrays have one number a joint, limits are sane and home lies inside them."""
    known = arm.description
    count = len(known.joint_names)
    names = (*known.joint_names, *known.finger_joint_names)
    promise(count > 0 and len(set(names)) == len(names), f"joint names {names} repeat or are missing", "name each once")
    limits = known.limits
    rates = (limits.velocity_rad_s, limits.acceleration_rad_s2, limits.jerk_rad_s3)
    for array in (known.home_rad, limits.lower_rad, limits.upper_rad, *rates):
        promise(
            np.shape(array) == (count,), f"an array has shape {np.shape(array)}", f"give {count} numbers, one a joint"
        )
        promise(bool(np.isfinite(array).all()), "a limit or home is not finite", "publish finite limits")
    promise(bool((limits.lower_rad < limits.upper_rad).all()), "a lower limit is not below its upper", "swap them")
    promise(all((rate > 0).all() for rate in rates), "a rate limit is not positive", "publish positive rate limits")
    promise(_inside(known, known.home_rad), "home lies outside the joint limits", "choose another home")


def check_gripper_description_is_consistent(arm: Arm) -> None:
    """Every length and force of the gripper is positive."""
    gripper = arm.description.gripper
    for name, value in vars(gripper).items():
        promise(np.isfinite(value) and value > 0, f"gripper.{name} is {value}", "measure it: metres and newtons")


def check_description_file_has_the_joints(arm: Arm) -> None:
    """The URDF exists and has every joint, finger joint and link that the description names."""
    known = arm.description
    promise(known.urdf.is_file(), f"there is no file {known.urdf}", "give the path of the arm's URDF")
    robot = ElementTree.parse(known.urdf).getroot()
    for tag, wanted in (("joint", (*known.joint_names, *known.finger_joint_names)), ("link", (known.grasp_link,))):
        there = {element.get("name") for element in robot.findall(tag)}
        missing = sorted(set(wanted) - there)
        promise(not missing, f"{known.urdf.name} has no {tag} {missing}", f"use one of {sorted(map(str, there))}")


def check_reading_is_finite_and_in_shape(arm: Arm) -> None:
    """The state has one finite number a joint, lies within the limits, and its clock does not run backwards."""
    with _connected(arm):
        first, second = arm.read(), arm.read()
    _check_state(first, arm)
    promise(second.time_s >= first.time_s, "the robot's clock runs backwards", "use a monotonic clock")


def check_connecting_does_not_move_the_arm(arm: Arm) -> None:
    """Leaving and connecting again finds the arm where it was, and standing."""
    with _connected(arm):
        before = arm.read()
    with _connected(arm):
        after = arm.read()
    moved_rad = float(np.abs(after.positions_rad - before.positions_rad).max())
    promise(moved_rad < TOLERANCE_RAD, f"a joint moved {moved_rad:.3f} rad", "hold still in (dis)connect()")
    _check_rest(after, "after connecting")


def check_trajectory_is_followed_to_its_end(arm: Arm) -> None:
    """A small trajectory ends where it should, at rest, and the monitor hears of the way there."""
    heard: list[JointState] = []
    with _connected(arm):
        trajectory = _small_trajectory(arm)
        end = _follow(arm, trajectory, _listener(heard))
        _follow(arm, _reversed(trajectory), lambda state: False)
    _check_state(end, arm)
    gap_rad = float(np.abs(end.positions_rad - trajectory.positions_rad[-1]).max())
    promise(gap_rad < TOLERANCE_RAD, f"the arm ended {gap_rad:.3f} rad from the trajectory's end", "hold the end")
    _check_rest(end, "at the end of a trajectory")
    promise(len(heard) >= 10, f"the monitor was called {len(heard)} times", "call it at every control cycle")
    speeds = np.abs([state.velocities_rad_s for state in heard]).max(axis=0)
    promise(bool((speeds <= arm.description.limits.velocity_rad_s).all()), "a joint broke its speed limit", "track it")


def check_monitor_stops_the_arm(arm: Arm) -> None:
    """Where the monitor says so the arm stops, well before the end of the trajectory."""
    with _connected(arm):
        trajectory = _small_trajectory(arm)
        start_s = arm.read().time_s
        end = _follow(arm, trajectory, lambda state: state.time_s - start_s > trajectory.duration_s / 3)
    _check_broken_off(end, trajectory, "follow() went on when the monitor returned True")


def check_stop_ends_a_trajectory(arm: Arm) -> None:
    """``stop()`` from another thread ends a trajectory before its end."""
    begun, stopped = threading.Event(), threading.Event()

    def monitor(state: JointState) -> bool:
        begun.set()
        stopped.wait(PATIENCE_S)  # the arm's clock waits here until stop() has come back: no race with a fast simulator
        return False

    with _connected(arm):
        trajectory = _small_trajectory(arm)
        motion = Call(lambda: arm.follow(trajectory, monitor), "follow()")
        begun.wait(PATIENCE_S)
        Call(arm.stop, "stop() from another thread").result(PATIENCE_S)
        stopped.set()
        end = motion.result(PATIENCE_S)
    _check_broken_off(end, trajectory, "follow() went on after stop()")


def check_stop_is_safe_in_any_state(arm: Arm) -> None:
    """``stop()`` works while the arm stands, twice, from another thread."""
    with _connected(arm):
        before = arm.read()
        for _ in range(2):
            Call(arm.stop, "stop() while standing").result(PATIENCE_S)
        moved_rad = float(np.abs(arm.read().positions_rad - before.positions_rad).max())
    promise(moved_rad < TOLERANCE_RAD, f"stop() moved a joint by {moved_rad:.3f} rad", "hold the present position")


def check_trajectory_beyond_the_limits_is_refused(arm: Arm) -> None:
    """A trajectory that leaves the joint limits raises ``ControllerError`` before anything moves."""
    with _connected(arm):
        start = arm.read()
        try:
            end = _follow(arm, _beyond_limits(arm, start), lambda state: True)
        except ControllerError:
            end = arm.read()
        else:
            promise(
                False,
                "follow() took a trajectory that leaves the joint limits",
                "begin with description.limits.admit()",
            )
    promise(bool(np.allclose(end.positions_rad, start.positions_rad, atol=TOLERANCE_RAD)), "it moved", "refuse first")


def check_gripper_opens_and_closes(arm: Arm) -> None:
    """The fingers reach the widths that they are told, with nothing between them."""
    gripper = arm.description.gripper
    with _connected(arm):
        for width_m in (gripper.max_width_m, 0.5 * gripper.max_width_m, 0.0):
            state = _grip(arm, width_m, lambda state: False)
            gap_m = abs(state.gripper_width_m - width_m)
            promise(
                gap_m < WIDTH_TOLERANCE_M, f"told {width_m:.3f} m, the fingers are {gap_m:.3f} m off", "wait for rest"
            )


def check_monitor_stops_the_gripper(arm: Arm) -> None:
    """Where the monitor says so the fingers stop."""
    half_m = 0.5 * arm.description.gripper.max_width_m
    with _connected(arm):
        _grip(arm, 2 * half_m, lambda state: False)
        state = _grip(arm, 0.0, lambda state: True)
        _grip(arm, 2 * half_m, lambda state: False)
    promise(state.gripper_width_m > half_m, "the fingers went on when the monitor returned True", "stop them at once")


ARM_CHECKS: tuple[ArmCheck, ...] = (
    check_description_is_consistent,
    check_gripper_description_is_consistent,
    check_description_file_has_the_joints,
    check_reading_is_finite_and_in_shape,
    check_connecting_does_not_move_the_arm,
    check_stop_is_safe_in_any_state,
    check_trajectory_beyond_the_limits_is_refused,
    check_trajectory_is_followed_to_its_end,
    check_monitor_stops_the_arm,
    check_stop_ends_a_trajectory,
    check_gripper_opens_and_closes,
    check_monitor_stops_the_gripper,
)
"""Every promise of the contract, cheapest first; for ``pytest.mark.parametrize``."""


@contextmanager
def _connected(arm: Arm) -> Iterator[None]:
    arm.connect()
    try:
        yield
    finally:
        arm.disconnect()


def _listener(heard: list[JointState]) -> Monitor:
    def listen(state: JointState) -> bool:
        heard.append(state)
        return False

    return listen


def _follow(arm: Arm, trajectory: JointTrajectory, monitor: Monitor) -> JointState:
    return arm.follow(trajectory, monitor)


def _grip(arm: Arm, width_m: float, monitor: Monitor) -> JointState:
    return arm.set_gripper(width_m, 0.5 * arm.description.gripper.max_force_n, monitor)


def _inside(known: ArmDescription, positions_rad: FloatArray) -> bool:
    slack_rad = 1e-3
    low, high = known.limits.lower_rad - slack_rad, known.limits.upper_rad + slack_rad
    return bool(((positions_rad >= low) & (positions_rad <= high)).all())


def _check_state(state: JointState, arm: Arm) -> None:
    known = arm.description
    for name in ("positions_rad", "velocities_rad_s", "torques_nm"):
        array = getattr(state, name)
        promise(
            np.shape(array) == (len(known.joint_names),), f"{name} has shape {np.shape(array)}", "one number a joint"
        )
        promise(bool(np.isfinite(array).all()), f"{name} is not finite", "check sensors for NaN")
    promise(_inside(known, state.positions_rad), "the arm stands outside its joint limits", "check signs and units")
    width_m = state.gripper_width_m
    promise(-0.002 <= width_m <= known.gripper.max_width_m + 0.005, f"gripper_width_m is {width_m}", "give metres")


def _check_rest(state: JointState, when: str) -> None:
    speed_rad_s = float(np.abs(state.velocities_rad_s).max())
    promise(speed_rad_s < REST_RAD_S, f"a joint moves at {speed_rad_s:.3f} rad/s {when}", "come to a stand first")


def _check_broken_off(end: JointState, trajectory: JointTrajectory, broken: str) -> None:
    way_rad = np.abs(trajectory.positions_rad[-1] - trajectory.positions_rad[0]).max()
    left_rad = np.abs(trajectory.positions_rad[-1] - end.positions_rad).max()
    promise(bool(left_rad > 0.2 * way_rad), broken, "stop where the arm is, and return the state there")
    _check_rest(end, "after it was stopped")


def _small_trajectory(arm: Arm) -> JointTrajectory:
    """Every joint a little towards the middle of its range, with no jerk at the ends, at half of the limits."""
    limits, start = arm.description.limits, arm.read().positions_rad
    middle = (limits.lower_rad + limits.upper_rad) / 2
    way = np.where(middle >= start, STEP_RAD, -STEP_RAD)
    return _smooth(start, start + way, arm)


def _smooth(start: FloatArray, end: FloatArray, arm: Arm) -> JointTrajectory:
    limits, way = arm.description.limits, np.abs(end - start)
    peaks = (1.875 * way / limits.velocity_rad_s, np.sqrt(5.774 * way / limits.acceleration_rad_s2))
    duration_s = 2 * max(
        *(float(peak.max()) for peak in peaks), float(np.cbrt(60 * way / limits.jerk_rad_s3).max()), 0.5
    )
    s = np.linspace(0.0, 1.0, 101)[:, None]
    blend, rate = 10 * s**3 - 15 * s**4 + 6 * s**5, (30 * s**2 - 60 * s**3 + 30 * s**4) / duration_s
    return JointTrajectory(s[:, 0] * duration_s, start + blend * (end - start), rate * (end - start))


def _reversed(trajectory: JointTrajectory) -> JointTrajectory:
    return JointTrajectory(trajectory.times_s, trajectory.positions_rad[::-1], -trajectory.velocities_rad_s[::-1])


def _beyond_limits(arm: Arm, start: JointState) -> JointTrajectory:
    end = start.positions_rad.copy()
    end[0] = arm.description.limits.upper_rad[0] + 0.2
    return _smooth(start.positions_rad, end, arm)
