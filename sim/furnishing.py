"""What furniture is made of, before it becomes bodies: cuboids, ornaments, moving parts and named regions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from embodied.geometry import Box, Pose
from sim import shapes
from sim.meshes import Mesh

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Cuboid:
    """A solid board, axis-aligned in its link's frame.

    Attributes:
        low_m, high_m: Opposite corners.
        material: Name of a material of the kitchen; empty for what is touched but not seen.
        name: What it belongs to, for messages about keep-out boxes; empty for parts too small to keep out of.
    """

    low_m: Vector
    high_m: Vector
    material: str
    name: str = ""

    @property
    def size_m(self) -> Vector:
        """Lengths of the edges."""
        return vector(np.subtract(self.high_m, self.low_m))

    @property
    def center_m(self) -> Vector:
        """The middle."""
        return vector(np.add(self.low_m, self.high_m) / 2.0)

    def surface(self) -> Mesh:
        """The board's surface."""
        return shapes.block(self.size_m).placed(Pose(np.eye(3), np.array(self.center_m)))

    def keep_out(self) -> Box:
        """The same volume as a box that the robot must not enter."""
        return Box(self.low_m, self.high_m, self.name)


@dataclass(frozen=True, eq=False)
class Ornament:
    """A surface that is seen but never touched."""

    mesh: Mesh
    material: str


@dataclass(frozen=True)
class RegionSpec:
    """A named place in the frame of a link: inside a box, or on the bottom face of one."""

    name: str
    low_m: Vector
    high_m: Vector
    kind: Literal["inside", "on"]


@dataclass(frozen=True, eq=False)
class Moving:
    """A part of furniture that moves along or about one axis of its own frame.

    Attributes:
        name: Of the joint and of its link.
        motion: "prismatic" or "revolute".
        at_m: The link's origin in the world when the joint is at zero.
        axis: Direction of positive motion.
        upper: End of travel, metres or radians; the other end is zero.
        resistance: Dry friction of the joint, newtons or newton metres; for a spring, its force.
        damping: Viscous friction, N s / m or N m s / rad.
        mass_kg: Of the moving part.
        cuboids, ornaments, regions: In the link's frame.
        handle_m: Lowest and highest corner of the bar or knob that a hand takes, in the link's frame.
        springs_back: Whether the joint returns to zero by itself, as a button does.
    """

    name: str
    motion: Literal["prismatic", "revolute"]
    at_m: Vector
    axis: Vector
    upper: float
    resistance: float
    damping: float
    mass_kg: float
    cuboids: tuple[Cuboid, ...]
    handle_m: tuple[Vector, Vector]
    ornaments: tuple[Ornament, ...] = ()
    regions: tuple[RegionSpec, ...] = ()
    springs_back: bool = False

    @property
    def visible(self) -> tuple[Cuboid, ...]:
        """The boards that are seen."""
        return tuple(board for board in self.cuboids if board.material)


@dataclass(frozen=True, eq=False)
class Furnishing:
    """One piece of furniture, or several."""

    cuboids: tuple[Cuboid, ...] = ()
    ornaments: tuple[Ornament, ...] = ()
    moving: tuple[Moving, ...] = ()
    regions: tuple[RegionSpec, ...] = ()

    def __add__(self, other: Furnishing) -> Furnishing:
        """Both."""
        return Furnishing(
            self.cuboids + other.cuboids,
            self.ornaments + other.ornaments,
            self.moving + other.moving,
            self.regions + other.regions,
        )

    @property
    def visible(self) -> tuple[Cuboid, ...]:
        """The boards of its fixed part that are seen."""
        return tuple(board for board in self.cuboids if board.material)

    @property
    def region_names(self) -> tuple[str, ...]:
        """Of the fixed part and of those that move."""
        moving = (region for part in self.moving for region in part.regions)
        return tuple(region.name for region in (*self.regions, *moving))


def mirrored(furnishing: Furnishing, y_m: float) -> Furnishing:
    """The same furniture with left and right exchanged about the plane at ``y_m``."""
    return Furnishing(
        tuple(_flipped(board, y_m) for board in furnishing.cuboids),
        tuple(Ornament(_flipped_mesh(ornament.mesh, y_m), ornament.material) for ornament in furnishing.ornaments),
        tuple(_flipped_moving(part, y_m) for part in furnishing.moving),
        tuple(_flipped(region, y_m) for region in furnishing.regions),
    )


Boxed = TypeVar("Boxed", Cuboid, RegionSpec)


def _flipped(box: Boxed, y_m: float) -> Boxed:
    low, high = _flipped_corners(box.low_m, box.high_m, y_m)
    return replace(box, low_m=low, high_m=high)


def _flipped_corners(low: Vector, high: Vector, y_m: float) -> tuple[Vector, Vector]:
    return (low[0], 2.0 * y_m - high[1], low[2]), (high[0], 2.0 * y_m - low[1], high[2])


def _flipped_mesh(mesh: Mesh, y_m: float) -> Mesh:
    x, y, z = mesh.vertices_m.T
    return Mesh(np.column_stack([x, 2.0 * y_m - y, z]), mesh.faces[:, ::-1])


def _flipped_moving(part: Moving, y_m: float) -> Moving:
    x, y, z = part.axis
    return replace(
        part,
        at_m=(part.at_m[0], 2.0 * y_m - part.at_m[1], part.at_m[2]),
        axis=(x, -y, z) if part.motion == "prismatic" else (-x, y, -z),
        cuboids=tuple(_flipped(board, 0.0) for board in part.cuboids),
        ornaments=tuple(Ornament(_flipped_mesh(each.mesh, 0.0), each.material) for each in part.ornaments),
        regions=tuple(_flipped(region, 0.0) for region in part.regions),
        handle_m=_flipped_corners(*part.handle_m, 0.0),
    )


def vector(values: ArrayLike) -> Vector:
    """Three plain floats."""
    x, y, z = (float(value) for value in np.asarray(values, dtype=np.float64))
    return x, y, z


def bar(low_m: Vector, high_m: Vector, standoff_m: float, material: str) -> tuple[Cuboid, ...]:
    """A handle: a bar that stands off towards -x, on two posts at the ends of its longest side."""
    along = int(np.argmax(np.subtract(high_m, low_m)))
    posts = [_post(low_m, high_m, standoff_m, material, along, end) for end in (0.08, 0.92)]
    return (Cuboid(low_m, high_m, material), *posts)


def _post(low: Vector, high: Vector, standoff: float, material: str, along: int, end: float) -> Cuboid:
    start, stop = np.array(low), np.array(high)
    middle = start[along] + end * (stop[along] - start[along])
    start[0], stop[0] = stop[0], stop[0] + standoff
    start[along], stop[along] = middle - 0.004, middle + 0.004
    return Cuboid(vector(start), vector(stop), material)
