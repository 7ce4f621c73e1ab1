"""Windows: of each picture only parts around things that are seen, so that a tower learns more in the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import torch

from embodied.training.batches import Batch
from embodied.training.items import Item

SIDE = 6
"""Rows and columns of patches in a window."""
WINDOWS = 8
"""So many windows a picture, around one thing after the other: reading it takes as long as learning from four."""
WHOLE_SHARE = 0.1
"""In the last steps, this share of them, pictures are whole, as they will be when the model is asked."""


def in_windows(whole: Callable[[list[Item]], Batch], grid: tuple[int, int]) -> Callable[[list[Item]], Batch]:
    """What makes batches as ``whole`` does, but of windows until the end of the training is near.

    Args:
        whole: Makes batches of whole pictures.
        grid: Rows and columns of patches in a picture.
    """
    size = min(SIDE, grid[0]), min(SIDE, grid[1])

    def collate(items: list[Item]) -> Batch:
        batch, ending = whole(items), items[0].done >= 1 - WHOLE_SHARE
        return batch if ending else windowed(batch, size, grid, items[0].draw)

    return collate


def windowed(batch: Batch, size: tuple[int, int], grid: tuple[int, int], seed: int) -> Batch:
    """Windows of every picture, each somewhere around another thing that is read: around rare things first.

    Args:
        batch: Whole pictures.
        size: Rows and columns of patches in a window.
        grid: Rows and columns of patches in a picture.
        seed: Draws where in its window a thing lies.
    """
    random = np.random.default_rng(seed)
    corners = [list(_corners(batch, picture, size, grid, random)) for picture in range(len(batch.owner))]

    def cut(values: torch.Tensor, sides: tuple[int, int]) -> torch.Tensor:
        """Every window's part of ``values`` (batch, rows, columns, ...), where a patch has these ``sides``."""
        return torch.stack(
            [
                value[tuple(slice(at * side, (at + n) * side) for at, n, side in zip(corner, size, sides, strict=True))]
                for value, begun in zip(values, corners, strict=True)
                for corner in begun
            ]
        )

    sides = batch.pixel_values.shape[2] // grid[0], batch.pixel_values.shape[3] // grid[1]
    return replace(
        batch,
        pixel_values=cut(batch.pixel_values.permute(0, 2, 3, 1), sides).permute(0, 3, 1, 2),
        owner=cut(batch.owner.view(-1, *grid), (1, 1)).flatten(1),
        told=cut(batch.told.view(-1, *grid, batch.told.shape[-1]), (1, 1)).flatten(1, 2),
        looked_at=cut(batch.looked_at.view(-1, *grid), (1, 1)).flatten(1),
        reading=batch.reading[:0],  # places in whole pictures
        things=tuple(things for things in batch.things for _ in range(WINDOWS)),
        corners=torch.tensor(corners).flatten(0, 1),
    )


def _corners(
    batch: Batch, picture: int, size: tuple[int, int], grid: tuple[int, int], random: np.random.Generator
) -> Iterator[list[int]]:
    """Where the windows of a picture begin; of one in which nothing is read they lie anywhere."""
    places = batch.reading[batch.reading[:, 0] == picture, 1].numpy()
    _, first = np.unique(batch.owner[picture, places].numpy(), return_index=True)
    around = places[np.sort(first)] if len(places) else random.permutation(grid[0] * grid[1])
    for number in range(WINDOWS):
        patch = np.unravel_index(int(around[number % len(around)]), grid)
        yield [_begin(int(at), side, whole, random) for at, side, whole in zip(patch, size, grid, strict=True)]


def _begin(at: int, side: int, whole: int, random: np.random.Generator) -> int:
    """Where a window of ``side`` begins that has ``at`` in it, and lies within the ``whole``."""
    return int(random.integers(max(0, at - side + 1), min(at, whole - side) + 1))
