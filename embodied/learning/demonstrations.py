"""Whole episodes in the closed loop, in each step of which an expert says what is right.

It acts itself in demonstrations. In practice a student acts, and learns what to do in the states that it gets into
(Ross et al., A Reduction of Imitation Learning and Structured Prediction to No-Regret Online Learning, AISTATS 2011).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from embodied import registry
from embodied.agent import Agent, AgentSettings
from embodied.commands import Done, Refuse, parse
from embodied.controller import Controller
from embodied.errors import UnknownNameError
from embodied.guard import Guard
from embodied.judge import Judge
from embodied.language import LANGUAGES, Language
from embodied.learning.dataset import Kind, Sample
from embodied.learning.exchange import Exchange
from embodied.learning.held_out import held_out_in
from embodied.learning.instructions import Instructor, compact_prompter, in_words, looked_at
from embodied.learning.mistakes import Command, Mistakes
from embodied.learning.phrasebook import load_phrasebook
from embodied.learning.questions import Asker
from embodied.learning.returning import asks_back, in_the_same_numbers
from embodied.learning.rewording import JOINED, together
from embodied.learning.sights import sights
from embodied.learning.teacher import Errand, Teacher, View
from embodied.planner import Planner, Prompt, Reply, Tier, decide
from embodied.prompting import PastStep, Prompter
from embodied.step import Step
from embodied.task import Instructions, Task, load_task, task_names

EXPERT = "oracle"
"""The planner whose commands are taught."""
SPARE_STEPS = 6
"""A mistake may cost two steps."""
PHRASINGS = 4
"""A step is asked for in so many ways: what was seen and done before is the same however it was asked."""
ERRAND_SHARE = 0.5
"""So often something is asked for that no task's file has."""
ERRAND = "errand"
"""What its task is called, and its scene."""
QUESTIONS = 4
"""So many questions about what is seen share its picture."""


Instead = Callable[[Prompt, Command, View], Reply | None]
"""What is said in place of the right command, if anything."""


@dataclass(frozen=True)
class Lecture:
    """One episode to demonstrate.

    Attributes:
        task: What is done.
        seed: Of its world.
        language: In which it is asked for.
        phrases: In any of these words, the first when it is played.
        word: What kind of question that is.
        robot: Opens the world that it is done in.
        disturbed: Whether things go wrong by themselves.
        mistakes: How often the robot is told something wrong.
    """

    task: Task
    seed: int
    language: Language
    phrases: tuple[str, ...]
    word: str
    robot: Callable[[registry.ControllerSetup], Controller]
    disturbed: bool
    mistakes: float


@dataclass(frozen=True)
class Student:
    """Who acts in place of the expert.

    Attributes:
        model: A checkpoint.
        planner: Name of the planner that asks it.
    """

    model: str
    planner: str = "transformers"

    def instead(self, robot: Controller) -> Instead:
        """What the student says; but where it would end too early, the expert goes on: what comes then is seen too."""
        planner = registry.open_planner(self.planner, registry.PlannerSetup(controller=robot, model=self.model))

        def instead(prompt: Prompt, right: Command, view: View) -> Reply | None:
            said = decide(planner, prompt)
            ends_early = isinstance(said.command, Done | Refuse) and not isinstance(right, Done | Refuse)
            return None if ends_early else said.replies[-1]

        return instead


@dataclass(frozen=True, eq=False)
class Taught:
    """One answer.

    Attributes:
        view: What was seen.
        command: The right command, in call form.
    """

    view: View
    command: str


class Demonstrator(Planner):
    """Remembers what an expert says, and says that, or something else instead."""

    name = "demonstrator"
    tier: Tier = "oracle"

    def __init__(self, expert: Planner, teacher: Teacher, controller: Controller, instead: Instead) -> None:
        """Ask ``expert``; ``instead`` gives what is said in place of its command, or ``None``."""
        self._expert, self._teacher, self._controller, self._instead = expert, teacher, controller, instead
        self.taught: dict[int, Taught] = {}

    def reply(self, prompt: Prompt) -> Reply:
        """The expert's reply, or another."""
        view = self._teacher.look(self._controller, prompt.observation)
        right = self._expert.reply(prompt)
        self.taught[prompt.step] = Taught(view, right.text)
        return self._instead(prompt, parse(right.text), view) or right


def lecture(
    number: int,
    seed: int,
    teacher: Teacher,
    controller: str,
    rng: np.random.Generator,
    families: tuple[str, ...] = (),
) -> Lecture | None:
    """The lecture of that number: an errand as often as a task; ``None`` where no words are found for an errand.

    Args:
        number: Decides which task it is: all in turn.
        seed: Of its world.
        teacher: Draws errands.
        controller: Name of the controller that plays tasks.
        rng: Draws the words, and whether there are mistakes or, in tasks alone, disturbances.
        families: If any, it is a task of one of these, and no errand.
    """
    sort = rng.random()
    disturbed, mistakes = sort < 0.25, 0.3 if 0.25 <= sort < 0.55 else 0.0
    language = LANGUAGES[int(rng.integers(len(LANGUAGES)))]
    if not families and rng.random() < ERRAND_SHARE:
        errand = teacher.errand(seed)
        return None if errand is None else errand_lecture(errand, seed, language, rng, mistakes)
    tasks = taught_tasks(families)
    task = tasks[number % len(tasks)]
    phrases: list[str] = getattr(task.instructions, language)
    drawn = tuple(phrases[int(index)] for index in rng.permutation(len(phrases))[:PHRASINGS])
    robot = partial(registry.open_controller, controller)
    return Lecture(task, seed, language, drawn, "command:task", robot, disturbed, mistakes)


