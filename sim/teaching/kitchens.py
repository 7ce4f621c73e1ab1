"""Kitchens to learn in: galleys built otherwise, with other surfaces, another light, and things of every kind."""

from __future__ import annotations

import colorsys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np

from embodied.geometry import Pose
from sim.kinds import Kind
from sim.kitchen import Material
from sim.population import Choice, load
from sim.scene import Placement, Randomisation, Scene, SceneFile, load_scene
from sim.teaching.plans import draw_plan
from sim.world import World

EMPTY_SCENE = "counter"
"""A scene of the split that may be learnt from; its kitchen is the one that is varied."""
EVERY_KIND = {"distractors": [{"count": [0, 0], "region": "counter"}]}
AWAY_M = 20.0
"""What is not in the picture is so far below the floor, and as far from the next."""
COUNT = (8, 14)
"""Fewest and most things in a kitchen."""
TWIN_SHARE = 0.45
"""So often a thing has the same kind as one before it: what tells them apart is learnt from such pairs."""
SET_SHARE = 0.5
SETS = (
    ("wooden_block", "wooden_block", "wooden_block", "wooden_block"),
    ("wooden_block", "wooden_block", "plate", "plate", "large_block"),
    ("egg", "egg", "egg", "bowl"),
    ("lemon", "egg", "apple", "bowl", "plate"),
    ("pan", "lid", "lemon", "bowl"),
    ("plate", "bowl", "cup", "tin"),
)
"""So often a kitchen has kinds that are met together, and these."""
THEME_SHARE = 0.35
"""So often a kitchen looks like one of the themes that its file has."""
LIT_SHARE = 0.12
LIT = {"burner": Material(color="#ff8a3c"), "hotplate": Material(color="#ff3b10")}
PAINTED = {
    "wall": (0.35, 0.55, 1.0),
    "paint": (0.25, 0.6, 1.0),
    "floor": (0.5, 0.3, 0.9),
    "counter": (0.5, 0.25, 0.95),
    "cabinet": (0.6, 0.25, 0.98),
    "inside": (0.3, 0.55, 0.98),
    "handle": (0.5, 0.15, 0.8),
    "steel": (0.1, 0.3, 0.9),
    "wood": (0.55, 0.4, 0.95),
    "fridge": (0.2, 0.5, 1.0),
}
"""For each surface the highest saturation, and the lowest and highest value, of its colour."""
TEXTURES = {
    "wall": ("plain", "tiles", "planks", "tiles"),
    "floor": ("tiles", "planks", "plain"),
    "counter": ("stone", "planks", "plain", "stone"),
    "cabinet": ("plain", "planks"),
    "wood": ("planks",),
}
WORDS = (
    *("SALT", "SUGAR", "RICE", "OATS", "TEA", "COCOA", "FLOUR", "BEANS", "CORN", "NUTS", "COFFEE", "PASTA"),
    *("MINT", "SODA", "YEAST", "HERBS"),
)
LABELLED_SHARE = 0.75
RANDOMISATION = Randomisation(
    themes=("plain", "oak", "white", "sage"),
    light_turn_deg=40.0,
    light_share=(0.7, 1.3),
    camera_shift_m=0.05,
    camera_turn_deg=3.0,
)


def draw_scene(rng: np.random.Generator) -> Scene:
    """An empty kitchen, and every kind of thing that no test holds back."""
    base = load_scene(EMPTY_SCENE, EVERY_KIND)
    kinds = {name: kind for name, kind in sorted(base.kinds.items()) if not kind.held_out}
    file = SceneFile(kitchen=base.file.kitchen, materials=_materials(rng), randomisation=RANDOMISATION)
    return Scene("drawn", file, draw_plan(base.kitchen, rng), kinds)


def fill(world: World, rng: np.random.Generator) -> None:
    """Load things into an empty kitchen, far away: their places are not decided yet."""
    scene, loaded = world.scene, {}
    choices = draw_choices(scene.kinds, COUNT, rng, _set(rng))
    with tempfile.TemporaryDirectory(prefix="things-") as folder:
        for index, choice in enumerate(choices):
            kind = scene.kinds[choice.kind]
            loaded[choice.name] = load(world.client, Path(folder), choice, kind, far_away(index))
    world.objects = MappingProxyType(loaded)


def _set(rng: np.random.Generator) -> Sequence[str]:
    """Kinds that are met together, or none."""
    return SETS[int(rng.integers(len(SETS)))] if rng.random() < SET_SHARE else ()


def far_away(index: int) -> Pose:
    """A place that no picture shows: another one for each thing."""
    return Pose(np.eye(3), np.array([AWAY_M * index, 0.0, -AWAY_M]))


def draw_choices(
    kinds: Mapping[str, Kind], count: tuple[int, int], rng: np.random.Generator, begun: Sequence[str] = ()
) -> list[Choice]:
    """Between the fewest and the most things of these kinds, many of them alike; ``begun`` are among them."""
    names = list(kinds)
    chosen: list[str] = list(begun)
    for _ in range(int(rng.integers(count[0], count[1] + 1)) - len(begun)):
        twin = chosen and rng.random() < TWIN_SHARE
        chosen.append(str(rng.choice(chosen if twin else names)))
    return [_choice(f"thing_{index}", kind, kinds[kind], rng) for index, kind in enumerate(chosen)]


def _choice(name: str, kind_name: str, kind: Kind, rng: np.random.Generator) -> Choice:
    color = str(rng.choice(sorted(kind.colors)))
    label = str(rng.choice(WORDS)) if kind.label is not None and rng.random() < LABELLED_SHARE else None
    return Choice(name, kind_name, color, Placement(region="counter"), label)


def _materials(rng: np.random.Generator) -> dict[str, Material]:
    themed = rng.random() < THEME_SHARE
    painted = {} if themed else {name: _material(name, rng) for name in PAINTED}
    return {**painted, **(LIT if rng.random() < LIT_SHARE else {})}


def _material(name: str, rng: np.random.Generator) -> Material:
    saturation, low, high = PAINTED[name]
    hue, share, value = rng.uniform(size=3)
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation * share**2, low + value * (high - low))
    color = "#" + "".join(f"{round(255 * each):02x}" for each in (red, green, blue))
    textures: Sequence[str] = TEXTURES.get(name, ("plain",))
    return Material.model_validate(
        {"color": color, "texture": str(rng.choice(textures)), "repeat_m": float(rng.uniform(0.18, 0.8))}
    )
