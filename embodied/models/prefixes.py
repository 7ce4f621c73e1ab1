"""The beginning of a prompt, kept from one question to the next.

A prompt is cut before its first picture, if much is said there, and behind its last; every piece goes through the model
on its own, whether anything is kept or not. So what is kept is bit for bit what would be worked out again, and no
answer depends on what was asked before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from transformers.cache_utils import DynamicCache, DynamicLayer

ALONG_THE_TOKENS = frozenset({"input_ids", "attention_mask", "mm_token_type_ids"})
"""Inputs with one value a token that can be cut where the tokens are."""
MIN_TOKENS = 64
"""Fewer tokens before a picture are not worth a piece of their own."""

Inputs = Mapping[str, Any]


def empty_cache(model: Any) -> DynamicCache | None:
    """A cache for ``model`` that can be cut anywhere; ``None`` for models that forget, as sliding windows do."""
    cache = DynamicCache(config=model.config.get_text_config(decoder=True))
    whole = bool(cache.layers) and all(type(layer) is DynamicLayer for layer in cache.layers)
    usual = model.generation_config.cache_implementation is None and not model.config.is_encoder_decoder
    return cache if whole and usual else None


def find_cuts(inputs: Inputs, image_token_id: int | None) -> tuple[int, ...]:
    """Where a prompt is cut; the last cut is the one behind its pictures.

    Nowhere, if it comes with types of tokens or masks of its own: then what the model makes of a token may depend on
    what follows it.
    """
    tokens = inputs["input_ids"]
    along = {name for name, value in inputs.items() if not torch.is_tensor(value) or value.shape[:2] == tokens.shape}
    places = (tokens[0] == image_token_id).nonzero().flatten().tolist()
    if along - ALONG_THE_TOKENS or not places:
        return ()
    before, behind = places[0], places[-1] + 1
    return (before, behind) if before >= MIN_TOKENS else (behind,)


def pictures(inputs: Inputs) -> dict[str, Any]:
    """What belongs to the pictures of a prompt."""
    return {name: value for name, value in inputs.items() if name not in ALONG_THE_TOKENS}


@dataclass(frozen=True, eq=False)
class Prefix:
    """The beginning of a prompt, up to its last cut, and what a model keeps of it.

    Attributes:
        inputs: The prompt, as its processor made it.
        cuts: Where it was cut.
        cache: The model's keys and values; of more tokens at first.
    """

    inputs: Inputs
    cuts: tuple[int, ...]
    cache: DynamicCache

    def __post_init__(self) -> None:
        """Forget what stands behind the last cut."""
        self.crop(self.cuts[-1])

    def shared(self, inputs: Inputs, cuts: tuple[int, ...]) -> int:
        """How many tokens of another prompt need not be read again: up to one of its cuts, or none."""
        ours, theirs, shared = self.inputs["input_ids"][0], inputs["input_ids"][0], 0
        for count, cut in enumerate(cuts, 1):
            seen = count < len(cuts) or _same(pictures(self.inputs), pictures(inputs))
            if self.cuts[:count] != cuts[:count] or not torch.equal(ours[:cut], theirs[:cut]) or not seen:
                break
            shared = cut
        return shared

    def crop(self, tokens: int) -> DynamicCache:
        """The keys and values of so many tokens; the others are gone."""
        self.cache.crop(tokens - self.cache.get_seq_length())
        return self.cache


def _same(ours: Inputs, theirs: Inputs) -> bool:
    return ours.keys() == theirs.keys() and all(torch.equal(value, theirs[name]) for name, value in ours.items())
