"""Write a body as URDF text: the one format in which PyBullet takes joints with limits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sim.furnishing import Vector

Rgb = tuple[float, float, float]


@dataclass(frozen=True)
class Surface:
    """What is seen: a Wavefront file beside the URDF and its colour."""

    file: str
    rgb: Rgb


@dataclass(frozen=True)
class Link:
    """One link; everything is in its own frame.

    Attributes:
        name: Of the link.
        surfaces: What is seen.
        boxes: What is touched: centre and size of each box.
        hulls: What is touched: a Wavefront file of convex pieces, or empty.
        mass_kg: Zero for what never moves.
        center_m: Centre of mass.
        inertia_kg_m2: Moments about the axes through the centre of mass.
    """

    name: str
    surfaces: tuple[Surface, ...]
    boxes: tuple[tuple[Vector, Vector], ...] = ()
    hulls: str = ""
    mass_kg: float = 0.0
    center_m: Vector = (0.0, 0.0, 0.0)
    inertia_kg_m2: Vector = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Joint:
    """A joint from the first link to another, from zero to ``upper``."""

    name: str
    child: str
    motion: str
    at_m: Vector
    axis: Vector
    upper: float
    damping: float


def rgb(hex_color: str) -> Rgb:
    """Red, green and blue in [0, 1] of "#rrggbb"."""
    red, green, blue = (int(hex_color[i : i + 2], 16) / 255.0 for i in (1, 3, 5))
    return red, green, blue


def urdf(name: str, links: Iterable[Link], joints: Iterable[Joint] = ()) -> str:
    """The text of the file; the first link is the base, and the parent of every joint."""
    links = list(links)
    body = [_link(link) for link in links] + [_joint(links[0].name, joint) for joint in joints]
    return f'<robot name="{name}">\n' + "".join(body) + "</robot>\n"


def _link(link: Link) -> str:
    seen = "".join(_visual(f"{link.name}{i}", surface) for i, surface in enumerate(link.surfaces))
    touched = "".join(_collision(center, f'<box size="{_row(size)}"/>') for center, size in link.boxes)
    if link.hulls:
        touched += _collision((0.0, 0.0, 0.0), f'<mesh filename="{link.hulls}"/>')
    return f'<link name="{link.name}">\n{_inertial(link)}{seen}{touched}</link>\n'


def _inertial(link: Link) -> str:
    x, y, z = (f"{value:.9f}" for value in link.inertia_kg_m2)
    inertia = f'<inertia ixx="{x}" ixy="0" ixz="0" iyy="{y}" iyz="0" izz="{z}"/>'
    return f'<inertial><origin xyz="{_row(link.center_m)}"/><mass value="{link.mass_kg}"/>{inertia}</inertial>\n'


def _visual(name: str, surface: Surface) -> str:
    material = f'<material name="{name}"><color rgba="{_row(surface.rgb)} 1"/></material>'
    return f'<visual><geometry><mesh filename="{surface.file}"/></geometry>{material}</visual>\n'


def _collision(at: ArrayLike, geometry: str) -> str:
    return f'<collision><origin xyz="{_row(at)}"/><geometry>{geometry}</geometry></collision>\n'


def _joint(parent: str, joint: Joint) -> str:
    return (
        f'<joint name="{joint.name}" type="{joint.motion}"><parent link="{parent}"/><child link="{joint.child}"/>'
        f'<origin xyz="{_row(joint.at_m)}"/><axis xyz="{_row(joint.axis)}"/>'
        f'<limit lower="0" upper="{joint.upper}" effort="100" velocity="10"/>'
        f'<dynamics damping="{joint.damping}" friction="0"/></joint>\n'
    )


def _row(values: ArrayLike) -> str:
    return " ".join(f"{value:.6f}" for value in np.asarray(values, dtype=np.float64))
