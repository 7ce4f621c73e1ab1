"""What a picture's tokens say, read with the language model's own word embeddings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.functional import rms_norm

from embodied.models.rgbd_vision import AXES
from embodied.training.batches import Batch
from embodied.training.examples import Thing
from embodied.training.shown import WORDS


class Words:
    """The tokens by which a thing is told: what it is called, its aspects, and where it is."""

    def __init__(self, tokenizer: Any) -> None:
        """Tokens of ``tokenizer``."""
        self._tokenizer = tokenizer
        self._known: dict[str, list[int]] = {}

    def names(self, thing: Thing) -> list[int]:
        """What it is called in two languages, and its aspects: as an answer begins, and as it goes on."""
        spoken = [word for word in (thing.title_en, thing.color, thing.state, thing.label) if word]
        texts = [*spoken, *(f" {word}" for word in spoken), thing.title_zh, thing.color_zh or ""]
        return list(dict.fromkeys(token for text in texts for token in self._ids(text)))

    def places(self, point: Sequence[float]) -> list[int]:
        """The coarse numbers of x, y and z, or nothing where they are not known."""
        return [] if any(map(math.isnan, point)) else [self._ids(f"{value:.3f}")[0] for value in point]

    def _ids(self, text: str) -> list[int]:
        if text not in self._known:
            self._known[text] = list(self._tokenizer(text, add_special_tokens=False)["input_ids"])
        return self._known[text]


def reading_loss(projected: torch.Tensor, batch: Batch, words: Words, embeddings: torch.Tensor) -> torch.Tensor:
    """Minus the log-probability of a thing's words, as its tokens in the picture are read with word embeddings.

    Names are read as they are, each coordinate from dimensions of its own: the same number is the same word for x, y
    and z, and which of them it is must be told apart.

    Args:
        projected: (batch, N, size) tokens of pictures, as the language model gets them.
        batch: What they show, and which of them are read.
        words: How it is told.
        embeddings: (vocabulary, size) of the language model.
    """
    rows, targets = [], []
    for number, place in batch.reading.tolist():
        thing = batch.things[number][int(batch.owner[number, place])]
        places = words.places(batch.told[number, place].tolist())
        for reader, word in [*((WORDS, name) for name in words.names(thing)), *enumerate(places)]:
            rows.append((number * batch.owner.shape[1] + place) * (WORDS + 1) + reader)
            targets.append(word)
    if not rows:
        return (projected.sum() + embeddings.sum()) * 0.0  # what is trained has a gradient, on every device
    readings, back = torch.unique(torch.tensor(rows, device=projected.device), return_inverse=True)
    token, reader = readings // (WORDS + 1), readings % (WORDS + 1)
    states = rms_norm(projected.flatten(0, 1)[token], projected.shape[-1:])
    turned = torch.stack([*(states.roll(-shift(axis, states.shape[1]), 1) for axis in range(AXES)), states])
    read = turned[reader, torch.arange(len(readings), device=reader.device)]
    logits = (read @ embeddings.T).float().log_softmax(-1)
    return -logits[back, torch.tensor(targets, device=projected.device)].mean()


def shift(axis: int, size: int) -> int:
    """How many dimensions further on than in its word embedding a token of ``size`` tells the number of an ``axis``."""
    return (axis + 1) * size // (AXES + 1)