def taught_tasks(families: tuple[str, ...] = ()) -> list[Task]:
    """The tasks that a model may be trained on: all, or those of some families.

    Raises:
        UnknownNameError: If one of the families has none; lists those that have.
    """
    seen = [task for task in map(load_task, task_names()) if task.split == "seen"]
    valid = {task.family for task in seen}
    if unknown := [family for family in families if family not in valid]:
        raise UnknownNameError("family to be trained on", unknown[0], sorted(valid))
    return [task for task in seen if not families or task.family in families]


def errand_lecture(
    errand: Errand, seed: int, language: Language, rng: np.random.Generator, mistakes: float = 0.0
) -> Lecture | None:
    """An errand of that seed as a lecture; ``None`` where no words are found for it."""
    book, view = load_phrasebook(language), errand.view
    instructor = Instructor(book, compact_prompter(language), view, sights(view), rng)
    asked = [together(view.lessons, instructor.instruction, book, rng) for _ in range(PHRASINGS)]
    phrases = [phrase for phrase in asked if phrase is not None and held_out_in(phrase) is None]
    if not phrases:
        return None
    said = Instructions.model_validate({each: phrases for each in LANGUAGES})
    task = Task(name=ERRAND, scene=ERRAND, instructions=said, goal=errand.goal, max_steps=errand.max_steps)
    word = f"command:{JOINED.join(lesson.word for lesson in view.lessons)}"
    return Lecture(task, seed, language, tuple(phrases), word, errand.robot, disturbed=False, mistakes=mistakes)


def demonstrate(
    name: str,
    what: Lecture,
    teacher: Teacher,
    prompter: Prompter,
    rng: np.random.Generator,
    student: Student | None = None,
) -> Iterator[Sample]:
    """Every step of an episode to learn from; none if the expert acted and did not succeed.

    Args:
        name: Of the episode; each step's is it and a number.
        what: What to do.
        teacher: Knows what is seen.
        prompter: Writes what a model will be asked with.
        rng: Draws words and mistakes.
        student: Acts in place of the expert.
    """
    setup = registry.ControllerSetup(task=what.task, seed=what.seed, disturbed=what.disturbed)
    steps: list[Step] = []
    with what.robot(setup) as robot:
        expert = registry.open_planner(EXPERT, registry.PlannerSetup(controller=robot, task=what.task, seed=what.seed))
        instead = student.instead(robot) if student else _mistakes(Mistakes(what.mistakes, rng))
        planner = Demonstrator(expert, teacher, robot, instead)
        limits = AgentSettings(max_steps=what.task.max_steps + SPARE_STEPS)
        agent = Agent(robot, planner, Guard(robot.site), prompter, limits)
        ended = agent.run(what.phrases[0], steps.append)
        judgement = robot.judge(ended) if isinstance(robot, Judge) and ended in ("done", "refused") else None
    if student or (judgement is not None and judgement.success):
        kind: Kind = "practice" if student else "demonstration"
        yield from _samples(name, kind, what, steps, planner.taught, prompter, rng)


def _mistakes(mistakes: Mistakes) -> Instead:
    def instead(prompt: Prompt, right: Command, view: View) -> Reply | None:
        wrong = mistakes.instead_of(right, view)
        return None if wrong is None else Reply(str(wrong))

    return instead


def _samples(
    name: str,
    kind: Kind,
    what: Lecture,
    steps: Sequence[Step],
    taught: Mapping[int, Taught],
    prompter: Prompter,
    rng: np.random.Generator,
) -> Iterator[Sample]:
    past: list[PastStep] = []
    task = None if what.task.name == ERRAND else what.task.name
    for step in steps:
        answer, number = taught[step.index], f"{name}-{step.index:02d}"
        if task is not None or not isinstance(parse(answer.command), Refuse):  # else the expert is at a loss
            asked = tuple(_exchanges(what, past, answer, prompter, rng))
            yield Sample(number, kind, answer.view, asked, what.language, what.seed, task, step.index)
        if step.result is not None:
            past.append(PastStep.of(step, step.result))


def _exchanges(
    what: Lecture, past: Sequence[PastStep], answer: Taught, prompter: Prompter, rng: np.random.Generator
) -> Iterator[Exchange]:
    book, view = load_phrasebook(what.language), answer.view
    command = in_the_same_numbers(answer.command, past) if asks_back(what.task.goal) else answer.command
    for phrase in what.phrases:
        question = prompter.words(phrase, past, view.observation)
        yield Exchange(what.word, question, in_words(command, book), looked_at(command, view))
    yield from Asker(book, view.things, sights(view), rng).ask(QUESTIONS)
