"""The smallest model of the shipped model's architecture."""

from __future__ import annotations

import torch

from embodied.training.building import Sizes

SIZES = Sizes(
    image_height=48,
    image_width=64,
    stem=8,
    vision_width=32,
    vision_layers=1,
    text_width=32,
    text_layers=2,
    text_heads=4,
    text_inner=64,
)
GRID = (3, 4)


def whole_mask(batch):
    """Who may look at whom in ``batch``, as attention that knows of no groups takes it: (batch, 1, length, length)."""
    rows, groups, size, seen = batch.attention_mask.shape
    before, length = seen - size, seen - size + groups * size
    mask = torch.ones(length, length, dtype=torch.bool).tril().repeat(rows, 1, 1)
    mask[:, before:] = False
    for group in range(groups):
        own = slice(before + group * size, before + (group + 1) * size)
        mask[:, own, :before] = batch.attention_mask[:, group, :, :before]
        mask[:, own, own] = batch.attention_mask[:, group, :, before:]
    return mask[:, None]
