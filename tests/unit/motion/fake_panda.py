"""A Panda without a simulator: it is where it is told to be, and feels what a test makes it feel."""

from __future__ import annotations

import threading

import numpy as np
import pinocchio

from embodied.motion.arm import Arm, JointState
from embodied.motion.kinematics import Kinematics
from sim.arm import describe
from sim.kitchen import RobotPlace

PLACE = RobotPlace(base_m=(0.0, 0.0, 0.6), home_rad=(0.0, -0.785, 0.0, -2.356, 0.0, 1.571, 0.785), finger_m=0.04)
PANDA = describe(PLACE)
CYCLE_S = 0.02
FINGER_SPEED_M_S = 0.1


class FakePanda(Arm):
    """Joints that follow perfectly, with the torques that a real arm would need.

    Attributes:
        force_W: From the pose of the hand, ``X_WG``, to the force in N that the world exerts on it.
        between_m: From ``X_WG`` to the width of what is between the pads.
        on_cycle: Called at every control cycle.
        states: Every state of every cycle so far.
    """

    def __init__(self, kinematics=None):
        self.kinematics = kinematics or Kinematics(PANDA)
        self.force_W = lambda X_WG: np.zeros(3)
        self.between_m = lambda X_WG: 0.0
        self.on_cycle = lambda state: None
        self.states = []
        self._data = self.kinematics.model.createData()
        self._q, self._v, self._a = PANDA.home_rad.copy(), np.zeros(7), np.zeros(7)
        self._time_s, self._width_m = 0.0, PANDA.gripper.max_width_m
        self._halt = threading.Event()

    @property
    def description(self):
        return PANDA

    def read(self):
        torques = pinocchio.rnea(self.kinematics.model, self._data, self._q, self._v, self._a)
        force_W = self.force_W(self.kinematics.grasp_pose(self._q))
        pressed = self.kinematics.jacobian(self._q)[:3].T @ force_W
        return JointState(self._time_s, self._q.copy(), self._v.copy(), torques - pressed, self._width_m, 0.0)

    def follow(self, trajectory, monitor):
        PANDA.limits.admit(trajectory)
        for time_s in np.arange(CYCLE_S, trajectory.duration_s + CYCLE_S, CYCLE_S):
            if self._cycle(_at(trajectory, time_s), monitor):
                break
        self._v, self._a = np.zeros(7), np.zeros(7)
        return self.read()

    def set_gripper(self, width_m, force_n, monitor):
        while True:
            stops = self.between_m(self.kinematics.grasp_pose(self._q))
            target = max(width_m, min(stops, self._width_m))
            step = float(np.clip(target - self._width_m, -FINGER_SPEED_M_S * CYCLE_S, FINGER_SPEED_M_S * CYCLE_S))
            if step == 0.0:
                return self.read()
            self._width_m += step
            if self._cycle(self._q, monitor):
                return self.read()

    def stop(self):
        self._halt.set()
        return True

    def connect(self):
        self._halt.clear()

    def drop(self):
        """What was held is gone: the fingers meet."""
        self._width_m = 0.0

    def _cycle(self, q, monitor):
        velocity = (q - self._q) / CYCLE_S
        self._a, self._v, self._q = (velocity - self._v) / CYCLE_S, velocity, q.copy()
        self._time_s += CYCLE_S
        self.states.append(self.read())
        self.on_cycle(self.states[-1])
        return monitor(self.states[-1]) or self._halt.is_set()


def _at(trajectory, time_s):
    return np.array([np.interp(time_s, trajectory.times_s, column) for column in trajectory.positions_rad.T])
