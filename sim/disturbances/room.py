"""Where a thing can be put by a hand: on the counter, clear of all else, in sight and in reach. Ground truth."""

from __future__ import annotations

import numpy as np
import pybullet as p

from embodied.geometry import FloatArray
from sim.bearings import bearing
from sim.contacts import contacts_on
from sim.fixtures import FINGER_JOINTS, HAND_LINK
from sim.things import Region, Thing, link_pose
from sim.world import World

GAP_M = 0.012
"""To other things and to the hand."""
EDGE_M = 0.015
"""To the edge of the counter."""
REACH_M = 0.75
"""From the robot's axis: what is further away is not put further still."""
STRIDE_M = 0.03
"""A way is looked at in steps of this length."""
HIDDEN_M = 0.05
"""What is seen so little before a thing's middle is the thing itself, or hardly hides it."""
HAND_TO_PADS_M = 0.1034
HAND_LINKS = (HAND_LINK, *FINGER_JOINTS)
CONTACT_M = 0.005
"""What is below a thing is looked for from so far under it."""
DEEPEST_M = 0.30


def pads_in_world_m(world: World) -> FloatArray:
    """``p_WG`` of the middle between the finger pads."""
    return np.asarray(link_pose(world.client, world.robot, HAND_LINK) @ np.array([0.0, 0.0, HAND_TO_PADS_M]))


def stands_free(world: World, thing: Thing) -> bool:
    """Whether it stands on what stands still itself, and nothing else touches it."""
    bodies = {contact.body for contact in contacts_on(thing)}
    return bodies == {world.fixed} and _counter(world, thing.pose_in_world.translation_m) is not None


def can_go(world: World, thing: Thing, step_W: FloatArray, slid: bool = True) -> bool:
    """Whether a thing can go by ``step_W``, slid all the way or lifted there, and still be found and taken there."""
    count = max(1, int(np.ceil(np.linalg.norm(step_W) / STRIDE_M))) if slid else 1
    clear = all(_is_free(world, thing, step / count * step_W) for step in range(1, count + 1))
    return clear and all(asks(world, thing, step_W) for asks in (_in_reach, _in_sight, _in_turn))


def can_fall(world: World, thing: Thing, way_W: FloatArray) -> bool:
    """Whether a thing that stands can fall over in a direction, and still be found and taken there."""
    low, high = box_of(world, thing.body)
    step_W = (high - low)[2] * way_W
    box = np.array([np.minimum(low, low + step_W), np.maximum(high, high + step_W)])
    return _on_counter(world, thing, box) and _is_clear(world, thing, box) and _in_reach(world, thing, step_W / 2.0)


def clear_to_drop(world: World, thing: Thing) -> float | None:
    """How far a thing would fall, in metres; ``None`` if it would fall on or beside another, or on the floor."""
    low, high = box_of(world, thing.body)
    begin = np.array([*((low + high) / 2.0)[:2], low[2] - CONTACT_M])
    end = begin - [0.0, 0.0, DEEPEST_M]
    body, _, share, _, _ = p.rayTest(begin.tolist(), end.tolist(), physicsClientId=world.client)[0]
    if body not in (world.fixed, world.furniture):
        return None
    gap_m = share * DEEPEST_M + CONTACT_M
    below = np.array([low - [0.0, 0.0, gap_m], [*high[:2], low[2]]])
    return gap_m if _is_clear(world, thing, below) and _in_a_place(world, begin) else None


def box_of(world: World, body: int, link: int = -1) -> FloatArray:
    """(2, 3) lowest and highest corner of what a body fills."""
    return np.array(p.getAABB(body, link, physicsClientId=world.client))


def overlap(one: FloatArray, other: FloatArray) -> bool:
    """Whether two boxes have something in common."""
    return bool((one[0] < other[1]).all() and (other[0] < one[1]).all())


def _is_free(world: World, thing: Thing, step_W: FloatArray) -> bool:
    """Whether nothing is where a thing would be."""
    box = box_of(world, thing.body) + step_W
    hand = [box_of(world, world.robot, link) for link in HAND_LINKS]
    clear = _is_clear(world, thing, box) and not any(overlap(_around(box), other) for other in hand)
    return clear and _on_counter(world, thing, box)


def _is_clear(world: World, thing: Thing, box: FloatArray) -> bool:
    """Whether no other thing comes into a box, or near it."""
    others = (each for each in world.objects.values() if each is not thing)
    return not any(overlap(_around(box), box_of(world, each.body)) for each in others)


def _around(box: FloatArray) -> FloatArray:
    return np.asarray(box + np.array([[-GAP_M] * 3, [GAP_M] * 3]))


def _on_counter(world: World, thing: Thing, box: FloatArray) -> bool:
    """Whether a box stands on the same counter as a thing does, away from its edge."""
    region = _counter(world, thing.pose_in_world.translation_m)
    if region is None:
        return False
    low, high = np.array(region.low_m)[:2] + EDGE_M, np.array(region.high_m)[:2] - EDGE_M
    return bool((box[0, :2] > low).all() and (box[1, :2] < high).all())


def _in_a_place(world: World, p_WP: FloatArray) -> bool:
    return any(region.contains(p_WP) for region in world.regions.values())


def _counter(world: World, p_WP: FloatArray) -> Region | None:
    """The largest surface that stands still and has a point over it."""
    around = [each for each in world.regions.values() if each.kind == "on" and each.body == world.fixed]
    over = [each for each in around if each.contains(p_WP)]
    return max(over, key=lambda each: float(np.prod(np.subtract(each.high_m, each.low_m)[:2])), default=None)


def _in_reach(world: World, thing: Thing, step_W: FloatArray) -> bool:
    here = thing.pose_in_world.translation_m - np.array(world.scene.kitchen.robot.base_m)
    far_m, farther_m = (float(np.linalg.norm(at[:2])) for at in (here, here + step_W))
    return farther_m < max(REACH_M, far_m)


def _in_sight(world: World, thing: Thing, step_W: FloatArray) -> bool:
    """Whether the planning camera would see its middle; the robot does not count, as it goes out of the way."""
    eye, there = world.camera().pose_in_world.translation_m, thing.pose_in_world.translation_m + step_W
    body, _, share, _, _ = p.rayTest(eye.tolist(), there.tolist(), physicsClientId=world.client)[0]
    hidden_m = (1.0 - share) * float(np.linalg.norm(there - eye))
    return body in (-1, thing.body, world.robot) or hidden_m < HIDDEN_M


def _in_turn(world: World, thing: Thing, step_W: FloatArray) -> bool:
    """Whether it stays left or right, before or behind others of its kind: they may be told apart by that."""
    here, camera = thing.pose_in_world.translation_m, world.camera()
    likes = [each for each in world.objects.values() if each is not thing and each.kind_name == thing.kind_name]
    axes = np.array([bearing("right", camera, here), bearing("away", camera, here)])
    ways = [axes @ (each.pose_in_world.translation_m - here) for each in likes]
    return all(bool((way * (way - axes @ step_W) > 0.0).all()) for way in ways)
