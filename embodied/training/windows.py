"""Windows: of each picture only a part around something that is seen, so that a tower learns more in the same time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from embodied.training.batches import Batch


def windowed(batch: Batch, size: tuple[int, int], grid: tuple[int, int], seed: int) -> Batch:
    """The same window of every picture, somewhere around one of the tokens that are read: at a rare thing, rather.

    Args:
        batch: Whole pictures.
        size: Rows and columns of patches in the window.
        grid: Rows and columns of patches in a picture.
        seed: Draws thing and place.
    """
    random = np.random.default_rng(seed)
    places = batch.reading[:, 1].numpy() if len(batch.reading) else np.arange(batch.owner.shape[1])
    patch = np.unravel_index(int(random.choice(places)), grid)
    corner = [_begin(int(at), side, sides, random) for at, side, sides in zip(patch, size, grid, strict=True)]
    rows, columns = (slice(begin, begin + side) for begin, side in zip(corner, size, strict=True))
    height_px, width_px = (pixels // side for pixels, side in zip(batch.pixel_values.shape[2:], grid, strict=True))
    return replace(
        batch,
        pixel_values=batch.pixel_values[..., _times(rows, height_px), _times(columns, width_px)],
        owner=batch.owner.view(-1, *grid)[:, rows, columns].flatten(1),
        told=batch.told.view(-1, *grid, batch.told.shape[-1])[:, rows, columns].flatten(1, 2),
        reading=batch.reading[:0],  # places in whole pictures
        corner=(rows.start, columns.start),
    )


def _begin(at: int, side: int, whole: int, random: np.random.Generator) -> int:
    """Where a window of ``side`` begins that has ``at`` in it, and lies within the ``whole``."""
    return int(random.integers(max(0, at - side + 1), min(at, whole - side) + 1))


def _times(part: slice, factor: int) -> slice:
    return slice(part.start * factor, part.stop * factor)
