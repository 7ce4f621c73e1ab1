"""Put a built kitchen into another state: things elsewhere, drawers and doors further open or shut."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from types import MappingProxyType

import numpy as np
import pybullet as p

from embodied.errors import SceneError
from embodied.geometry import Pose
from sim.arrangement import Arrangement
from sim.placing import Footprint, find_room, on_top
from sim.scene import Placement
from sim.teaching.kitchens import far_away
from sim.things import Thing
from sim.world import World

SETTLING_STEPS = 150
SHUT_SHARE, AJAR_SHARE = 0.62, 0.1
"""So often a drawer or door is shut, and so often it stands anywhere; else it is as far open as it gets."""
PRESENT = (3, 10)
"""Fewest and most things in a picture."""
BEARERS = ("plate", "bowl", "fruit_bowl", "tray", "cutting_board", "book", "wooden_block", "large_block", "pan")
"""Kinds that other things are put on or in."""
BORNE = ("lid", "lemon", "egg", "tin", "wooden_block", "sponge", "orange", "apple", "potato", "salt_shaker", "cup")
"""Kinds that are put on others: small, and steady there."""
BLOCKS = ("wooden_block", "large_block")
ON_OTHER_SHARE, IN_DRAWER_SHARE, ELSEWHERE_SHARE = 0.22, 0.13, 0.07
ON_PAN = Placement(region="counter", x_m=(-0.065, -0.06), yaw_deg=(0.0, 0.0))
"""A pan's middle is not the middle of its box: the handle counts."""
ON_OTHER = Placement(region="counter")
ON_BLOCK = Placement(region="counter", x_m=(-0.012, 0.012), y_m=(-0.012, 0.012), yaw_deg=(-180.0, 180.0))
"""As a robot stacks."""
ON_BLOCK_SHARE = 0.5
"""So often a block is put on another that bears nothing yet."""
ON_COUNTER = Placement(region="counter", x_m=(-0.24, 0.14), clearance_m=0.015, apart_m=0.02)
READABLE_SHARE, READABLE_DEG = 0.7, 30.0
"""So often a label is turned towards the camera, by so much or less past it."""
ELSEWHERE = ("shelf", "stove", "work_area")


def scatter(world: World, everything: Mapping[str, Thing], rng: np.random.Generator) -> None:
    """Draw how far everything is open and where some of the things are; let them come to rest, the others are gone.

    Args:
        world: A built world; its ``objects`` are afterwards those that are there.
        everything: All things that were ever loaded.
        rng: Draws it.
    """
    _set_joints(world, rng)
    world.objects = MappingProxyType(_place(world, everything, rng))
    for _ in range(SETTLING_STEPS):
        world.step()
    there = {name: thing for name, thing in world.objects.items() if not _fallen(thing, world)}
    _put_away(everything, there)
    world.objects = MappingProxyType({name: everything[name] for name in everything if name in there})
    world.start = Arrangement.of(world.objects, world.joints)


def _set_joints(world: World, rng: np.random.Generator) -> None:
    for joint in world.joints.values():
        shut, ajar, share = rng.random() < SHUT_SHARE, rng.random() < AJAR_SHARE / (1.0 - SHUT_SHARE), rng.random()
        share = 0.0 if joint.springs_back or shut else share if ajar else 0.8 + 0.2 * share
        p.resetJointState(joint.body, joint.index, share * joint.upper, physicsClientId=world.client)


def _place(world: World, everything: Mapping[str, Thing], rng: np.random.Generator) -> dict[str, Thing]:
    count = int(rng.integers(PRESENT[0], PRESENT[1] + 1))
    names = [str(name) for name in rng.permutation(sorted(everything))[:count]]
    names.sort(key=lambda name: everything[name].kind_name not in BEARERS)
    taken: dict[str, Footprint] = {}
    for name in names:
        footprint = _room(world, everything[name], everything, taken, rng)
        if footprint is not None:
            taken[name] = footprint
    _put_away(everything, taken)
    for name, footprint in taken.items():
        _put(everything[name], footprint.pose)
    return {name: thing for name, thing in everything.items() if name in taken}


