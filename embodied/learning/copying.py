"""How the heads that look for coordinates begin: they hand on what they see, so that only looking must be learnt."""

from __future__ import annotations

from typing import Any

import torch

from embodied.learning.reading import AXES, shift


def begin_as_copies(attention: Any, dimensions: int) -> None:
    """Let the first three heads of ``attention`` hand on a number each: x, y and z.

    What such a head takes from a picture's token is the number that the token tells for its axis; what it adds where
    it looks from is that number's word embedding, which the model's output reads as the number.

    Args:
        attention: The self-attention of a Llama layer, whose weights are changed.
        dimensions: How many of the first dimensions the word embeddings of numbers fill; what does not fit in a head
            is not handed on.
    """
    width, size = attention.o_proj.weight.shape[0], attention.head_dim
    taken = torch.eye(width)[: min(dimensions, size)]
    with torch.no_grad():
        for axis in range(AXES):
            first = axis * size
            attention.v_proj.weight[first : first + len(taken)] = taken.roll(shift(axis, width), 1)
            attention.o_proj.weight[:, first : first + size] = 0.0
            attention.o_proj.weight[:, first : first + len(taken)] = taken.T
