"""What a robot senses at one instant: a picture, a depth map, the camera and the gripper."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embodied.camera import Camera
from embodied.geometry import frozen_array


@dataclass(frozen=True)
class GripperState:
    """What the gripper's own sensors say.

    Attributes:
        width_m: Distance between the finger pads.
        holding: Whether the last grasp found something between the fingers and it is still there.
    """

    width_m: float
    holding: bool

    def __post_init__(self) -> None:
        """Refuse widths that are negative or not finite."""
        if not (np.isfinite(self.width_m) and self.width_m >= 0):
            raise ValueError(f"gripper width must be finite and not negative, not {self.width_m}")


@dataclass(frozen=True, eq=False)
class Observation:
    """One look at the world; it proves that its parts are of one instant and fit together.

    Attributes:
        id: Rises with every look of one controller.
        time_s: Seconds on the robot's clock.
        image: (height, width, 3) uint8 RGB, read-only.
        depth_m: (height, width) float32 along the optical axis, NaN for "no reading", read-only; ``None`` on a robot
            that has no depth camera.
        camera: Intrinsics and ``X_WC`` at that instant.
        gripper: State of the gripper at that instant.
        scene_depth_m: ``depth_m`` as it would be without the robot, as far as the robot knows: where its own body hides
            the scene, the last depth that was measured there; ``None`` on a robot that does not know where its body is.
    """

    id: int
    time_s: float
    image: NDArray[np.uint8]
    depth_m: NDArray[np.float32] | None
    camera: Camera
    gripper: GripperState
    scene_depth_m: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        """Freeze the arrays and check shapes, types and depths.

        Raises:
            ValueError: If image, depth map and camera disagree, a depth is infinite or not positive, or the time is
                not finite.
        """
        if not np.isfinite(self.time_s):
            raise ValueError(f"the time of an observation must be finite, not {self.time_s}")
        size = (self.camera.intrinsics.height_px, self.camera.intrinsics.width_px)
        if self.image.dtype != np.uint8 or self.image.shape != (*size, 3):
            raise ValueError(f"image must be uint8 {(*size, 3)}, not {self.image.dtype} {self.image.shape}")
        object.__setattr__(self, "image", frozen_array(self.image, np.uint8))
        for name in ("depth_m", "scene_depth_m"):
            if (given := getattr(self, name)) is not None:
                object.__setattr__(self, name, self._checked_depth(given, size))

    @staticmethod
    def _checked_depth(depth_m: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
        if depth_m.dtype != np.float32 or depth_m.shape != size:
            raise ValueError(f"depth map must be float32 {size}, not {depth_m.dtype} {depth_m.shape}")
        read = depth_m[~np.isnan(depth_m)]
        if not (np.isfinite(read).all() and (read > 0).all()):
            raise ValueError("depths must be positive and finite; use NaN for 'no reading'")
        return frozen_array(depth_m, np.float32)
