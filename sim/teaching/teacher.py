"""The kitchen as a teacher: the entry point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from embodied.camera import IMAGE_SIZE_PX
from embodied.controller import Controller
from embodied.errors import UsageError
from embodied.learning.sights import plainly_seen
from embodied.learning.teacher import Errand, Teacher, View
from embodied.motion.kinematics import Kinematics
from embodied.observation import GripperState, Observation
from sim.arm import GRIPPER, describe
from sim.controller import KitchenController
from sim.evidence import Evidence, glance
from sim.situation import held_joint, held_thing
from sim.teaching import hand
from sim.teaching.errands import draw_errand
from sim.teaching.kitchens import draw_scene, fill
from sim.teaching.labelling import Boards, boards_of, labelled
from sim.teaching.lessons import draw_lessons
from sim.teaching.scattering import scatter
from sim.teaching.wishing import is_open, open_drawers
from sim.things import FurnitureJoint, Region, Thing
from sim.variation import Variation
from sim.world import World

HOME_SHARE, EMPTY_SHARE, HANDLE_SHARE = 0.5, 0.25, 0.4
"""So often the arm is at home, so often, if it is not, its hand is empty, and so often, if neither, it has a handle."""
OVER_DRAWER_SHARE = 0.4
"""So often what is held was just taken out of a drawer, where one is open."""
LESSONS = 10
"""So many commands are asked for in each picture."""


class KitchenTeacher(Teacher):
    """Draws kitchens, and states of kitchens, from seeds."""

    def views(self, seed: int, count: int) -> Iterator[View]:
        """One kitchen in ``count`` states, each with another light and camera."""
        rng = np.random.default_rng(seed)
        scene = draw_scene(rng)
        with World.build(scene, rng, image_size_px=IMAGE_SIZE_PX) as world:
            fill(world, rng)
            kinematics, everything = Kinematics(describe(scene.kitchen.robot)), world.objects
            boards = boards_of(scene.kitchen)
            for index in range(count):
                drawn = Variation.draw(scene.kitchen, scene.file, IMAGE_SIZE_PX, rng)
                world.variation = replace(drawn, materials=world.variation.materials)
                hand.go_home(world)
                scatter(world, everything, rng)
                yield _view(world, boards, index, kinematics, rng)

    def look(self, controller: Controller, observation: Observation) -> View:
        """The truth about what the kitchen's planning camera saw last."""
        if not isinstance(controller, KitchenController):
            raise UsageError("the kitchen's teacher knows nothing of other worlds; use the controller 'kitchen'")
        world = controller.world
        grip = hand.Grip(observation.gripper.width_m, held_thing(world), held_joint(world))
        return labelled(world, boards_of(world.scene.kitchen), observation, glance(world), grip.name)

    def errand(self, seed: int) -> Errand | None:
        """In a kitchen that ``seed`` draws."""
        return draw_errand(seed)


def open_teacher() -> KitchenTeacher:
    """The entry point."""
    return KitchenTeacher()


def _view(world: World, boards: Boards, index: int, kinematics: Kinematics, rng: np.random.Generator) -> View:
    evidence = glance(world)
    grip = _set_hand(world, evidence, kinematics, rng)
    image, depth_m, camera = world.look()
    gripper = GripperState(grip.width_m, grip.name is not None)
    observation = Observation(index, world.time_s, image, depth_m, camera, gripper)
    view = labelled(world, boards, observation, evidence, grip.name)
    visible = plainly_seen(view)
    lessons = draw_lessons(world, observation, evidence, visible, grip, LESSONS, rng)
    return replace(view, lessons=lessons)


def _set_hand(world: World, evidence: Evidence, kinematics: Kinematics, rng: np.random.Generator) -> hand.Grip:
    """At home, over the counter, with something in it or not, or at a handle."""
    away, full, at_handle = rng.random(3) > (HOME_SHARE, EMPTY_SHARE, 1.0 - HANDLE_SHARE)
    joint = _any_handle(world, rng) if away and full and at_handle else None
    grip = None if joint is None else hand.take_handle(world, kinematics, joint, rng)
    if grip is not None:
        return grip
    held = _takeable(world, evidence, rng) if away and full else None
    height_m = 0.0 if held is None else held.high_m[2] - held.low_m[2]
    drawer = _open_drawer(world, rng) if held is not None and rng.random() < OVER_DRAWER_SHARE else None
    X_WG = hand.hover(world, kinematics, height_m, rng, drawer) if away else None
    if held is None or X_WG is None:
        return hand.Grip(GRIPPER.max_width_m)
    return replace(hand.hold(world, held, X_WG), place=None if drawer is None else drawer.name)


def _any_handle(world: World, rng: np.random.Generator) -> FurnitureJoint | None:
    """Of a drawer or door that is not open yet: once it is, the hand lets go by itself."""
    joints = [each for each in world.joints.values() if not each.springs_back and not is_open(each)]
    return joints[int(rng.integers(len(joints)))] if joints else None


def _open_drawer(world: World, rng: np.random.Generator) -> Region | None:
    """A drawer that is far enough open to take something out of it."""
    opened = open_drawers(world)
    return world.regions[opened[int(rng.integers(len(opened)))]] if opened else None


def _takeable(world: World, evidence: Evidence, rng: np.random.Generator) -> Thing | None:
    """A thing on which nothing stands."""
    carriers = {seat[0] for name in world.objects if (seat := evidence.seat(name)) is not None}
    free = [thing for thing in world.objects.values() if thing.body not in carriers]
    return free[int(rng.integers(len(free)))] if free else None
