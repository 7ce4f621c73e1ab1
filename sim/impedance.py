"""The arm's joint controller: it tracks well in free motion, and gives way where it touches something.

Like impedance control on the real arm, it adds to the torques of the arm's own dynamics those of springs and dampers
around a moving target; they are shaped by the arm's inertia, so that every posture is equally and critically damped
(computed torque; Siciliano et al., Robotics: Modelling, Planning and Control, 2009, 8.5.2). PyBullet's position motors
are rigid, and the force between rigid things is anything.
"""

from __future__ import annotations

import numpy as np
import pybullet as p

from embodied.geometry import FloatArray
from sim.fixtures import ARM_FORCES_NM, ARM_JOINTS, FINGER_JOINTS
from sim.world import World

FREQUENCY_RAD_S = 25.0
"""Of the springs against the arm's inertia: 2 to 3 N/mm at the hand."""
MOST_NM = np.array([22.0, 22.0, 22.0, 22.0, 8.0, 8.0, 8.0])
"""What springs and dampers add at most: where it is blocked, the hand presses with some 45 N."""


class JointImpedance:
    """Holds and moves the arm of one world; acts after every time step, for the next one.

    Attributes:
        positions_rad, velocities_rad_s: (7,) of the arm's joints at this instant.
        torques_nm: (7,) what the motors did during the last time step.
    """

    def __init__(self, world: World) -> None:
        """Take over from PyBullet's own motors, and hold the arm where it is."""
        self._client, self._robot = world.client, world.robot
        count = len(ARM_JOINTS)
        p.setJointMotorControlArray(
            self._robot, ARM_JOINTS, p.VELOCITY_CONTROL, forces=[0.0] * count, physicsClientId=self._client
        )
        self.torques_nm = self._next_nm = np.zeros(count)
        self._read()
        self.hold()
        world.after_step.append(self._act)
        self._act()
        self.torques_nm = self._next_nm

    def aim(self, positions: FloatArray, velocities: FloatArray, accelerations: FloatArray) -> None:
        """Be there, so fast, after the next time step."""
        self._aim = positions, velocities, accelerations

    def hold(self) -> None:
        """Stay where the arm is now."""
        rest = np.zeros(len(ARM_JOINTS))
        self.aim(self.positions_rad, rest, rest)

    def _act(self) -> None:
        self.torques_nm = self._next_nm
        self._read()
        positions, velocities, accelerations = self._aim
        error, error_rate = positions - self.positions_rad, velocities - self.velocities_rad_s
        correction = FREQUENCY_RAD_S**2 * error + 2.0 * FREQUENCY_RAD_S * error_rate
        free = self._dynamics(accelerations)
        yielding = np.clip(self._dynamics(accelerations + correction) - free, -MOST_NM, MOST_NM)
        self._next_nm = np.clip(free + yielding, -_LIMITS_NM, _LIMITS_NM)
        p.setJointMotorControlArray(
            self._robot,
            ARM_JOINTS,
            p.TORQUE_CONTROL,
            forces=self._next_nm.tolist(),
            physicsClientId=self._client,
        )

    def _dynamics(self, accelerations: FloatArray) -> FloatArray:
        """Torques for these accelerations in free motion."""
        fingers = [0.0] * len(FINGER_JOINTS)
        torques = p.calculateInverseDynamics(
            self._robot,
            [*self.positions_rad.tolist(), *self._fingers],
            [*self.velocities_rad_s.tolist(), *fingers],
            [*accelerations.tolist(), *fingers],
            physicsClientId=self._client,
        )
        return np.array(torques[: len(ARM_JOINTS)])

    def _read(self) -> None:
        rows = p.getJointStates(self._robot, (*ARM_JOINTS, *FINGER_JOINTS), physicsClientId=self._client)
        arm = rows[: len(ARM_JOINTS)]
        self.positions_rad = np.array([row[0] for row in arm])
        self.velocities_rad_s = np.array([row[1] for row in arm])
        self._fingers = [row[0] for row in rows[len(ARM_JOINTS) :]]


_LIMITS_NM = np.array(ARM_FORCES_NM)
