"""What is kept of one finished episode, and counted."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from embodied.episode import Outcome
from embodied.errors import EpisodeError
from embodied.language import Language
from embodied.planner import Tier
from embodied.recording import write_whole
from embodied.step import Step
from embodied.suite.job import Job

Verdict = Literal["success", "failure", "infrastructure"]
LIMIT_BROKEN = "limit_broken"


class Record(BaseModel):
    """One finished episode.

    Attributes:
        task, family, split: Of the task.
        number: Counts the episodes of one task.
        seed, language, instruction: What was drawn for it.
        verdict: ``infrastructure`` if the machine, the endpoint or the program is to blame, and not the task.
        reason: Why it is no success, in words to count by; empty if it is one.
        message: The same in a sentence.
        steps: Turns of the loop.
        planner_calls: Replies of the planner.
        setbacks: Reasons of the commands that did not succeed, in order.
        simulated_s: On the robot's clock, from the first look to the end of the last command.
        wall_s: Seconds that it took.
        tier: What its planner could see, if that was known by then.
        directory: Where its record is, inside the suite's directory.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    task: str
    family: str
    split: str
    number: int
    seed: int
    language: Language
    instruction: str
    verdict: Verdict
    reason: str = ""
    message: str = ""
    steps: int = 0
    planner_calls: int = 0
    setbacks: tuple[str, ...] = ()
    simulated_s: float = 0.0
    wall_s: float = 0.0
    tier: Tier | None = None
    directory: str

    @property
    def key(self) -> tuple[str, int]:
        """What it is known by: its task's name and its number."""
        return self.task, self.number

    @property
    def limit_broken(self) -> bool:
        """Whether the robot broke a limit of speed or force."""
        return self.reason.startswith(LIMIT_BROKEN)


def judged(job: Job, outcome: Outcome, steps: Account) -> Record:
    """The record of an episode that came to its end."""
    if outcome.success is None:
        message = f"controller {outcome.controller!r} has no judge for this task, so that nothing can be counted"
        return fault(job, "not_judged", message, steps)
    verdict: Verdict = "success" if outcome.success else "failure"
    reason = "" if outcome.success else _reason(outcome, steps.setbacks)
    return _record(job, steps, verdict, reason, _message(outcome), outcome.tier)


def fault(job: Job, reason: str, message: str, steps: Account, tier: Tier | None = None) -> Record:
    """The record of an episode that something else than the robot and its planner spoilt."""
    return _record(job, steps, "infrastructure", reason, message, tier)


class Account:
    """Counts what an episode uses up, step by step."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.steps = self.planner_calls = 0
        self.setbacks: list[str] = []
        self.simulated_s, self._began_s = 0.0, 0.0
        self.wall_s = 0.0

    def add(self, step: Step) -> None:
        """Count one more step."""
        if self.steps == 0:
            self._began_s = step.observation.time_s
        self.steps += 1
        self.planner_calls += len(step.decision.replies)
        self.simulated_s = step.ended_s - self._began_s
        if step.result is not None and step.result.reason is not None:
            self.setbacks.append(step.result.reason.value)


def _record(job: Job, steps: Account, verdict: Verdict, reason: str, message: str, tier: Tier | None) -> Record:
    return Record(
        task=job.task.name,
        family=job.task.family,
        split=job.task.split,
        number=job.number,
        seed=job.configuration.seed,
        language=job.configuration.language,
        instruction=job.configuration.instruction,
        verdict=verdict,
        reason=reason,
        message=message,
        steps=steps.steps,
        planner_calls=steps.planner_calls,
        setbacks=tuple(steps.setbacks),
        simulated_s=round(steps.simulated_s, 3),
        wall_s=round(steps.wall_s, 3),
        tier=tier,
        directory=job.place,
    )


def _reason(outcome: Outcome, setbacks: Iterable[str]) -> str:
    """How it ended and, unless the planner thought that all was well, the last setback before."""
    last = list(setbacks)[-1:]
    return f"{outcome.ended} after {last[0]}" if last else outcome.ended


def _message(outcome: Outcome) -> str:
    unmet = [answer.predicate for answer in outcome.judge if not answer.holds]
    return outcome.message if outcome.success or not unmet else f"{outcome.message}; not {', not '.join(unmet)}"


def read_record(path: Path) -> Record | None:
    """The record in ``path``; ``None`` if there is none.

    Raises:
        EpisodeError: If it is broken, which no dying writer can cause.
    """
    try:
        return Record.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EpisodeError(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise EpisodeError(f"{path} is broken; delete it, and its episode is run again") from error


def write_record(job: Job, record: Record) -> None:
    """Say that the episode of ``job`` is finished, whole or not at all.

    Raises:
        EpisodeError: If it cannot be written.
    """
    write_whole(job.record, record.model_dump_json(indent=2).encode() + b"\n")
