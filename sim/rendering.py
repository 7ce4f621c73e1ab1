"""From a pinhole camera to PyBullet's renderers and back: the only place that knows OpenGL's conventions.

OpenGL's camera looks along -Z with Y up, and its image plane runs over [-1, 1]. PyBullet's software renderer samples
pixel (u, v) at the lower left corner (u, v + 1) of its square rather than in the middle (found by casting rays: with
this offset 2,000 rendered points agree with the rays to 2 micrometres in the median); EGL samples in the middle.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pybullet as p
from numpy.typing import NDArray

from embodied.camera import Camera
from embodied.errors import UsageError
from embodied.geometry import FloatArray
from sim.kitchen import Light

Renderer = Literal["tiny", "egl"]

NEAR_M = 0.05
"""Nothing nearer to the camera is seen: a cheap depth camera's blind range."""
FAR_M = 10.0
"""Where the renderer stops."""
RANGE_M = 5.0
"""Beyond it the depth map says nothing, as that of a cheap depth camera."""
LAMP_M = 4.0
"""Distance of the lamp, for shadows: near enough for sharp ones, far enough for all of the kitchen."""

_SAMPLE_PX = {"tiny": (0.0, 1.0), "egl": (0.5, 0.5)}
_FLAGS = {"tiny": p.ER_TINY_RENDERER, "egl": p.ER_BULLET_HARDWARE_OPENGL}


@dataclass(frozen=True, eq=False)
class Matrices:
    """View and projection for one camera, as PyBullet takes them (column by column)."""

    view: tuple[float, ...]
    projection: tuple[float, ...]

    @classmethod
    def of(cls, camera: Camera, renderer: Renderer) -> Matrices:
        """The matrices that make ``renderer`` agree with ``camera`` pixel by pixel."""
        flip = np.diag([1.0, -1.0, -1.0, 1.0])
        view = flip @ camera.pose_in_world.inverse().matrix
        return cls(tuple(view.T.ravel().tolist()), tuple(_projection(camera, renderer).T.ravel().tolist()))


def _projection(camera: Camera, renderer: Renderer) -> FloatArray:
    k, (du, dv) = camera.intrinsics, _SAMPLE_PX[renderer]
    matrix = np.zeros((4, 4))
    matrix[0, 0], matrix[0, 2] = 2.0 * k.fx_px / k.width_px, 1.0 - 2.0 * (k.cx_px + du) / k.width_px
    matrix[1, 1], matrix[1, 2] = 2.0 * k.fy_px / k.height_px, 2.0 * (k.cy_px + dv) / k.height_px - 1.0
    matrix[2, 2] = -(FAR_M + NEAR_M) / (FAR_M - NEAR_M)
    matrix[2, 3], matrix[3, 2] = -2.0 * FAR_M * NEAR_M / (FAR_M - NEAR_M), -1.0
    return matrix


@dataclass(frozen=True, eq=False)
class Shot:
    """Everything that one rendering gives.

    Attributes:
        image: (height, width, 3) RGB.
        depth_m: (height, width) along the optical axis, NaN for none.
        mask: (height, width) PyBullet's numbers of what is seen; the software renderer makes them anyway.
    """

    image: NDArray[np.uint8]
    depth_m: NDArray[np.float32]
    mask: NDArray[np.int32]

    @property
    def shown(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """For each pixel the body and the link (-1 for a base) seen there; the body is -1 where nothing is.

        Ground truth: for the oracle, the judges and tests, never for an observation.
        """
        seen = self.mask >= 0
        return np.where(seen, self.mask & ((1 << 24) - 1), -1), np.where(seen, (self.mask >> 24) - 1, -1)


def shoot(client: int, camera: Camera, light: Light, renderer: Renderer = "tiny") -> Shot:
    """Render once."""
    matrices, k = Matrices.of(camera, renderer), camera.intrinsics
    rgba, buffer, mask = p.getCameraImage(
        k.width_px,
        k.height_px,
        matrices.view,
        matrices.projection,
        lightDirection=light.direction,
        lightColor=light.color,
        lightDistance=LAMP_M,
        shadow=int(light.shadows),
        lightAmbientCoeff=light.ambient,
        lightDiffuseCoeff=light.diffuse,
        lightSpecularCoeff=light.specular,
        renderer=_FLAGS[renderer],
        flags=p.ER_SEGMENTATION_MASK_OBJECT_AND_LINKINDEX,
        physicsClientId=client,
    )[2:5]
    return Shot(rgba[..., :3].copy(), _metres(buffer), mask)


def _metres(buffer: NDArray[np.float32]) -> NDArray[np.float32]:
    near, far = np.float32(NEAR_M), np.float32(FAR_M)
    depth = np.asarray(far * near / (far - (far - near) * buffer), dtype=np.float32)
    depth[depth > RANGE_M] = np.nan
    return depth


def load_egl(client: int) -> int:
    """Load the plug-in behind the "egl" renderer and return its number.

    Raises:
        UsageError: If this machine or this build of PyBullet cannot.
    """
    found = importlib.util.find_spec("eglRenderer")
    plugin = -1
    if found is not None and found.origin:
        plugin = p.loadPlugin(found.origin, "_eglRendererPlugin", physicsClientId=client)
    if plugin < 0:
        raise UsageError("the 'egl' renderer cannot be loaded here; use renderer='tiny', which needs no graphics card")
    return int(plugin)
