"""Counter, drawers, base cabinets and cupboard: dimensions from a kitchen file to boards."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.furnishing import Cuboid, Furnishing, Moving, RegionSpec, Vector, bar, mirrored
from sim.tables import Length, Metres, Name, Range, Table

BOARD_M = 0.015
"""Thickness of a cabinet's boards."""
FRONT_M = 0.02
"""Thickness of a front."""
GAP_M = 0.003
"""Gap around a front."""
STANDOFF_M = 0.044
"""Clearance behind a handle: room for one finger of a parallel gripper."""
BAR_M = 0.012
"""Thickness of a handle's bar."""


class Basin(Table):
    """A sink: a real hole in the counter."""

    x_m: Range
    y_m: Range
    depth_m: Length
    material: Name = "steel"


class Counter(Table):
    """The worktop, with the free part of it that things are put down on."""

    type: Literal["counter"]
    x_m: Range
    y_m: Range
    top_m: Length
    thickness_m: Length
    free_y_m: Range
    work_x_m: Range
    work_y_m: Range
    basin: Basin
    material: Name = "counter"

    @model_validator(mode="after")
    def _check(self) -> Counter:
        basin, (x0, x1), (y0, y1) = self.basin, self.x_m, self.y_m
        if not (x0 < basin.x_m[0] < basin.x_m[1] < x1 and y0 < basin.y_m[0] < basin.y_m[1] < y1):
            raise ValueError("the basin must lie inside the counter")
        return self

    def furnish(self) -> Furnishing:
        """The slab around the basin, and the basin."""
        return Furnishing(cuboids=self._slab() + self._basin(), regions=self._regions())

    def _slab(self) -> tuple[Cuboid, ...]:
        (x0, x1), (y0, y1), (bx0, bx1), (by0, by1) = self.x_m, self.y_m, self.basin.x_m, self.basin.y_m
        areas = [(x0, y0, x1, by0), (x0, by1, x1, y1), (x0, by0, bx0, by1), (bx1, by0, x1, by1)]
        low, top = self.top_m - self.thickness_m, self.top_m
        return tuple(Cuboid((a, b, low), (c, d, top), self.material, "counter") for a, b, c, d in areas)

    def _basin(self) -> tuple[Cuboid, ...]:
        (x0, x1), (y0, y1), t = self.basin.x_m, self.basin.y_m, 0.008
        top, low = self.top_m + 0.002, self.top_m - self.basin.depth_m
        areas = [(x0 - t, y0 - t, x1 + t, y0), (x0 - t, y1, x1 + t, y1 + t), (x0 - t, y0, x0, y1), (x1, y0, x1 + t, y1)]
        walls = [((a, b, low), (c, d, top)) for a, b, c, d in areas]
        floor = ((x0, y0, low - t), (x1, y1, low))
        return tuple(Cuboid(a, b, self.basin.material, "sink") for a, b in [*walls, floor])

    def _regions(self) -> tuple[RegionSpec, ...]:
        (x0, x1), top, basin = self.x_m, self.top_m, self.basin
        free, work = self.free_y_m, self.work_y_m
        return (
            RegionSpec("counter", (x0, free[0], top), (x1, free[1], top + 0.35), "on"),
            RegionSpec("work_area", (self.work_x_m[0], work[0], top), (self.work_x_m[1], work[1], top + 0.35), "on"),
            RegionSpec(
                "sink",
                (basin.x_m[0], basin.y_m[0], top - basin.depth_m),
                (basin.x_m[1], basin.y_m[1], top + 0.05),
                "inside",
            ),
        )


