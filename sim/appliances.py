"""Microwave, stove, shelf and everything else that stands about: dimensions from a kitchen file to boards."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from embodied.geometry import Pose
from sim import shapes
from sim.cabinets import BAR_M, FRONT_M, GAP_M, STANDOFF_M, shell
from sim.furnishing import Cuboid, Furnishing, Moving, Ornament, RegionSpec, Vector, bar, mirrored
from sim.meshes import Mesh
from sim.tables import Length, Metres, Name, Point, Range, Table


class Microwave(Table):
    """A microwave oven; its hinge is on one side, its handle and panel are on the other, seen from the front."""

    type: Literal["microwave"]
    name: Name
    x_m: Range
    y_m: Range
    z_m: Range
    panel_m: Length
    swing_rad: Annotated[float, Field(gt=0.0, le=2.5)]
    resistance_nm: Length
    damping_nm_s: Length
    handle_length_m: Length
    wall_m: Length
    hinge: Literal["left", "right"] = "right"
    material: Name = "steel"

    def furnish(self) -> Furnishing:
        """The shell, the panel and the door."""
        right = self._hinged_right()
        return right if self.hinge == "right" else mirrored(right, sum(self.y_m) / 2.0)

    def _hinged_right(self) -> Furnishing:
        (x0, x1), (y0, y1), (z0, z1), t = self.x_m, self.y_m, self.z_m, self.wall_m
        boards = shell((x0 + FRONT_M, y0, z0), (x1, y1 - self.panel_m, z1), t)
        panel = ((x0, y1 - self.panel_m, z0), (x1, y1, z1))
        region = RegionSpec(
            self.name, (x0 + FRONT_M, y0 + t, z0 + t), (x1 - t, y1 - self.panel_m - t, z1 - t), "inside"
        )
        cuboids = tuple(Cuboid(a, b, self.material, self.name) for a, b in [*boards, panel])
        return Furnishing(cuboids, self._panel(), (self._door(),), (region,))

    def _panel(self) -> tuple[Ornament, ...]:
        x, y, (z0, z1) = self.x_m[0], self.y_m[1] - self.panel_m / 2.0, self.z_m
        display = plate((x, y, z1 - 0.05), (0.004, self.panel_m * 0.7, 0.035))
        knobs = [knob((x - 0.006, y, z0 + z), 0.018) for z in (0.06, 0.12)]
        return (Ornament(display, "glass"), *(Ornament(mesh, "handle") for mesh in knobs))

    def _door(self) -> Moving:
        width, height = self.y_m[1] - self.y_m[0] - self.panel_m, self.z_m[1] - self.z_m[0]
        front = Cuboid((0.0, 0.0, GAP_M), (FRONT_M, width - GAP_M, height - GAP_M), self.material)
        window = plate((0.0, width * 0.45, height / 2.0), (0.003, width * 0.68, height * 0.66))
        grip = self._bar(width, height)
        return Moving(
            name=f"{self.name}_door",
            motion="revolute",
            at_m=(self.x_m[0], self.y_m[0], self.z_m[0]),
            axis=(0.0, 0.0, 1.0),
            upper=self.swing_rad,
            resistance=self.resistance_nm,
            damping=self.damping_nm_s,
            mass_kg=1.2,
            cuboids=(front, *bar(*grip, STANDOFF_M, "handle")),
            handle_m=grip,
            ornaments=(Ornament(window, "glass"),),
        )

    def _bar(self, width: float, height: float) -> tuple[Vector, Vector]:
        y, half = width - 0.03, self.handle_length_m / 2.0
        low = (-STANDOFF_M - BAR_M, y - BAR_M / 2.0, height / 2.0 - half)
        return low, (-STANDOFF_M, y + BAR_M / 2.0, height / 2.0 + half)


class Burner(Table):
    """One heating zone."""

    name: Name
    x_m: Metres
    y_m: Metres
    radius_m: Length


class Stove(Table):
    """A flat hob with burners and one button that springs back."""

    type: Literal["stove"]
    name: Name
    x_m: Range
    y_m: Range
    top_m: Length
    thickness_m: Length
    burners: Annotated[tuple[Burner, ...], Field(min_length=1, max_length=6)]
    button_at_m: tuple[Metres, Metres]
    button_radius_m: Length
    button_height_m: Length
    button_travel_m: Length
    button_force_n: Length

    def furnish(self) -> Furnishing:
        """The plate, its burners and its button."""
        top = self.top_m + self.thickness_m
        plate_ = Cuboid((self.x_m[0], self.y_m[0], self.top_m), (self.x_m[1], self.y_m[1], top), "glass", self.name)
        regions = [RegionSpec(b.name, *_above(b, top), "on") for b in self.burners]
        rings = [Ornament(ring((b.x_m, b.y_m, top), b.radius_m), "burner") for b in self.burners]
        zones = [Ornament(disc((b.x_m, b.y_m, top), b.radius_m * 0.9), "hotplate") for b in self.burners]
        return Furnishing((plate_,), (*rings, *zones), (self._button(top),), tuple(regions))

    def _button(self, top: float) -> Moving:
        r, h = self.button_radius_m, self.button_height_m
        cap = shapes.skin(shapes.turned([(r, 0.0), (r, h - 0.003), (r - 0.003, h)]))
        return Moving(
            name=f"{self.name}_button",
            motion="prismatic",
            at_m=(*self.button_at_m, top),
            axis=(0.0, 0.0, -1.0),
            upper=self.button_travel_m,
            resistance=self.button_force_n,
            damping=2.0,
            mass_kg=0.05,
            cuboids=(Cuboid((-r * 0.85, -r * 0.85, 0.0), (r * 0.85, r * 0.85, h), ""),),
            handle_m=((-r, -r, 0.0), (r, r, h)),
            ornaments=(Ornament(cap, "button"),),
            springs_back=True,
        )


class Shelf(Table):
    """An open board on the wall."""

    type: Literal["shelf"]
    name: Name
    x_m: Range
    y_m: Range
    top_m: Length
    thickness_m: Length
    material: Name = "wood"

    def furnish(self) -> Furnishing:
        """The board and its brackets."""
        (x0, x1), (y0, y1), low = self.x_m, self.y_m, self.top_m - self.thickness_m
        board = Cuboid((x0, y0, low), (x1, y1, self.top_m), self.material, self.name)
        brackets = [Cuboid((x1 - 0.12, y, low - 0.08), (x1, y + 0.012, low), "handle") for y in (y0 + 0.05, y1 - 0.062)]
        region = RegionSpec(self.name, (x0, y0, self.top_m), (x1, y1, self.top_m + 0.3), "on")
        return Furnishing((board, *brackets), regions=(region,))


class Board(Table):
    """Any other solid: a wall, a fridge, a hood, a plinth."""

    type: Literal["board"]
    name: Name
    low_m: Point
    high_m: Point
    material: Name
    keep_out: bool = True

    def furnish(self) -> Furnishing:
        """One cuboid."""
        return Furnishing((Cuboid(self.low_m, self.high_m, self.material, self.name if self.keep_out else ""),))


class Pipe(Table):
    """A round bar along a curve, seen but not touched: a tap, a rail."""

    type: Literal["pipe"]
    path_m: Annotated[tuple[Point, ...], Field(min_length=2, max_length=16)]
    radius_m: Length
    material: Name = "steel"

    def furnish(self) -> Furnishing:
        """One ornament."""
        path = shapes.curve(self.path_m, 3)
        mesh = shapes.skin(shapes.tube_rings(path, np.full(len(path), self.radius_m)))
        return Furnishing(ornaments=(Ornament(mesh, self.material),))


def plate(center: Vector, size: Vector) -> Mesh:
    """A thin box."""
    return shapes.block(size).placed(Pose(np.eye(3), np.array(center)))


def knob(center: Vector, radius: float) -> Mesh:
    """A short cylinder that points along -x."""
    upright = shapes.skin(shapes.turned([(radius, 0.0), (radius * 0.85, 0.012)], 14))
    turn = np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    return upright.placed(Pose(turn, np.array(center) + [0.006, 0.0, 0.0]))


def ring(center: Vector, radius: float) -> Mesh:
    """A thin circle that marks a burner."""
    around = np.concatenate([shapes.circle(24), shapes.circle(24)[:1]]) * radius
    path = np.column_stack([around, np.zeros(len(around))]) + np.array(center)
    return shapes.skin(shapes.tube_rings(path, np.full(len(path), 0.003), 4))


def disc(center: Vector, radius: float) -> Mesh:
    """A thin plate that shows whether a burner glows."""
    plate_ = shapes.skin(shapes.turned([(radius, 0.0), (radius, 0.001)], 24))
    return plate_.placed(Pose(np.eye(3), np.array(center)))


def _above(burner: Burner, top: float) -> tuple[Vector, Vector]:
    x, y, r = burner.x_m, burner.y_m, burner.radius_m
    return (x - r, y - r, top), (x + r, y + r, top + 0.25)
