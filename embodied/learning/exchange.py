"""A question and its answer, as training data has them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Exchange:
    """A question and its answer.

    Attributes:
        word: What kind of question it is.
        question, answer: What is said.
    """

    word: str
    question: str
    answer: str
