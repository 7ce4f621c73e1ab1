"""A planner that gives the replies of an earlier episode again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from embodied.episode import LINES, read_episode
from embodied.errors import EpisodeError, ModelError, UsageError
from embodied.planner import Planner, Prompt, Reply, Tier
from embodied.registry import PlannerSetup


class _RecordedStep(BaseModel):
    model_config = ConfigDict(extra="ignore")

    replies: list[Reply]


class RecordedPlanner(Planner):
    """Replays an episode directory; blind, so it is right only where the world answers as it did then."""

    name = "recorded"
    tier: Tier = "blind"

    def __init__(self, episode: Path) -> None:
        """Read every reply of the episode.

        Raises:
            EpisodeError: If it has no readable record.
        """
        self._episode = episode
        self._recorded = read_replies(episode)
        self._replies = iter(self._recorded)

    def reply(self, prompt: Prompt) -> Reply:
        """The next reply of the recording.

        Raises:
            ModelError: If the recording has no more.
        """
        if (reply := next(self._replies, None)) is None:
            raise ModelError(
                f"{self._episode} has {len(self._recorded)} replies and no more is recorded: the episode took "
                "another course than then; allow as many steps as it had, and use the same scene, task and seed"
            )
        return reply


def open_planner(setup: PlannerSetup) -> RecordedPlanner:
    """The replies of the episode directory ``setup.model``.

    Raises:
        UsageError: If no directory is given.
        EpisodeError: If it has no readable record.
    """
    if not setup.model:
        raise UsageError("the recorded planner needs a model: the directory of an earlier episode")
    return RecordedPlanner(Path(setup.model))


def read_replies(directory: Path) -> tuple[Reply, ...]:
    """Every reply in an episode directory, in order; a last line torn by the death of its process is left out.

    Raises:
        EpisodeError: If the record is missing, empty or broken; says where.
    """
    steps = [_read_step(line, directory, number) for number, line in enumerate(read_episode(directory).lines, 1)]
    if not steps:
        raise EpisodeError(f"{directory / LINES} holds no step: there is nothing to replay")
    return tuple(reply for step in steps for reply in step.replies)


def _read_step(line: dict[str, Any], directory: Path, number: int) -> _RecordedStep:
    try:
        return _RecordedStep.model_validate(line)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, fault["loc"]))
        raise EpisodeError(f"{directory / LINES}, line {number}: {where}: {fault['msg']}") from error
