"""One episode to run, with nothing left to look up; and all the episodes of a suite."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from embodied.episode import Configuration
from embodied.errors import UsageError
from embodied.running import RunSettings, resolve
from embodied.suite.file import Key, Suite, load_tasks
from embodied.suite.scripts import read_script, script_path
from embodied.suite.seeds import draw
from embodied.task import Task

EPISODES = "episodes"
SCRIPTED = "scripted"


@dataclass(frozen=True)
class Job:
    """One episode.

    Attributes:
        task: What it is judged by.
        number: Counts the episodes of one task.
        configuration: Everything that decides how it goes.
        wall_s: Seconds on the wall that it may take.
        folder: The suite's directory.
    """

    task: Task
    number: int
    configuration: Configuration
    wall_s: float
    folder: Path

    @property
    def key(self) -> Key:
        """What it is known by."""
        return self.task.name, self.number

    @property
    def place(self) -> str:
        """Where its episode is, inside the suite's directory."""
        return f"{EPISODES}/{self.task.name}/{self.number:03d}"

    @property
    def directory(self) -> Path:
        """Where its episode is."""
        return self.folder / self.place

    @property
    def record(self) -> Path:
        """The file that says that it is finished, and how it went."""
        return self.folder / f"{self.place}.json"

    @property
    def log(self) -> Path:
        """What its process printed; only kept if it did not finish well."""
        return self.folder / f"{self.place}.log"


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What a person may choose about every episode of a suite.

    Attributes:
        planner, model, controller: As on the command line.
        numbers: Which episodes of each task.
        disturbed: Whether a simulated world plays its tricks in mid-episode.
    """

    planner: str
    model: str | None
    controller: str
    numbers: tuple[int, ...]
    disturbed: bool


def jobs_of(suite: Suite, path: Path, choices: Choices, folder: Path) -> list[Job]:
    """Every episode of the suite in ``path``, number by number, so that an early end has some of every task.

    Raises:
        UsageError: If a task or a script does not exist or is broken.
    """
    configurations = [_configuration(suite, choices, name) for name in load_tasks(suite, path).values()]
    jobs = [_job(suite, choices, each, number, folder) for number in choices.numbers for each in configurations]
    scripted = choices.planner == SCRIPTED and choices.model is None
    return list(_scripted(jobs, suite, path)) if scripted else jobs


def _configuration(suite: Suite, choices: Choices, task: str) -> Configuration:
    """What all episodes of a task have in common."""
    settings = RunSettings(
        task=task,
        planner=choices.planner,
        model=choices.model,
        controller=choices.controller,
        disturbed=choices.disturbed,
        video=False,
    )
    limits = {"max_robot_s": suite.limits.simulated_s, "max_replies": suite.limits.planner_calls}
    return resolve(settings).model_copy(update=limits)


def _job(suite: Suite, choices: Choices, common: Configuration, number: int, folder: Path) -> Job:
    task = common.task
    assert task is not None
    drawn = draw(suite, task, number)
    changes = {"seed": drawn.seed, "language": drawn.language, "instruction": drawn.instruction}
    return Job(task, number, common.model_copy(update=changes), suite.limits.wall_s, folder)


def _scripted(jobs: Iterable[Job], suite: Suite, path: Path) -> Iterator[Job]:
    """The same jobs, each with its own script as the planner's model."""
    if suite.scripts is None:
        raise UsageError(f"suite {suite.name!r} has no scripts: say with --model what the scripted planner says")
    for job in jobs:
        text = "; ".join(read_script(script_path(path, suite.scripts, job.key)))
        configuration = job.configuration.model_copy(update={"model": text})
        yield Job(job.task, job.number, configuration, job.wall_s, job.folder)
