"""The Panda with surfaces light enough for a software renderer.

pybullet_data's arm has 100,000 triangles of CAD detail. They are thinned out once per machine and kept in the user's
cache, under a name made from the content of the files that went in; what is touched stays as it is.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pybullet_data

from embodied.geometry import FloatArray
from sim.meshes import IntArray, Mesh, write_obj
from sim.thinning import thinned

TRIANGLES_PER_LINK = 700
"""Enough to look like a Panda in a 640-pixel image."""
RECIPE = "1"
"""Changes whenever this file makes different surfaces from the same input."""
_SHADES = {"white": "0.93 0.93 0.92 1", "dark": "0.16 0.16 0.17 1"}


def panda_urdf() -> Path:
    """The URDF of the light arm, made now if it is not in the cache."""
    folder = _cache() / f"panda-{_fingerprint(untouched_urdf().parent)}"
    if not (folder / "panda.urdf").is_file():
        _make(folder)
    return folder / "panda.urdf"


def untouched_urdf() -> Path:
    """The URDF as pybullet_data has it."""
    return Path(pybullet_data.getDataPath()) / "franka_panda" / "panda.urdf"


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    folder = (Path(base) if base else Path.home() / ".cache") / "embodied-kitchen"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    except OSError:
        return Path(tempfile.gettempdir())


@cache
def _fingerprint(source: Path) -> str:
    digest = hashlib.blake2b(f"{RECIPE} {TRIANGLES_PER_LINK}".encode(), digest_size=12)
    for path in sorted(source.rglob("*")):
        if path.suffix in (".obj", ".urdf", ".mtl"):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _make(folder: Path) -> None:
    source = untouched_urdf().parent
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        fresh = Path(scratch) / "panda"
        shutil.copytree(source / "meshes" / "collision", fresh / "meshes" / "collision")
        shutil.copy(source / "LICENSE.txt", fresh)
        _rewrite(source / "panda.urdf", fresh)
        try:
            fresh.rename(folder)
        except OSError:
            if not (folder / "panda.urdf").is_file():
                raise


def _rewrite(urdf: Path, fresh: Path) -> None:
    tree = ElementTree.parse(urdf)
    for link in tree.iter("link"):
        for visual in link.findall("visual"):
            link.remove(visual)
            link.extend(list(_light_visuals(visual, urdf.parent, fresh)))
    tree.write(fresh / "panda.urdf")


def _light_visuals(visual: ElementTree.Element, source: Path, fresh: Path) -> Iterator[ElementTree.Element]:
    mesh = visual.find("geometry/mesh")
    origin = visual.find("origin")
    assert mesh is not None
    path = source / mesh.attrib["filename"].removeprefix("package://")
    parts = _by_shade(path)
    total = sum(len(part.faces) for part in parts.values())
    for shade, part in parts.items():
        file = f"{path.parent.name}_{path.stem}_{shade}.obj"
        write_obj(fresh / file, thinned(part, max(60, TRIANGLES_PER_LINK * len(part.faces) // total)))
        yield _visual(file, shade, origin)


def _visual(file: str, shade: str, origin: ElementTree.Element | None) -> ElementTree.Element:
    element = ElementTree.Element("visual")
    if origin is not None:
        element.append(origin)
    geometry = ElementTree.SubElement(element, "geometry")
    ElementTree.SubElement(geometry, "mesh", filename=file)
    material = ElementTree.SubElement(element, "material", name=file)
    ElementTree.SubElement(material, "color", rgba=_SHADES[shade])
    return element


def _by_shade(path: Path) -> dict[str, Mesh]:
    dark, shade = _dark_materials(path), "white"
    vertices: list[list[float]] = []
    faces: dict[str, list[list[int]]] = {}
    for tag, *words in (line.split() for line in path.read_text().splitlines() if line.strip()):
        if tag == "v":
            vertices.append([float(word) for word in words[:3]])
        elif tag == "usemtl":
            shade = "dark" if words[0] in dark else "white"
        elif tag == "f":
            corners = [int(word.split("/")[0]) - 1 for word in words]
            fan = [[corners[0], corners[i], corners[i + 1]] for i in range(1, len(corners) - 1)]
            faces.setdefault(shade, []).extend(fan)
    return {shade: _compact(np.array(vertices), np.array(part)) for shade, part in faces.items()}


def _compact(vertices: FloatArray, faces: IntArray) -> Mesh:
    used, numbers = np.unique(faces, return_inverse=True)
    return Mesh(vertices[used], numbers.reshape(-1, 3).astype(np.int64))


def _dark_materials(path: Path) -> set[str]:
    library = path.with_suffix(".mtl")
    dark, name = set(), ""
    for words in (line.split() for line in library.read_text().splitlines()) if library.is_file() else ():
        if words[:1] == ["newmtl"]:
            name = words[1]
        elif words[:1] == ["Kd"] and max(float(word) for word in words[1:4]) < 0.5:
            dark.add(name)
    return dark
