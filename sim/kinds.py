"""Kinds of small objects, as ``scenes/objects/*.toml`` describe them."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from embodied.geometry import FloatArray
from sim.labels import LabelPlace
from sim.meshes import Mesh, Moments, joined
from sim.parts import AnyPart
from sim.tables import HexColor, Length, Name, Table

MAX_GRASP_M = 0.07
"""The widest thing that a hand opening 80 mm takes with clearance on both sides."""

Coefficient = Annotated[float, Field(ge=0.0, le=2.0)]


class Friction(Table):
    """Coulomb friction against a rubber finger or a counter.

    Attributes:
        lateral: Dimensionless.
        spinning_m: Torque about the contact's normal per newton, metres.
        rolling_m: Torque against rolling per newton, metres.
    """

    lateral: Coefficient
    spinning_m: Coefficient = 0.001
    rolling_m: Coefficient = 0.0


class Kind(Table):
    """One kind of object.

    Attributes:
        title: What a person calls it, in English.
        title_zh: The same in Chinese.
        source: Where mass and friction come from.
        mass_kg: Of the whole thing; spread evenly over the parts' volume.
        grasp_m: Width of the narrowest place that a parallel gripper can take.
        colors: Names of colours and what "main" stands for in each.
        parts: What it is made of; z = 0 is the surface that it stands on.
        label: Where something can be written on it, if anywhere.
        held_out: Whether it is kept to measure with: no model is trained on it, and only who names it gets it.
        rolls: Whether it has no way up, as fruit has none: lying on another side it has not fallen over.
    """

    title: Annotated[str, Field(min_length=1, max_length=60)]
    title_zh: Annotated[str, Field(min_length=1, max_length=20)]
    source: Annotated[str, Field(min_length=10, max_length=500)]
    mass_kg: Annotated[float, Field(ge=0.005, le=3.0)]
    grasp_m: Annotated[Length, Field(le=MAX_GRASP_M)]
    friction: Friction
    colors: Annotated[dict[Name, HexColor], Field(min_length=1, max_length=16)]
    parts: Annotated[tuple[AnyPart, ...], Field(min_length=1, max_length=40)]
    label: LabelPlace | None = None
    held_out: bool = False
    rolls: bool = False

    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """Lowest and highest corner of what can be touched, from the centre of mass."""
        points = np.concatenate(self.hulls()) - self.moments().center_m
        return points.min(axis=0), points.max(axis=0)

    def moments(self) -> Moments:
        """Volume and moments of all parts."""
        first, *rest = (Moments.of(part.surface) for part in self.parts)
        return sum(rest, start=first)

    def surfaces(self, color: str) -> dict[str, Mesh]:
        """The surface of each colour, in the frame of the parts."""
        groups: dict[str, list[Mesh]] = {}
        for part in self.parts:
            shade = self.colors[color] if part.color == "main" else part.color
            groups.setdefault(shade, []).append(part.surface)
        return {shade: joined(meshes) for shade, meshes in groups.items()}

    def hulls(self) -> list[FloatArray]:
        """The convex pieces of all parts."""
        return [hull for part in self.parts for hull in part.hulls]
