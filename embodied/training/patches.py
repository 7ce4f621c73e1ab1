"""What the tokens of a picture show: from the labels of pixels to targets for patches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MIN_SHARE = 0.25
"""A thing counts as shown by a patch if it covers so much of it, or so much of what it covers of any patch."""


def coverage(labels: NDArray[np.integer], grid: tuple[int, int]) -> NDArray[np.float32]:
    """For every index of ``labels`` (height, width) the share that it has of each patch: (indices, rows * columns)."""
    rows, columns = grid
    patches = patches_of_pixels(labels.shape, grid)
    indices = int(labels.max()) + 1
    counts = np.bincount((labels * rows * columns + patches).ravel(), minlength=indices * rows * columns)
    pixels = np.bincount(patches.ravel(), minlength=rows * columns)
    return (counts.reshape(indices, rows * columns) / pixels).astype(np.float32)


def patches_of_pixels(shape_px: tuple[int, ...], grid: tuple[int, int]) -> NDArray[np.int64]:
    """For every pixel of a picture (height, width) the patch in which it lies."""
    (rows, columns), (height_px, width_px) = grid, shape_px
    patch_rows = np.arange(height_px) * rows // height_px
    patch_columns = np.arange(width_px) * columns // width_px
    return np.asarray(patch_rows[:, None] * columns + patch_columns[None, :])


def shown_by(share: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which patches show a thing that has these shares (rows * columns) of them; at least one if it is seen at all."""
    most = float(share.max(initial=0.0))
    return share >= max(min(MIN_SHARE, MIN_SHARE * 2 * most), 1e-9) if most > 0 else np.zeros(share.shape, np.bool_)


def owners(shares: NDArray[np.float32], indices: Sequence[int]) -> NDArray[np.int64]:
    """The index of the thing that each patch stands for, 0 for none: of several the smallest, which has few patches."""
    owner = np.zeros(shares.shape[1], np.int64)
    seen = [index for index in indices if index < len(shares) and shares[index].max() > 0]
    for index in sorted(seen, key=lambda index: -float(shares[index].sum())):
        owner[shown_by(shares[index])] = index
    return owner


def some_of_each(
    owner: NDArray[np.int64], weights: NDArray[np.float64], owners: int, most: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """Places in ``owner`` of at most so many ``owners``, drawn by their ``weights``, at most so many of each.

    Args:
        owner: For each place its owner; -1 owns nothing.
        weights: Of every owner.
        owners: How many at most.
        most: How many places of each at most.
        random: Draws them.
    """
    there = np.unique(owner[owner >= 0])
    shares = weights[there] / weights[there].sum()
    chosen = random.choice(there, min(owners, len(there)), replace=False, p=shares) if len(there) else there
    order = random.permutation(len(owner))
    places = [order[owner[order] == each][:most] for each in chosen]
    return np.concatenate([*places, np.zeros(0, np.int64)])


def patch_at(x: float, y: float, grid: tuple[int, int]) -> int:
    """The patch in which a point of the unit square lies."""
    rows, columns = grid
    return min(int(y * rows), rows - 1) * columns + min(int(x * columns), columns - 1)


def label_at(labels: NDArray[np.integer], x: float, y: float) -> int:
    """The index of the thing that is seen at a point of the unit square."""
    height_px, width_px = labels.shape
    return int(labels[min(int(y * height_px), height_px - 1), min(int(x * width_px), width_px - 1)])
