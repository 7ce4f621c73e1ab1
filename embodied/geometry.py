"""Rigid poses and boxes: the only geometry that the rest of the project shares.

``X_AB`` is the pose of B in A; letters cancel: ``p_WP = X_WC @ p_CP``. Metres and radians.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

FloatArray = NDArray[np.float64]


def frozen_array(values: ArrayLike, dtype: Any = np.float64) -> NDArray[Any]:
    """A read-only copy of ``values``."""
    array = np.array(values, dtype=dtype)
    array.setflags(write=False)
    return array


@dataclass(frozen=True, eq=False)
class Pose:
    """A rigid transform; holding one proves that its rotation is a rotation and that all is finite.

    Attributes:
        rotation: (3, 3), read-only.
        translation_m: (3,), read-only.
    """

    rotation: FloatArray
    translation_m: FloatArray

    def __post_init__(self) -> None:
        """Copy, freeze and check both parts.

        Raises:
            ValueError: If the rotation is not orthonormal and right-handed, or a number is not finite.
        """
        rotation, translation = frozen_array(self.rotation), frozen_array(self.translation_m)
        if rotation.shape != (3, 3) or translation.shape != (3,):
            raise ValueError(f"a pose needs shapes (3, 3) and (3,), not {rotation.shape} and {translation.shape}")
        rows = rotation.tolist()
        if not all(map(math.isfinite, (*rows[0], *rows[1], *rows[2], *translation.tolist()))):
            raise ValueError("a pose must be finite")
        if not _right_handed(*rows):
            raise ValueError("the rotation of a pose must be orthonormal and right-handed")
        object.__setattr__(self, "rotation", rotation)
        object.__setattr__(self, "translation_m", translation)

    @classmethod
    def identity(cls) -> Pose:
        """The pose of a frame in itself."""
        return cls(np.eye(3), np.zeros(3))

    @classmethod
    def from_quaternion(cls, translation_m: ArrayLike, quaternion_xyzw: ArrayLike) -> Pose:
        """The pose with this translation and unit quaternion (x, y, z, w)."""
        rotation = Rotation.from_quat(np.asarray(quaternion_xyzw, dtype=np.float64)).as_matrix()
        return cls(rotation, np.asarray(translation_m, dtype=np.float64))

    @classmethod
    def looking_at(cls, eye_m: ArrayLike, target_m: ArrayLike) -> Pose:
        """``X_WC`` of a camera at ``eye_m`` that looks at ``target_m`` and holds its image upright (world Z up).

        Raises:
            ValueError: If the camera would look at itself, or straight up or down, where "upright" means nothing.
        """
        eye, target = np.asarray(eye_m, dtype=np.float64), np.asarray(target_m, dtype=np.float64)
        distance_m = np.linalg.norm(target - eye)
        if not distance_m > 1e-6:
            raise ValueError(f"a camera at {eye} cannot look at {target}")
        forward = (target - eye) / distance_m
        right = np.cross(forward, [0.0, 0.0, 1.0])
        if np.linalg.norm(right) < 1e-6:
            raise ValueError("a camera that looks straight up or down has no upright image")
        right /= np.linalg.norm(right)
        return cls(np.column_stack([right, np.cross(forward, right), forward]), eye)

    @property
    def quaternion_xyzw(self) -> FloatArray:
        """(4,), unit, with w >= 0."""
        return np.asarray(Rotation.from_matrix(self.rotation).as_quat(canonical=True))

    @property
    def matrix(self) -> FloatArray:
        """(4, 4) homogeneous matrix."""
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3] = self.rotation, self.translation_m
        return matrix

    def inverse(self) -> Pose:
        """``X_BA`` of ``X_AB``."""
        return Pose(self.rotation.T, -self.rotation.T @ self.translation_m)

    @overload
    def __matmul__(self, other: Pose) -> Pose: ...

    @overload
    def __matmul__(self, other: FloatArray) -> FloatArray: ...

    def __matmul__(self, other: Pose | FloatArray) -> Pose | FloatArray:
        """``X_AB @ X_BC`` is ``X_AC``; ``X_AB @ p_BP`` is ``p_AP`` for points (..., 3)."""
        if isinstance(other, Pose):
            return Pose(self.rotation @ other.rotation, self.rotation @ other.translation_m + self.translation_m)
        p_AP: FloatArray = np.asarray(other, dtype=np.float64) @ self.rotation.T + self.translation_m
        return p_AP


def _right_handed(x: list[float], y: list[float], z: list[float]) -> bool:
    """Whether the rows are orthonormal within 1e-6, and right-handed; in plain floats: it is asked very often."""
    units = abs(_dot(x, x) - 1.0) <= 1e-6 and abs(_dot(y, y) - 1.0) <= 1e-6 and abs(_dot(z, z) - 1.0) <= 1e-6
    square = abs(_dot(x, y)) <= 1e-6 and abs(_dot(y, z)) <= 1e-6 and abs(_dot(z, x)) <= 1e-6
    normal = (x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0])
    return units and square and _dot(normal, z) > 0.0


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@dataclass(frozen=True)
class Box:
    """An axis-aligned box in the world, with a name for messages.

    Attributes:
        low_m, high_m: Opposite corners in W (x, y, z), metres.
        name: What stands there, for example "counter".
    """

    low_m: tuple[float, float, float]
    high_m: tuple[float, float, float]
    name: str = ""

    def __post_init__(self) -> None:
        """Refuse boxes that are inside out or not finite."""
        low, high = np.asarray(self.low_m), np.asarray(self.high_m)
        if not (np.isfinite(low).all() and np.isfinite(high).all() and (low < high).all()):
            raise ValueError(f"box {self.name!r}: low {self.low_m} must be below high {self.high_m} on every axis")

    def contains(self, p_WP: ArrayLike, margin_m: float = 0.0) -> bool:
        """Whether the point lies inside the box grown by ``margin_m`` (shrunk if negative)."""
        point = np.asarray(p_WP, dtype=np.float64).tolist()  # three plain numbers are compared faster than arrays
        limits = zip(self.low_m, point, self.high_m, strict=True)
        return all(low - margin_m <= value <= high + margin_m for low, value, high in limits)
