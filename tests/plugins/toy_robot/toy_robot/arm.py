"""The second door: a robot with joints and a gripper is an ``Arm``."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from embodied.geometry import FloatArray, Pose
from embodied.motion.arm import (
    Arm,
    ArmDescription,
    GripperDescription,
    JointLimits,
    JointState,
    JointTrajectory,
    Monitor,
)

CYCLE_S = 0.01
FINGER_SPEED_M_S = 0.1
URDF = Path(__file__).with_name("toy_arm.urdf")
LIMITS = JointLimits(
    lower_rad=np.array([-2.5, -1.2, -0.3]),
    upper_rad=np.array([2.5, 1.8, 2.4]),
    velocity_rad_s=np.array([1.5, 1.5, 2.0]),
    acceleration_rad_s2=np.array([5.0, 5.0, 8.0]),
    jerk_rad_s3=np.array([50.0, 50.0, 80.0]),
)
GRIPPER = GripperDescription(
    max_width_m=0.08,
    max_force_n=20.0,
    finger_length_m=0.05,
    tip_to_grasp_m=0.01,
    finger_thickness_m=0.012,
    pad_width_m=0.016,
)
ALONG_X = Pose.from_quaternion((0.25, 0.0, 0.0), (0.0, 0.70710678, 0.0, 0.70710678))
DESCRIPTION = ArmDescription(
    name="toy_arm",
    urdf=URDF,
    package_dirs=(URDF.parent,),
    joint_names=("turn", "lift", "bend"),
    grasp_link="hand",
    pose_of_grasp_in_link=ALONG_X,
    finger_joint_names=("left", "right"),
    base_in_world=Pose.identity(),
    home_rad=np.array([0.0, -0.5, 1.2]),
    limits=LIMITS,
    gripper=GRIPPER,
)


class ToyArm(Arm):
    """Three joints without mass: they are where they are told to be."""

    def __init__(self) -> None:
        """Stand at home with the fingers open."""
        self._time_s, self._width_m, self._force_n = 0.0, GRIPPER.max_width_m, 0.0
        self._positions_rad = DESCRIPTION.home_rad.copy()
        self._stop = threading.Event()

    @property
    def description(self) -> ArmDescription:
        """What is known of it."""
        return DESCRIPTION

    def read(self) -> JointState:
        """The state between two motions."""
        return self._state(np.zeros(3))

    def follow(self, trajectory: JointTrajectory, monitor: Monitor) -> JointState:
        """Be where the trajectory is, cycle by cycle, until its end, ``monitor`` or ``stop()``."""
        self.description.limits.admit(trajectory)
        self._stop.clear()
        for time_s in np.arange(CYCLE_S, trajectory.duration_s + CYCLE_S, CYCLE_S):
            target_rad = _at(trajectory, float(time_s))
            velocities_rad_s = (target_rad - self._positions_rad) / CYCLE_S
            self._positions_rad = target_rad
            self._time_s += CYCLE_S
            if monitor(self._state(velocities_rad_s)) or self._stop.is_set():
                break
        return self.read()

    def set_gripper(self, width_m: float, force_n: float, monitor: Monitor) -> JointState:
        """Move the fingers cycle by cycle; nothing is ever between these."""
        self._stop.clear()
        target_m = float(np.clip(width_m, 0.0, GRIPPER.max_width_m))
        while self._width_m != target_m:
            step_m = FINGER_SPEED_M_S * CYCLE_S
            self._width_m += float(np.clip(target_m - self._width_m, -step_m, step_m))
            self._time_s += CYCLE_S
            if monitor(self.read()) or self._stop.is_set():
                break
        return self.read()

    def stop(self) -> bool:
        """End what moves at its next cycle."""
        self._stop.set()
        return False  # commanded, not measured: a motion in another thread may have a cycle to go

    def _state(self, velocities_rad_s: FloatArray) -> JointState:
        torques_nm = np.zeros(3)
        return JointState(self._time_s, self._positions_rad, velocities_rad_s, torques_nm, self._width_m, self._force_n)


def _at(trajectory: JointTrajectory, time_s: float) -> FloatArray:
    columns = [np.interp(time_s, trajectory.times_s, column) for column in trajectory.positions_rad.T]
    return np.array(columns)
