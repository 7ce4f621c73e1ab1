"""The closed loop: look, ask, check, act, look again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from embodied.commands import Done, Refuse
from embodied.controller import Controller
from embodied.errors import GroundingError
from embodied.grounding import GroundedCommand, GroundingSettings, ground
from embodied.guard import Guard, Verdict
from embodied.judge import Ending
from embodied.observation import Observation
from embodied.planner import Decision, Planner, decide
from embodied.prompting import Prompter
from embodied.result import Reason, Result
from embodied.step import Step, Timings


@dataclass(frozen=True, kw_only=True)
class AgentSettings:
    """Limits of one episode.

    Attributes:
        max_steps: How many turns of the loop at most.
        max_robot_s: How long it may take, on the robot's clock, as seen after every step; ``None`` for no limit.
        max_replies: How many replies the planner may give, as seen after every step; ``None`` for no limit.
        command_timeout_s: How long one command may take, on the robot's clock.
        grounding: Tolerances of the grounding.
    """

    max_steps: int = 12
    max_robot_s: float | None = None
    max_replies: int | None = None
    command_timeout_s: float = 60.0
    grounding: GroundingSettings = GroundingSettings()


class Agent:
    """Runs instructions on a connected controller."""

    def __init__(
        self,
        controller: Controller,
        planner: Planner,
        guard: Guard,
        prompter: Prompter,
        settings: AgentSettings | None = None,
    ) -> None:
        """Refuse a controller that the guard does not admit.

        Raises:
            UsageError: If the controller's limits exceed the guard's.
        """
        capabilities = controller.capabilities
        guard.admit(capabilities.limits, capabilities.name)
        self._controller, self._planner, self._guard, self._prompter = controller, planner, guard, prompter
        self._settings = settings or AgentSettings()

    def run(self, instruction: str, on_step: Callable[[Step], None] = lambda step: None) -> Ending:
        """Carry out ``instruction``; ``on_step`` is told of every step as soon as it has ended.

        Raises:
            EmbodiedError: What only a person can mend; the robot has been stopped by then.
        """
        history: list[Step] = []
        try:
            for index in range(self._settings.max_steps):
                history.append(self._step(index, instruction, history))
                on_step(history[-1])
                if ending := self._ending(history[-1]) or self._spent(history):
                    return ending
            return "step_limit"
        except BaseException:
            self._controller.stop()
            raise

    def _step(self, index: int, instruction: str, history: list[Step]) -> Step:
        start = time.perf_counter()
        observation = self._controller.observe()
        looked = time.perf_counter()
        prompt = self._prompter.prompt(instruction, history, observation)
        decision = decide(self._planner, prompt)
        planned = time.perf_counter()
        grounded, verdict, result = self._act(decision, observation)
        timings = Timings(looked - start, planned - looked, time.perf_counter() - planned)
        return Step(index, observation, prompt, decision, grounded, verdict, result, timings)

    def _act(
        self, decision: Decision, observation: Observation
    ) -> tuple[GroundedCommand | None, Verdict | None, Result | None]:
        if decision.command is None:
            return None, None, Result("rejected", Reason.PLANNER_INVALID, decision.error or "")
        if isinstance(decision.command, Done | Refuse):
            return None, None, None
        try:
            grounded = ground(decision.command, observation, f"look-{observation.id}", self._settings.grounding)
        except GroundingError as error:
            return None, None, Result("rejected", Reason(error.reason), str(error))
        verdict = self._guard.judge(grounded)
        if not verdict.allowed:
            return grounded, verdict, Result("rejected", verdict.reason, verdict.message)
        return grounded, verdict, self._controller.execute(grounded, self._settings.command_timeout_s)

    def _ending(self, step: Step) -> Ending | None:
        if isinstance(step.decision.command, Done):
            return "done"
        if isinstance(step.decision.command, Refuse):
            return "refused"
        if step.result is not None and step.result.reason is Reason.STOPPED:
            return "stopped"
        if step.result is not None and not self._guard.review(step.result).allowed:
            self._controller.stop()
            return "limit_broken"
        return None

    def _spent(self, history: list[Step]) -> Ending | None:
        """Which limit of the whole episode has been reached, if any."""
        settings = self._settings
        robot_s = history[-1].ended_s - history[0].observation.time_s
        if settings.max_robot_s is not None and robot_s >= settings.max_robot_s:
            return "time_limit"
        replies = sum(len(step.decision.replies) for step in history)
        return "reply_limit" if settings.max_replies is not None and replies >= settings.max_replies else None
