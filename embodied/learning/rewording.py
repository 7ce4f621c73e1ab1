"""Other words for the same commands.

Pictures are dear and words are cheap: whenever a data set is gathered, its instructions are drawn anew from all that
the phrasebook has by then. Whoever always hears the same sentence learns the sentence, not what it says.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from functools import cache
from typing import Any, TypeVar

import numpy as np

from embodied.learning.dataset import IMAGE_MARK
from embodied.learning.held_out import held_out_in
from embodied.learning.phrasebook import Phrasebook, load_phrasebook
from embodied.task import load_task

T = TypeVar("T")
COMMAND, TASK = "command:", "command:task"
"""What questions for the next command are called; those of a task's episode."""
JOINED = "+"
"""Stands in a question's word between what is asked for first and what then."""
PAIR = 2
"""So many things that are asked for can be told apart again."""
MANNER_SHARE = 0.3
"""So often something is said around an instruction that says nothing."""


def reworded(entry: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """A sample of ``conversations.json`` with its instructions in other words, none of which is held out.

    Args:
        entry: The sample; it stays as it is.
        rng: Draws the words.
    """
    book, entry = load_phrasebook(entry["language"]), deepcopy(entry)
    ways = _ways_of_task(entry, book, rng)
    for ask, turn in zip(entry["asks"], entry["conversations"][::2], strict=True):
        if ask.startswith(COMMAND):
            before, said, behind = cut(turn["value"])
            same = next(ways) if ask == TASK else _in_other_words(said, ask.removeprefix(COMMAND), book, rng)
            turn["value"] = f"{before}{_allowed(_with_manners(same, book, rng), said)}{behind}"
    return entry


def cut(question: str) -> tuple[str, str, str]:
    """What stands before an instruction in a question for the next command, the instruction, and what is behind it."""
    mark = IMAGE_MARK if question.startswith(IMAGE_MARK) else ""
    said, newline, rest = question.removeprefix(mark).partition("\n")
    return mark, said, newline + rest


def in_form(instruction: str, form: str) -> dict[str, str] | None:
    """What stands in an instruction for the names in a form; ``None`` if it is not of that form, or in several ways."""
    found = [pattern.fullmatch(instruction) for pattern in _patterns(form)]
    values = [each.groupdict() for each in found if each]
    return values[0] if values and values[0] == values[-1] else None


@cache
def _patterns(form: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What matches a form: with the first of its names as long as can be, and as short."""
    parts = [(re.escape(text), name) for text, name, _, _ in string.Formatter().parse(form)]
    long, short = (
        re.compile("".join(text + (f"(?P<{name}>{some})" if name else "") for text, name in parts))
        for some in (".+", ".+?")
    )
    return long, short


def together(
    lessons: Sequence[T], say: Callable[[T], str | None], book: Phrasebook, rng: np.random.Generator
) -> str | None:
    """One thing asked for, or several, one after the other; ``None`` if ``say`` has no words for one of them."""
    said = [say(lesson) for lesson in lessons]
    if any(words is None for words in said):
        return None
    whole, *rest = said
    for each in rest:
        whole = book.sequence[int(rng.integers(len(book.sequence)))].format(first=whole, second=each)
    return whole


def _in_other_words(said: str, word: str, book: Phrasebook, rng: np.random.Generator) -> str:
    words = word.split(JOINED)
    if len(words) == 1:
        return _otherwise(said, book.command[word], rng)
    parts = _parts(said, book.sequence) if len(words) == PAIR else None
    if parts is None:
        return said  # of three it is not clear which are the parts
    lessons = list(zip((parts["first"], parts["second"]), words, strict=True))
    return together(lessons, lambda each: _otherwise(each[0], book.command[each[1]], rng), book, rng) or said


def _ways_of_task(entry: dict[str, Any], book: Phrasebook, rng: np.random.Generator) -> Iterator[str]:
    """Ways to ask for a sample's task, none twice before all were had."""
    if entry["task"] is None:
        return
    known: list[str] = getattr(load_task(entry["task"]).instructions, entry["language"])
    phrases = [*known, *book.tasks.get(entry["task"], [])]
    while True:
        yield from (phrases[int(index)] for index in rng.permutation(len(phrases)))


def _otherwise(instruction: str, forms: Sequence[str], rng: np.random.Generator) -> str:
    """An instruction in another form; as it is where its own, which explains most of it, is not clear."""
    values, other = _parts(instruction, forms), forms[int(rng.integers(len(forms)))]
    return instruction if values is None else other.format(**values)


def _parts(instruction: str, forms: Sequence[str]) -> dict[str, str] | None:
    """What stands for the names in the form that explains most of an instruction; ``None`` where that is not clear."""
    own = max((form for form in forms if in_form(instruction, form)), key=_literals, default=None)
    return None if own is None else in_form(instruction, own)


def _literals(form: str) -> int:
    return sum(len(text) for text, _, _, _ in string.Formatter().parse(form))


def _with_manners(instruction: str, book: Phrasebook, rng: np.random.Generator) -> str:
    manner = book.manners[int(rng.integers(len(book.manners)))]
    return manner.format(instruction=instruction) if rng.random() < MANNER_SHARE else instruction


def _allowed(instruction: str, otherwise: str) -> str:
    return otherwise if held_out_in(instruction) is not None else instruction
