"""Straight lines that are followed by feel: their poses, what stops them, how they ended."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from embodied.geometry import FloatArray, Pose

LINE_STEP_M = 0.015
LINE_STEP_RAD = 0.1


@dataclass(frozen=True, eq=False)
class Travelled:
    """How a guarded line ended.

    Attributes:
        pose: ``X_WG`` where the hand stands.
        blocked: Whether a force stopped it before its end.
        force_W: Force that the world exerts on the hand there, in N, beyond what it was tared to.
    """

    pose: Pose
    blocked: bool
    force_W: FloatArray


@dataclass(frozen=True, eq=False)
class Touch:
    """What stops a motion: resistance along its line, or more from any side.

    Attributes:
        any_n: The force from any side.
        along_W: (3,) the way to go; none where it is not straight.
        along_n: The resistance on that way.
    """

    any_n: float
    along_W: FloatArray = field(default_factory=lambda: np.zeros(3))
    along_n: float = math.inf

    def felt(self, force_W: FloatArray) -> bool:
        """Whether a force that the world exerts on the hand is such a touch."""
        length_m = float(np.linalg.norm(self.along_W))
        against_n = -float(force_W @ self.along_W) / length_m if length_m > 1e-6 else 0.0
        return against_n > self.along_n or float(np.linalg.norm(force_W)) > self.any_n


def straight(X_WS: Pose, X_WE: Pose) -> list[Pose]:
    """Poses along the straight line, evenly turned, without the first and with the last."""
    distance = float(np.linalg.norm(X_WE.translation_m - X_WS.translation_m))
    turns = Rotation.from_matrix([X_WS.rotation, X_WE.rotation])
    angle = float((turns[0].inv() * turns[1]).magnitude())
    count = max(int(np.ceil(distance / LINE_STEP_M)), int(np.ceil(angle / LINE_STEP_RAD)), 1)
    shares = np.arange(1, count + 1) / count
    rotations = Slerp([0.0, 1.0], turns)(shares).as_matrix()
    step = X_WE.translation_m - X_WS.translation_m
    return [Pose(R, X_WS.translation_m + share * step) for R, share in zip(rotations, shares, strict=True)]
