"""Demonstrations: whole episodes in the closed loop, of which what led to success is taught, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from embodied import registry
from embodied.agent import Agent, AgentSettings
from embodied.commands import parse
from embodied.controller import Controller
from embodied.guard import Guard
from embodied.judge import Judge
from embodied.learning.dataset import Sample
from embodied.learning.exchange import Exchange
from embodied.learning.instructions import in_words, looked_at
from embodied.learning.mistakes import Mistakes
from embodied.learning.phrasebook import load_phrasebook
from embodied.learning.questions import Asker
from embodied.learning.sights import sights
from embodied.learning.teacher import Teacher, View
from embodied.planner import Planner, Prompt, Reply, Tier
from embodied.prompting import PastStep, Prompter
from embodied.step import Step
from embodied.task import Language, Task, load_task, task_names

EXPERT = "oracle"
"""The planner whose commands are taught."""
SPARE_STEPS = 6
"""A mistake may cost two steps."""
PHRASINGS = 2
"""A step is asked for in so many ways: what was seen and done before is the same however it was asked."""
QUESTIONS = 4
"""So many questions about what is seen share its picture."""


@dataclass(frozen=True)
class Lecture:
    """One episode to demonstrate.

    Attributes:
        task: What is done.
        seed: Of its world.
        language: In which it is asked for.
        disturbed: Whether things go wrong by themselves.
        mistakes: How often the robot is told something wrong.
    """

    task: Task
    seed: int
    language: Language
    disturbed: bool
    mistakes: float


@dataclass(frozen=True, eq=False)
class Taught:
    """One answer.

    Attributes:
        view: What was seen.
        command: The right command, in call form.
        right: Whether it was given.
    """

    view: View
    command: str
    right: bool


class Demonstrator(Planner):
    """Says what an expert says, or something wrong instead, and remembers which."""

    name = "demonstrator"
    tier: Tier = "oracle"

    def __init__(self, expert: Planner, teacher: Teacher, controller: Controller, mistakes: Mistakes) -> None:
        """Speak for ``expert``."""
        self._expert, self._teacher, self._controller, self._mistakes = expert, teacher, controller, mistakes
        self.taught: list[Taught] = []

    def reply(self, prompt: Prompt) -> Reply:
        """The expert's reply, or a wrong one."""
        view = self._teacher.look(self._controller, prompt.observation)
        reply = self._expert.reply(prompt)
        wrong = self._mistakes.instead_of(parse(reply.text), view)
        self.taught.append(Taught(view, reply.text, wrong is None))
        return reply if wrong is None else Reply(str(wrong))


def lecture(number: int, seed: int, rng: np.random.Generator) -> Lecture:
    """The lecture of that number: all tasks in turn, half of them with disturbances or mistakes."""
    tasks = [task for task in map(load_task, task_names()) if task.split == "seen"]
    sort = rng.random()
    disturbed, mistakes = sort < 0.25, 0.3 if 0.25 <= sort < 0.55 else 0.0
    languages: tuple[Language, ...] = ("en", "zh")
    return Lecture(tasks[number % len(tasks)], seed, languages[int(rng.integers(2))], disturbed, mistakes)


def demonstrate(
    name: str, what: Lecture, teacher: Teacher, prompter: Prompter, controller: str, rng: np.random.Generator
) -> Iterator[Sample]:
    """Every step of an episode to learn from; none if it did not succeed.

    Args:
        name: Of the episode; each step's is it and a number.
        what: What to demonstrate.
        teacher: Knows what is seen.
        prompter: Writes what a model will be asked with.
        controller: Name of the controller to demonstrate with.
        rng: Draws words and mistakes.
    """
    setup = registry.ControllerSetup(task=what.task, seed=what.seed, disturbed=what.disturbed)
    steps: list[Step] = []
    with registry.open_controller(controller, setup) as robot:
        expert = registry.open_planner(EXPERT, registry.PlannerSetup(controller=robot, task=what.task, seed=what.seed))
        planner = Demonstrator(expert, teacher, robot, Mistakes(what.mistakes, rng))
        limits = AgentSettings(max_steps=what.task.max_steps + SPARE_STEPS)
        agent = Agent(robot, planner, Guard(robot.site), prompter, limits)
        ended = agent.run(what.task.instruction(what.language), steps.append)
        judgement = robot.judge(ended) if isinstance(robot, Judge) and ended in ("done", "refused") else None
    if judgement is not None and judgement.success:
        yield from _samples(name, what, steps, planner.taught, prompter, rng)


def _samples(
    name: str,
    what: Lecture,
    steps: Sequence[Step],
    taught: Sequence[Taught],
    prompter: Prompter,
    rng: np.random.Generator,
) -> Iterator[Sample]:
    past: list[PastStep] = []
    for step, answer in zip(steps, taught, strict=True):
        if answer.right:
            asked = _exchanges(what, past, answer, prompter, rng)
            number = f"{name}-{step.index:02d}"
            task = what.task.name
            yield Sample(number, "demonstration", answer.view, tuple(asked), what.language, what.seed, task, step.index)
        if step.result is not None:
            past.append(PastStep.of(step, step.result))


def _exchanges(
    what: Lecture, past: Sequence[PastStep], answer: Taught, prompter: Prompter, rng: np.random.Generator
) -> Iterator[Exchange]:
    book, view = load_phrasebook(what.language), answer.view
    phrases: list[str] = getattr(what.task.instructions, what.language)
    for index in rng.permutation(len(phrases))[:PHRASINGS]:
        question = prompter.words(phrases[int(index)], past, view.observation)
        yield Exchange("command:task", question, in_words(answer.command, book), looked_at(answer.command, view))
    yield from Asker(book, view.things, sights(view), rng).ask(QUESTIONS)
