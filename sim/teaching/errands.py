"""Errands: something to do in a kitchen that was drawn, from an empty hand to the end. Ground truth.

A task's file has one kitchen, and things that it names. An errand has any kitchen and any things, and asks for whatever
may be taught, at times for two things one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from embodied.camera import IMAGE_SIZE_PX
from embodied.commands import Approach, Refuse
from embodied.errors import SceneError
from embodied.learning.sights import plainly_seen
from embodied.learning.teacher import Errand, Lesson, View
from embodied.observation import GripperState, Observation
from sim.arm import GRIPPER
from sim.controller import KitchenController
from sim.evidence import Evidence, glance
from sim.goals import Predicate
from sim.kinds import Kind
from sim.oracle import choose
from sim.pointing import Picture
from sim.scene import ObjectSpec, Scene, SceneFile
from sim.situation import Situation
from sim.teaching.hand import Grip
from sim.teaching.kitchens import draw_choices, draw_scene
from sim.teaching.labelling import boards_of, labelled
from sim.teaching.scattering import BEARERS, BORNE, ON_PAN, bears
from sim.teaching.wishes import draw_wish
from sim.teaching.wishing import Wish, Wishing, places_of, shutting
from sim.tries import Tries
from sim.world import World

COUNT = (3, 7)
"""Fewest and most things."""
ON_OTHER_SHARE, IN_DRAWER_SHARE = 0.18, 0.15
AT_HAND = {"region": "counter", "x_m": (-0.24, -0.02), "clearance_m": 0.015, "apart_m": 0.025}
"""Where the arm reaches."""
OPEN_SHARE = 0.25
"""So often a drawer or door stands open when an errand begins."""
TWO_SHARE = 0.4
"""So often two things are asked for, one after the other."""
SHUT_AFTER_SHARE = 0.5
"""So often, where something was done with a drawer, the second is to shut it."""
TRIES = 24
"""So many wishes are drawn at most."""
PLAIN, PLAIN_SHARE = ("open", "closed", "held"), 0.4
"""What is asked for with one word, and how much of it is kept: it is found in every kitchen."""
STEPS, STEPS_MORE = 6, 4
"""So many steps one wish may take, and so many more a second one."""


def draw_errand(seed: int) -> Errand | None:
    """The errand of that seed; ``None`` if nothing was found in its kitchen that may be taught."""
    rng = np.random.default_rng(seed)
    with _built(_furnished(draw_scene(rng), rng), seed) as world:
        view, evidence = _first_look(world)
        beginning = _Beginning(world, view, evidence, rng)
        wishes = list(beginning.wishes())
    if not wishes:
        return None
    goals = [{wish.goal.word: wish.goal.model_dump()} for wish in wishes if isinstance(wish.goal, Predicate)]
    lessons = tuple(Lesson(wish.word, tuple(wish.roles.items()), "done()") for wish in wishes)
    return Errand(
        replace(view, lessons=lessons),
        goals[0] if len(goals) == 1 else {"then": goals},
        STEPS + STEPS_MORE * (len(goals) - 1),
        lambda setup: KitchenController(setup, world.scene),
    )


@dataclass(frozen=True, eq=False)
class _Beginning:
    """A kitchen before anything was done in it."""

    world: World
    view: View
    evidence: Evidence
    rng: np.random.Generator

    def wishes(self) -> Iterator[Wish]:
        """What is asked for: nothing, one thing, or two."""
        first = self._wish(())
        if first is None:
            return
        yield first
        if self.rng.random() < TWO_SHARE:
            second = self._shutting(first) or self._wish(tuple(first.roles.values()))
            if second is not None:
                yield second

    @cached_property
    def _wishing(self) -> Wishing:
        visible = plainly_seen(self.view)
        return Wishing(self.world, visible, places_of(self.world, self.evidence), Grip(GRIPPER.max_width_m), self.rng)

    @cached_property
    def _picture(self) -> Picture:
        return Picture.of(self.world, self.view.observation)

    def _wish(self, apart_from: tuple[str, ...]) -> Wish | None:
        wishes = (draw_wish(self._wishing) for _ in range(TRIES))
        return next((wish for wish in wishes if wish is not None and self._will_do(wish, apart_from)), None)

    def _will_do(self, wish: Wish, apart_from: tuple[str, ...]) -> bool:
        """Whether it is still to be done, a way to begin is known, and it is about other things."""
        if wish.goal is None or wish.goal.holds(self.evidence) or set(wish.roles.values()) & set(apart_from):
            return False
        if wish.word in PLAIN and self.rng.random() > PLAIN_SHARE:
            return False
        begun = choose(Situation(self.world, self._picture, self.evidence, wish.goal, Tries()))
        return not isinstance(begun, Approach | Refuse)

    def _shutting(self, first: Wish) -> Wish | None:
        """To shut the drawer or door that the first wish opens."""
        wish = shutting(first, self._wishing)
        return None if wish is None or self.rng.random() >= SHUT_AFTER_SHARE else wish


def _built(scene: Scene, seed: int) -> World:
    """The world as a controller with that seed builds it, with as many of the things as find room."""
    try:
        return World.build(scene, np.random.default_rng(seed), image_size_px=IMAGE_SIZE_PX)
    except SceneError:
        fewer = scene.file.model_copy(update={"objects": scene.file.objects[:-1]})
        return _built(replace(scene, file=fewer), seed)


def _first_look(world: World) -> tuple[View, Evidence]:
    evidence = glance(world)
    image, depth_m, camera = world.look()
    observation = Observation(0, world.time_s, image, depth_m, camera, GripperState(GRIPPER.max_width_m, False))
    return labelled(world, boards_of(world.scene.kitchen), observation, evidence, None), evidence


def _furnished(empty: Scene, rng: np.random.Generator) -> Scene:
    """The kitchen with things in it, and some of it open."""
    moving = [each for each in empty.kitchen.furnishing.moving if not each.springs_back]
    joints = {each.name: 1.0 for each in moving if rng.random() < OPEN_SHARE}
    changes = {"joints": joints, "objects": tuple(_things(empty, rng))}
    file = SceneFile.model_validate({name: getattr(empty.file, name) for name in SceneFile.model_fields} | changes)
    return replace(empty, file=file)


def _things(scene: Scene, rng: np.random.Generator) -> Iterator[ObjectSpec]:
    """Things that fit together, what others stand on first."""
    choices = draw_choices(scene.kinds, COUNT, rng)
    choices.sort(key=lambda choice: choice.kind not in BEARERS)
    bearers: dict[str, str] = {}
    for choice in choices:
        below = [name for name, kind in bearers.items() if bears(kind, choice.kind)]
        place = _place(choice.kind, below, scene.kinds, rng)
        if place["region"] in bearers:
            bearers.pop(place["region"])  # one thing on each
        elif choice.kind in BEARERS:
            bearers[choice.name] = choice.kind
        yield ObjectSpec(name=choice.name, kinds=(choice.kind,), colors=(choice.color,), label=choice.label, **place)


def _place(kind: str, below: list[str], kinds: Mapping[str, Kind], rng: np.random.Generator) -> dict[str, Any]:
    draw = rng.random()
    if below and (kind == "lid" or (kind in BORNE and draw < ON_OTHER_SHARE)):
        on_pan = {"x_m": ON_PAN.x_m, "yaw_deg": ON_PAN.yaw_deg} if kind == "lid" else {}
        return {"region": str(rng.choice(below)), **on_pan}
    low, high = kinds[kind].bounds()
    if draw > 1.0 - IN_DRAWER_SHARE and high[2] - low[2] < 0.09 and max(np.subtract(high, low)[:2]) < 0.2:
        return {"region": str(rng.choice(["drawer_top", "drawer_middle"])), "clearance_m": 0.02}
    return AT_HAND
