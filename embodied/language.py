"""The languages that people are understood in."""

from __future__ import annotations

from typing import Literal

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


def language_of(instruction: str) -> Language:
    """Chinese if there is a Chinese character in it, else English."""
    return "zh" if any("\u3400" <= character <= "\u9fff" for character in instruction) else "en"
