"""What a teacher has to offer: pictures of a world with the truth about them, for training and nothing else.

A simulator registers a teacher under the entry point group ``embodied.teachers``. What it says is ground truth: it goes
into training data, and never into an observation.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from embodied import registry
from embodied.controller import Controller
from embodied.errors import UsageError
from embodied.observation import Observation
from embodied.registry import ControllerSetup

FIRST_TRAINING_SEED = 2**31
"""Suites and people draw seeds below it: no world that is trained in is ever measured in."""

State = Literal["open", "closed", "on", "off"]
Roles = tuple[tuple[str, str], ...]
"""Names of the things that something is asked about, by their part in it: "thing", "place", "other", "joint"."""
History = tuple[tuple[str, str, str], ...]
"""Earlier commands, each as (command, status, reason)."""


@dataclass(frozen=True)
class Thing:
    """Something that a picture shows, or could show.

    Attributes:
        name: Unique in its world; a handle is called as what it opens, with ``.handle`` behind.
        kind: A word of the world's vocabulary, such as "cup", "drawer" or "handle".
        title_en, title_zh: What people call it.
        movable: Whether it can be taken, as against furniture and the robot itself.
        color: Name of its colour; ``None`` where nobody would name one.
        label: What is written on it.
        state: "open" or "closed" for what opens, "on" or "off" for what is switched.
        place: Name of the thing or piece of furniture that it is on or in.
        held: Whether it is in the hand.
        height_m, length_m: Its height, and the longer side of what it covers; 0 for what cannot be taken.
    """

    name: str
    kind: str
    title_en: str
    title_zh: str
    movable: bool = False
    color: str | None = None
    label: str | None = None
    state: State | None = None
    place: str | None = None
    held: bool = False
    height_m: float = 0.0
    length_m: float = 0.0


@dataclass(frozen=True)
class Lesson:
    """What should be answered when something is asked for.

    Attributes:
        word: What is asked for, such as "on", "open" or "slid"; phrases are found by it.
        roles: What it is about.
        command: The right command, in call form.
        history: What was done before, where the hand or the state of things has to be explained.
        absent: Kind and colour of something that is asked for and not there.
        then: What is asked for after it, in this order, each as its word and its roles.
    """

    word: str
    roles: Roles
    command: str
    history: History = ()
    absent: tuple[str, str | None] | None = None
    then: tuple[tuple[str, Roles], ...] = ()


@dataclass(frozen=True, eq=False)
class View:
    """One picture with the truth about it.

    Attributes:
        observation: What a planner would get.
        things: Everything in the world that has a name, seen or not; at most 254.
        shown: (height, width) uint8, for each pixel the number of the thing that is seen there, counted from 1 in the
            order of ``things``; 0 where nothing has a name.
        lessons: What should be answered here.
    """

    observation: Observation
    things: tuple[Thing, ...]
    shown: NDArray[np.uint8]
    lessons: tuple[Lesson, ...] = ()


@dataclass(frozen=True, eq=False)
class Errand:
    """Something to do in a world of its own, from the beginning to the end.

    Attributes:
        view: How it begins; its lessons are what is asked for, in this order.
        goal: What a judge decides by, as a task's file states it.
        max_steps: How many steps it may take.
        robot: Opens the world, not yet connected; the setup has to have the seed that the errand was drawn with.
    """

    view: View
    goal: dict[str, Any]
    max_steps: int
    robot: Callable[[ControllerSetup], Controller]


class Teacher(ABC):
    """Shows worlds, and knows what is in them."""

    @abstractmethod
    def views(self, seed: int, count: int) -> Iterator[View]:
        """``count`` pictures of one world that ``seed`` draws; the same ones whenever they are asked for."""

    @abstractmethod
    def look(self, controller: Controller, observation: Observation) -> View:
        """The truth about ``observation``, which must be the latest of a connected ``controller``.

        Raises:
            UsageError: If it knows nothing of that controller's world.
        """

    @abstractmethod
    def errand(self, seed: int) -> Errand | None:
        """Something to do in a world that ``seed`` draws; ``None`` if there is nothing to do in it."""


def open_teacher(name: str) -> Teacher:
    """The teacher of that name.

    Raises:
        UnknownNameError: If none is registered under it.
        UsageError: If its package cannot be imported, or gives something else than a teacher.
    """
    teacher = registry.factory("embodied.teachers", "teacher", name)()
    if not isinstance(teacher, Teacher):
        raise UsageError(f"teacher {name!r} gave a {type(teacher).__name__}; it must subclass Teacher")
    return teacher
