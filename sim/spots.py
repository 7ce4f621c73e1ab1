"""Places to put things: of all that is seen of a surface, the point that suits a thing best. Ground truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from embodied.commands import ImagePoint
from embodied.geometry import FloatArray
from sim.agenda import guests
from sim.bearings import Direction, bearing
from sim.outline import Outline, hollow_of
from sim.pointing import Pixels
from sim.situation import Situation
from sim.things import Region, Thing
from sim.tries import cheapest_elsewhere

COMFORTABLE_REACH_M = 0.60
"""From the robot's axis, horizontally: there the arm has most ways to put something down."""
FAR_REACH_M = 0.72
MAX_REACH_M = 0.80
"""Further out than the one it has few, further than the other hardly any."""
FAR_WEIGHT = 3.0
TOO_FAR = 5.0
ENOUGH_ROOM_M = 0.06
"""More room than this around a thing is no better."""
ROOM_WEIGHT = 1.5
"""How much a metre of room counts against a metre from the comfortable reach."""
GAP_M = 0.015
"""Least room around a thing, and to the edge of what it stands on; with less a place is a last resort."""
CRAMPED_WEIGHT = 20.0
HEADROOM_M = 0.12
"""A hand from above wants so much room beside what hangs over a place and beside the walls around it."""
HEADROOM_WEIGHT = 4.0
LEVEL_M = 0.006
"""A pixel shows a surface if its point lies so near it."""
CELL_M = 0.03
FINE_CELL_M = 0.006
"""Of the pixels of one such cell one is looked at: on furniture, and on things."""
AWAY_M = 0.10
SLIGHTLY_AWAY_M = 0.02
"""A new try keeps so far from earlier ones: on furniture, and on things."""
RING_SHARE = 0.5
"""Several things on one plate stand around its middle, at this share of the way to its edge."""
OFF_AXIS_SHARE = 0.4
"""What is seen of the inside of a cup further off its axis is its wall."""

HIDING_WEIGHT = 2.0
CLEAR_M = 0.15
"""An arm so far to its own side of a point does not hide it."""
TIGHT_M = 0.004
"""So close to others a thing may be put on a plate: off the plate's middle it may come to stand askew."""
DEEP_M = 0.02
"""What is set down so deep may be let go above the rim instead."""
BESIDE_M = 0.03
"""What stands beside another thing leaves about so much room between."""
BESIDE_WEIGHT = 3.0
SURE_COS = float(np.cos(np.deg2rad(32.0)))
"""Well within 45 degrees of a direction."""
ASKEW_WEIGHT = 1.0
BACK_WEIGHT = 20.0
SURE_M = 0.01
"""Nearer by this than asked for, as the hand is not exact."""

Fit = Callable[[FloatArray], FloatArray]
"""What points (k, 3) of the world cost (k,) for reasons of its own; infinite where they do not do."""


def anywhere(points: FloatArray) -> FloatArray:
    """Fit for every place."""
    return np.zeros(len(points))


def spot_on(thing: Thing, region: Region, now: Situation, fit: Fit = anywhere) -> ImagePoint | None:
    """A visible place on ``region`` for ``thing``, by its own merits and what ``fit`` says; another one each time."""
    pixels = now.picture.surface(region, LEVEL_M, CELL_M)
    pixels = pixels.only(now.allowed(pixels.points))
    misfit = fit(pixels.points)
    pixels, misfit = pixels.only(np.isfinite(misfit)), misfit[np.isfinite(misfit)]  # to measure room takes the longest
    outline, points = Outline.of(thing), pixels.points
    gaps_m = np.minimum(_edges_m(region, points, outline), _room_m(outline, points, (thing,), now))
    costs = _room_costs(gaps_m) + _reach_costs(points, now) + _headroom_costs(points, now) + _wall_costs(region, points)
    return _pick(f"put {thing.name}", pixels, costs + misfit, AWAY_M, now)


