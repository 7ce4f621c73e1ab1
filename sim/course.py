"""Goals about the course of an episode: how it began, in which order things came about, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from sim.composing import listed
from sim.evidence import Evidence, Past, glance
from sim.goals import Goal, Predicate, Vocabulary, read_goal, read_goals, register
from sim.world import World


class Course:
    """What held of a goal and of each of its parts at the start and at the end of every command."""

    def __init__(self, goal: Goal | None) -> None:
        """Nothing has been noted yet; without a goal nothing ever will be."""
        self._goals = () if goal is None else tuple(dict.fromkeys(goal.walk()))
        self._moments: list[frozenset[Goal]] = []

    def note(self, world: World) -> None:
        """Take down what holds at a glance: first at the start, then at the end of every command."""
        evidence = glance(world, tuple(self._moments))
        self._moments.append(frozenset(goal for goal in self._goals if goal.holds(evidence)))

    @property
    def told(self) -> tuple[tuple[str, ...], ...]:
        """Which predicates held at each moment, as text."""
        said = [goal for goal in self._goals if not goal.parts]
        return tuple(tuple(str(goal) for goal in said if goal in held) for held in self._moments)

    @property
    def past(self) -> Past:
        """The start, and the end of every command but the last, which is as things are now."""
        return (*self._moments[:1], *self._moments[1:-1])


@dataclass(frozen=True)
class Initially(Goal):
    """Holds if its part held when the episode began."""

    part: Goal

    @property
    def parts(self) -> tuple[Goal, ...]:
        """The one."""
        return (self.part,)

    def holds(self, evidence: Evidence) -> bool:
        """Whether its part held at the start."""
        return self.part in evidence.past[0] if evidence.past else self.part.holds(evidence)

    def trace(self, evidence: Evidence) -> Iterator[tuple[str, bool]]:
        """Its own answer alone: what the part says now is of no interest."""
        yield str(self), self.holds(evidence)

    def __str__(self) -> str:
        """As in a task's file."""
        return f"initially({self.part})"


@dataclass(frozen=True)
class Then(Goal):
    """Holds if its parts came about one after the other, and the last still holds.

    Each part but the first must have come to hold after the one before it did: what was so already and stays so does
    not count as done afterwards. Moments are the start of the episode, the end of every command, and now.
    """

    each: tuple[Goal, ...]

    @property
    def parts(self) -> tuple[Goal, ...]:
        """In their order."""
        return self.each

    def holds(self, evidence: Evidence) -> bool:
        """Whether the last part could be reached in order, and holds now."""
        return len(evidence.past) in self._reached(evidence)[-1]

    def done(self, evidence: Evidence) -> int:
        """How many parts have come about in their order so far."""
        return sum(bool(moments) for moments in self._reached(evidence))

    def trace(self, evidence: Evidence) -> Iterator[tuple[str, bool]]:
        """After which command each part first held in its turn, then its own answer."""
        for part, moments in zip(self.each, self._reached(evidence), strict=True):
            when = _moment_name(min(moments)) if moments else "never in its turn"
            yield f"{part}: {when}", bool(moments)
        yield str(self), self.holds(evidence)

    def _reached(self, evidence: Evidence) -> list[set[int]]:
        """For each part, the moments at which it held in its turn."""
        answers = [_answers(part, evidence) for part in self.each]
        reached = [{moment for moment, held in enumerate(answers[0]) if held}]
        for held in answers[1:]:
            begun = min(reached[-1], default=len(held))
            missing = next((moment for moment in range(begun, len(held)) if not held[moment]), len(held))
            reached.append({moment for moment in range(missing, len(held)) if held[moment]})
        return reached

    def __str__(self) -> str:
        """As in a task's file."""
        return f"then({listed(self.each)})"


class Refused(Predicate):
    """The planner ended the episode by refusing."""

    word: ClassVar[str] = "refused"

    def holds(self, evidence: Evidence) -> bool:
        """Whether it did."""
        return evidence.ending == "refused"


def _answers(goal: Goal, evidence: Evidence) -> list[bool]:
    """Whether it held at each moment."""
    return [*(goal in held for held in evidence.past), goal.holds(evidence)]


def _moment_name(moment: int) -> str:
    return f"after command {moment}" if moment else "at the start"


def _read_initially(fields: object, vocabulary: Vocabulary, field: str, depth: int) -> Goal:
    return Initially(read_goal(fields, vocabulary, field, depth))


def _read_then(fields: object, vocabulary: Vocabulary, field: str, depth: int) -> Goal:
    return Then(read_goals(fields, vocabulary, field, depth, least=2))


register("initially", _read_initially)
register("then", _read_then)
