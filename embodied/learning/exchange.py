"""A question and its answer, as training data has them."""

from __future__ import annotations

from dataclasses import dataclass

NOWHERE = 0
"""Stands for no thing in a picture's labels."""


@dataclass(frozen=True)
class Exchange:
    """A question and its answer.

    Attributes:
        word: What kind of question it is.
        question, answer: What is said.
        about: Numbers in the picture's labels of what to look at when the answer begins: what it is about, or, of an
            answer that names several things, the first; ``NOWHERE`` where what is asked about is not there. Empty if
            that cannot be said.
    """

    word: str
    question: str
    answer: str
    about: tuple[int, ...] = ()
