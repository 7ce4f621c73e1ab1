"""All that decides what a suite's episodes are, so that two halves of different suites are never counted as one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from embodied.packages import versions
from embodied.resources import prompts_dir, scenes_dir
from embodied.suite.file import Suite
from embodied.suite.job import Choices, Job

IRRELEVANT = ("platform", "ray")
"""Versions that change nothing about the episodes: neither a system's update nor a cluster forbids going on."""
SHOWN = 5
"""How many differences are named."""


def fingerprint(suite: Suite, choices: Choices, jobs: Iterable[Job]) -> dict[str, Any]:
    """What must be the same to go on: as JSON, so that the first differences can be named."""
    all_jobs = list(jobs)
    return {
        "suite": suite.model_dump(mode="json"),
        "planner": choices.planner,
        "model": choices.model,
        "controller": choices.controller,
        "disturbed": choices.disturbed,
        "episodes": list(choices.numbers),
        "tasks": {job.task.name: job.task.model_dump(mode="json") for job in all_jobs},
        "scripts": {f"{job.task.name}, {job.number}": job.configuration.model for job in all_jobs}
        if any(job.configuration.model != choices.model for job in all_jobs)
        else {},
        **installed(choices.planner, choices.controller),
    }


def installed(planner: str, controller: str) -> dict[str, Any]:
    """What decides about an episode and is found where it runs, not in its job."""
    return {
        "scenes and prompts": _digest([scenes_dir(), prompts_dir()]),
        "program": _digest(_sources(planner, controller)),
        "versions": {name: number for name, number in versions().items() if name not in IRRELEVANT},
    }


def differences(then: Any, now: Any, where: str = "", words: tuple[str, str] = ("then", "now")) -> Iterator[str]:
    """What is not the same, each in a few words."""
    if isinstance(then, dict) and isinstance(now, dict):
        for key in sorted(then.keys() | now.keys()):
            yield from differences(then.get(key), now.get(key), f"{where}, {key}" if where else key, words)
    elif then != now:
        yield f"{where}: {words[0]} {_short(then)}, {words[1]} {_short(now)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _sources(planner: str, controller: str) -> list[Path]:
    """The folders of our own program and of those that the controller and the planner come from."""
    wanted = (("embodied.controllers", controller), ("embodied.planners", planner))
    points = [point for group, name in wanted for point in entry_points(group=group, name=name)]
    packages = {"embodied", *(point.module.partition(".")[0] for point in points)}
    specs = [find_spec(name) for name in sorted(packages)]
    return [Path(folder) for spec in specs if spec for folder in spec.submodule_search_locations or []]


def _digest(folders: Iterable[Path]) -> str:
    """A short digest of every text file in ``folders``: names and contents."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".toml", ".txt")):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
