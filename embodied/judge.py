"""Whether a task was done is decided by something that can see the world's state, never by the model or the robot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class Judgement:
    """What a judge says.

    Attributes:
        success: Whether the goal holds.
        trace: Each predicate that was asked, as text, with its answer, in order.
    """

    success: bool
    trace: tuple[tuple[str, bool], ...]


@runtime_checkable
class Judge(Protocol):
    """A controller whose world can be judged; only simulated ones can be."""

    def judge(self) -> Judgement | None:
        """Judge the world as it is now; ``None`` if no task was given."""
        ...