def _room(
    world: World, thing: Thing, everything: Mapping[str, Thing], taken: dict[str, Footprint], rng: np.random.Generator
) -> Footprint | None:
    """A free place for one more thing; ``None`` if none was found."""
    low, high = np.array(thing.low_m), np.array(thing.high_m)
    draw = rng.random()
    bearers = [name for name in taken if bears(everything[name].kind_name, thing.kind_name)]
    if thing.kind_name in BLOCKS and draw < ON_BLOCK_SHARE and (free := _free_blocks(taken, everything)):
        return on_top(ON_BLOCK, taken[str(rng.choice(free))], low, high, rng)
    if draw < ON_OTHER_SHARE and bearers:
        below = str(rng.choice(bearers))
        return on_top(ON_PAN if thing.kind_name == "lid" else ON_OTHER, taken[below], low, high, rng)
    spec = ON_COUNTER
    if draw > 1.0 - IN_DRAWER_SHARE:
        drawers = [name for name in world.joints if world.joints[name].motion == "prismatic" and name in world.regions]
        spec = Placement(region=str(rng.choice(drawers)), clearance_m=0.012)
    elif draw > 1.0 - IN_DRAWER_SHARE - ELSEWHERE_SHARE:
        spec = Placement(region=str(rng.choice([name for name in ELSEWHERE if name in world.regions])))
    if thing.label is not None and rng.random() < READABLE_SHARE:
        spec = spec.model_copy(update={"yaw_deg": _readable_deg(world, spec.region)})
    try:
        return find_room(spec, world.regions[spec.region], low, high, list(taken.values()), rng)
    except SceneError:
        return None


def _free_blocks(taken: Mapping[str, Footprint], everything: Mapping[str, Thing]) -> list[str]:
    """Names of blocks on which nothing was put."""
    borne = [each for name, each in taken.items() if everything[name].kind_name in BORNE]
    blocks = [name for name in taken if everything[name].kind_name in BLOCKS]
    return [name for name in blocks if not any(_is_over(each, taken[name]) for each in borne)]


def _is_over(above: Footprint, below: Footprint) -> bool:
    near_m = float(np.linalg.norm((above.center_m - below.center_m)[:2]))
    return above is not below and near_m < below.half_m[0] and above.center_m[2] > below.center_m[2]


def _readable_deg(world: World, region: str) -> tuple[float, float]:
    """How a thing there is turned if its -y, where labels are, faces the camera."""
    place = world.regions[region]
    middle = place.pose_in_world @ (np.add(place.low_m, place.high_m) / 2.0)
    x, y = (world.variation.camera.pose_in_world.translation_m - middle)[:2]
    facing = math.degrees(math.atan2(y, x)) + 90.0
    return facing - READABLE_DEG, facing + READABLE_DEG


def bears(below: str, above: str) -> bool:
    """Whether one kind is put on another: a lid on a pan alone, and nothing else on a pan."""
    if "lid" in (below, above) or "pan" in (below, above):
        return below == "pan" and above == "lid"
    return below in BEARERS and above in BORNE


def _put_away(everything: Mapping[str, Thing], but: Container[str]) -> None:
    for index, (name, thing) in enumerate(everything.items()):
        if name not in but:
            _put(thing, far_away(index))


def _put(thing: Thing, pose: Pose) -> None:
    at, turn = pose.translation_m.tolist(), pose.quaternion_xyzw.tolist()
    p.resetBasePositionAndOrientation(thing.body, at, turn, physicsClientId=thing.client)
    p.resetBaseVelocity(thing.body, [0.0, 0.0, 0.0], [0.0, 0.0, 0.0], physicsClientId=thing.client)


def _fallen(thing: Thing, world: World) -> bool:
    middle = thing.pose_in_world.translation_m
    return not any(region.contains(middle) for region in world.regions.values())
