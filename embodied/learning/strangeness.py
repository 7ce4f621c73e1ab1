"""Words that nobody knows, put into what is said: whoever asks in other words has to be understood by the rest."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import numpy as np

from embodied.language import Language
from embodied.learning.rewording import COMMAND, cut

SHARE = 0.15
"""So often there is such a word in an instruction."""

CONSONANTS, VOWELS = "bdfghjklmnprstvwz", "aeiou"
FIRST_CHARACTER, LAST_CHARACTER = 0x4E00, 0x9FA5
"""Of the Chinese characters in Unicode's basic block."""
GAPS: Mapping[Language, str] = {"en": r"(?<=\s)|^", "zh": r"(?<![0-9A-Za-z])(?![0-9A-Za-z])"}
"""Where a word may be put: before any in English, anywhere but within Latin ones in Chinese."""


def estranged(entry: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """A sample of ``conversations.json`` with strange words in some of its instructions; the sample stays as it is."""
    entry = deepcopy(entry)
    for ask, turn in zip(entry["asks"], entry["conversations"][::2], strict=True):
        if ask.startswith(COMMAND) and rng.random() < SHARE:
            before, said, behind = cut(turn["value"])
            turn["value"] = before + with_strange_word(said, entry["language"], rng) + behind
    return entry


def with_strange_word(text: str, language: Language, rng: np.random.Generator) -> str:
    """``text`` with a word in it that means nothing, somewhere; nothing else changes."""
    gaps = [match.start() for match in re.finditer(GAPS[language], text)]
    at = gaps[int(rng.integers(len(gaps)))] if gaps else 0
    return text[:at] + _WORDS[language](rng) + text[at:]


def _english(rng: np.random.Generator) -> str:
    """Two or three syllables, so that it is hardly a word of the language by chance."""
    syllables = int(rng.integers(2, 4))
    letters = (source[int(rng.integers(len(source)))] for _ in range(syllables) for source in (CONSONANTS, VOWELS))
    return "".join(letters) + CONSONANTS[int(rng.integers(len(CONSONANTS)))] + " "


def _chinese(rng: np.random.Generator) -> str:
    """Two characters of which hardly one is among those that are taught."""
    return "".join(chr(each) for each in rng.integers(FIRST_CHARACTER, LAST_CHARACTER + 1, size=2))


_WORDS: Mapping[Language, Callable[[np.random.Generator], str]] = {"en": _english, "zh": _chinese}
