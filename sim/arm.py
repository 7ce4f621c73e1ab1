"""The simulated Panda as an ``Arm``: joint motors, encoders, motor torques, and nothing else of the simulator."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import pybullet_data

from embodied.geometry import Pose, frozen_array
from embodied.motion.arm import (
    Arm,
    ArmDescription,
    GripperDescription,
    JointLimits,
    JointState,
    JointTrajectory,
    Monitor,
)
from sim.fingers import Fingers
from sim.fixtures import FINGER_FORCE_N
from sim.impedance import JointImpedance
from sim.kitchen import RobotPlace
from sim.world import TIME_STEP_S, World

SETTLE_STEPS = 120
REST_RAD_S = 0.003
FINGER_REST_M_S = 0.002
FINGER_PATIENCE_STEPS = 12
FINGER_MAX_STEPS = 300

LIMITS = JointLimits(
    lower_rad=frozen_array([-2.8973, -1.7628, -2.8973, -3.0718, -2.8973, -0.0175, -2.8973]),
    upper_rad=frozen_array([2.8973, 1.7628, 2.8973, -0.0698, 2.8973, 3.7525, 2.8973]),
    velocity_rad_s=frozen_array([2.175, 2.175, 2.175, 2.175, 2.61, 2.61, 2.61]),
    acceleration_rad_s2=frozen_array([15.0, 7.5, 10.0, 12.5, 15.0, 20.0, 20.0]),
    jerk_rad_s3=frozen_array([7500.0, 3750.0, 5000.0, 6250.0, 7500.0, 10000.0, 10000.0]),
)
"""Franka Control Interface documentation, "Robot and interface specifications", Panda, joint space limits."""

GRIPPER = GripperDescription(
    max_width_m=0.08,
    max_force_n=2 * FINGER_FORCE_N,
    finger_length_m=0.045,
    tip_to_grasp_m=0.010,
    finger_thickness_m=0.022,
    pad_width_m=0.020,
)
"""Franka Hand product manual, and the collision meshes of pybullet_data's fingers."""

HAND_TO_GRASP_M = 0.1034
"""From the hand's flange to the middle of the pads (Franka Hand product manual)."""


@lru_cache(maxsize=4)
def describe(place: RobotPlace) -> ArmDescription:
    """The Panda as it stands in a kitchen."""
    folder = Path(pybullet_data.getDataPath()) / "franka_panda"
    return ArmDescription(
        name="panda",
        urdf=folder / "panda.urdf",
        package_dirs=(folder,),
        joint_names=tuple(f"panda_joint{number}" for number in range(1, 8)),
        grasp_link="panda_hand",
        pose_of_grasp_in_link=Pose(np.eye(3), np.array([0.0, 0.0, HAND_TO_GRASP_M])),
        finger_joint_names=("panda_finger_joint1", "panda_finger_joint2"),
        base_in_world=Pose(np.eye(3), np.array(place.base_m)),
        home_rad=frozen_array(place.home_rad),
        limits=LIMITS,
        gripper=GRIPPER,
    )


class PandaArm(Arm):
    """Drives the Panda of one world; every control cycle is a time step of it."""

    def __init__(self, world: World) -> None:
        """Take over the motors of ``world``'s robot."""
        self._world = world
        self._description = describe(world.scene.kitchen.robot)
        self._halt = threading.Event()
        self._moving = threading.Lock()
        self._rest = True
        self._joints, self._fingers = JointImpedance(world), Fingers(world)

    @property
    def description(self) -> ArmDescription:
        """The Panda as it stands in this kitchen."""
        return self._description

    def read(self) -> JointState:
        """Encoders and motor torques at this instant."""
        return JointState(
            time_s=self._world.time_s,
            positions_rad=self._joints.positions_rad,
            velocities_rad_s=self._joints.velocities_rad_s,
            torques_nm=self._joints.torques_nm,
            gripper_width_m=self._fingers.width_m,
            gripper_force_n=self._fingers.force_n,
        )

    def follow(self, trajectory: JointTrajectory, monitor: Monitor) -> JointState:
        """Follow; after the end, wait until the joints rest."""
        self._description.limits.admit(trajectory)
        with self._moving:
            for aim in zip(*_sampled(trajectory), strict=True):
                if self._halt.is_set() or monitor(self.read()):
                    return self._hold()
                self._joints.aim(*aim)
                self._world.step()
            return self._settle(monitor)

    def set_gripper(self, width_m: float, force_n: float, monitor: Monitor) -> JointState:
        """Drive both fingers until they rest; where something stops them, they go on pressing."""
        with self._moving:
            self._fingers.drive(width_m, force_n)
            if not self._fingers_rest(monitor):
                return self._hold()
            if self._fingers.press():
                self._fingers_rest(monitor)
            return self.read()

    def stop(self) -> bool:
        """Hold the present position; the thread that moves the arm does it within one time step."""
        self._halt.set()
        if not self._moving.acquire(timeout=1.0):
            return False
        self._moving.release()
        return self._rest

    def connect(self) -> None:
        """Allow motion again."""
        self._halt.clear()

    def _hold(self) -> JointState:
        """Brake: stay where the arm is, in every time step anew, until it rests."""
        return self._settle(lambda state: False, self._joints.hold)

    def _settle(self, monitor: Monitor, each_step: Callable[[], None] = lambda: None) -> JointState:
        state = self.read()
        for _ in range(SETTLE_STEPS):
            self._rest = float(np.abs(state.velocities_rad_s).max()) < REST_RAD_S
            if self._rest:
                break
            each_step()
            self._world.step()
            state = self.read()
        monitor(state)
        return state

    def _fingers_rest(self, monitor: Monitor) -> bool:
        """Let time pass until the fingers rest; whether nobody stopped them before."""
        resting = 0
        for _ in range(FINGER_MAX_STEPS):
            if self._halt.is_set() or monitor(self.read()):
                return False
            self._world.step()
            resting = resting + 1 if self._fingers.speed_m_s < FINGER_REST_M_S else 0
            if resting >= FINGER_PATIENCE_STEPS:
                break
        return True


def _sampled(trajectory: JointTrajectory) -> tuple[list[list[float]], list[list[float]], list[list[float]]]:
    """Positions, velocities and accelerations at every time step after the first; the last is at rest."""
    times_s = np.arange(1, int(np.ceil(trajectory.duration_s / TIME_STEP_S)) + 1) * TIME_STEP_S
    positions = [np.interp(times_s, trajectory.times_s, joint) for joint in trajectory.positions_rad.T]
    velocities = [np.interp(times_s, trajectory.times_s, joint) for joint in trajectory.velocities_rad_s.T]
    speeding = np.diff(np.column_stack(velocities), axis=0, append=0.0) / TIME_STEP_S
    return np.column_stack(positions).tolist(), np.column_stack(velocities).tolist(), speeding.tolist()
