"""What changes from episode to episode besides the objects: surfaces, light and the planning camera."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from embodied.camera import Camera
from embodied.geometry import Pose
from sim.furnishing import vector
from sim.kitchen import Kitchen, Light, Material
from sim.scene import Randomisation, SceneFile


@dataclass(frozen=True, eq=False)
class Variation:
    """One draw.

    Attributes:
        materials: Of the kitchen, by name.
        light: The lamp.
        camera: The planning camera.
    """

    materials: Mapping[str, Material]
    light: Light
    camera: Camera

    @classmethod
    def draw(cls, kitchen: Kitchen, file: SceneFile, size_px: tuple[int, int], rng: np.random.Generator) -> Variation:
        """A theme, a lamp and a camera, in this order, each within what the scene allows."""
        randomisation = file.randomisation
        theme = str(rng.choice(randomisation.themes))
        materials = {**kitchen.materials, **kitchen.themes.get(theme, {}), **file.materials}
        camera = kitchen.planning_camera.camera("planning", size_px)
        return cls(materials, _light(kitchen.light, randomisation, rng), _shifted(camera, randomisation, rng))


def _light(light: Light, randomisation: Randomisation, rng: np.random.Generator) -> Light:
    turn = Rotation.from_rotvec(rng.uniform(-1.0, 1.0, 3) * math.radians(randomisation.light_turn_deg))
    share = float(rng.uniform(*randomisation.light_share))
    direction = vector(turn.apply(light.direction))
    return light.model_copy(update={"direction": direction, "diffuse": min(1.0, light.diffuse * share)})


def _shifted(camera: Camera, randomisation: Randomisation, rng: np.random.Generator) -> Camera:
    shift = rng.normal(0.0, 1.0, 3) * randomisation.camera_shift_m
    turn = Rotation.from_rotvec(rng.normal(0.0, 1.0, 3) * math.radians(randomisation.camera_turn_deg)).as_matrix()
    pose = camera.pose_in_world
    return Camera(camera.intrinsics, Pose(turn @ pose.rotation, pose.translation_m + shift), camera.name)
