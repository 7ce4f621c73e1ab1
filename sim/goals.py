"""The language that tasks state their goals in: predicates over the world, put together with all, any and not.

A goal is a table with one entry, the predicate's word and what it is said of::

    on = { thing = "bag", place = "counter" }
    all = [{ closed = { joint = "drawer_top" } }, { not = { in = { thing = "bag", place = "drawer_top" } } }]
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import ValidationError
from typing_extensions import Self

from embodied.errors import SceneError
from sim.evidence import Evidence
from sim.scene import Scene
from sim.tables import Table

MAX_DEPTH = 8
MAX_PARTS = 40


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
        furnishing = scene.kitchen.furnish()
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

    def trace(self, evidence: Evidence) -> Iterator[tuple[str, bool]]:
        """Every part's answer, then its own."""
        for part in self.parts:
            yield from part.trace(evidence)
        yield str(self), self.holds(evidence)


class Predicate(Table, Goal):
    """Something that is said of things, places and joints by their names.

    Attributes:
        word: What it is called in a task's file.
        names: For each field that holds a name, the kinds of names that it may be.
    """

    word: ClassVar[str]
    names: ClassVar[dict[str, tuple[str, ...]]]

    @classmethod
    def read(cls, fields: object, vocabulary: Vocabulary, field: str, depth: int) -> Self:
        """The predicate that ``fields`` state.

        Raises:
            SceneError: If a field is missing, unknown or of the wrong kind, or a name does not exist.
        """
        try:
            predicate = cls.model_validate_json(json.dumps(fields, default=str))
        except ValidationError as error:
            raise SceneError(_explain(field, error)) from error
        for name, kinds in cls.names.items():
            vocabulary.among(f"{field}.{name}", getattr(predicate, name), kinds)
        return predicate

    def __str__(self) -> str:
        """The word and what it is said of."""
        values = ", ".join(str(getattr(self, name)) for name in type(self).model_fields)
        return f"{self.word}({values})"


@dataclass(frozen=True)
class Every(Goal):
    """Holds if every part does."""

    each: tuple[Goal, ...]

    @property
    def parts(self) -> tuple[Goal, ...]:
        """In their order."""
        return self.each

    def holds(self, evidence: Evidence) -> bool:
        """Whether every part holds."""
        return all(part.holds(evidence) for part in self.each)

    def __str__(self) -> str:
        """As in a task's file."""
        return f"all({', '.join(map(str, self.each))})"


@dataclass(frozen=True)
class Either(Goal):
    """Holds if at least one part does."""

    each: tuple[Goal, ...]

    @property
    def parts(self) -> tuple[Goal, ...]:
        """In their order."""
        return self.each

    def holds(self, evidence: Evidence) -> bool:
        """Whether some part holds."""
        return any(part.holds(evidence) for part in self.each)

    def __str__(self) -> str:
        """As in a task's file."""
        return f"any({', '.join(map(str, self.each))})"


@dataclass(frozen=True)
class Not(Goal):
    """Holds if its part does not."""

    part: Goal

    @property
    def parts(self) -> tuple[Goal, ...]:
        """The one."""
        return (self.part,)

    def holds(self, evidence: Evidence) -> bool:
        """Whether its part does not hold."""
        return not self.part.holds(evidence)

    def __str__(self) -> str:
        """As in a task's file."""
        return f"not({self.part})"


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


def _read_parts(fields: object, vocabulary: Vocabulary, field: str, depth: int) -> tuple[Goal, ...]:
    if not isinstance(fields, list) or not 1 <= len(fields) <= MAX_PARTS:
        raise SceneError(f"{field} is {_short(fields)}; it must be a list of 1 to {MAX_PARTS} goals")
    return tuple(read_goal(part, vocabulary, f"{field}.{index}", depth) for index, part in enumerate(fields))


def _read_every(fields: object, vocabulary: Vocabulary, field: str, depth: int) -> Goal:
    return Every(_read_parts(fields, vocabulary, field, depth))


def _read_either(fields: object, vocabulary: Vocabulary, field: str, depth: int) -> Goal:
    return Either(_read_parts(fields, vocabulary, field, depth))


def _read_not(fields: object, vocabulary: Vocabulary, field: str, depth: int) -> Goal:
    return Not(read_goal(fields, vocabulary, field, depth))


register("all", _read_every)
register("any", _read_either)
register("not", _read_not)


def _explain(field: str, error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    where = ".".join([field, *map(str, fault["loc"])])
    value = "" if fault["type"] == "missing" else f" is {_short(fault['input'])}"
    return f"{where}{value}: {fault['msg']}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
