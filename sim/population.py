"""Put a scene's objects into the world."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pybullet as p

from embodied.errors import SceneError
from embodied.geometry import FloatArray, Pose
from sim.bodies import write_thing
from sim.furnishing import vector
from sim.kinds import Friction, Kind
from sim.placing import Footprint, find_room, on_top
from sim.scene import Distractors, ObjectSpec, Placement, Scene
from sim.things import Region, Thing

LAYOUTS = 30
"""How often to begin afresh when the last things find no room beside the first."""


@dataclass(frozen=True, eq=False)
class Choice:
    """One object, before it has a place.

    Attributes:
        name: In the scene.
        kind: Name of its kind.
        color: Name of its colour.
        placement: Where it may be.
        label: What is written on it.
    """

    name: str
    kind: str
    color: str
    placement: Placement
    label: str | None = None


def populate(
    client: int, folder: Path, scene: Scene, regions: Mapping[str, Region], rng: np.random.Generator
) -> dict[str, Thing]:
    """Draw kinds, colours and poses, and load the objects, a little above what they will stand on.

    Raises:
        SceneError: If they do not fit.
    """
    choices = list(_choices(scene, rng))
    poses = _layout(choices, scene, regions, rng)
    return {
        choice.name: load(client, folder, choice, scene.kinds[choice.kind], poses[choice.name]) for choice in choices
    }


def _layout(
    choices: list[Choice], scene: Scene, regions: Mapping[str, Region], rng: np.random.Generator
) -> dict[str, Pose]:
    bounds = {choice.name: scene.kinds[choice.kind].bounds() for choice in choices}
    on_others = [choice for choice in choices if choice.placement.region not in regions]
    largest_first = sorted(
        (choice for choice in choices if choice.placement.region in regions),
        key=lambda choice: -float(np.prod(np.subtract(*bounds[choice.name])[:2])),
    )
    error = SceneError("nothing was placed")
    for _ in range(LAYOUTS):
        try:
            return _place([*largest_first, *on_others], bounds, regions, rng)
        except SceneError as crowded:
            error = crowded
    raise error


def _place(
    choices: list[Choice],
    bounds: Mapping[str, tuple[FloatArray, FloatArray]],
    regions: Mapping[str, Region],
    rng: np.random.Generator,
) -> dict[str, Pose]:
    taken: dict[str, Footprint] = {}
    for choice in choices:
        place, (low, high) = choice.placement, bounds[choice.name]
        if place.region in regions:
            others = list(taken.values())
            taken[choice.name] = find_room(place, regions[place.region], low, high, others, rng)
        else:
            taken[choice.name] = on_top(place, taken[place.region], low, high, rng)
    return {name: footprint.pose for name, footprint in taken.items()}


def _choices(scene: Scene, rng: np.random.Generator) -> Iterator[Choice]:
    for spec in scene.file.objects:
        yield _choice(scene, spec, rng)
    count = 0
    for group in scene.file.distractors:
        for _ in range(int(rng.integers(group.count[0], group.count[1] + 1))):
            yield _distractor(scene, group, f"distractor_{count}", rng)
            count += 1


def _choice(scene: Scene, spec: ObjectSpec, rng: np.random.Generator) -> Choice:
    kind = str(rng.choice(spec.kinds))
    color = str(rng.choice(sorted(spec.colors or scene.kinds[kind].colors)))
    return Choice(spec.name, kind, color, spec, spec.label)


def _distractor(scene: Scene, group: Distractors, name: str, rng: np.random.Generator) -> Choice:
    colors = {
        kind: sorted(set(scene.kinds[kind].colors) - set(group.not_colors))
        for kind in sorted(group.kinds or (name for name in scene.kinds if not scene.kinds[name].held_out))
        if kind not in group.not_kinds
    }
    kind = str(rng.choice([kind for kind in colors if colors[kind]]))
    return Choice(name, kind, str(rng.choice(colors[kind])), group)


def load(client: int, folder: Path, choice: Choice, kind: Kind, pose: Pose) -> Thing:
    """Load one object where ``pose``, its ``X_WO``, says; its files are written into ``folder``."""
    path = write_thing(folder, choice.name, kind, choice.color, choice.label)
    at, turn = pose.translation_m.tolist(), pose.quaternion_xyzw.tolist()
    body = int(
        p.loadURDF(
            str(path), at, turn, flags=p.URDF_USE_INERTIA_FROM_FILE, useMaximalCoordinates=True, physicsClientId=client
        )
    )
    _set_friction(client, body, kind.friction)
    low, high = (vector(corner) for corner in kind.bounds())
    return Thing(client, body, choice.name, choice.kind, kind, choice.color, low, high, choice.label)


def _set_friction(client: int, body: int, friction: Friction) -> None:
    p.changeDynamics(
        body,
        -1,
        lateralFriction=friction.lateral,
        spinningFriction=friction.spinning_m,
        rollingFriction=friction.rolling_m,
        linearDamping=0.02,
        angularDamping=0.05,
        physicsClientId=client,
    )
