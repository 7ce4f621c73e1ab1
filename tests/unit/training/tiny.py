"""The smallest model of the shipped model's architecture."""

from __future__ import annotations

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
