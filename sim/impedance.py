"""The arm's joint controller: it tracks well in free motion, and gives way where it touches something.

Like impedance control on the real arm, it adds to the torques of the arm's own dynamics those of springs and dampers
around a moving target; they are shaped by the arm's inertia, so that every posture is equally and critically damped
(computed torque; Siciliano et al., Robotics: Modelling, Planning and Control, 2009, 8.5.2). PyBullet's position motors
are rigid, and the force between rigid things is anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import add

import numpy as np
import pybullet as p

from embodied.geometry import FloatArray
from sim.fixtures import ARM_FORCES_NM, ARM_JOINTS, FINGER_JOINTS
from sim.world import World

FREQUENCY_RAD_S = 25.0
"""Of the springs against the arm's inertia: 2 to 3 N/mm at the hand."""
STIFFNESS, DAMPING = FREQUENCY_RAD_S**2, 2.0 * FREQUENCY_RAD_S
MOST_NM = (22.0, 22.0, 22.0, 22.0, 8.0, 8.0, 8.0)
"""What springs and dampers add at most: where it is blocked, the hand presses with some 45 N."""


class JointImpedance:
    """Holds and moves the arm of one world; acts after every time step, for the next one.

    It does so in plain floats: for seven joints they take half the time of arrays, and this runs 240 times a second.
    """

    def __init__(self, world: World) -> None:
        """Take over from PyBullet's own motors, and hold the arm where it is."""
        self._client, self._robot = world.client, world.robot
        count = len(ARM_JOINTS)
        p.setJointMotorControlArray(
            self._robot, ARM_JOINTS, p.VELOCITY_CONTROL, forces=[0.0] * count, physicsClientId=self._client
        )
        self._torques = self._next = [0.0] * count
        self._read()
        self.hold()
        world.after_step.append(self._act)
        self._act()
        self._torques = self._next

    @property
    def positions_rad(self) -> FloatArray:
        """(7,) of the arm's joints at this instant."""
        return np.array(self._positions[: len(ARM_JOINTS)])

    @property
    def velocities_rad_s(self) -> FloatArray:
        """(7,) of the arm's joints at this instant."""
        return np.array(self._velocities[: len(ARM_JOINTS)])

    @property
    def torques_nm(self) -> FloatArray:
        """(7,) what the motors did during the last time step."""
        return np.array(self._torques)

    def aim(self, positions: Sequence[float], velocities: Sequence[float], accelerations: Sequence[float]) -> None:
        """Be there, so fast, after the next time step."""
        self._aim = positions, velocities, [*accelerations, *_STILL]

    def hold(self) -> None:
        """Stay where the arm is now."""
        rest = [0.0] * len(ARM_JOINTS)
        self.aim(self._positions[: len(ARM_JOINTS)], rest, rest)

    def _act(self) -> None:
        self._torques = self._next
        self._read()
        accelerations = self._aim[2]
        free = self._dynamics(accelerations)
        pressed = self._dynamics([*map(add, accelerations, self._correction()), *_STILL])
        self._next = [
            _within(own + _within(whole - own, most), limit)
            for own, whole, most, limit in zip(free, pressed, MOST_NM, ARM_FORCES_NM, strict=False)
        ]
        p.setJointMotorControlArray(
            self._robot, ARM_JOINTS, p.TORQUE_CONTROL, forces=self._next, physicsClientId=self._client
        )

    def _correction(self) -> Iterator[float]:
        """Accelerations of springs and dampers."""
        positions, velocities, _ = self._aim
        for there, here, wanted, speed in zip(positions, self._positions, velocities, self._velocities, strict=False):
            yield STIFFNESS * (there - here) + DAMPING * (wanted - speed)

    def _dynamics(self, accelerations: list[float]) -> tuple[float, ...]:
        """Torques for these accelerations of arm and fingers in free motion."""
        state = self._positions, self._velocities[: len(ARM_JOINTS)] + _STILL
        return p.calculateInverseDynamics(  # type: ignore[no-any-return]
            self._robot, *state, accelerations, physicsClientId=self._client
        )

    def _read(self) -> None:
        """The encoders of arm and fingers."""
        rows = p.getJointStates(self._robot, _JOINTS, physicsClientId=self._client)
        self._positions, self._velocities = [row[0] for row in rows], [row[1] for row in rows]


def _within(torque_nm: float, most_nm: float) -> float:
    return min(max(torque_nm, -most_nm), most_nm)


_JOINTS = (*ARM_JOINTS, *FINGER_JOINTS)
_STILL = [0.0] * len(FINGER_JOINTS)
