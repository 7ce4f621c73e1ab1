"""Whether a task was done is decided by something that can see the world's state, never by the model or the robot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

Ending = Literal["done", "refused", "step_limit", "time_limit", "reply_limit", "stopped", "limit_broken"]
"""How an episode ends that nothing cut short."""


@dataclass(frozen=True)
class Judgement:
    """What a judge says.

    Attributes:
        success: Whether the goal holds.
        trace: Each predicate that was asked, as text, with its answer, in order.
        course: Which predicates held at the start, then after each command that the robot was given.
        disturbances: What a disturbed world did in mid-episode, to what, and when; nobody else is told.
    """

    success: bool
    trace: tuple[tuple[str, bool], ...]
    course: tuple[tuple[str, ...], ...] = ()
    disturbances: tuple[str, ...] = ()


@runtime_checkable
class Judge(Protocol):
    """A controller whose world can be judged; only simulated ones can be."""

    def judge(self, ending: Ending) -> Judgement | None:
        """Judge the world as it is now, after an episode that ended so; ``None`` if no task was given."""
        ...