class Drawers(Table):
    """A stack of drawers in the base cabinet, from the top down."""

    type: Literal["drawers"]
    names: Annotated[tuple[Name, ...], Field(min_length=1, max_length=6)]
    front_x_m: Metres
    back_x_m: Metres
    y_m: Range
    top_m: Length
    height_m: Length
    inside_m: tuple[Length, Length, Length]
    travel_m: Length
    resistance_n: Length
    damping_n_s_per_m: Length
    handle_width_m: Length
    material: Name = "cabinet"
    inside_material: Name = "inside"
    handle_material: Name = "handle"

    def furnish(self) -> Furnishing:
        """The carcass and the drawers."""
        return Furnishing(cuboids=self._carcass(), moving=tuple(self._drawer(i) for i in range(len(self.names))))

    def _carcass(self) -> tuple[Cuboid, ...]:
        x0, x1, (y0, y1) = self.front_x_m + FRONT_M, self.back_x_m, self.y_m
        back, low = x0 + self.inside_m[0] + 0.03, self.top_m - len(self.names) * self.height_m
        corners: list[tuple[Vector, Vector]] = [
            ((x0, y0, low), (back, y0 + BOARD_M, self.top_m)),
            ((x0, y1 - BOARD_M, low), (back, y1, self.top_m)),
            ((back, y0, low), (x1, y1, self.top_m)),
            ((x0, y0, 0.1), (x1, y1, low)),
        ]
        return tuple(Cuboid(a, b, self.material, "drawers") for a, b in corners)

    def _drawer(self, index: int) -> Moving:
        y = (self.y_m[0] + self.y_m[1]) / 2.0
        inside = self._inside()
        return Moving(
            name=self.names[index],
            motion="prismatic",
            at_m=(self.front_x_m, y, self.top_m - (index + 0.5) * self.height_m),
            axis=(-1.0, 0.0, 0.0),
            upper=self.travel_m,
            resistance=self.resistance_n,
            damping=self.damping_n_s_per_m,
            mass_kg=2.5,
            cuboids=(self._front(), *self._box(*inside), *bar(*self._bar(), STANDOFF_M, self.handle_material)),
            handle_m=self._bar(),
            regions=(RegionSpec(self.names[index], *inside, "inside"),),
        )

    def _front(self) -> Cuboid:
        y, z = (self.y_m[1] - self.y_m[0]) / 2.0 - GAP_M, self.height_m / 2.0 - GAP_M
        return Cuboid((0.0, -y, -z), (FRONT_M, y, z), self.material)

    def _bar(self) -> tuple[Vector, Vector]:
        x, y, z = -STANDOFF_M, self.handle_width_m / 2.0, BAR_M / 2.0
        return (x - BAR_M, -y, -z), (x, y, z)

    def _inside(self) -> tuple[Vector, Vector]:
        depth, width, height = self.inside_m
        low = -self.height_m / 2.0 + GAP_M + 0.012
        return (FRONT_M, -width / 2.0, low), (FRONT_M + depth, width / 2.0, low + height)

    def _box(self, low: Vector, high: Vector) -> tuple[Cuboid, ...]:
        (x0, y0, z0), (x1, y1, z1), t = low, high, 0.01
        corners: list[tuple[Vector, Vector]] = [
            ((x0, y0 - t, z0 - t), (x1 + t, y1 + t, z0)),
            ((x0, y0 - t, z0), (x1, y0, z1)),
            ((x0, y1, z0), (x1, y1 + t, z1)),
            ((x1, y0 - t, z0), (x1 + t, y1 + t, z1)),
        ]
        return tuple(Cuboid(a, b, self.inside_material) for a, b in corners)


class BaseCabinet(Table):
    """A closed cabinet below the counter, with fronts that do not open."""

    type: Literal["base_cabinet"]
    front_x_m: Metres
    back_x_m: Metres
    y_m: Range
    top_m: Length
    body_top_m: Length
    fronts: Annotated[int, Field(ge=1, le=8)]
    material: Name = "cabinet"
    handle_material: Name = "handle"

    def furnish(self) -> Furnishing:
        """A body, a plinth and the fronts with their handles."""
        (y0, y1), x = self.y_m, self.front_x_m
        body = Cuboid((x + FRONT_M, y0, 0.1), (self.back_x_m, y1, self.body_top_m), self.material, "cabinet")
        plinth = Cuboid((x + 0.06, y0, 0.0), (self.back_x_m, y1, 0.1), "plinth")
        width = (y1 - y0) / self.fronts
        fronts = [board for i in range(self.fronts) for board in self._front(y0 + i * width, y0 + (i + 1) * width)]
        return Furnishing(cuboids=(body, plinth, *fronts))

    def _front(self, y0: float, y1: float) -> tuple[Cuboid, ...]:
        x, y, z = self.front_x_m, (y0 + y1) / 2.0, self.top_m - 0.06
        front = Cuboid((x, y0 + GAP_M, 0.1), (x + FRONT_M, y1 - GAP_M, self.top_m - GAP_M), self.material, "cabinet")
        grip = ((x - 0.03, y - 0.05, z), (x - 0.02, y + 0.05, z + 0.01))
        return (front, *bar(*grip, 0.02, self.handle_material))


