"""Where a thing can stand: the spot near a point where what was seen bears it all around, and nothing is in its way.

Who sets a thing down where somebody points puts it on the middle of a small block and not on its edge, and beside a can
rather than against it: nobody points so exactly.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from embodied.geometry import FloatArray

REACH_M = 0.04
STEP_M = 0.008
"""How far from the point, and how densely, spots are looked for."""
SECTORS = 12
"""Parts of a foot's rim, each of which is borne, hangs over, or runs into something."""
BORNE = SECTORS - 0.75
"""A spot that bears so much of a foot needs no better one."""
FAIRLY_BORNE = 0.8 * SECTORS
"""A spot that bears less is no better one: among the fruit in a bowl nothing stands."""
UNSEEN = 0.5
"""What a part is worth below which nothing was seen."""
IN_THE_WAY = -1.0
"""What it is worth where something rises."""
AWAY_COST = 50.0
"""For each metre from the point, in parts of the rim."""
LEVEL_M = 0.007
"""What is no higher or lower than this is as high."""
RISE_M, FALL_M = 0.012, 0.03
"""A spot is no further above the point, and below it: low on the side of a thing is beside it, not on it."""
CORE = 0.5
"""Share of the foot's radius within which a spot's height is measured."""
RIM = 0.85
"""What bears a foot so far out bears its rim: points are seen some millimetres apart."""
MIN_POINTS = 3


def spot_near(end_W: FloatArray, seen_W: FloatArray, radius_m: float) -> FloatArray:
    """Where near ``end_W`` a foot of that radius stands best; ``end_W`` itself if it stands well there, or nowhere.

    Where nothing bears it at that height, it is set down on what lies beneath, if that was seen, rather than let fall.

    Args:
        end_W: (3,) where it was pointed at.
        seen_W: (k, 3) all that was seen but what is to be set down.
        radius_m: Half the width of what is to be set down.
    """
    away = np.linalg.norm((seen_W - end_W)[:, :2], axis=1)
    near = seen_W[(away < REACH_M + radius_m) & (np.abs(seen_W[:, 2] - end_W[2]) < 2.0 * FALL_M)]
    if _borne(end_W, near, radius_m) >= BORNE:
        return end_W
    spots = [spot for xy in _grid(end_W[:2]) if (spot := _spot(xy, near, end_W, radius_m)) is not None]
    borne = [_borne(spot, near, radius_m) for spot in spots]
    worths = [
        (parts - AWAY_COST * float(np.linalg.norm(spot - end_W)), *spot)
        for spot, parts in zip(spots, borne, strict=True)
        if parts >= FAIRLY_BORNE
    ]
    if worths:
        return np.array(max(worths)[1:])
    ground_W = _beneath(end_W, seen_W, radius_m)
    return end_W if ground_W is None else spot_near(ground_W, seen_W, radius_m)


def _beneath(end_W: FloatArray, seen_W: FloatArray, radius_m: float) -> FloatArray | None:
    """The place under ``end_W`` on the highest that was seen there; ``None`` if the way down is no fall, or unknown."""
    under = seen_W[np.linalg.norm((seen_W - end_W)[:, :2], axis=1) < CORE * radius_m, 2]
    if len(under) < MIN_POINTS or end_W[2] - (height_m := _top_m(under)) <= FALL_M:
        return None
    return np.array([*end_W[:2], height_m])


def _top_m(heights_m: FloatArray) -> float:
    """The height of the highest, but for stray ones."""
    return float(np.partition(heights_m, -MIN_POINTS)[-MIN_POINTS])


def _grid(middle: FloatArray) -> Iterator[FloatArray]:
    """Places (x, y) around one."""
    steps = np.arange(-REACH_M, REACH_M + STEP_M / 2.0, STEP_M)
    for x in steps:
        for y in steps:
            if np.hypot(x, y) <= REACH_M:
                yield middle + [x, y]


def _spot(xy: FloatArray, seen_W: FloatArray, end_W: FloatArray, radius_m: float) -> FloatArray | None:
    """The place at the height of what bears it there; ``None`` if nothing was seen there about as high as ``end_W``."""
    core = seen_W[np.linalg.norm(seen_W[:, :2] - xy, axis=1) < CORE * radius_m, 2]
    if len(core) < MIN_POINTS:
        return None
    height_m = _top_m(core)
    return np.array([*xy, height_m]) if -FALL_M < height_m - end_W[2] < RISE_M else None


def _borne(spot_W: FloatArray, seen_W: FloatArray, radius_m: float) -> float:
    """How much of the rim of a foot at a spot is borne, in parts: in each as far out as something bears it."""
    offsets = seen_W - spot_W
    outwards = np.linalg.norm(offsets[:, :2], axis=1) / radius_m
    inside = outwards < 1.0
    offsets, outwards = offsets[inside], np.clip((outwards[inside] - CORE) / (RIM - CORE), 0.0, 1.0)
    sectors = ((np.arctan2(offsets[:, 1], offsets[:, 0]) / (2.0 * np.pi) + 0.5) * SECTORS).astype(int) % SECTORS
    level, rim = np.abs(offsets[:, 2]) <= LEVEL_M, outwards > 0.0
    borne = np.zeros(SECTORS)
    np.maximum.at(borne, sectors[level], outwards[level])
    borne[np.bincount(sectors[rim], minlength=SECTORS) == 0] = UNSEEN
    borne[np.bincount(sectors[offsets[:, 2] > LEVEL_M], minlength=SECTORS) > 0] = IN_THE_WAY
    return float(borne.sum())
