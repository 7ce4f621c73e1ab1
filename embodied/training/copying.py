"""How the heads that look for things begin: they hand on what they see, so that only looking must be learnt."""

from __future__ import annotations

from typing import Any

import torch

from embodied.models.rgbd_vision import AXES
from embodied.training.reading import shift


def begin_as_copies(attention: Any, dimensions: int) -> None:
    """Let the first heads of ``attention`` hand on a number each, x, y and z, and the fourth words.

    What the first three take from a picture's token is the number that the token tells for their axis; what they add
    where they look from is that number's word embedding, which the model's output reads as the number. The fourth hands
    on as much as fits of the dimensions in which no number is told: some of each word that the token tells.

    Args:
        attention: The self-attention of a Llama layer, whose weights are changed.
        dimensions: How many of the first dimensions the word embeddings of numbers fill; what does not fit in a head
            is not handed on.
    """
    width, size = attention.o_proj.weight.shape[0], attention.head_dim
    number = torch.eye(width)[: min(dimensions, size)]
    told = [number.roll(shift(axis, width), 1) for axis in range(AXES)]
    words = torch.eye(width)[~torch.cat([number, *told]).any(0)][:size]
    for head, (taken, given) in enumerate([*((each, number) for each in told), (words, words)]):
        _copy(attention, head, taken, given)


def _copy(attention: Any, head: int, taken: torch.Tensor, given: torch.Tensor) -> None:
    """Let a head add the dimensions ``given`` (copied, width) as much as there is in those ``taken``."""
    first = head * attention.head_dim
    with torch.no_grad():
        attention.v_proj.weight[first : first + len(taken)] = taken
        attention.o_proj.weight[:, first : first + attention.head_dim] = 0.0
        attention.o_proj.weight[:, first : first + len(given)] = given.T