def spot_in(thing: Thing, place: Thing, now: Situation) -> ImagePoint | None:
    """A visible place on or in another thing, beside others that are to come there; another one at each further try.

    Where the floor is not seen, and at every other try where it lies deep, the place is over the rim.
    """
    pixels, ring = now.picture.top(place, FINE_CELL_M), RING_SHARE if guests(place.name, now.goal) > 1 else 0.0
    off_axis, tried = _off_axis(place, pixels.points), now.tries.points(f"put {thing.name}")
    floor = pixels.points[off_axis < ring + OFF_AXIS_SHARE]
    if not len(floor) or (len(tried) % 2 and _rim(place)[2] - floor[:, 2].min() > DEEP_M):
        now.tries.note(f"put {thing.name}", _rim(place))
        return now.picture.above(_rim(place))
    gaps_m = _room_m(Outline.of(thing), pixels.points, (thing, place), now)
    costs = abs(off_axis - ring) + CRAMPED_WEIGHT * np.maximum(0.0, TIGHT_M - gaps_m)
    return _pick(f"put {thing.name}", pixels, costs, SLIGHTLY_AWAY_M, now)


def beside(thing: Thing, other: Thing, within_m: float, now: Situation) -> Fit:
    """Fit for places from whose surface that of another thing is ``within_m``, and a little apart."""
    outline = Outline.of(thing)

    def costs(points: FloatArray) -> FloatArray:
        up_to_m = within_m + outline.radius_m
        apart_m = np.min([now.distances_m(other, middles, up_to_m) for middles in outline.at(points)], axis=0)
        near = apart_m - outline.half_width_m < within_m - SURE_M
        return np.where(near, BESIDE_WEIGHT * np.maximum(0.0, apart_m - outline.radius_m - BESIDE_M), np.inf)

    return costs


def sided(thing: Thing, other: Thing, direction: Direction, within_m: float, now: Situation) -> Fit:
    """Fit for places beside another thing that lie from it in a direction of the picture."""
    near, middle = beside(thing, other, within_m, now), other.pose_in_world.translation_m
    way_W = bearing(direction, now.world.camera(), middle)

    def costs(points: FloatArray) -> FloatArray:
        ways = (points - middle) * [1.0, 1.0, 0.0]
        straight = ways @ way_W / np.maximum(np.linalg.norm(ways, axis=1), 1e-9)
        there = straight > SURE_COS
        misfit = np.full(len(points), np.inf)
        misfit[there] = near(points[there]) + ASKEW_WEIGHT * (1.0 - straight[there])
        return misfit

    return costs


def near_to(p_WP: FloatArray, within_m: float) -> Fit:
    """Fit for places around a point."""

    def costs(points: FloatArray) -> FloatArray:
        away_m = np.linalg.norm((points - p_WP)[:, :2], axis=1)
        return np.where(away_m < within_m, BACK_WEIGHT * away_m, np.inf)

    return costs


def slid_from(p_WP: FloatArray, direction: Direction, at_least_m: float, now: Situation) -> Fit:
    """Fit for places that lie so far from a point in a direction of the picture, and little further."""
    way_W = bearing(direction, now.world.camera(), p_WP)

    def costs(points: FloatArray) -> FloatArray:
        ways = (points - p_WP) * [1.0, 1.0, 0.0]
        far_m = ways @ way_W
        straight = far_m / np.maximum(np.linalg.norm(ways, axis=1), 1e-9)
        fits = (straight > SURE_COS) & (far_m > at_least_m + 2.0 * SURE_M)
        return np.where(fits, BESIDE_WEIGHT * (far_m - at_least_m) + ASKEW_WEIGHT * (1.0 - straight), np.inf)

    return costs


def not_before(place_W: FloatArray, now: Situation) -> Fit:
    """Fit for places such that an arm that takes something there hides little of what is at a point.

    The arm hides what is on its own side of its hand, in the picture: the hand had better be there itself.
    """
    camera = now.world.camera()
    base = np.array(now.world.scene.kitchen.robot.base_m)
    on_the_left = camera.project(base)[0] < camera.project(place_W)[0]
    way_W = bearing("left" if on_the_left else "right", camera, place_W)
    return lambda points: HIDING_WEIGHT * np.maximum(0.0, CLEAR_M - (points - place_W) @ way_W)


