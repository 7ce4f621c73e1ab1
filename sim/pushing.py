"""How the oracle slides a thing: from where, and how far, closed fingers push it. Ground truth."""

from __future__ import annotations

import numpy as np

from embodied.commands import ImagePoint, Move
from embodied.geometry import FloatArray
from sim.bearings import bearing
from sim.changes import Slid
from sim.outline import Outline
from sim.situation import Situation
from sim.spots import FINE_CELL_M, SLIGHTLY_AWAY_M
from sim.things import Thing
from sim.tries import cheapest_elsewhere

FURTHER_M = (0.03, 0.045, 0.06, 0.02)
"""So much more than asked for, as what is pushed does not go quite straight; the first that ends in sight."""
EDGE_BAND_M = 0.032
"""Fingers begin 5 cm before the point that is named: named so near the edge, they begin outside it."""
LANE_M = 0.012
"""Pushed so near its middle a thing hardly turns."""
LANE_WEIGHT = 0.5
BELOW_TOP_M = 0.004
"""Fingers lower than the highest point by this push the thing and do not slip over it."""
SUPPORTED_M = 0.025
"""An end so little above the support is given as a point of the support: the grounding would take it for one anyway."""


def push(thing: Thing, wanted: Slid, now: Situation) -> Move | None:
    """Push ``thing`` in the direction asked for; ``None`` if the side to push, or where to, is not seen."""
    way_W = _way(thing, wanted, now)
    direction = way_W / np.linalg.norm(way_W)
    start = _start(thing, direction, now)
    if start is None:
        return None
    begin_W = now.picture.lift(start)
    gap_m = float((begin_W - _edge(thing, direction)) @ direction)
    ends = (_end(begin_W + way_W + (gap_m + more_m) * direction, thing) for more_m in FURTHER_M)
    end = next(filter(None, map(now.picture.reached, filter(now.allowed, ends))), None)
    return None if end is None else Move(start=start, end=end)


def _end(p_WP: FloatArray, thing: Thing) -> FloatArray:
    """Where a push ends: at the support, if it is little above."""
    support_m = float(thing.samples_in_world_m()[:, 2].min())
    return np.array([*p_WP[:2], support_m]) if p_WP[2] - support_m < SUPPORTED_M else p_WP


def _way(thing: Thing, wanted: Slid, now: Situation) -> FloatArray:
    """The way that is still to go, on the level."""
    origin = now.world.start.things[thing.name].now(now.world.client).translation_m
    direction = bearing(wanted.direction, now.world.camera(), origin)
    goal = origin + wanted.at_least_m * direction
    return np.asarray((goal - thing.pose_in_world.translation_m) * [1.0, 1.0, 0.0])


def _start(thing: Thing, direction: FloatArray, now: Situation) -> ImagePoint | None:
    """A point low on the side that faces against ``direction``, in line with the middle."""
    pixels = now.picture.of_thing(thing, FINE_CELL_M)
    aside = np.array([-direction[1], direction[0], 0.0])
    offsets = pixels.points - thing.pose_in_world.translation_m
    inward_m = (pixels.points - _edge(thing, direction)) @ direction
    low = pixels.points[:, 2] < pixels.points[:, 2].max(initial=-np.inf) - BELOW_TOP_M
    costs = pixels.points[:, 2] + LANE_WEIGHT * np.maximum(0.0, abs(offsets @ aside) - LANE_M)
    costs = np.where(low & (inward_m < EDGE_BAND_M), costs, np.inf)
    what = f"slide {thing.name}"
    chosen = cheapest_elsewhere(pixels.points, costs, now.tries.points(what), SLIGHTLY_AWAY_M)
    if chosen is None:
        return None
    now.tries.note(what, pixels.points[chosen])
    return pixels.shown[chosen]


def _edge(thing: Thing, direction: FloatArray) -> FloatArray:
    """The point of a thing's outline that lies furthest against ``direction``, in line with its middle."""
    middle = thing.pose_in_world.translation_m
    return np.asarray(middle - Outline.of(thing).half_extent_m(direction) * direction)
