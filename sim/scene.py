"""Scenes: which kitchen, which objects where, and what changes from episode to episode."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, model_validator

from embodied.errors import SceneError, UnknownNameError
from embodied.resources import scenes_dir
from sim.kinds import Kind
from sim.kitchen import Kitchen, Material
from sim.tables import UNTAGGED, Fraction, Metres, Name, Table, check_table, read_table

MAX_OBJECTS = 40

Span = tuple[Metres, Metres]
Names = Annotated[tuple[Name, ...], Field(max_length=100)]
Label = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9 ]{0,11}$")]


def _one_or_several(value: object) -> str:
    return "any_of" if isinstance(value, (list, tuple)) else UNTAGGED


Opening = Annotated[
    Annotated[Fraction, Tag(UNTAGGED)]
    | Annotated[tuple[Fraction, ...], Field(min_length=1, max_length=10), Tag("any_of")],
    Discriminator(_one_or_several),
]
"""How far a joint is open, as a share of its travel; of several, one is drawn."""


class Placement(Table):
    """Where and how things are put, before they settle.

    Attributes:
        region: Name of a region of the kitchen, or of an object that is listed before, to stand on top of it.
        x_m, y_m: Where their origin may be, from the middle of the region's floor; the whole region if left out. On
            another object: from its middle, and right there if left out.
        yaw_deg: How they may be turned.
        clearance_m: Room to the region's edges.
        apart_m: Room to other things.
    """

    region: Name
    x_m: Span | None = None
    y_m: Span | None = None
    yaw_deg: tuple[float, float] = (-180.0, 180.0)
    clearance_m: Annotated[float, Field(ge=0.0, le=0.5)] = 0.01
    apart_m: Annotated[float, Field(ge=0.012, le=0.5)] = 0.012

    @model_validator(mode="after")
    def _check(self) -> Placement:
        for name in ("x_m", "y_m", "yaw_deg"):
            span = getattr(self, name)
            if span is not None and span[0] > span[1]:
                raise ValueError(f"{name} must go from low to high, not {span}")
        return self


class ObjectSpec(Placement):
    """One object.

    Attributes:
        name: What tasks call it.
        kinds: What it may be; one is drawn.
        colors: What colour it may have; any of its kind's if left out.
        label: What is written on it; only for kinds that have a place for it.
    """

    name: Name
    kinds: Annotated[tuple[Name, ...], Field(min_length=1, max_length=100)]
    colors: Names = ()
    label: Label | None = None


class Distractors(Placement):
    """Objects that no task asks for, named "distractor_0" and so on.

    Attributes:
        count: Fewest and most.
        kinds: What they may be; any kind that is not held out if left out.
        not_colors: Colours that they must not have.
        not_kinds: What they must not be.
    """

    count: Annotated[tuple[int, int], Field()]
    kinds: Names = ()
    not_kinds: Names = ()
    not_colors: Names = ()

    @model_validator(mode="after")
    def _count(self) -> Distractors:
        if not 0 <= self.count[0] <= self.count[1] <= MAX_OBJECTS:
            raise ValueError(f"count must go from low to high within 0 and {MAX_OBJECTS}, not {self.count}")
        return self


class Randomisation(Table):
    """What else changes from episode to episode.

    Attributes:
        themes: Themes of the kitchen to draw from; "plain" is the kitchen as it is.
        light_turn_deg: Largest turn of the lamp.
        light_share: Lowest and highest factor on the lamp's strength.
        camera_shift_m, camera_turn_deg: Standard deviations of the planning camera's place and aim.
    """

    themes: Annotated[tuple[Name, ...], Field(min_length=1, max_length=20)] = ("plain",)
    light_turn_deg: Annotated[float, Field(ge=0.0, le=60.0)] = 0.0
    light_share: tuple[Annotated[float, Field(ge=0.5, le=1.5)], Annotated[float, Field(ge=0.5, le=1.5)]] = (1.0, 1.0)
    camera_shift_m: Annotated[float, Field(ge=0.0, le=0.1)] = 0.0
    camera_turn_deg: Annotated[float, Field(ge=0.0, le=5.0)] = 0.0


class Initial(Table):
    """How things are when an episode begins: what a scene's file says of it, and what a task's may change.

    Attributes:
        joints: How far drawers and doors are open; closed if left out.
        objects: What tasks call by name.
        distractors: What else is there.
        materials: Surfaces that look different from the kitchen's, whatever its theme.
    """

    joints: Annotated[dict[Name, Opening], Field(max_length=40)] = {}
    objects: Annotated[tuple[ObjectSpec, ...], Field(max_length=MAX_OBJECTS)] = ()
    distractors: Annotated[tuple[Distractors, ...], Field(max_length=8)] = ()
    materials: Annotated[dict[Name, Material], Field(max_length=40)] = {}

    @model_validator(mode="after")
    def _check(self) -> Initial:
        names = [spec.name for spec in self.objects]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two objects are called {twice[0]!r}")
        return self


class SceneFile(Initial):
    """What a scene's file says."""

    kitchen: Name
    randomisation: Randomisation = Randomisation()

    def changed(self, initial: Initial) -> SceneFile:
        """The same scene with what a task says: joints, materials and objects one by one, distractors altogether."""
        objects = {spec.name: spec for spec in (*self.objects, *initial.objects)}
        changes = {
            "joints": {**self.joints, **initial.joints},
            "materials": {**self.materials, **initial.materials},
            "objects": tuple(objects.values()),
        }
        if "distractors" in initial.model_fields_set:
            changes["distractors"] = initial.distractors
        return self.model_copy(update=changes)


