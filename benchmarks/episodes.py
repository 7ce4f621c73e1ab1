"""One episode with the oracle, as far as benchmarks count it.

Nothing heavy is imported before ``run_one``: a worker must be able to choose its core first.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embodied.episode import Outcome
    from embodied.running import RunSettings
    from embodied.step import Step

TASK = "bag_out_of_drawer"


@dataclass(frozen=True)
class Run:
    """One episode that is over.

    Attributes:
        seed: Of the episode.
        success: What the judge said; no if it ended by an error.
        ending: Why it ended, in words to group failures by.
        wall_s: All of it, from opening the robot to the last byte of the record.
        simulated_s: On the robot's clock, to the end of the last command.
        steps: Turns of the loop.
        setbacks: Reasons of the commands that did not succeed.
    """

    seed: int
    success: bool
    ending: str
    wall_s: float
    simulated_s: float
    steps: int
    setbacks: tuple[str, ...]


def prepare() -> None:
    """Import all that an episode needs, so that no episode pays for it."""
    for module in ("embodied.running", "sim.controller", "sim.oracle"):
        import_module(module)
    import_module("embodied.motion.pointcloud").open3d()


def run_one(task: str, seed: int, out: Path) -> Run:
    """Run one episode into ``out``; an error is an episode that failed, with the error as its reason."""
    from embodied.errors import UsageError
    from embodied.running import RunSettings

    settings = RunSettings(task=task, planner="oracle", seed=seed, out=out, video=False)
    steps: list[Step] = []
    start = time.perf_counter()
    try:
        success, ending = _judged(settings, steps)
    except UsageError:
        raise
    except Exception as error:  # a crash is a failed episode too, and must not cost the figures of the others
        success, ending = False, f"{type(error).__name__}: {error}"
    wall_s = time.perf_counter() - start
    setbacks = tuple(step.result.reason.value for step in steps if step.result and step.result.reason)
    return Run(seed, success, ending, wall_s, max(map(_end_s, steps), default=0.0), len(steps), setbacks)


def _judged(settings: RunSettings, steps: list[Step]) -> tuple[bool, str]:
    from embodied.running import run_episode

    outcome = run_episode(settings, steps.append)
    last = steps[-1].result if steps else None
    reason = f", last {last.reason.value}" if last and last.reason else ""
    return bool(outcome.success), f"{outcome.ended}{reason}{_missing(outcome)}"


def _missing(outcome: Outcome) -> str:
    """The first thing that the judge asked for and that does not hold."""
    unmet = [answer.predicate for answer in outcome.judge if not answer.holds]
    return f", not {unmet[0]}" if unmet else ""


def _end_s(step: Step) -> float:
    lasted_s = step.result.measured.duration_s if step.result and step.result.measured else 0.0
    return step.observation.time_s + lasted_s
