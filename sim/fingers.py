"""The hand's two fingers: one drive, one gear, as in the real hand.

PyBullet's gear constraint gives way as soon as the fingers touch furniture, so that gear and drive are laws of springs
and dampers here, evaluated after every time step for the next one.
"""

from __future__ import annotations

import math

import pybullet as p

from sim.fixtures import FINGER_JOINTS
from sim.world import TIME_STEP_S, World

SPEED_M_S = 0.06
"""Of each finger: 0.1 m/s in all is the Franka Hand's rated speed."""
STIFFNESS_N_M = 2000.0
DAMPING_N_S_M = 15.0
GEAR_N_M = 2000.0
"""As stiff as fingers of 0.1 kg and steps of 1/240 s allow: 5 mm off the middle already costs 10 N."""
PRESS_M = 0.012
"""A drive that aims so far into what stops it presses with all its force."""
TOLERANCE_M = 0.002


class Fingers:
    """Drives both fingers of one world's robot."""

    def __init__(self, world: World) -> None:
        """Switch PyBullet's own finger motors off, and hold the fingers where they are."""
        self._client, self._robot = world.client, world.robot
        for joint in FINGER_JOINTS:
            p.setJointMotorControl2(
                self._robot, joint, p.VELOCITY_CONTROL, targetVelocity=0.0, force=0.0, physicsClientId=self._client
            )
        self._positions, self._velocities = self._read()
        self._aim = self._goal = sum(self._positions) / 2.0
        self._force_n, self._forces = 0.0, (0.0, 0.0)
        self.drive(2.0 * self._goal, 40.0)
        world.after_step.append(self._act)
        self._act()

    @property
    def width_m(self) -> float:
        """Distance between the pads."""
        return max(sum(self._positions), 0.0)

    @property
    def force_n(self) -> float:
        """What both fingers together press with."""
        return abs(self._forces[0]) + abs(self._forces[1])

    @property
    def speed_m_s(self) -> float:
        """Of the faster finger."""
        return max(abs(velocity) for velocity in self._velocities)

    def drive(self, width_m: float, force_n: float) -> None:
        """Go to ``width_m``, with at most ``force_n`` in all."""
        self._goal, self._force_n = width_m / 2.0, force_n / 2.0
        self._aim = sum(self._positions) / 2.0

    def press(self) -> bool:
        """Press with all force on whatever stopped the fingers; ``False`` if nothing did."""
        short_m = self._goal - sum(self._positions) / 2.0
        if abs(short_m) < TOLERANCE_M:
            return False
        self._goal += math.copysign(PRESS_M, short_m)
        return True

    def _act(self) -> None:
        self._positions, self._velocities = self._read()
        step_m = SPEED_M_S * TIME_STEP_S
        self._aim += max(-step_m, min(step_m, self._goal - self._aim))
        self._forces = self._law()
        p.setJointMotorControlArray(
            self._robot, FINGER_JOINTS, p.TORQUE_CONTROL, forces=self._forces, physicsClientId=self._client
        )

    def _law(self) -> tuple[float, float]:
        (left_m, right_m), (left_m_s, right_m_s) = self._positions, self._velocities
        drive = STIFFNESS_N_M * (self._aim - (left_m + right_m) / 2.0) - DAMPING_N_S_M * (left_m_s + right_m_s) / 2.0
        gear = GEAR_N_M * (left_m - right_m) + DAMPING_N_S_M * (left_m_s - right_m_s)
        shared = max(-self._force_n, min(self._force_n, drive))
        return shared - gear, shared + gear

    def _read(self) -> tuple[tuple[float, float], tuple[float, float]]:
        left, right = p.getJointStates(self._robot, FINGER_JOINTS, physicsClientId=self._client)
        return (left[0], right[0]), (left[1], right[1])