def away_from(other: Thing, by_m: float, now: Situation) -> Fit:
    """Fit for places that are further from another thing."""
    return lambda points: np.where(now.distances_m(other, points, by_m) < by_m, np.inf, 0.0)


def _pick(what: str, pixels: Pixels, costs: FloatArray, away_m: float, now: Situation) -> ImagePoint | None:
    chosen = cheapest_elsewhere(pixels.points, costs, now.tries.points(what), away_m)
    if chosen is None:
        return None
    now.tries.note(what, pixels.points[chosen])
    return pixels.shown[chosen]


def _room_m(outline: Outline, points: FloatArray, apart_from: Sequence[Thing], now: Situation) -> FloatArray:
    """From a thing that stands at points to the nearest other thing."""
    up_to_m = outline.radius_m + ENOUGH_ROOM_M
    nearest_m = np.min([now.room_m(middles, apart_from, up_to_m) for middles in outline.at(points)], axis=0)
    return np.asarray(nearest_m - outline.radius_m)


def _edges_m(region: Region, points: FloatArray, outline: Outline) -> FloatArray:
    """From a thing that stands at points to the nearest edge of the region; negative where it juts out."""
    return np.asarray(_inside_m(region, outline.at(points)).min(axis=0) - outline.radius_m)


def _inside_m(region: Region, points: FloatArray) -> FloatArray:
    """From points (..., 3) of the world to the nearest side of the region; negative outside."""
    p_LP = region.pose_in_world.inverse() @ points
    return np.asarray(np.minimum(p_LP - np.array(region.low_m), np.array(region.high_m) - p_LP)[..., :2].min(axis=-1))


def _room_costs(gaps_m: FloatArray) -> FloatArray:
    return np.asarray(
        CRAMPED_WEIGHT * np.maximum(0.0, GAP_M - gaps_m) - ROOM_WEIGHT * np.minimum(gaps_m, ENOUGH_ROOM_M)
    )


def _reach_costs(points: FloatArray, now: Situation) -> FloatArray:
    base = np.array(now.world.scene.kitchen.robot.base_m)
    reach_m = np.linalg.norm((points - base)[:, :2], axis=1)
    far = FAR_WEIGHT * np.maximum(0.0, reach_m - FAR_REACH_M) + TOO_FAR * (reach_m > MAX_REACH_M)
    return np.asarray(abs(reach_m - COMFORTABLE_REACH_M) + far)


def _headroom_costs(points: FloatArray, now: Situation) -> FloatArray:
    """For what hangs over points or near them, seen from above."""
    aside_m = np.full(len(points), HEADROOM_M)
    for box in now.world.scene.kitchen.site[1]:
        away_m = np.linalg.norm((points - np.clip(points, box.low_m, box.high_m))[:, :2], axis=1)
        aside_m = np.where(points[:, 2] < box.low_m[2], np.minimum(aside_m, away_m), aside_m)
    return np.asarray(HEADROOM_WEIGHT * (HEADROOM_M - aside_m))


def _wall_costs(region: Region, points: FloatArray) -> FloatArray:
    """For the walls of what is inside of something: palm and fingers come down between them."""
    if region.kind == "on":
        return np.zeros(len(points))
    return np.asarray(HEADROOM_WEIGHT * np.maximum(0.0, HEADROOM_M - _inside_m(region, points)))


def _off_axis(place: Thing, points: FloatArray) -> FloatArray:
    """How far from the middle of a thing towards its edge points lie: 1 at the edge."""
    middle, half = hollow_of(place)
    p_OP = place.pose_in_world.inverse() @ points
    return np.asarray(np.linalg.norm((p_OP[:, :2] - middle) / half, axis=1))


def _rim(place: Thing) -> FloatArray:
    """``p_WP`` of the middle of a thing's opening."""
    return np.asarray(place.pose_in_world @ np.array([*hollow_of(place)[0], place.high_m[2]]))
