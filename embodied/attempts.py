"""What has been tried in vain, and what would only be that again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile

from embodied.commands import Approach, Done, Grasp, Motion, Move, Refuse
from embodied.step import Step

SAME = 0.01
"""Points no farther apart, in each of x and y (of the picture) and z (metres), are the same: models point as near."""


def tried_in_vain(history: Sequence[Step]) -> tuple[Motion, ...]:
    """The commands since the last that succeeded, the latest first: none of them is known to have changed anything."""
    failed = takewhile(lambda step: step.result is None or step.result.status != "succeeded", reversed(history))
    commands = (step.decision.command for step in failed)
    return tuple(command for command in commands if isinstance(command, Motion))


def repeats(command: Approach | Grasp | Move | Done | Refuse, earlier: Iterable[Motion]) -> bool:
    """Whether ``command`` asks for what one of the ``earlier`` asked for, at the same points."""
    return any(_same(command, other) for other in earlier)


def _same(command: Approach | Grasp | Move | Done | Refuse, other: Motion) -> bool:
    match command, other:
        case (Approach(at=here), Approach(at=there)) | (Grasp(at=here), Grasp(at=there)):
            return here.near(there, SAME, SAME)
        case Move(), Move():
            return command.start.near(other.start, SAME, SAME) and command.end.near(other.end, SAME, SAME)
    return False
