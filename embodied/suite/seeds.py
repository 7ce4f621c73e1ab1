"""What an episode draws: the same whoever runs it, when, and beside how many others."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from embodied.language import Language
from embodied.suite.file import Suite, phrases
from embodied.task import Task

MAX_SEED = 2**31 - 1

Choice = TypeVar("Choice")


@dataclass(frozen=True)
class Draw:
    """What chance decides about one episode before it begins.

    Attributes:
        seed: Seeds everything random in it.
        language: The language that it is asked in.
        instruction: The words that it is asked with.
    """

    seed: int
    language: Language
    instruction: str


def draw(suite: Suite, task: Task, number: int) -> Draw:
    """Draw for episode ``number`` of ``task``: three words of its own ``SeedSequence``, in the order of ``Draw``.

    Raw words rather than a generator's methods: NumPy promises to keep the former for ever. The seed depends on nothing
    but the suite's root, the task's name and the number, so that two suites with other words have the same kitchens.
    """
    seed, which_language, which_phrase = _sequence(suite.seed, task.name, number).generate_state(3)
    language = _pick(suite.languages, int(which_language))
    return Draw(int(seed) & MAX_SEED, language, _pick(phrases(suite, task, language), int(which_phrase)))


def _sequence(root: int, task: str, number: int) -> np.random.SeedSequence:
    digest = hashlib.sha256(task.encode()).digest()[:16]
    return np.random.SeedSequence(root, spawn_key=(int.from_bytes(digest, "big"), number))


def _pick(choices: list[Choice], word: int) -> Choice:
    return choices[word % len(choices)]
