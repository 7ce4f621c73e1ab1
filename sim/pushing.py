"""How the oracle slides a thing: from where, and how far, closed fingers push it. Ground truth."""

from __future__ import annotations

import numpy as np

from embodied.commands import ImagePoint, Move
from embodied.geometry import FloatArray
from sim.bearings import bearing
from sim.changes import Slid
from sim.outline import Outline
from sim.situation import Situation
from sim.spots import FINE_CELL_M
from sim.things import Thing

FURTHER_M = 0.03
"""So much more than asked for, as what is pushed does not go quite straight."""
EDGE_BAND_M = 0.025
"""Fingers begin 5 cm before the point that is named: named so near the edge, they begin outside it."""
LANE_M = 0.012
"""Pushed so near its middle a thing hardly turns."""
LANE_WEIGHT = 0.5
BELOW_TOP_M = 0.006
"""Fingers lower than the highest point by this push the thing and do not slip over it."""
SUPPORTED_M = 0.025
"""An end so little above the support is given as a point of the support: the grounding would take it for one anyway."""


def push(thing: Thing, wanted: Slid, now: Situation) -> Move | None:
    """Push ``thing`` in the direction asked for; ``None`` if the side to push is not seen."""
    way_W = _way(thing, wanted, now)
    start = _start(thing, way_W / np.linalg.norm(way_W), now)
    if start is None:
        return None
    begin_W = now.picture.lift(start)
    direction = way_W / np.linalg.norm(way_W)
    gap_m = float((begin_W - _edge(thing, direction)) @ direction)
    end_W = begin_W + way_W + gap_m * direction
    support_m = _support_m(thing)
    if end_W[2] - support_m < SUPPORTED_M:
        end_W[2] = support_m
    end = now.picture.reached(end_W)
    return None if end is None else Move(start=start, end=end)


def _way(thing: Thing, wanted: Slid, now: Situation) -> FloatArray:
    """The way that is still to go, on the level."""
    origin = now.world.start.things[thing.name].now(now.world.client).translation_m
    direction = bearing(wanted.direction, now.world.camera(), origin)
    goal = origin + (wanted.at_least_m + FURTHER_M) * direction
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
    return pixels.shown[int(costs.argmin())] if np.isfinite(costs).any() else None


def _edge(thing: Thing, direction: FloatArray) -> FloatArray:
    """The point of a thing's outline that lies furthest against ``direction``, in line with its middle."""
    middle = thing.pose_in_world.translation_m
    return np.asarray(middle - Outline.of(thing).half_extent_m(direction) * direction)


def _support_m(thing: Thing) -> float:
    """Height of what a thing stands on."""
    return float(thing.samples_in_world_m()[:, 2].min())
