"""Where a token of a picture tells that something is: where to point at the thing, or, of a wide thing, its own place.

All stages go by it: the tower learns to tell it, the alignment reads it, and a place that a command names is looked for
at the tokens that tell it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from embodied.training.examples import Picture, Thing
from embodied.training.patches import patch_at, patches_of_pixels

WIDE_PATCHES = 3.0
"""What covers more patches than this is wide: things are put down here or there on it, or it is pushed at its edge."""

PIXEL_STEP = 2
"""Of every so many rows and columns of pixels one is looked at for the middle of what a token shows."""


def points_told(
    picture: Picture,
    things: Sequence[Thing],
    owner: NDArray[np.int64],
    shares: NDArray[np.float32],
    grid: tuple[int, int],
) -> NDArray[np.float32]:
    """What each token tells (tokens, 3): x and y in the unit square, z in metres; NaN where it tells of no place.

    Args:
        picture: The pixels.
        things: What can be seen in it.
        owner: For each token the place in ``things`` of what it stands for, or -1.
        shares: For each number in the picture's labels its share of each patch, as ``coverage`` has it.
        grid: Rows and columns of tokens.
    """
    told = np.full((len(owner), 3), np.nan, np.float32)
    if picture.labels is None:
        return told
    middles = _middles(picture, np.array([*(thing.number for thing in things), 0])[owner], grid)
    for place in np.unique(owner[owner >= 0]):
        thing, mine = things[place], owner == place
        if float(shares[thing.number].sum()) > WIDE_PATCHES:
            told[mine] = middles[mine]
        elif thing.point is not None:
            told[mine] = thing.point
    return told


def telling(
    told: NDArray[np.float32], among: NDArray[np.bool_], x: float, y: float, grid: tuple[int, int]
) -> NDArray[np.bool_]:
    """Tokens ``among`` these, or of all, that tell the point nearest to (x, y); if none tells any, the one at it."""
    rows, columns = grid
    patches_off = np.maximum(np.abs(told[:, 0] - x) * columns, np.abs(told[:, 1] - y) * rows)
    known = ~np.isnan(patches_off)
    if not known.any():
        return np.asarray(np.arange(len(told)) == patch_at(x, y, grid))
    patches_off = np.where(known & among if (known & among).any() else known, patches_off, np.inf)
    return np.asarray(patches_off == patches_off.min())


def _middles(picture: Picture, numbers: NDArray[np.int64], grid: tuple[int, int]) -> NDArray[np.float32]:
    """For every patch the middle of the pixels in it that show the thing with its number, with the mean of depths."""
    labels, depth_m = picture.labels, picture.depth_m
    assert labels is not None
    middles = np.full((len(numbers), 3), np.nan, np.float32)
    if depth_m is None:
        return middles
    some = np.s_[1::PIXEL_STEP, 1::PIXEL_STEP]
    patches, some_depths_m = patches_of_pixels(labels.shape, grid)[some], depth_m[some]
    shown = (labels[some] == numbers[patches]) & np.isfinite(some_depths_m)
    down, right = (places * PIXEL_STEP + 1 for places in np.nonzero(shown))
    measures = (right / labels.shape[1], down / labels.shape[0], some_depths_m[shown])
    counts = np.bincount(patches[shown], minlength=len(numbers))
    sums = [np.bincount(patches[shown], weights=each, minlength=len(numbers)) for each in measures]
    middles[counts > 0] = (np.stack(sums, 1)[counts > 0] / counts[counts > 0, None]).astype(np.float32)
    return middles
