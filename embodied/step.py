"""One turn of the closed loop, as a value."""

from __future__ import annotations

from dataclasses import dataclass

from embodied.grounding import GroundedCommand
from embodied.guard import Verdict
from embodied.observation import Observation
from embodied.planner import Decision, Prompt
from embodied.result import Result


@dataclass(frozen=True)
class Timings:
    """Wall seconds that the parts of one step took."""

    look_s: float
    plan_s: float
    act_s: float


@dataclass(frozen=True, eq=False)
class Step:
    """All that happened in one turn of the loop.

    Attributes:
        index: Counts from 0.
        observation: What was seen before.
        prompt: What the planner was asked.
        decision: What it answered.
        grounded: The command in the world; ``None`` if there was none to ground.
        verdict: What the guard said; ``None`` if it was not asked.
        result: What came of it; ``None`` for ``done()`` and ``refuse()``.
        timings: Wall seconds.
    """

    index: int
    observation: Observation
    prompt: Prompt
    decision: Decision
    grounded: GroundedCommand | None
    verdict: Verdict | None
    result: Result | None
    timings: Timings

    @property
    def ended_s(self) -> float:
        """When it was over, on the robot's clock."""
        measured = self.result.measured if self.result else None
        return self.observation.time_s + (measured.duration_s if measured else 0.0)
