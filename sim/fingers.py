"""The hand's two fingers: one drive, one gear, as in the real hand.

PyBullet's gear constraint gives way as soon as the fingers touch furniture, so that gear and drive are spring and damper
laws here, evaluated after every time step for the next one.
"""

from __future__ import annotations

import numpy as np
import pybullet as p

from embodied.geometry import FloatArray
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
        self._aim = self._goal = float(self._positions.mean())
        self._force_n = 0.0
        self.drive(2.0 * self._goal, 40.0)
        world.after_step.append(self._act)
        self._act()

    @property
    def width_m(self) -> float:
        """Distance between the pads."""
        return max(float(self._positions.sum()), 0.0)

    @property
    def force_n(self) -> float:
        """What both fingers together press with."""
        return float(np.abs(self._forces()).sum())

    @property
    def speed_m_s(self) -> float:
        """Of the faster finger."""
        return float(np.abs(self._velocities).max())

    def drive(self, width_m: float, force_n: float) -> None:
        """Go to ``width_m``, with at most ``force_n`` in all."""
        self._goal, self._force_n = width_m / 2.0, force_n / 2.0
        self._aim = float(self._positions.mean())

    def press(self) -> bool:
        """Press with all force on whatever stopped the fingers; ``False`` if nothing did."""
        short_m = self._goal - float(self._positions.mean())
        if abs(short_m) < TOLERANCE_M:
            return False
        self._goal += float(np.sign(short_m)) * PRESS_M
        return True

    def _act(self) -> None:
        self._positions, self._velocities = self._read()
        step_m = SPEED_M_S * TIME_STEP_S
        self._aim += float(np.clip(self._goal - self._aim, -step_m, step_m))
        p.setJointMotorControlArray(
            self._robot, FINGER_JOINTS, p.TORQUE_CONTROL, forces=self._forces().tolist(), physicsClientId=self._client
        )

    def _forces(self) -> FloatArray:
        drive = STIFFNESS_N_M * (self._aim - self._positions.mean()) - DAMPING_N_S_M * self._velocities.mean()
        apart = self._positions[0] - self._positions[1]
        gear = GEAR_N_M * apart + DAMPING_N_S_M * (self._velocities[0] - self._velocities[1])
        shared = np.clip(drive, -self._force_n, self._force_n)
        return np.array([shared - gear, shared + gear])

    def _read(self) -> tuple[FloatArray, FloatArray]:
        rows = p.getJointStates(self._robot, FINGER_JOINTS, physicsClientId=self._client)
        return np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
