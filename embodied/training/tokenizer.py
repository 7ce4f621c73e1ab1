"""A small tokenizer: words of the training text, a byte for everything else, and every coordinate in two tokens.

A number with three decimals, as commands have them, is always a coarse token (``0.41``, a hundredth) and one digit
(``2``). Chinese is cut into single characters, so that no phrase is glued into one token; digits elsewhere stand alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

IMAGE, END, PAD = "<image>", "<|end|>", "<|pad|>"
ROLES = ("<|system|>", "<|user|>", "<|assistant|>")
COARSE = r"(?<![\d.])\d\.\d\d(?=\d(?!\d))"
"""The coarse part of a number with three decimals."""
PIECES = rf"{COARSE}|\d|, (?=\d|\z)|\p{{Han}}| ?(?:(?!\p{{Han}})\p{{L}})+| ?[^\s\p{{L}}\d]|\s"
"""What no token reaches across: numbers, the comma between two, Chinese characters, words with the space before."""
SPACE = "\u0120"
"""A space as byte-level tokenizers write it."""
DIGITS = "0123456789"
MIN_COUNT = 3
"""A word that is rarer than this in the training text is spelt in pieces."""

CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>"
    "{% for part in message['content'] %}{{ '<image>' if part['type'] == 'image' else part['text'] }}{% endfor %}"
    "{% if message['role'] == 'assistant' %}<|end|>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
"""One token says who speaks: a question costs few tokens more than its words."""


def build_tokenizer(texts: Iterable[str], vocab_size: int = 6000) -> PreTrainedTokenizerFast:
    """A byte-level BPE trained on ``texts``, with the coarse numbers added; the same texts give the same tokenizer.

    Args:
        texts: The training text; numbers in it need not be complete.
        vocab_size: At most so many tokens, the thousand coarse numbers included.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    coarse, merges = _coarse_numbers()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size - len(coarse),
        min_frequency=MIN_COUNT,
        show_progress=False,
        special_tokens=[AddedToken(token, special=True) for token in (PAD, END, IMAGE, *ROLES)],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator((_without_numbers(text) for text in texts), trainer)
    make: Any = PreTrainedTokenizerFast  # the library's constructor is untyped
    fast: PreTrainedTokenizerFast = make(
        tokenizer_object=_with_numbers(tokenizer, coarse, merges),
        eos_token=END,
        pad_token=PAD,
        extra_special_tokens={"image_token": IMAGE},
    )
    return fast


def _coarse_numbers() -> tuple[list[str], list[tuple[str, str]]]:
    """Comma and coarse numbers with their stems, and the merges by which a digit, a point and two digits become one."""
    wholes = [f"{digit}." for digit in DIGITS]
    tenths = [whole + digit for whole in wholes for digit in DIGITS]
    merges = [(",", SPACE), *((digit, ".") for digit in DIGITS)]
    merges += [(stem, digit) for stem in (*wholes, *tenths) for digit in DIGITS]
    return [first + second for first, second in merges], merges


def _without_numbers(text: str) -> str:
    """Digits teach the tokenizer nothing: their tokens are given."""
    return re.sub(r"[\d.]*\d", "", text)


def _with_numbers(tokenizer: Tokenizer, coarse: list[str], merges: list[tuple[str, str]]) -> Tokenizer:
    state: dict[str, Any] = json.loads(tokenizer.to_str())
    vocabulary = state["model"]["vocab"]
    for token in coarse:
        vocabulary.setdefault(token, len(vocabulary))
    state["model"]["merges"] = [list(pair) for pair in merges] + state["model"]["merges"]
    return Tokenizer.from_str(json.dumps(state))