class Cupboard(Table):
    """A hollow box on the wall with a door; its hinge is on one side, its handle on the other, seen from the front."""

    type: Literal["cupboard"]
    name: Name
    x_m: Range
    y_m: Range
    z_m: Range
    swing_rad: Annotated[float, Field(gt=0.0, le=2.5)]
    resistance_nm: Length
    damping_nm_s: Length
    handle_height_m: Length
    handle_length_m: Length
    hinge: Literal["left", "right"] = "left"
    material: Name = "cabinet"
    inside_material: Name = "inside"
    handle_material: Name = "handle"

    def furnish(self) -> Furnishing:
        """The shell and its door."""
        left = self._hinged_left()
        return left if self.hinge == "left" else mirrored(left, sum(self.y_m) / 2.0)

    def _hinged_left(self) -> Furnishing:
        low, high = self._inside()
        region = RegionSpec(self.name, low, high, "inside")
        return Furnishing(cuboids=self._shell(), moving=(self._door(),), regions=(region,))

    def _inside(self) -> tuple[Vector, Vector]:
        low = (self.x_m[0] + FRONT_M, self.y_m[0] + BOARD_M, self.z_m[0] + BOARD_M)
        return low, (self.x_m[1] - BOARD_M, self.y_m[1] - BOARD_M, self.z_m[1] - BOARD_M)

    def _shell(self) -> tuple[Cuboid, ...]:
        corners = shell((self.x_m[0] + FRONT_M, self.y_m[0], self.z_m[0]), (self.x_m[1], self.y_m[1], self.z_m[1]))
        return tuple(Cuboid(a, b, self.material, self.name) for a, b in corners)

    def _door(self) -> Moving:
        width, height = self.y_m[1] - self.y_m[0], self.z_m[1] - self.z_m[0]
        front = Cuboid((0.0, GAP_M - width, GAP_M), (FRONT_M, 0.0, height - GAP_M), self.material)
        grip = self._bar(width)
        return Moving(
            name=f"{self.name}_door",
            motion="revolute",
            at_m=(self.x_m[0], self.y_m[1], self.z_m[0]),
            axis=(0.0, 0.0, -1.0),
            upper=self.swing_rad,
            resistance=self.resistance_nm,
            damping=self.damping_nm_s,
            mass_kg=1.5,
            cuboids=(front, *bar(*grip, STANDOFF_M, self.handle_material)),
            handle_m=grip,
        )

    def _bar(self, width: float) -> tuple[Vector, Vector]:
        y, z = 0.04 - width, self.handle_height_m
        low = (-STANDOFF_M - BAR_M, y - BAR_M / 2.0, z - self.handle_length_m / 2.0)
        return low, (-STANDOFF_M, y + BAR_M / 2.0, z + self.handle_length_m / 2.0)


def shell(low: Vector, high: Vector, board: float = BOARD_M) -> list[tuple[Vector, Vector]]:
    """The five boards of a box that is open towards -x: bottom, top, right, left, back."""
    (x0, y0, z0), (x1, y1, z1), t = low, high, board
    return [
        ((x0, y0, z0), (x1, y1, z0 + t)),
        ((x0, y0, z1 - t), (x1, y1, z1)),
        ((x0, y0, z0 + t), (x1, y0 + t, z1 - t)),
        ((x0, y1 - t, z0 + t), (x1, y1, z1 - t)),
        ((x1 - t, y0 + t, z0 + t), (x1, y1 - t, z1 - t)),
    ]
