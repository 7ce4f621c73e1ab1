"""The words and phrases that training data is made of, in one language; they stand in ``prompts/lessons/``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from embodied.errors import PromptError
from embodied.language import Language
from embodied.resources import prompts_dir

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Word = Annotated[str, Field(min_length=1, max_length=60)]
Phrases = Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(min_length=1, max_length=100)]


class Phrasebook(BaseModel):
    """One language.

    Attributes:
        nouns: What each kind of movable thing may be called, as "singular|plural" where they differ.
        fixed: What furniture may be called, by name.
        colors: Words for colours.
        describe: Ways to tell a thing from others.
        words: Short answers.
        ask: Questions, by what they ask for.
        command: Instructions, by what they ask for.
        sequence: Ways to ask for two things, one after the other.
        manners: What may be said around any instruction.
        tasks: More ways to ask for a task than its file has, by its name.
        refusals: Reasons of a refusal, by what they are in English.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    nouns: dict[str, Phrases]
    fixed: dict[str, Phrases]
    colors: dict[str, Word]
    describe: dict[str, Phrases]
    words: dict[str, Word]
    ask: dict[str, Phrases]
    command: dict[str, Phrases]
    sequence: Phrases
    manners: Phrases
    tasks: dict[str, Phrases] = {}
    refusals: dict[str, Word] = {}

    def nouns_of(self, kind: str) -> Sequence[str]:
        """What a thing of that kind may be called, the name that answers use first; none for an unknown kind."""
        return [noun.partition("|")[0] for noun in self.nouns.get(kind, [])]

    def plurals_of(self, kind: str) -> Sequence[str]:
        """The same words for several."""
        return [noun.partition("|")[2] or noun for noun in self.nouns.get(kind, [])]


@cache
def load_phrasebook(language: Language, directory: Path | None = None) -> Phrasebook:
    """The phrasebook of a language.

    Raises:
        PromptError: If it is missing or broken; names file, field and value.
    """
    path = (directory or prompts_dir() / "lessons") / f"{language}.toml"
    try:
        return Phrasebook.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, f['loc']))}: {f['msg']} (got {str(f['input'])[:60]!r})" for f in error.errors())
        raise PromptError(f"{path}: {'; '.join(faults)}") from error
    except (OSError, ValueError) as error:
        raise PromptError(f"{path}: {error}") from error