@dataclass(frozen=True, eq=False)
class Scene:
    """A scene with everything that its file refers to, all of it checked.

    Attributes:
        name: Name of its file.
        file: What the file says.
        kitchen: The kitchen.
        kinds: Every kind that may appear, by name.
    """

    name: str
    file: SceneFile
    kitchen: Kitchen
    kinds: Mapping[str, Kind]


def scene_names() -> tuple[str, ...]:
    """The scenes that come with the project."""
    return _stems(scenes_dir())


def load_scene(name_or_path: str, initial: Mapping[str, Any] | None = None, task: str = "") -> Scene:
    """A scene of the project by name, or anybody's by the path of its TOML file.

    A scene's own folder is searched first for ``kitchens/`` and ``objects/``, then the project's.

    Args:
        name_or_path: Of the scene.
        initial: What a task changes in it.
        task: The task's name, for messages.

    Raises:
        UnknownNameError: If there is no such scene.
        SceneError: If a file is broken or names something that does not exist, or ``initial`` does.
    """
    path = Path(name_or_path) if name_or_path.endswith(".toml") else scenes_dir() / f"{name_or_path}.toml"
    if not name_or_path.endswith(".toml") and name_or_path not in scene_names():
        raise UnknownNameError("scene", name_or_path, scene_names())
    file, folders = read_table(path, SceneFile), (path.parent, scenes_dir())
    kitchen = read_table(_find(folders, "kitchens", file.kitchen, f"{path}: kitchen"), Kitchen)
    kinds = _checked_kinds(file, kitchen, folders, f"{path}: ")
    if initial:
        where = f"task {task!r}: initial."
        changes = check_table(initial, Initial, where)
        kinds.update(_checked_kinds(changes, kitchen, folders, where))
        file = file.changed(changes)
    return Scene(path.stem, file, kitchen, MappingProxyType(kinds))


def kind_names() -> tuple[str, ...]:
    """The kinds of objects that come with the project."""
    return _stems(scenes_dir() / "objects")


def _checked_kinds(initial: Initial, kitchen: Kitchen, folders: tuple[Path, Path], where: str) -> dict[str, Kind]:
    kinds = {name: read_table(path, Kind) for name, path in _kind_paths(initial, folders, where).items()}
    _check_references(initial, kitchen, kinds, where)
    return kinds


def _kind_paths(initial: Initial, folders: tuple[Path, Path], where: str) -> dict[str, Path]:
    names = {name for spec in initial.objects for name in spec.kinds}
    for group in initial.distractors:
        names |= set(group.kinds or _available(folders, "objects"))
    return {name: _find(folders, "objects", name, f"{where}kinds") for name in sorted(names)}


def _find(folders: tuple[Path, Path], subfolder: str, name: str, field: str) -> Path:
    for folder in folders:
        path = folder / subfolder / f"{name}.toml"
        if path.is_file() and path.resolve().is_relative_to(folder.resolve()):
            return path
    valid = ", ".join(_available(folders, subfolder)) or "none"
    raise SceneError(f"{field} is {name!r}: no file {subfolder}/{name}.toml; there are: {valid}")


def _available(folders: Iterable[Path], subfolder: str) -> tuple[str, ...]:
    return tuple(sorted({stem for folder in folders for stem in _stems(folder / subfolder)}))


def _stems(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def _check_references(initial: Initial, kitchen: Kitchen, kinds: Mapping[str, Kind], where: str) -> None:
    furnishing = kitchen.furnishing
    joints = [moving.name for moving in furnishing.moving]
    for name in initial.joints:
        _among(f"{where}joints", name, joints)
    for name in initial.materials:
        _among(f"{where}materials", name, kitchen.materials)
    for index, spec in enumerate(initial.objects):
        before = (other.name for other in initial.objects[:index])
        _among(f"{where}objects.{spec.name}.region", spec.region, (*furnishing.region_names, *before))
    for group in initial.distractors:
        _among(f"{where}distractors.region", group.region, furnishing.region_names)
    for theme in initial.randomisation.themes if isinstance(initial, SceneFile) else ():
        _among(f"{where}randomisation.themes", theme, ["plain", *kitchen.themes])
    for spec in initial.objects:
        _check_object(f"{where}objects.{spec.name}", spec, kinds)


def _check_object(where: str, spec: ObjectSpec, kinds: Mapping[str, Kind]) -> None:
    for kind in spec.kinds:
        for color in spec.colors:
            _among(f"{where}.colors", color, kinds[kind].colors)
    if spec.label is not None and (bare := [kind for kind in spec.kinds if kinds[kind].label is None]):
        raise SceneError(f"{where}.label is {spec.label!r}: a {bare[0]} has no place for a label")


def _among(field: str, name: str, valid: Iterable[str]) -> None:
    if name not in (known := sorted(valid)):
        raise SceneError(f"{field} is {name!r}; there are: {', '.join(known)}")
