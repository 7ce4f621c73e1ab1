"""A task: a scene, the ways to ask for it, the goal that a judge decides by, and limits. One TOML file each."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from embodied.errors import SceneError, UnknownNameError
from embodied.language import Language
from embodied.resources import scenes_dir

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Phrase = Annotated[str, Field(min_length=1, max_length=500)]
Family = Literal[
    "pick_and_place",
    "open_and_close",
    "in_and_out",
    "stacking",
    "pushing",
    "many",
    "long",
    "conditional",
    "counting",
    "comparing",
    "reading",
    "memory",
    "refusing",
    "own",
]
"""What kind of skill a task asks for; "own" is anybody's."""
Split = Literal["seen", "unseen_objects", "unseen_combinations", "unseen_scenes"]
"""What a model may be trained on is ``seen``; the others are kept to measure with, each for what is new in it."""


class Instructions(BaseModel):
    """How people ask for a task."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    en: Annotated[list[Phrase], Field(min_length=1, max_length=50)]
    zh: Annotated[list[Phrase], Field(min_length=1, max_length=50)]


class UnseenPhrasings(BaseModel):
    """More ways to ask for a task, which no model is trained on."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    en: Annotated[list[Phrase], Field(max_length=50)] = []
    zh: Annotated[list[Phrase], Field(max_length=50)] = []


class Task(BaseModel):
    """One task file.

    Attributes:
        name: The file's name without its ending.
        scene: The scene it plays in.
        family: The kind of skill that it asks for.
        split: Whether a model may be trained on it and, where not, what is new in it.
        tests: The capability that it tests, in a sentence.
        instructions: The ways to ask for it, the canonical one first.
        unseen_phrasings: Ways to ask for it that are kept to measure with.
        initial: What is there besides what the scene says; its words belong to the simulator that reads it.
        goal: What must hold at the end; its words belong to the judge that reads it.
        max_steps: How many steps an episode may take.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str
    scene: Annotated[str, Field(min_length=1, max_length=100)]
    family: Family = "own"
    split: Split = "seen"
    tests: Annotated[str, Field(max_length=300)] = ""
    instructions: Instructions
    unseen_phrasings: UnseenPhrasings = UnseenPhrasings()
    initial: dict[str, Any] = {}
    goal: dict[str, Any]
    max_steps: Annotated[int, Field(ge=1, le=200)] = 12

    def instruction(self, language: Language = "en") -> str:
        """The canonical way to ask for it."""
        phrases: list[str] = getattr(self.instructions, language)
        return phrases[0]


def task_names() -> tuple[str, ...]:
    """Every task that ships."""
    return tuple(sorted(path.stem for path in (scenes_dir() / "tasks").glob("*.toml")))


def load_task(name_or_path: str) -> Task:
    """The task of that name, or in that file if it ends in ``.toml``.

    Raises:
        UnknownNameError: If there is no such task; lists those that exist.
        SceneError: If the file is broken; names file, field, value and what would be valid.
    """
    if name_or_path.endswith(".toml"):
        return _read_task(Path(name_or_path))
    if name_or_path not in task_names():
        raise UnknownNameError("task", name_or_path, task_names())
    return _read_task(scenes_dir() / "tasks" / f"{name_or_path}.toml")


def find_task(instruction: str, scene: str | None = None) -> Task | None:
    """The task that has ``instruction`` among its phrasings, seen and unseen, in ``scene`` if given."""
    for name in task_names():
        task = load_task(name)
        if scene in (None, task.scene) and normal(instruction) in map(normal, _phrases(task)):
            return task
    return None


def _phrases(task: Task) -> list[str]:
    asked, unseen = task.instructions, task.unseen_phrasings
    return [*asked.en, *asked.zh, *unseen.en, *unseen.zh]


def normal(phrase: str) -> str:
    """A phrase as phrases are compared: without capitals, superfluous spaces and a full stop."""
    return " ".join(phrase.casefold().split()).rstrip(".。!！ ")


def _read_task(path: Path) -> Task:
    try:
        fields = tomllib.loads(path.read_text(encoding="utf-8"))
        return Task.model_validate({"name": path.stem, **fields})
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, f['loc']))}: {f['msg']} (got {str(f['input'])[:60]!r})" for f in error.errors())
        raise SceneError(f"{path}: {'; '.join(faults)}") from error
    except (OSError, ValueError, RecursionError) as error:  # not TOML, not UTF-8, or nested without end
        raise SceneError(f"{path}: {error}") from error
