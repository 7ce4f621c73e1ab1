"""The smallest model of the shipped model's architecture, and what it is asked."""

from __future__ import annotations

import torch

from embodied.training.building import Sizes
from embodied.training.examples import Said

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


def returning(example):
    """The example with one question alone: a thing is to go back to where it was taken, which is told."""
    there, here = "0.610, 0.501, 1.358", "0.530, 0.410, 1.390"
    asked = f"and back\ngrasp({there}) -> succeeded\nmove({there}, {here}) -> succeeded\nholding"
    said = (("human", asked), ("gpt", f"move({here}, {there})"))
    turns = tuple(Said.model_validate({"from": who, "value": text}) for who, text in said)
    return example.model_copy(update={"conversations": turns, "asks": (), "about": ()})
