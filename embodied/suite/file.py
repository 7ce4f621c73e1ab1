"""A suite file: which tasks, how many episodes of each, and what counts as enough."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from embodied.errors import SceneError, UnknownNameError
from embodied.language import Language
from embodied.resources import scenes_dir
from embodied.task import Family, Split, Task, load_task, task_names

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Key = tuple[str, int]
"""What an episode is known by: its task's name and its number."""
MAX_NUMBER = 999_999
"""The highest number that an episode may have."""


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Limits(_File):
    """What one episode may use up.

    Attributes:
        wall_s: Seconds on the wall; more is a fault of the machine or the endpoint, never of the task.
        simulated_s: Seconds on the robot's clock; more is a failure of the task.
        planner_calls: Replies of the planner; more is a failure of the task.
    """

    wall_s: Annotated[float, Field(gt=0.0, le=86_400.0)] = 600.0
    simulated_s: Annotated[float, Field(gt=0.0, le=86_400.0)] = 900.0
    planner_calls: Annotated[int, Field(ge=1, le=10_000)] = 200


class Suite(_File):
    """One suite file.

    Attributes:
        name: The file's name without its ending.
        title: What it is, in a few words.
        tasks: Names of tasks, or files beside the suite's; by default every task that ships.
        families, splits: Only tasks of these; by default of all.
        episodes: How many episodes of each task, where nobody says otherwise.
        languages: Which one an episode is asked in is drawn from these.
        phrasings: Whether it is asked as models are trained, or in words that are kept to measure with.
        disturbed: Whether a simulated world plays its tricks in mid-episode.
        planner: Who decides, where nobody says otherwise.
        scripts: A folder beside the suite's file with what the scripted planner says in each episode.
        min_success: The share of successes that is enough.
        seed: The root of everything random.
        limits: Of one episode.
    """

    name: str
    title: Annotated[str, Field(min_length=1, max_length=200)]
    tasks: Annotated[list[str], Field(min_length=1, max_length=10_000)] | None = None
    families: list[Family] = []
    splits: list[Split] = []
    episodes: Annotated[int, Field(ge=1, le=MAX_NUMBER)] = 20
    languages: Annotated[list[Language], Field(min_length=1, max_length=2)] = ["en", "zh"]
    phrasings: Literal["seen", "unseen"] = "seen"
    disturbed: bool = False
    planner: str = "oracle"
    scripts: str | None = None
    min_success: Annotated[float, Field(ge=0.0, le=1.0)] = 1.0
    seed: Annotated[int, Field(ge=0)] = 0
    limits: Limits = Limits()


def suite_names() -> tuple[str, ...]:
    """Every suite that ships."""
    return tuple(sorted(path.stem for path in _folder().glob("*.toml")))


def suite_path(name_or_path: str) -> Path:
    """Where the suite of that name is, or that file if it ends in ``.toml``.

    Raises:
        UnknownNameError: If there is no such suite; lists those that exist.
    """
    if name_or_path.endswith(".toml"):
        return Path(name_or_path)
    if name_or_path not in suite_names():
        raise UnknownNameError("suite", name_or_path, suite_names())
    return _folder() / f"{name_or_path}.toml"


def load_suite(path: Path) -> Suite:
    """Read a suite file.

    Raises:
        SceneError: If it is broken; names file, field, value and what would be valid.
    """
    try:
        fields = tomllib.loads(path.read_text(encoding="utf-8"))
        return Suite.model_validate({"name": path.stem, **fields})
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, f['loc']))}: {f['msg']} (got {str(f['input'])[:60]!r})" for f in error.errors())
        raise SceneError(f"{path}: {'; '.join(faults)}") from error
    except (OSError, ValueError, RecursionError) as error:  # not TOML, not UTF-8, or nested without end
        raise SceneError(f"{path}: {error}") from error


def load_tasks(suite: Suite, path: Path) -> dict[str, str]:
    """The suite's tasks: by name, what ``load_task`` finds each by, in the order in which they are run.

    Raises:
        SceneError: If there is none, or two have one name, or one lacks phrasings.
        UnknownNameError: If one does not exist.
    """
    wanted = task_names() if suite.tasks is None else suite.tasks
    found: dict[str, str] = {}
    for each in (_beside(path, name) for name in wanted):
        task = load_task(each)
        if not _selected(suite, task):
            continue
        if task.name in found:
            raise SceneError(f"{path}: tasks: two are called {task.name!r}; an episode is known by its task's name")
        _check_phrases(suite, task, path)
        found[task.name] = each
    if not found:
        raise SceneError(f"{path}: no task is of families {suite.families or 'all'} and splits {suite.splits or 'all'}")
    return found


def phrases(suite: Suite, task: Task, language: Language) -> list[str]:
    """The ways to ask for ``task`` that the suite draws from."""
    source: Any = task.instructions if suite.phrasings == "seen" else task.unseen_phrasings
    found: list[str] = getattr(source, language)
    return found


def _folder() -> Path:
    return scenes_dir() / "suites"


def _beside(path: Path, name: str) -> str:
    return str(path.parent / name) if name.endswith(".toml") else name


def _selected(suite: Suite, task: Task) -> bool:
    return task.family in (suite.families or [task.family]) and task.split in (suite.splits or [task.split])


def _check_phrases(suite: Suite, task: Task, path: Path) -> None:
    missing = [language for language in suite.languages if not phrases(suite, task, language)]
    if missing:
        raise SceneError(f"{path}: task {task.name!r} has no {suite.phrasings} phrasings in {', '.join(missing)}")
