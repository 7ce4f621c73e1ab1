"""What came of a command: a status, a reason from a closed list, a sentence for the model, and what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal


class Reason(str, Enum):
    """Why a step did not succeed; the list is closed, so that a suite can count by it."""

    PLANNER_INVALID = "planner_invalid"
    """The planner's reply was not a command, twice."""
    NO_DEPTH = "no_depth"
    """No depth was measured at or near the pixel."""
    DEPTH_MISMATCH = "depth_mismatch"
    """The z that was claimed is not where the measured surface is."""
    BEHIND_SURFACE = "behind_surface"
    """The end point lies behind the measured surface."""
    OUT_OF_WORKSPACE = "out_of_workspace"
    """A point lies outside the robot's workspace."""
    FORBIDDEN = "forbidden"
    """A keep-out volume or a hazard rule says no."""
    DRY_RUN = "dry_run"
    """Everything was checked and allowed, and nothing was moved, as asked."""
    UNREACHABLE = "unreachable"
    """The arm has no joint position for it."""
    NO_PATH = "no_path"
    """The arm has no free path to it."""
    NO_GRASP = "no_grasp"
    """Nothing at the point fits between the fingers."""
    HAND_FULL = "hand_full"
    """The hand already holds something."""
    MISSED_GRASP = "missed_grasp"
    """The fingers closed and held nothing."""
    SLIPPED = "slipped"
    """What was held was lost on the way."""
    BLOCKED = "blocked"
    """Something stood in the way and was felt."""
    TIMEOUT = "timeout"
    """The time for the command ran out."""
    STOPPED = "stopped"
    """Somebody stopped the robot."""


@dataclass(frozen=True)
class Measured:
    """What the robot's sensors said at the end of a command.

    Attributes:
        gripper_in_world_m: ``p_WG`` (x, y, z) of the point between the finger pads.
        gripper_width_m: Distance between the finger pads.
        holding: Whether something is between them.
        duration_s: How long it took, on the robot's clock.
        max_speed_m_s: Highest speed of the gripper.
        max_force_n: Highest contact force felt at the gripper, averaged over some 25 ms.
    """

    gripper_in_world_m: tuple[float, float, float]
    gripper_width_m: float
    holding: bool
    duration_s: float
    max_speed_m_s: float = 0.0
    max_force_n: float = 0.0


@dataclass(frozen=True)
class Result:
    """What came of one command.

    Attributes:
        status: ``succeeded``; ``failed`` if the robot tried; ``rejected`` if nothing moved.
        reason: ``None`` if and only if it succeeded.
        message: A sentence written for the model.
        measured: ``None`` if nothing moved.
    """

    status: Literal["succeeded", "failed", "rejected"]
    reason: Reason | None
    message: str
    measured: Measured | None = None

    def __post_init__(self) -> None:
        """Refuse a success with a reason, and a failure without."""
        if (self.status == "succeeded") != (self.reason is None):
            raise ValueError(f"status {self.status!r} does not go with reason {self.reason!r}")
