"""A kitchen, as ``scenes/kitchens/*.toml`` describe it, and what an integrator would measure in it."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from embodied.camera import Camera, Intrinsics
from embodied.geometry import Box, Pose
from sim.appliances import Board, Microwave, Pipe, Shelf, Stove
from sim.cabinets import BaseCabinet, Counter, Cupboard, Drawers
from sim.furnishing import Furnishing, Moving, mirrored
from sim.tables import Fraction, HexColor, Length, Name, Point, Table

Furniture = Annotated[
    Counter | Drawers | BaseCabinet | Cupboard | Microwave | Stove | Shelf | Board | Pipe, Field(discriminator="type")
]


class Material(Table):
    """How a surface looks.

    Attributes:
        color: Of the surface, or of the texture's lighter half.
        texture: A pattern of ``sim/textures.py``.
        repeat_m: Size in the world of one repetition of the pattern.
    """

    color: HexColor
    texture: Literal["plain", "tiles", "planks", "stone"] = "plain"
    repeat_m: Length = 0.5


class Light(Table):
    """One distant lamp and the light from everywhere.

    Attributes:
        direction: From the scene towards the lamp, in the world; its length means nothing.
        color: Of the lamp.
        ambient, diffuse, specular: Shares of light; ambient and diffuse together are the brightness of a lit surface.
        shadows: Whether things cast shadows; this costs a second pass.
    """

    direction: Point
    color: tuple[Fraction, Fraction, Fraction] = (1.0, 1.0, 1.0)
    ambient: Fraction
    diffuse: Fraction
    specular: Fraction
    shadows: bool = True


class View(Table):
    """Where a camera is and what it looks at, in the world or in the frame of the hand that carries it."""

    eye_m: Point
    target_m: Point
    up: Point = (0.0, 0.0, 1.0)
    fov_deg: Annotated[float, Field(ge=10.0, le=120.0)]

    @model_validator(mode="after")
    def _check(self) -> View:
        if np.linalg.norm(np.cross(np.subtract(self.target_m, self.eye_m), self.up)) < 1e-6:
            raise ValueError("eye_m, target_m and up leave the image's upright undefined")
        return self

    def camera(self, name: str, size_px: tuple[int, int]) -> Camera:
        """The camera, its pose being in whatever frame the view is written in."""
        forward = np.subtract(self.target_m, self.eye_m) / np.linalg.norm(np.subtract(self.target_m, self.eye_m))
        right = np.cross(forward, self.up) / np.linalg.norm(np.cross(forward, self.up))
        pose = Pose(np.column_stack([right, np.cross(forward, right), forward]), np.array(self.eye_m))
        return Camera(Intrinsics.from_vertical_fov(*size_px, math.radians(self.fov_deg)), pose, name)


class RobotPlace(Table):
    """Where the robot stands and how its joints are set when an episode begins."""

    base_m: Point
    home_rad: tuple[float, float, float, float, float, float, float]
    finger_m: Annotated[float, Field(ge=0.0, le=0.04)]


class Region(Table):
    """A box that things stand on the bottom of, or are in, beyond those that the furniture names itself."""

    name: Name
    low_m: Point
    high_m: Point
    kind: Literal["inside", "on"]


class Kitchen(Table):
    """A whole kitchen.

    Attributes:
        workspace_low_m, workspace_high_m: Corners of the box that the fingertips may be in, in the world.
        robot: Where it stands.
        light, planning_camera, wrist_camera: How it is seen.
        materials, themes: How surfaces look; a theme says of some how they look instead.
        furniture: What is in it.
        mirrored: Whether furniture stands on the other side of the robot, as in a mirror: what is listed at y is at -y.
    """

    workspace_low_m: Point
    workspace_high_m: Point
    robot: RobotPlace
    light: Light
    planning_camera: View
    wrist_camera: View
    materials: dict[Name, Material]
    themes: Annotated[dict[Name, dict[Name, Material]], Field(max_length=20)] = {}
    furniture: Annotated[tuple[Furniture, ...], Field(min_length=1, max_length=100)]
    mirrored: bool = False

    @model_validator(mode="after")
    def _check(self) -> Kitchen:
        furnishing = self.furnishing
        used = _materials(furnishing).union(*(_materials(moving) for moving in furnishing.moving))
        used |= {name for theme in self.themes.values() for name in theme}
        if missing := sorted(used - set(self.materials)):
            raise ValueError(f"no material is called {missing[0]!r}; there are: {', '.join(sorted(self.materials))}")
        return self

    @cached_property
    def furnishing(self) -> Furnishing:
        """All furniture."""
        listed = sum((piece.furnish() for piece in self.furniture), start=Furnishing())
        return mirrored(listed, 0.0) if self.mirrored else listed

    @cached_property
    def site(self) -> tuple[Box, tuple[Box, ...]]:
        """What an integrator would measure: the workspace and the boxes that the robot must keep out of.

        What moves (doors, drawers) and what is hollow (drawers, sink, cupboard, microwave) is not in any of the boxes.
        """
        workspace = Box(self.workspace_low_m, self.workspace_high_m, "workspace")
        return workspace, tuple(board.keep_out() for board in self.furnishing.cuboids if board.name)


def _materials(part: Furnishing | Moving) -> set[str]:
    return {board.material for board in part.visible} | {ornament.material for ornament in part.ornaments}
