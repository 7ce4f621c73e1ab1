"""Run an episode again without the model, and say whether it goes the same way."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embodied.episode import Configuration, Episode, Outcome, read_episode, without_times
from embodied.errors import EpisodeError
from embodied.running import carry_out

NOT_COMPARED = ("prompt",)
"""A reworded prompt changes nothing where the replies are read from the record."""
CUT_SHORT = ("error", "interrupted")


@dataclass(frozen=True)
class Comparison:
    """What came of running an episode again.

    Attributes:
        difference: The first thing that is not as recorded; ``None`` if everything is.
        steps: How many steps were compared.
        changed_versions: What was recorded with another version than the one that is installed.
    """

    difference: str | None
    steps: int
    changed_versions: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether everything but the times is as recorded."""
        return self.difference is None


def replay(directory: Path, out: Path | None = None) -> Comparison:
    """Run the episode in ``directory`` again from its recorded replies, into ``out`` if given.

    Raises:
        EpisodeError: If it cannot be read, or has no steps.
        EmbodiedError: As ``run_episode``.
    """
    recorded = read_episode(directory)
    if not recorded.lines:
        raise EpisodeError(f"{directory} has no steps to run again")
    if out is not None:
        return _run_again(recorded, out)
    with tempfile.TemporaryDirectory(prefix="embodied-replay-") as folder:
        return _run_again(recorded, Path(folder))


def _run_again(recorded: Episode, out: Path) -> Comparison:
    if out.resolve() == recorded.directory.resolve():
        raise EpisodeError(f"{out} is the episode itself; choose another directory for the second run")
    carry_out(_configuration(recorded), out)
    return compare(recorded, read_episode(out))


def _configuration(recorded: Episode) -> Configuration:
    """The same, but with the replies from the record, no window, and no more steps than were recorded."""
    changes = {
        "planner": "recorded",
        "model": str(recorded.directory),
        "max_steps": len(recorded.lines),
        "gui": False,
        "film_period_s": None,
    }
    return recorded.header.configuration.model_copy(update=changes)


def compare(recorded: Episode, again: Episode) -> Comparison:
    """Whether two episodes are the same but for their times, planners and prompts."""
    pairs = zip(recorded.lines, again.lines, strict=False)
    differences = [_first_difference(_compared(old), _compared(new), f"step {old['index']}") for old, new in pairs]
    if len(recorded.lines) != len(again.lines):
        differences.append(f"steps: recorded {len(recorded.lines)}, now {len(again.lines)}")
    differences.append(_outcome_difference(recorded.outcome, again.outcome))
    first = next((difference for difference in differences if difference), None)
    return Comparison(first, min(len(recorded.lines), len(again.lines)), _changed_versions(recorded, again))


def _compared(line: dict[str, Any]) -> dict[str, Any]:
    replies = [{"text": reply["text"]} for reply in line["replies"]]
    kept = {key: value for key, value in without_times(line).items() if key not in NOT_COMPARED}
    return kept | {"replies": replies}


def _outcome_difference(recorded: Outcome | None, again: Outcome | None) -> str | None:
    """An episode that was cut short has no outcome to compare."""
    if recorded is None or again is None or recorded.ended in CUT_SHORT:
        return None
    names = ("ended", "success", "judge", "course", "disturbances")
    return _first_difference(recorded.model_dump(include=set(names)), again.model_dump(include=set(names)), "outcome")


def _first_difference(old: Any, new: Any, where: str) -> str | None:
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        return next(filter(None, (_first_difference(old[key], new[key], f"{where}, {key}") for key in old)), None)
    if isinstance(old, list | tuple) and isinstance(new, list | tuple) and len(old) == len(new):
        pairs = enumerate(zip(old, new, strict=True))
        return next(filter(None, (_first_difference(a, b, f"{where}[{i}]") for i, (a, b) in pairs)), None)
    return None if old == new else f"{where}: recorded {old!r}, now {new!r}"


def _changed_versions(recorded: Episode, again: Episode) -> tuple[str, ...]:
    old, new = recorded.header.versions, again.header.versions
    names = [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
    return tuple(f"{name} {old.get(name, 'not installed')}, now {new.get(name, 'not installed')}" for name in names)
