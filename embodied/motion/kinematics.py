"""Where the hand is for a joint position, and which joint position brings it there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pinocchio
from scipy.linalg.lapack import dgesv
from scipy.spatial.transform import Rotation

from embodied.errors import UsageError
from embodied.geometry import FloatArray, Pose
from embodied.motion.arm import ArmDescription, JointState

TOLERANCE = 2e-5
"""Of the norm over metres and radians; finer than the smallest step that a skill takes by feel."""
MAX_ITERATIONS = 40
DAMPING = 1e-6
STATICS_DAMPING = 1e-6
LIMIT_MARGIN_RAD = 0.02
GRAVITY_W = np.array([0.0, 0.0, -9.81])
POSTURES = 1500
POSTURES_TRIED = 5
POSTURE_SPREAD_RAD = 0.8
TURN_WEIGHT_M = 1.0
"""A turn by 90 degrees counts like 0.3 m when postures are compared."""


class Kinematics:
    """Forward and inverse kinematics and statics of an arm, by Pinocchio, with the fingers open.

    Attributes:
        model: The Pinocchio model of the arm's joints alone; its root is the base frame B.
        description: What it was built from.
    """

    def __init__(self, description: ArmDescription) -> None:
        """Read the description and lock everything that is not a joint of the arm.

        Raises:
            UsageError: If the description file lacks a joint or link that is named; lists those it has.
        """
        self.description = description
        full = pinocchio.buildModelFromUrdf(str(description.urdf))
        _check_names(full, description)
        locked = [index for index, name in enumerate(full.names) if index and name not in description.joint_names]
        self.model: Any = pinocchio.buildReducedModel(full, locked, open_position(full, description))
        if tuple(self.model.names[1:]) != description.joint_names:
            raise UsageError(f"{description.urdf}: joints in order are {tuple(self.model.names[1:])}")
        self.model.gravity.linear = description.base_in_world.rotation.T @ GRAVITY_W
        self._hand = _add_grasp_frame(self.model, description)
        self._data = self.model.createData()
        self._X_BW = _se3(description.base_in_world.inverse())
        self._lower = description.limits.lower_rad + LIMIT_MARGIN_RAD
        self._upper = description.limits.upper_rad - LIMIT_MARGIN_RAD
        spread = np.random.default_rng(0).normal(0.0, POSTURE_SPREAD_RAD, (POSTURES, len(description.home_rad)))
        self._postures = np.clip(description.home_rad + spread, self._lower, self._upper)
        hands = [self._forward(q) for q in self._postures]
        self._postures_p = np.array([hand.translation for hand in hands])
        self._postures_xyzw = Rotation.from_matrix([hand.rotation for hand in hands]).as_quat()

    def grasp_pose(self, q_rad: FloatArray) -> Pose:
        """``X_WG`` at joint position ``q_rad``."""
        X_BG = self._forward(q_rad)
        return self.description.base_in_world @ Pose(X_BG.rotation, X_BG.translation)

    def positions(self, q_rad: FloatArray) -> FloatArray:
        """``p_WG`` (k, 3) at joint positions (k, n)."""
        return self.description.base_in_world @ np.array([self._forward(q).translation for q in q_rad])

    def jacobian(self, q_rad: FloatArray) -> FloatArray:
        """(6, n): linear over angular velocity of G in W, for joint velocities."""
        J = self._jacobian(q_rad, pinocchio.LOCAL_WORLD_ALIGNED)
        return np.asarray((self.description.base_in_world.rotation @ J.reshape(2, 3, -1)).reshape(6, -1))

    def solve(self, X_WG: Pose, seed_rad: FloatArray) -> FloatArray | None:
        """A joint position within limits that puts G at ``X_WG``, found from ``seed_rad`` by damped least squares."""
        X_BG = self._X_BW * _se3(X_WG)
        q = np.clip(seed_rad, self._lower, self._upper)
        for _ in range(MAX_ITERATIONS):
            X_BE = self._forward(q)
            error = np.array(pinocchio.log6(X_BE.actInv(X_BG)).vector)
            if error @ error < TOLERANCE**2:
                return q
            q = np.minimum(np.maximum(q + self._step(q, error), self._lower), self._upper)
        return None

    def solutions(self, X_WG: Pose, seed_rad: FloatArray) -> list[FloatArray]:
        """Distinct joint positions for ``X_WG``, nearest to the arm's home first; empty if none was found.

        Searched from ``seed_rad``, from home, and from those of a fixed set of postures around home whose hand comes
        nearest to the pose.
        """
        X_BG = self.description.base_in_world.inverse() @ X_WG
        distance = np.linalg.norm(self._postures_p - X_BG.translation_m, axis=1)
        turned = 1.0 - np.abs(self._postures_xyzw @ X_BG.quaternion_xyzw)
        nearest = np.argsort(distance + TURN_WEIGHT_M * turned)[:POSTURES_TRIED]
        found: list[FloatArray] = []
        for seed in (seed_rad, self.description.home_rad, *self._postures[nearest]):
            q = self.solve(X_WG, seed)
            if q is not None and all(np.abs(q - other).max() > 0.1 for other in found):
                found.append(q)
        return sorted(found, key=self.effort)

    def effort(self, q_rad: FloatArray) -> float:
        """How far from home the most displaced joint is, in radians: large for contorted postures."""
        return float(np.abs(q_rad - self.description.home_rad).max())

    def contact_force(self, state: JointState, earlier: JointState | None = None) -> FloatArray:
        """Force in N (3,) in W that the world exerts on the hand, as the joint torques tell.

        What the motors do beyond gravity, velocity and inertia is ``-J^T F`` (any text on robot dynamics; for example
        Featherstone, Rigid Body Dynamics Algorithms, 2008, 2.3). Accelerations are those since ``earlier``; none
        without it.
        """
        acceleration = np.zeros(self.model.nv)
        if earlier is not None and state.time_s > earlier.time_s:
            change = state.velocities_rad_s - earlier.velocities_rad_s
            acceleration = change / (state.time_s - earlier.time_s)
        own = pinocchio.rnea(self.model, self._data, state.positions_rad, state.velocities_rad_s, acceleration)
        external = np.asarray(own) - state.torques_nm
        J = self._jacobian(state.positions_rad, pinocchio.LOCAL_WORLD_ALIGNED)
        wrench = _solved(J @ J.T + STATICS_DAMPING * _EYE, J @ external)
        return np.asarray(self.description.base_in_world.rotation @ wrench[:3])

    def speed(self, state: JointState) -> float:
        """Speed of G in m/s."""
        J = self._jacobian(state.positions_rad, pinocchio.LOCAL_WORLD_ALIGNED)
        return float(np.linalg.norm(J[:3] @ state.velocities_rad_s))

    def _forward(self, q_rad: FloatArray) -> Any:
        pinocchio.forwardKinematics(self.model, self._data, q_rad)
        return pinocchio.updateFramePlacement(self.model, self._data, self._hand)

    def _jacobian(self, q_rad: FloatArray, frame: Any) -> FloatArray:
        return np.asarray(pinocchio.computeFrameJacobian(self.model, self._data, q_rad, self._hand, frame))

    def _step(self, q: FloatArray, error: FloatArray) -> FloatArray:
        J = self._jacobian(q, pinocchio.LOCAL)
        step = J.T @ _solved(J @ J.T + DAMPING * _EYE, error)
        return np.asarray(step * min(1.0, 0.5 / max(float(np.abs(step).max()), 1e-9)))


_EYE = np.eye(6)


def _solved(matrix: FloatArray, vector: FloatArray) -> FloatArray:
    """What ``np.linalg.solve`` does, in a third of its time: it is called in every control cycle."""
    return np.asarray(dgesv(matrix, vector)[2])


def _add_grasp_frame(model: Any, description: ArmDescription) -> int:
    """The number of a new frame of ``model``: G, on the joint that carries the grasp link."""
    link = model.getFrameId(description.grasp_link)
    carrier = model.frames[link]
    X_JG = carrier.placement * _se3(description.pose_of_grasp_in_link)
    return int(model.addFrame(pinocchio.Frame("G", carrier.parentJoint, link, X_JG, pinocchio.FrameType.OP_FRAME)))


def open_position(full: Any, description: ArmDescription) -> FloatArray:
    """The neutral position of the whole description, with the fingers open."""
    q = np.array(pinocchio.neutral(full))
    for name in description.finger_joint_names:
        q[full.joints[full.getJointId(name)].idx_q] = description.gripper.max_width_m / 2.0
    return q


def _se3(pose: Pose) -> Any:
    return pinocchio.SE3(np.array(pose.rotation), np.array(pose.translation_m))


def _check_names(full: Any, description: ArmDescription) -> None:
    for name in (*description.joint_names, *description.finger_joint_names):
        if not full.existJointName(name):
            raise UsageError(f"{description.urdf} has no joint {name!r}; it has: {', '.join(list(full.names)[1:])}")
    if not full.existFrame(description.grasp_link):
        links = ", ".join(frame.name for frame in full.frames if frame.type == pinocchio.FrameType.BODY)
        raise UsageError(f"{description.urdf} has no link {description.grasp_link!r}; it has: {links}")
