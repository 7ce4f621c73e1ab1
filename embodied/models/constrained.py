"""Constrained decoding: a logits processor that lets a model say nothing but what a grammar allows."""

from __future__ import annotations

import llguidance
import numpy as np
import torch
from transformers import LogitsProcessor

from embodied.errors import ModelError


class GrammarLogitsProcessor(LogitsProcessor):
    """Bans every token that the grammar does not allow next; for one sequence and one call of ``generate``."""

    def __init__(self, tokenizer: llguidance.LLTokenizer, grammar: str) -> None:
        """Start at the beginning of a Lark ``grammar``; the prompt is whatever the first call already holds."""
        self._matcher = llguidance.LLMatcher(tokenizer, llguidance.LLMatcher.grammar_from_lark(grammar))
        self._matched_tokens: int | None = None

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores with minus infinity for what the grammar bans.

        Raises:
            ModelError: If the model's scores are not numbers, or the grammar was left.
        """
        if torch.isnan(scores).any():
            raise ModelError("the model's scores are not numbers: the checkpoint is broken or its dtype too narrow")
        start = input_ids.shape[1] if self._matched_tokens is None else self._matched_tokens
        self._matcher.consume_tokens(input_ids[0, start:].tolist())
        self._matched_tokens = input_ids.shape[1]
        if self._matcher.is_error():
            raise ModelError(f"constrained decoding failed: {self._matcher.get_error()}")
        return scores.masked_fill(~self._allowed(scores), float("-inf"))

    def _allowed(self, scores: torch.Tensor) -> torch.Tensor:
        bits = np.unpackbits(np.frombuffer(self._matcher.compute_bitmask(), np.uint8), bitorder="little")
        allowed = np.zeros(scores.shape[-1], dtype=bool)
        count = min(len(bits), len(allowed))
        allowed[:count] = bits[:count]
        return torch.from_numpy(allowed).to(scores.device)
