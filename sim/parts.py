"""What a kind of object is made of: parts that know their surface and their convex pieces."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator
from scipy.spatial.transform import Rotation

from embodied.geometry import FloatArray, Pose
from sim import shapes
from sim.meshes import Mesh
from sim.tables import HexColor, Length, Metres, Point, Table

WEDGES = 12
"""Convex pieces around a hollow thing."""

Thickness = Annotated[float, Field(ge=0.0, le=0.1)]
Outline = Annotated[tuple[tuple[Metres, Metres], ...], Field(min_length=2, max_length=40)]
Degrees = Annotated[float, Field(ge=-360.0, le=360.0)]


class Part(Table, ABC):
    """One part, with its place in the object's frame.

    Attributes:
        at_m: Where the part's origin is.
        turn_deg: Turns about the object's x, y and z axes, in that order.
        color: "main" (the colour that a scene chooses) or a fixed one.
        collides: Whether the part can be touched; ``False`` for decoration.
    """

    at_m: Point = (0.0, 0.0, 0.0)
    turn_deg: tuple[Degrees, Degrees, Degrees] = (0.0, 0.0, 0.0)
    color: Literal["main"] | HexColor = "main"
    collides: bool = True

    @property
    def pose(self) -> Pose:
        """``X_OP`` of the part in the object."""
        return Pose(Rotation.from_euler("xyz", self.turn_deg, degrees=True).as_matrix(), np.array(self.at_m))

    @cached_property
    def surface(self) -> Mesh:
        """The part's surface in the object's frame."""
        return self._mesh().placed(self.pose)

    @cached_property
    def hulls(self) -> list[FloatArray]:
        """The part's convex pieces in the object's frame, each as points (n, 3)."""
        return [self.pose @ points for points in self._hulls()] if self.collides else []

    @abstractmethod
    def _mesh(self) -> Mesh: ...

    def _hulls(self) -> list[FloatArray]:
        return [self._mesh().vertices_m]


class Lathe(Part):
    """An outline of (radius, height) turned about the z axis, solid or (``wall_m`` > 0) open at the top.

    Attributes:
        outline_m: From bottom to top.
        wall_m: Thickness of the wall, measured horizontally; 0 for a solid thing.
        floor_m: Height of the inside's floor, where the thing is hollow.
        smooth: Draw a curve through the outline.
        split_m: Heights at which a solid thing is cut into convex pieces.
    """

    shape: Literal["lathe"]
    outline_m: Outline
    wall_m: Thickness = 0.0
    floor_m: Thickness = 0.0
    smooth: bool = False
    split_m: Annotated[tuple[Metres, ...], Field(max_length=6)] = ()
    segments: Annotated[int, Field(ge=6, le=32)] = shapes.SEGMENTS

    @model_validator(mode="after")
    def _check(self) -> Lathe:
        radius, height = np.array(self.outline_m).T
        if (radius < 0).any() or height[-1] <= height[0]:
            raise ValueError("outline_m needs radii of at least 0, and its end above its start")
        if (self.wall_m or self.split_m) and (np.diff(height) < 0).any():
            raise ValueError("outline_m of a part that is hollow or split must rise from point to point")
        if self.wall_m and not height[0] < self.floor_m < height[-1]:
            raise ValueError("floor_m of a hollow part must lie between the outline's bottom and top")
        return self

    def _mesh(self) -> Mesh:
        outline = self._fine()
        start, end = (0.0, outline[0, 1]), (0.0, outline[-1, 1])
        if self.wall_m:
            inner = self._inner(_above(outline, self.floor_m))
            return shapes.skin(shapes.turned([start, *outline, *inner[::-1], (0.0, self.floor_m)], self.segments))
        return shapes.skin(shapes.turned([start, *outline, end], self.segments))

    def _fine(self) -> FloatArray:
        outline = shapes.curve(self.outline_m, 3) if self.smooth else np.array(self.outline_m)
        height = np.maximum.accumulate(outline[:, 1]) if self.wall_m or self.split_m else outline[:, 1]
        return np.column_stack([outline[:, 0].clip(0.0), height])

    def _inner(self, outline: FloatArray) -> FloatArray:
        return np.column_stack([(outline[:, 0] - self.wall_m).clip(1e-4), outline[:, 1]])

    def _hulls(self) -> list[FloatArray]:
        return self._hollow() if self.wall_m else self._solid()

    def _solid(self) -> list[FloatArray]:
        outline, levels = self._fine(), sorted((-10.0, *self.split_m, 10.0))
        pieces = [_below(_above(outline, a), b) for a, b in zip(levels, levels[1:], strict=False)]
        return [shapes.turned(piece, WEDGES).reshape(-1, 3) for piece in pieces]

    def _hollow(self) -> list[FloatArray]:
        outer = np.array(self.outline_m)
        walls = _above(outer, self.floor_m)
        floor = shapes.turned(_below(outer, self.floor_m), WEDGES).reshape(-1, 3)
        return [floor, *_wedges(shapes.turned(walls, WEDGES), shapes.turned(self._inner(walls), WEDGES))]


def _above(outline: FloatArray, height: float) -> FloatArray:
    if height <= outline[0, 1]:
        return outline
    cut = (np.interp(height, outline[:, 1], outline[:, 0]), height)
    return np.array([cut, *outline[outline[:, 1] > height]])


def _below(outline: FloatArray, height: float) -> FloatArray:
    return _above(outline[::-1] * [1.0, -1.0], -height)[::-1] * [1.0, -1.0]


def _wedges(outer: FloatArray, inner: FloatArray) -> list[FloatArray]:
    both = np.stack([outer, inner], axis=2)
    around = np.concatenate([both, both[:, :1]], axis=1)
    bands, sides = around.shape[0] - 1, around.shape[1] - 1
    return [around[i : i + 2, j : j + 2].reshape(-1, 3) for i in range(bands) for j in range(sides)]


class Block(Part):
    """A box about its origin, with cut edges."""

    shape: Literal["block"]
    size_m: tuple[Length, Length, Length]
    bevel_m: Thickness = 0.0

    def _mesh(self) -> Mesh:
        return shapes.block(self.size_m, self.bevel_m)


class Ellipsoid(Part):
    """An ellipsoid about its origin."""

    shape: Literal["ellipsoid"]
    radii_m: tuple[Length, Length, Length]
    segments: Annotated[int, Field(ge=6, le=32)] = 16

    def _mesh(self) -> Mesh:
        return shapes.ellipsoid(self.radii_m, self.segments)


class Prism(Part):
    """A convex outline of (x, y) drawn up from z = 0 by ``height_m``."""

    shape: Literal["prism"]
    outline_m: Outline
    height_m: Length

    @model_validator(mode="after")
    def _check(self) -> Prism:
        edges = np.diff(np.array([*self.outline_m, *self.outline_m[:2]]), axis=0)
        turns = edges[:-1, 0] * edges[1:, 1] - edges[:-1, 1] * edges[1:, 0]
        if len(self.outline_m) < 3 or (turns < 0).any():
            raise ValueError("outline_m of a prism must be convex, counter-clockwise, of at least three points")
        return self

    def _mesh(self) -> Mesh:
        return shapes.prism(self.outline_m, self.height_m)


class Tube(Part):
    """A round bar along a curve through ``path_m``; the radius may change along it."""

    shape: Literal["tube"]
    path_m: Annotated[tuple[Point, ...], Field(min_length=2, max_length=24)]
    radius_m: Length | Annotated[tuple[Length, ...], Field(min_length=2, max_length=24)]
    smooth: int = Field(default=3, ge=1, le=8)
    sides: Annotated[int, Field(ge=4, le=24)] = 8

    @model_validator(mode="after")
    def _check(self) -> Tube:
        if isinstance(self.radius_m, tuple) and len(self.radius_m) != len(self.path_m):
            raise ValueError("radius_m must be one number or one for each point of path_m")
        if (np.linalg.norm(np.diff(self.path_m, axis=0), axis=1) < 1e-6).any():
            raise ValueError("neighbours in path_m must not be the same point")
        return self

    def _rings(self, smooth: int, sides: int) -> FloatArray:
        radii = np.broadcast_to(np.array(self.radius_m), len(self.path_m))
        path = shapes.curve(np.column_stack([self.path_m, radii]), smooth)
        return shapes.tube_rings(path[:, :3], path[:, 3], sides)

    def _mesh(self) -> Mesh:
        return shapes.skin(self._rings(self.smooth, self.sides))

    def _hulls(self) -> list[FloatArray]:
        rings = self._rings(1, min(self.sides, 8))
        return [rings[i : i + 2].reshape(-1, 3) for i in range(len(rings) - 1)]


class Pillow(Part):
    """A filled sachet along x, with flat crimped ends."""

    shape: Literal["pillow"]
    size_m: tuple[Length, Length, Length]
    crimp_m: Length

    def _mesh(self) -> Mesh:
        return shapes.skin(shapes.pillow_rings(*self.size_m, self.crimp_m))

    def _hulls(self) -> list[FloatArray]:
        rings = shapes.pillow_rings(*self.size_m, self.crimp_m)
        return [rings[1:-1].reshape(-1, 3), rings[:2].reshape(-1, 3), rings[-2:].reshape(-1, 3)]


AnyPart = Annotated[Lathe | Block | Ellipsoid | Prism | Tube | Pillow, Field(discriminator="shape")]
