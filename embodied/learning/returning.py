"""What is brought back: the place that it was taken from was named before, and is named in the same numbers again.

So it need not be found in the picture, where nothing shows any longer that something was there: it can be read.
"""

from __future__ import annotations

from collections.abc import Iterable

from embodied.commands import Grasp, ImagePoint, Move, parse
from embodied.prompting import PastStep

NEAR, NEAR_M = 0.03, 0.09
"""So far off, in x and y and in z, a place may be that is the same: a thing is seen in front of where it stands."""
BACK = "back"
"""What a goal calls that something is to be where it was."""


def in_the_same_numbers(command: str, past: Iterable[PastStep]) -> str:
    """``command``; if it moves something to where the first thing was taken, with that place as it was named."""
    said, origin = parse(command), _first_taken(past)
    if not isinstance(said, Move) or origin is None or not said.end.near(origin, NEAR, NEAR_M):
        return command
    return str(said.model_copy(update={"end": origin}))


def asks_back(goal: object) -> bool:
    """Whether something is to be where it was in a ``goal``, or in any part of it, as a task's file states it."""
    if isinstance(goal, dict):
        return BACK in goal or any(map(asks_back, goal.values()))
    return isinstance(goal, list | tuple) and any(map(asks_back, goal))


def _first_taken(past: Iterable[PastStep]) -> ImagePoint | None:
    """Where the first thing was taken, if any was."""
    taken = (parse(step.command) for step in past if step.status == "succeeded")
    return next((command.at for command in taken if isinstance(command, Grasp)), None)
