"""The camera that a ``MotionController`` sees with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embodied.camera import Camera


@dataclass(frozen=True, eq=False)
class Look:
    """One picture with its depth map, of one instant.

    Attributes:
        time_s: On the robot's clock.
        image: (height, width, 3) uint8 RGB.
        depth_m: (height, width) float32, NaN for "no reading"; ``None`` without a depth camera.
        camera: Intrinsics and ``X_WC`` at that instant.
    """

    time_s: float
    image: NDArray[np.uint8]
    depth_m: NDArray[np.float32] | None
    camera: Camera


class Eye(ABC):
    """The cameras of a robot, calibrated to its world frame."""

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Names of the cameras; plans are made from the first."""

    @property
    def in_hand(self) -> str | None:
        """Name of the camera that moves with the hand and sees what is before the fingers; ``None`` without one."""
        return None

    @abstractmethod
    def look(self, name: str) -> Look:
        """Take one picture with the camera of that name."""
