"""Constrained decoding: a logits processor that lets a model say nothing but what a grammar allows."""

from __future__ import annotations

import llguidance
import numpy as np
import torch
from numpy.typing import NDArray
from transformers import LogitsProcessor

from embodied.errors import ModelError


def compile_grammar(tokenizer: llguidance.LLTokenizer, grammar: str) -> llguidance.LLMatcher:
    """A matcher at the beginning of a Lark ``grammar``; copies of it cost next to nothing."""
    return llguidance.LLMatcher(tokenizer, llguidance.LLMatcher.grammar_from_lark(grammar))


class GrammarLogitsProcessor(LogitsProcessor):
    """Bans every token that the grammar does not allow next; for one sequence and one call of ``generate``."""

    def __init__(self, matcher: llguidance.LLMatcher) -> None:
        """Start where a copy of ``matcher`` stands; the prompt is whatever the first call already holds."""
        self._matcher = matcher.deep_copy()
        self._matched_tokens: int | None = None

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores with minus infinity for what the grammar bans.

        Raises:
            ModelError: If the model's scores are not numbers, or the grammar was left.
        """
        if torch.isnan(scores).any():
            raise ModelError("the model's scores are not numbers: the checkpoint is broken or its dtype too narrow")
        self._follow(input_ids)
        tokens = allowed_tokens(self._matcher)
        banned = np.ones(scores.shape[-1], dtype=bool)
        banned[tokens[tokens < len(banned)]] = False
        return scores.masked_fill(torch.from_numpy(banned).to(scores.device), float("-inf"))

    def forced(self, input_ids: torch.Tensor) -> list[int]:
        """The tokens that must follow ``input_ids``, up to where there is a choice or with the end; often none.

        Raises:
            ModelError: If the grammar was left.
        """
        self._follow(input_ids)
        ahead, tokens = self._matcher.deep_copy(), list[int]()
        while len(allowed := allowed_tokens(ahead)) == 1:
            tokens.append(int(allowed[0]))
            if ahead.is_stopped():
                break
            ahead.consume_token(tokens[-1])
        return tokens

    def _follow(self, input_ids: torch.Tensor) -> None:
        """Take in what has been said since the last call."""
        start = input_ids.shape[1] if self._matched_tokens is None else self._matched_tokens
        self._matcher.consume_tokens(input_ids[0, start:].tolist())
        self._matched_tokens = input_ids.shape[1]
        if self._matcher.is_error():
            raise ModelError(f"constrained decoding failed: {self._matcher.get_error()}")


def allowed_tokens(matcher: llguidance.LLMatcher) -> NDArray[np.int64]:
    """The tokens that may come next; where the text is settled, only the one that its tokenizer would write."""
    bits = np.unpackbits(np.frombuffer(matcher.compute_bitmask(), np.uint8), bitorder="little")
    return np.flatnonzero(bits)
