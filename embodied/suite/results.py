"""``results.json``: everything that a suite found out, for people's own programs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from embodied.errors import EpisodeError
from embodied.planner import Tier
from embodied.recording import write_whole
from embodied.suite.record import Record
from embodied.suite.tally import Tally, tally

RESULTS = "results.json"
FORMAT: Literal["embodied-suite/1"] = "embodied-suite/1"
TIMES = ("started", "wall_s")
"""Fields that are not the same when the same suite is run again."""


class _Fields(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class TaskTally(_Fields):
    """The episodes of one task, counted."""

    task: str
    family: str
    split: str
    tally: Tally


class Results(_Fields):
    """The contents of ``results.json``.

    Attributes:
        format: Marks the file as ours.
        suite, title: What was run.
        planner, model, controller, disturbed: As chosen.
        tier: What the planner could see; ``None`` if no episode came so far.
        versions: Of this package, Python and every dependency that matters.
        started: When the suite began, ISO 8601.
        planned: How many episodes it has; fewer in ``episodes`` means that it was interrupted.
        min_success: The share of successes that is enough.
        total: All of it.
        tasks: By task, in the order of the suite.
        families, splits: By family, by split.
        episodes: Every finished episode, task by task.
    """

    format: Literal["embodied-suite/1"] = FORMAT
    suite: str
    title: str
    planner: str
    model: str | None
    controller: str
    disturbed: bool
    tier: Tier | None
    versions: dict[str, str]
    started: str
    planned: int
    min_success: float
    total: Tally
    tasks: tuple[TaskTally, ...]
    families: dict[str, Tally]
    splits: dict[str, Tally]
    episodes: tuple[Record, ...]

    @property
    def complete(self) -> bool:
        """Whether every episode is finished."""
        return len(self.episodes) == self.planned


def grouped(records: Iterable[Record]) -> dict[str, Any]:
    """The fields of ``Results`` that are counted from the records, whatever their order."""
    ordered = sorted(records, key=lambda record: record.key)
    by_task = _groups(ordered, "task")
    tiers = [record.tier for record in ordered if record.tier is not None]
    return {
        "tier": tiers[0] if tiers else None,
        "total": tally(ordered),
        "tasks": tuple(
            TaskTally(task=name, family=each[0].family, split=each[0].split, tally=tally(each))
            for name, each in by_task.items()
        ),
        "families": {name: tally(each) for name, each in _groups(ordered, "family").items()},
        "splits": {name: tally(each) for name, each in _groups(ordered, "split").items()},
        "episodes": tuple(ordered),
    }


def _groups(records: Iterable[Record], field: str) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(getattr(record, field), []).append(record)
    return dict(sorted(found.items()))


def write_results(folder: Path, results: Results) -> Path:
    """Write ``results.json``, whole or not at all; returns where it is.

    Raises:
        EpisodeError: If it cannot be written.
    """
    path = folder / RESULTS
    write_whole(path, results.model_dump_json(indent=2).encode() + b"\n")
    return path


def read_results(folder: Path) -> Results:
    """The results in a suite's directory.

    Raises:
        EpisodeError: If there are none, or they are broken.
    """
    path = folder / RESULTS
    try:
        return Results.model_validate_json(path.read_bytes())
    except OSError as error:
        raise EpisodeError(f"{folder} holds no results of a suite: {path.name}: {error.strerror}") from error
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise EpisodeError(f"{path} is broken: {'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error


def without_times(fields: Any) -> Any:
    """The same JSON without wall-clock times: what must be equal when the same suite is run again."""
    if isinstance(fields, dict):
        return {key: without_times(value) for key, value in fields.items() if key not in TIMES}
    return [without_times(each) for each in fields] if isinstance(fields, list | tuple) else fields
