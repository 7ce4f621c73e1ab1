"""Compose everything by name and run one episode into a directory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from embodied import registry
from embodied.agent import Agent, AgentSettings
from embodied.camera import IMAGE_SIZE_PX
from embodied.controller import Controller
from embodied.episode import Answer, Configuration, EpisodeEnding, Header, Outcome
from embodied.errors import EpisodeError, UnknownNameError, UsageError
from embodied.grounding import GroundingSettings
from embodied.guard import Guard
from embodied.judge import Ending, Judge, Judgement
from embodied.language import Language, language_of
from embodied.planner import Planner
from embodied.prompting import Prompter
from embodied.recording import Recorder
from embodied.report import ReportPage
from embodied.step import Step
from embodied.task import Task, find_task, load_task, task_names

DEFAULT_MAX_STEPS = 12
FILM_PERIOD_S = 0.2
"""A picture of the motion costs as much as an observation: five a second show it well enough."""
MESSAGES: dict[str, str] = {
    "done": "the planner said done()",
    "refused": "the planner refused",
    "step_limit": "the limit of steps was reached",
    "time_limit": "the limit of time on the robot's clock was reached",
    "reply_limit": "the limit of replies was reached",
    "stopped": "somebody stopped the robot",
    "limit_broken": "a speed or force limit was broken, and the robot was stopped",
}


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """What a person asks for; what is left out is resolved before anything moves.

    Attributes:
        instruction: What to do; by default the canonical instruction of ``task``.
        task: Name or file of the task to be judged by; by default the one that has ``instruction`` among its phrases.
        scene: Name or file of the scene; by default the task's.
        planner, model, controller: Names of what to compose, and what the planner is opened with.
        seed: Seeds everything random.
        max_steps: How many steps at most; by default the task's limit.
        out: The episode's directory; an earlier episode there is replaced.
        dry_run: Check everything and move nothing.
        gui: Open the simulator's window.
        renderer: Which renderer the simulator uses.
        depth_image: Show the planner the depth map as a second picture.
        language: Language of the prompt; by default that of the instruction.
        image_size_px: (width, height) of the planning camera, where it can be chosen.
        trust_claimed_depth: Use the model's z on a robot without a depth camera.
        disturbed: Let a simulated world play its tricks in mid-episode: a thing slips, is moved, a drawer jams.
        video: Whether to film the motion.
    """

    instruction: str | None = None
    task: str | None = None
    scene: str | None = None
    planner: str = "transformers"
    model: str | None = None
    controller: str = "kitchen"
    seed: int = 0
    max_steps: int | None = None
    out: Path = Path("out/run")
    dry_run: bool = False
    gui: bool = False
    renderer: str = "tiny"
    depth_image: bool = False
    language: Language | None = None
    image_size_px: tuple[int, int] = IMAGE_SIZE_PX
    trust_claimed_depth: bool = False
    disturbed: bool = False
    video: bool = True


def run_episode(
    settings: RunSettings,
    on_step: Callable[[Step], None] = lambda step: None,
    on_start: Callable[[Header], None] = lambda header: None,
) -> Outcome:
    """Run one episode into ``settings.out``.

    Args:
        settings: What to run.
        on_step: Is told of every step once it is on the disk.
        on_start: Is told what was resolved, and what the planner can see, before the first look.

    Raises:
        UsageError: If something that was asked for does not exist or cannot be; nothing was touched.
        EmbodiedError: What else only a person can mend. The robot has been stopped and the record says why; so it is
            for ``KeyboardInterrupt`` and any other exception.
    """
    configuration = resolve(settings)
    if configuration.model and Path(configuration.model).resolve() == settings.out.resolve():
        raise UsageError(f"{settings.out} would be overwritten before it is read; choose another directory with --out")
    return carry_out(configuration, settings.out, on_step, on_start)


def resolve(settings: RunSettings) -> Configuration:
    """Look up whatever ``settings`` leaves open.

    Raises:
        UsageError: If something does not exist, or there is nothing to do.
    """
    task = _task(settings)
    language = settings.language or language_of(settings.instruction or "")
    instruction = settings.instruction or (task.instruction(language) if task else "")
    if not instruction.strip():
        raise UsageError(f"say what to do, or name a task; there are: {', '.join(task_names()) or 'none'}")
    if settings.planner not in (planners := registry.names("embodied.planners")):
        raise UnknownNameError("planner", settings.planner, planners)
    return Configuration(
        instruction=instruction,
        language=language,
        scene=settings.scene or (task.scene if task else None),
        task=task,
        planner=settings.planner,
        model=settings.model,
        controller=settings.controller,
        seed=settings.seed,
        max_steps=settings.max_steps or (task.max_steps if task else DEFAULT_MAX_STEPS),
        dry_run=settings.dry_run,
        gui=settings.gui,
        renderer=settings.renderer,
        image_size_px=settings.image_size_px,
        depth_image=settings.depth_image,
        trust_claimed_depth=settings.trust_claimed_depth,
        disturbed=settings.disturbed,
        film_period_s=FILM_PERIOD_S if settings.video else None,
    )


def _task(settings: RunSettings) -> Task | None:
    if settings.task is not None:
        return load_task(settings.task)
    return find_task(settings.instruction, settings.scene) if settings.instruction else None


def carry_out(
    configuration: Configuration,
    directory: Path,
    on_step: Callable[[Step], None] = lambda step: None,
    on_start: Callable[[Header], None] = lambda header: None,
) -> Outcome:
    """Run the episode that ``configuration`` describes into ``directory``.

    Raises:
        EmbodiedError: As ``run_episode``.
    """
    controller = _controller(configuration)
    recorder = Recorder(directory, configuration)
    run = _Run(configuration, recorder, ReportPage(directory), on_step, on_start)
    try:
        outcome = run.on(controller)
    except BaseException as error:
        with suppress(EpisodeError):  # the disk may be what failed; the first error is the one to tell
            run.close(run.failure(error))
        raise
    run.close(outcome)
    return outcome


def _controller(configuration: Configuration) -> Controller:
    setup = registry.ControllerSetup(
        scene=configuration.scene,
        task=configuration.task,
        seed=configuration.seed,
        gui=configuration.gui,
        renderer=configuration.renderer,
        image_size_px=configuration.image_size_px,
        disturbed=configuration.disturbed,
    )
    return registry.open_controller(configuration.controller, setup)


@dataclass
class _Run:
    """One episode under way."""

    configuration: Configuration
    recorder: Recorder
    page: ReportPage
    on_step: Callable[[Step], None]
    on_start: Callable[[Header], None]
    began_s: float = 0.0

    def on(self, controller: Controller) -> Outcome:
        """Run on a controller that is not yet connected."""
        self.began_s = time.perf_counter()
        with controller, self._planner(controller) as planner:
            prompter = Prompter(self.configuration.language, self.configuration.depth_image, planner.prompts)
            self.recorder.set_tier(planner.tier)
            self.on_start(self.recorder.header)
            if self.configuration.film_period_s is not None:
                controller.film(self.recorder.film, self.configuration.film_period_s)
            guard = Guard(controller.site, dry_run=self.configuration.dry_run)
            agent = Agent(controller, planner, guard, prompter, self._limits())
            ended = agent.run(self.configuration.instruction, self._record)
            return self._outcome(ended, MESSAGES[ended], _judgement(controller, ended))

    @contextmanager
    def _planner(self, controller: Controller) -> Iterator[Planner]:
        configuration = self.configuration
        setup = registry.PlannerSetup(
            controller=controller, model=configuration.model, task=configuration.task, seed=configuration.seed
        )
        planner = registry.open_planner(configuration.planner, setup)
        try:
            yield planner
        finally:
            planner.close()

    def _limits(self) -> AgentSettings:
        configuration = self.configuration
        return AgentSettings(
            max_steps=configuration.max_steps,
            max_robot_s=configuration.max_robot_s,
            max_replies=configuration.max_replies,
            grounding=GroundingSettings(trust_claimed_depth=configuration.trust_claimed_depth),
        )

    def _record(self, step: Step) -> None:
        line = self.recorder.record(step)
        self.page.add(line, step.observation.image, step.observation.depth_m)
        self.page.write(self.recorder.header, None)
        self.on_step(step)

    def failure(self, error: BaseException) -> Outcome:
        """The outcome of an episode that was cut short by ``error``."""
        ended: EpisodeEnding = "error" if isinstance(error, Exception) else "interrupted"
        message = f"{type(error).__name__}: {error}" if ended == "error" else "interrupted; the robot was stopped"
        return self._outcome(ended, message, None)

    def close(self, outcome: Outcome) -> None:
        """Write what comes last; the result, before the rest, so that nothing can keep it from being written."""
        try:
            self.recorder.finish(outcome)
        finally:
            self.recorder.close()
        self.page.write(self.recorder.header, outcome)

    def _outcome(self, ended: EpisodeEnding, message: str, judgement: Judgement | None) -> Outcome:
        configuration, recorder = self.configuration, self.recorder
        unjudged = "" if judgement or ended in ("error", "interrupted") else "; no judge: the planner's word only"
        return Outcome(
            success=judgement.success and ended != "limit_broken" if judgement else None,
            ended=ended,
            message=message + unjudged,
            steps=recorder.steps,
            tier=recorder.header.tier,
            planner=configuration.planner,
            model=configuration.model,
            controller=configuration.controller,
            seed=configuration.seed,
            instruction=configuration.instruction,
            task=configuration.task.name if configuration.task else None,
            scene=configuration.scene,
            dry_run=configuration.dry_run,
            seconds=round(time.perf_counter() - self.began_s, 3),
            prompt_tokens=recorder.prompt_tokens,
            reply_tokens=recorder.reply_tokens,
            cost_usd=recorder.cost_usd,
            judge=tuple(Answer(predicate=text, holds=holds) for text, holds in judgement.trace) if judgement else (),
            course=judgement.course if judgement else (),
            disturbances=judgement.disturbances if judgement else (),
        )


def _judgement(controller: Controller, ended: Ending) -> Judgement | None:
    return controller.judge(ended) if isinstance(controller, Judge) else None
