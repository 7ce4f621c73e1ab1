"""What a robot with joints and a gripper must offer: describe, read, follow, grip, stop.

``MotionController`` does the rest. The PyBullet Panda comes in through this door, and so can a real one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embodied.errors import ControllerError
from embodied.geometry import FloatArray, Pose


@dataclass(frozen=True, eq=False)
class JointLimits:
    """Published limits of every joint, in the order of the arm's joint names; arrays of shape (n,)."""

    lower_rad: FloatArray
    upper_rad: FloatArray
    velocity_rad_s: FloatArray
    acceleration_rad_s2: FloatArray
    jerk_rad_s3: FloatArray

    def admit(self, trajectory: JointTrajectory) -> None:
        """Refuse a trajectory that leaves the joints' ranges; every ``follow`` begins with this.

        Raises:
            ControllerError: Names joint, position and range.
        """
        slack_rad = 1e-3
        low, high = trajectory.positions_rad.min(axis=0), trajectory.positions_rad.max(axis=0)
        outside = (low < self.lower_rad - slack_rad) | (high > self.upper_rad + slack_rad)
        if outside.any():
            joint = int(np.argmax(outside))
            raise ControllerError(
                f"a trajectory takes joint {joint} from {low[joint]:.3f} to {high[joint]:.3f}, but its range is "
                f"{self.lower_rad[joint]:.3f} to {self.upper_rad[joint]:.3f}"
            )


@dataclass(frozen=True)
class GripperDescription:
    """A parallel gripper.

    Attributes:
        max_width_m: How far the pads open.
        max_force_n: How hard they press.
        finger_length_m: From the palm to the finger tips: how deep a thing can go between them.
        tip_to_grasp_m: From the grasp frame G to the finger tips, along Z of G.
        finger_thickness_m: Of one finger, along the closing direction.
        pad_width_m: Of one finger, across the closing direction.
    """

    max_width_m: float
    max_force_n: float
    finger_length_m: float
    tip_to_grasp_m: float
    finger_thickness_m: float
    pad_width_m: float


@dataclass(frozen=True, eq=False)
class ArmDescription:
    """What is known of an arm before connecting.

    Attributes:
        name: What to call it.
        urdf: Its description file.
        package_dirs: Where ``package://`` paths of the description start.
        joint_names: The arm's joints from base to flange, as the description names them.
        grasp_link: The link of the description that carries G: Z points out of the palm, Y is the closing direction,
            and the origin lies between the pads where ``X_LG`` puts it.
        pose_of_grasp_in_link: ``X_LG``.
        finger_joint_names: The gripper's joints in the description; each opens by half of the width.
        base_in_world: ``X_WB``.
        home_rad: (n,) joint position from which the cameras see well and paths begin well.
        limits: Published limits.
        gripper: The gripper.
    """

    name: str
    urdf: Path
    package_dirs: tuple[Path, ...]
    joint_names: tuple[str, ...]
    grasp_link: str
    pose_of_grasp_in_link: Pose
    finger_joint_names: tuple[str, ...]
    base_in_world: Pose
    home_rad: FloatArray
    limits: JointLimits
    gripper: GripperDescription


@dataclass(frozen=True, eq=False)
class JointState:
    """What the encoders and torque sensors say at one instant.

    Attributes:
        time_s: On the robot's clock.
        positions_rad, velocities_rad_s, torques_nm: (n,) in the order of the arm's joint names. Torques are those of
            the motors, gravity included.
        gripper_width_m: Distance between the pads.
        gripper_force_n: Force that the fingers press with.
    """

    time_s: float
    positions_rad: FloatArray
    velocities_rad_s: FloatArray
    torques_nm: FloatArray
    gripper_width_m: float
    gripper_force_n: float


@dataclass(frozen=True, eq=False)
class JointTrajectory:
    """Joint positions over time; it proves that times rise and all is finite.

    Attributes:
        times_s: (k,) from 0, rising.
        positions_rad: (k, n).
        velocities_rad_s: (k, n).
    """

    times_s: FloatArray
    positions_rad: FloatArray
    velocities_rad_s: FloatArray

    def __post_init__(self) -> None:
        """Refuse what cannot be followed.

        Raises:
            ValueError: If shapes disagree, times do not rise from 0, or a number is not finite.
        """
        count = len(self.times_s)
        if count < 1 or self.positions_rad.shape[0] != count or self.velocities_rad_s.shape != self.positions_rad.shape:
            raise ValueError("times, positions and velocities of a trajectory must have one row a time")
        if self.times_s[0] != 0 or (np.diff(self.times_s) <= 0).any():
            raise ValueError("the times of a trajectory must rise from 0")
        if not all(np.isfinite(part).all() for part in (self.times_s, self.positions_rad, self.velocities_rad_s)):
            raise ValueError("a trajectory must be finite")

    @property
    def duration_s(self) -> float:
        """Seconds from first to last point."""
        return float(self.times_s[-1])


Monitor = Callable[[JointState], bool]
"""Called at every control cycle; returning True asks the arm to stop there."""


class Arm(ABC):
    """Joints and a gripper."""

    @property
    @abstractmethod
    def description(self) -> ArmDescription:
        """What is known before connecting."""

    @abstractmethod
    def read(self) -> JointState:
        """The state at this instant."""

    @abstractmethod
    def follow(self, trajectory: JointTrajectory, monitor: Monitor) -> JointState:
        """Follow ``trajectory`` from where the arm stands, and hold its end; stop at once where ``monitor`` says so.

        Returns:
            The state at the end, or where it was stopped; the arm stands.

        Raises:
            ControllerError: If the trajectory leaves the joint limits; nothing has moved.
        """

    @abstractmethod
    def set_gripper(self, width_m: float, force_n: float, monitor: Monitor) -> JointState:
        """Move the fingers until they reach ``width_m`` or press with ``force_n``, and keep pressing.

        Returns:
            The state when the fingers have come to rest, or where ``monitor`` stopped them.
        """

    @abstractmethod
    def stop(self) -> bool:
        """Hold the present position, from any thread; the fingers go on pressing. Whether standstill was measured."""

    def connect(self) -> None:
        """Open what has to be opened, without moving."""

    def disconnect(self) -> None:
        """Leave the arm standing as it is."""
