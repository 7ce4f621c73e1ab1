"""Goals put together from goals: all of them, any of them, none, and so many of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from embodied.errors import SceneError
from sim.evidence import Evidence
from sim.goals import MAX_PARTS, Goal, Vocabulary, read_fields, read_goal, read_goals, register
from sim.tables import Table


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
        return f"all({listed(self.each)})"


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
        return f"any({listed(self.each)})"


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


@dataclass(frozen=True)
class Count(Goal):
    """Holds if so many of its parts do.

    Attributes:
        each: The parts, of which it does not matter which hold.
        at_least, at_most: Bounds of the number; the same where exactly so many must hold.
    """

    each: tuple[Goal, ...]
    at_least: int
    at_most: int

    @property
    def parts(self) -> tuple[Goal, ...]:
        """In their order."""
        return self.each

    def number(self, evidence: Evidence) -> int:
        """How many parts hold."""
        return sum(part.holds(evidence) for part in self.each)

    def holds(self, evidence: Evidence) -> bool:
        """Whether the number is within its bounds."""
        return self.at_least <= self.number(evidence) <= self.at_most

    def __str__(self) -> str:
        """The bounds, and of what."""
        bounds = f"{self.at_least}" if self.at_least == self.at_most else f"{self.at_least} to {self.at_most}"
        return f"count({bounds} of: {listed(self.each)})"


def listed(goals: tuple[Goal, ...]) -> str:
    """As in a task's file."""
    return ", ".join(map(str, goals))


Number = Annotated[int, Field(ge=0, le=MAX_PARTS)]


class _Counting(Table):
    of: list[Any]
    exactly: Number | None = None
    at_least: Number | None = None
    at_most: Number | None = None


def _read_every(fields: object, vocabulary: Vocabulary, field: str, depth: int) -> Goal:
    return Every(read_goals(fields, vocabulary, field, depth))


def _read_either(fields: object, vocabulary: Vocabulary, field: str, depth: int) -> Goal:
    return Either(read_goals(fields, vocabulary, field, depth))


def _read_not(fields: object, vocabulary: Vocabulary, field: str, depth: int) -> Goal:
    return Not(read_goal(fields, vocabulary, field, depth))


def _read_count(fields: object, vocabulary: Vocabulary, field: str, depth: int) -> Goal:
    counting = read_fields(_Counting, fields, field)
    each = read_goals(counting.of, vocabulary, f"{field}.of", depth)
    low, high = _bounds(counting, len(each), field)
    if not low <= high <= len(each):
        raise SceneError(f"{field} asks for {low} to {high} of {len(each)} goals; no number could be right")
    return Count(each, low, high)


def _bounds(counting: _Counting, count: int, field: str) -> tuple[int, int]:
    """Fewest and most."""
    exactly, least, most = counting.exactly, counting.at_least, counting.at_most
    if (exactly is None) == (least is None and most is None):
        raise SceneError(f"{field} must have either exactly, or at_least or at_most or both")
    if exactly is not None:
        return exactly, exactly
    return 0 if least is None else least, count if most is None else most


register("all", _read_every)
register("any", _read_either)
register("not", _read_not)
register("count", _read_count)
