"""Find planners and controllers by name, through the entry points that strangers use.

Groups ``embodied.controllers`` and ``embodied.planners``, whose entry points are functions of one ``Setup``, and
``embodied.teachers``, whose are functions of nothing. Their modules may have a function ``preload()`` that imports what
would else be imported at first use: a suite calls it once, and then runs every episode in a process that has it all.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Literal, cast

from embodied.camera import IMAGE_SIZE_PX
from embodied.controller import Controller
from embodied.errors import EmbodiedError, UnknownNameError, UsageError
from embodied.planner import Planner
from embodied.task import Task

Group = Literal["embodied.controllers", "embodied.planners", "embodied.teachers"]


@dataclass(frozen=True, kw_only=True)
class ControllerSetup:
    """What a controller is opened with; a real robot ignores what has no meaning for it.

    Attributes:
        scene: Name or file of the scene, for simulated worlds.
        task: The task to be judged by, if any.
        seed: Seeds everything random.
        gui: Whether to open a window.
        renderer: Which renderer a simulator uses.
        image_size_px: (width, height) of the planning camera, where it can be chosen.
        disturbed: Whether a simulated world plays its tricks in mid-episode.
    """

    scene: str | None = None
    task: Task | None = None
    seed: int = 0
    gui: bool = False
    renderer: str = "tiny"
    image_size_px: tuple[int, int] = IMAGE_SIZE_PX
    disturbed: bool = False


@dataclass(frozen=True, kw_only=True)
class PlannerSetup:
    """What a planner is opened with.

    Attributes:
        controller: The connected controller; only planners of tier ``oracle`` look into it.
        model: A checkpoint directory, hub or endpoint name, episode directory or script, as the planner says.
        task: The task to be done, for planners of tier ``oracle``.
        seed: Seeds everything random.
    """

    controller: Controller
    model: str | None = None
    task: Task | None = None
    seed: int = 0


def names(group: Group) -> tuple[str, ...]:
    """Every name registered in ``group``."""
    return tuple(sorted({point.name for point in _points(group)}))


def open_controller(name: str, setup: ControllerSetup) -> Controller:
    """The controller of that name, not yet connected.

    Raises:
        UnknownNameError: If none is registered under it.
        UsageError: If its package cannot be imported, or gives something else than a controller.
    """
    controller = factory("embodied.controllers", "controller", name)(setup)
    if not isinstance(controller, Controller):
        raise UsageError(f"controller {name!r} gave a {type(controller).__name__}; it must subclass Controller")
    return controller


def open_planner(name: str, setup: PlannerSetup) -> Planner:
    """The planner of that name.

    Raises:
        UnknownNameError: If none is registered under it.
        UsageError: If its package cannot be imported, gives something else, or ``setup`` lacks what it needs.
    """
    planner = factory("embodied.planners", "planner", name)(setup)
    if not isinstance(planner, Planner):
        raise UsageError(f"planner {name!r} gave a {type(planner).__name__}; it must subclass Planner")
    return planner


def preload(group: Group, name: str) -> None:
    """Import what the planner or controller of that name needs; if that fails, opening it will say why."""
    for point in _called(group, name):
        with suppress(Exception):
            getattr(import_module(point.module), "preload", lambda: None)()


def factory(group: Group, what: str, name: str) -> Callable[..., object]:
    """The function that is registered under a name.

    Raises:
        UnknownNameError: If there is none.
        UsageError: If there are several, or its package cannot be imported.
    """
    found = _called(group, name)
    if not found:
        raise UnknownNameError(what, name, names(group))
    if len(found) > 1:
        raise UsageError(f"more than one package has a {what} {name!r}: {sorted(p.value for p in found)}; remove one")
    return _load(found[0], what)


def _called(group: Group, name: str) -> list[EntryPoint]:
    return [point for point in _points(group) if point.name == name]


def _points(group: Group) -> tuple[EntryPoint, ...]:
    """All that is registered in ``group``."""
    return _points_on(tuple(sys.path), group)


@cache
def _points_on(path: tuple[str, ...], group: Group) -> tuple[EntryPoint, ...]:
    """All that packages on ``path`` register; to know it, a file of every one of them is read."""
    return tuple(entry_points(group=group))


def _load(point: EntryPoint, what: str) -> Callable[..., object]:
    try:
        return cast(Callable[..., object], point.load())
    except EmbodiedError:
        raise
    except Exception as error:  # a stranger's package may fail to import in any way
        raise UsageError(f"{what} {point.name!r} ({point.value}) cannot be loaded: {error!r}") from error
