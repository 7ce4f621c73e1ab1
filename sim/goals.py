"""The language that tasks state their goals in: what a goal is, and how one is read.

A goal is a table with one entry, a word and what it is said of::

    on = { thing = "bag", place = "counter" }
    all = [{ closed = { joint = "drawer_top" } }, { not = { in = { thing = "bag", place = "drawer_top" } } }]

``sim.judges`` knows every word: those that say something of the world, and those that put goals together.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from pydantic import ValidationError
from typing_extensions import Self

from embodied.errors import SceneError
from sim.evidence import Evidence
from sim.scene import Scene
from sim.tables import Table

MAX_DEPTH = 8
MAX_PARTS = 40

T = TypeVar("T", bound=Table)


@dataclass(frozen=True)
class Vocabulary:
    """The names that a goal may use.

    Attributes:
        things: Objects that a scene names.
        places: Regions of its kitchen.
        joints: Drawers and doors.
        buttons: What springs back.
    """

    things: frozenset[str]
    places: frozenset[str]
    joints: frozenset[str]
    buttons: frozenset[str]

    @classmethod
    def of(cls, scene: Scene) -> Vocabulary:
        """The names of a scene; known without building it."""
        furnishing = scene.kitchen.furnishing
        buttons = frozenset(moving.name for moving in furnishing.moving if moving.springs_back)
        joints = frozenset(moving.name for moving in furnishing.moving) - buttons
        things = frozenset(spec.name for spec in scene.file.objects)
        return cls(things, frozenset(furnishing.region_names), joints, buttons)

    def among(self, field: str, name: str, kinds: Iterable[str]) -> None:
        """Refuse a name that none of these kinds of names has.

        Raises:
            SceneError: Names the field, the name and every valid one.
        """
        valid: frozenset[str] = frozenset().union(*(getattr(self, kind) for kind in kinds))
        if name not in valid:
            raise SceneError(f"{field} is {name!r}; there are: {', '.join(sorted(valid)) or 'none'}")


class Goal(ABC):
    """Anything that holds in a world or does not."""

    @abstractmethod
    def holds(self, evidence: Evidence) -> bool:
        """Whether it holds."""

    @property
    def parts(self) -> tuple[Goal, ...]:
        """What it is put together from."""
        return ()

    def walk(self) -> Iterator[Goal]:
        """Itself and every part of it, however deep."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def trace(self, evidence: Evidence) -> Iterator[tuple[str, bool]]:
        """Every part's answer, then its own."""
        for part in self.parts:
            yield from part.trace(evidence)
        yield str(self), self.holds(evidence)


class Predicate(Table, Goal):
    """Something that is said of things, places and joints by their names.

    Attributes:
        word: What it is called in a task's file.
        names: For each field that holds a name, or several, the kinds of names that it may be.
    """

    word: ClassVar[str]
    names: ClassVar[dict[str, tuple[str, ...]]] = {}

    @classmethod
    def read(cls, fields: object, vocabulary: Vocabulary, field: str, depth: int) -> Self:
        """The predicate that ``fields`` state.

        Raises:
            SceneError: If a field is missing, unknown or of the wrong kind, or a name does not exist.
        """
        predicate = read_fields(cls, fields, field)
        for name, kinds in cls.names.items():
            value = getattr(predicate, name)
            for one in (value,) if isinstance(value, str) else value:
                vocabulary.among(f"{field}.{name}", one, kinds)
        return predicate

    def __str__(self) -> str:
        """The word and what it is said of."""
        values = ", ".join(str(getattr(self, name)) for name in type(self).model_fields)
        return f"{self.word}({values})"


Reader = Callable[[object, Vocabulary, str, int], Goal]
_WORDS: dict[str, Reader] = {}


def register(word: str, reader: Reader) -> None:
    """Let goals use ``word``; ``reader`` makes a goal of what follows it."""
    _WORDS[word] = reader


def words() -> tuple[str, ...]:
    """Every word that a goal may begin with."""
    return tuple(sorted(_WORDS))


def read_goal(fields: object, vocabulary: Vocabulary, field: str = "goal", depth: int = 0) -> Goal:
    """The goal that ``fields`` state.

    Raises:
        SceneError: Names the field, its value and what would be valid.
    """
    if depth > MAX_DEPTH:
        raise SceneError(f"{field} is nested deeper than {MAX_DEPTH} levels")
    if not isinstance(fields, dict) or len(fields) != 1:
        raise SceneError(f"{field} is {_short(fields)}; it must have exactly one of: {', '.join(words())}")
    word, value = next(iter(fields.items()))
    if word not in _WORDS:
        raise SceneError(f"{field} has {word!r}; there are: {', '.join(words())}")
    return _WORDS[word](value, vocabulary, f"{field}.{word}", depth + 1)


def read_goals(fields: object, vocabulary: Vocabulary, field: str, depth: int, least: int = 1) -> tuple[Goal, ...]:
    """The goals that a list states.

    Raises:
        SceneError: Names the field, its value and what would be valid.
    """
    if not isinstance(fields, list) or not least <= len(fields) <= MAX_PARTS:
        raise SceneError(f"{field} is {_short(fields)}; it must be a list of {least} to {MAX_PARTS} goals")
    return tuple(read_goal(part, vocabulary, f"{field}.{index}", depth) for index, part in enumerate(fields))


def read_fields(model: type[T], fields: object, field: str) -> T:
    """The table that ``fields`` state.

    Raises:
        SceneError: If a field is missing, unknown or of the wrong kind.
    """
    try:
        return model.model_validate_json(json.dumps(fields, default=str))
    except ValidationError as error:
        raise SceneError(_explain(field, error)) from error


def _explain(field: str, error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    where = ".".join([field, *map(str, fault["loc"])])
    value = "" if fault["type"] == "missing" else f" is {_short(fault['input'])}"
    return f"{where}{value}: {fault['msg']}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
