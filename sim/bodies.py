"""Turn furniture and kinds of objects into URDF files that PyBullet loads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from embodied.geometry import Pose
from sim.furnishing import Cuboid, Furnishing, Moving, Vector, vector
from sim.hiding import visible_surfaces
from sim.kinds import Kind
from sim.kitchen import Material
from sim.labels import LabelPlace, write_label
from sim.meshes import Mesh, joined, split, write_hulls, write_obj
from sim.textures import box_uvs, write_texture
from sim.urdf import Joint, Link, Surface, rgb, urdf

LONGEST_EDGE_M = 0.7
"""Of the furniture's triangles; the kitchen renders a sixth faster than without a limit."""


def write_furniture(folder: Path, furnishing: Furnishing, materials: Mapping[str, Material]) -> tuple[Path, Path]:
    """Write all furniture as two bodies: what stands still, and what moves, a link for each moving part."""
    for name, material in materials.items():
        write_texture(folder / f"{name}.png", material)
    fixed = Link("fixed", _surfaces(folder, "fixed", furnishing, materials), _boxes(furnishing.cuboids))
    links = [Link("moving", ()), *(_moving_link(folder, moving, materials) for moving in furnishing.moving)]
    texts = {"fixed": urdf("fixed", [fixed]), "moving": urdf("moving", links, map(_joint, furnishing.moving))}
    for name, text in texts.items():
        (folder / f"{name}.urdf").write_text(text)
    return folder / "fixed.urdf", folder / "moving.urdf"


def _joint(moving: Moving) -> Joint:
    return Joint(moving.name, moving.name, moving.motion, moving.at_m, moving.axis, moving.upper, moving.damping)


def _moving_link(folder: Path, moving: Moving, materials: Mapping[str, Material]) -> Link:
    low = np.min([board.low_m for board in moving.cuboids], axis=0)
    high = np.max([board.high_m for board in moving.cuboids], axis=0)
    square = (high - low) ** 2
    return Link(
        name=moving.name,
        surfaces=_surfaces(folder, moving.name, moving, materials),
        boxes=_boxes(moving.cuboids),
        mass_kg=moving.mass_kg,
        center_m=vector((low + high) / 2.0),
        inertia_kg_m2=vector(moving.mass_kg * (square.sum() - square) / 12.0),
    )


def _boxes(cuboids: Iterable[Cuboid]) -> tuple[tuple[Vector, Vector], ...]:
    return tuple((board.center_m, board.size_m) for board in cuboids)


def _surfaces(
    folder: Path, name: str, parts: Furnishing | Moving, materials: Mapping[str, Material]
) -> tuple[Surface, ...]:
    groups: dict[str, list[Mesh]] = {}
    for ornament in parts.ornaments:
        groups.setdefault(ornament.material, []).append(ornament.mesh)
    for board, surface in zip(parts.visible, visible_surfaces(parts.visible), strict=True):
        groups.setdefault(board.material, []).append(surface)
    return tuple(_painted(folder, f"{name}_{key}", joined(groups[key]), key, materials[key]) for key in groups)


def _painted(folder: Path, file: str, mesh: Mesh, name: str, material: Material) -> Surface:
    path, mesh = folder / f"{file}.obj", split(mesh, LONGEST_EDGE_M)
    if material.texture == "plain":
        write_obj(path, mesh)
        return Surface(path.name, rgb(material.color))
    write_obj(path, mesh, box_uvs(mesh, material.repeat_m), f"{name}.png")
    return Surface(path.name, (1.0, 1.0, 1.0))


def write_thing(folder: Path, name: str, kind: Kind, color: str, label: str | None = None) -> Path:
    """Write one object, with ``label`` on it; the origin of its frame is its centre of mass."""
    moments = kind.moments()
    to_center = Pose(np.eye(3), -moments.center_m)
    meshes = {shade: mesh.placed(to_center) for shade, mesh in kind.surfaces(color).items()}
    write_hulls(folder / f"{name}_touch.obj", [to_center @ hull for hull in kind.hulls()])
    surfaces = [_plain(folder, f"{name}{i}", meshes[shade], shade) for i, shade in enumerate(meshes)]
    if label is not None and kind.label is not None:
        surfaces.append(_labelled(folder, f"{name}_label", label, kind.label, to_center))
    link = Link(
        name=name,
        surfaces=tuple(surfaces),
        hulls=f"{name}_touch.obj",
        mass_kg=kind.mass_kg,
        inertia_kg_m2=vector(moments.inertia_kg_m2(kind.mass_kg)),
    )
    path = folder / f"{name}.urdf"
    path.write_text(urdf(name, [link]))
    return path


def _plain(folder: Path, file: str, mesh: Mesh, shade: str) -> Surface:
    write_obj(folder / f"{file}.obj", mesh)
    return Surface(f"{file}.obj", rgb(shade))


def _labelled(folder: Path, file: str, text: str, place: LabelPlace, to_center: Pose) -> Surface:
    write_label(folder / f"{file}.png", text, place)
    mesh, uvs = place.patch()
    write_obj(folder / f"{file}.obj", mesh.placed(to_center), uvs, f"{file}.png")
    return Surface(f"{file}.obj", (1.0, 1.0, 1.0))
