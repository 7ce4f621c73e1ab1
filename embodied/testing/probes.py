"""What the contract checks have in common: a promise, commands that any robot can try, calls that must come back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

import numpy as np

from embodied.commands import Approach, ImagePoint
from embodied.controller import Capabilities, Controller
from embodied.errors import ControllerError
from embodied.grounding import GroundedCommand, Point
from embodied.observation import Observation
from embodied.result import Result

T = TypeVar("T")

_CANDIDATES = 8
_GRID = 24
_CHANGED_RGB = 40
_CHANGED_SHARE = 0.005


def promise(kept: bool, broken: str, remedy: str) -> None:
    """Go on if a promise was kept.

    Raises:
        ControllerError: If not; with what is broken and how to mend it.
    """
    if not kept:
        raise ControllerError(f"contract broken: {broken}. To mend it: {remedy}.")


def approaches(capabilities: Capabilities, observation: Observation, purpose: str) -> list[GroundedCommand]:
    """Approaches of visible points well inside the workspace, those nearest its middle first.

    Args:
        capabilities: Of the robot that is to approach.
        observation: Its latest.
        purpose: Goes into the ids of the commands, which must differ from one check to the next.

    Raises:
        ControllerError: If no visible point lies in the workspace.
    """
    box = capabilities.workspace
    middle, size = (np.add(box.low_m, box.high_m)) / 2.0, np.subtract(box.high_m, box.low_m)
    near = sorted(_visible_points(observation, middle), key=lambda seen: float(np.abs((seen[1] - middle) / size).max()))
    inside = [seen for seen in near if box.contains(seen[1])][: _CANDIDATES * 4 : 4]
    promise(
        bool(inside),
        "no point that the camera sees lies in the workspace",
        "calibrate X_WC (camera axes: X right, Y down, Z forward) and give the workspace in W, in metres",
    )
    return [
        GroundedCommand(
            f"{purpose}-{observation.id}-{rank}", Approach(at=point), (_point(place),), observation.id, "measured"
        )
        for rank, (point, place) in enumerate(inside)
    ]


def _visible_points(observation: Observation, middle: np.ndarray) -> Iterator[tuple[ImagePoint, np.ndarray]]:
    for x, y in np.ndindex(_GRID, _GRID):
        point_x, point_y = (x + 0.5) / _GRID, (y + 0.5) / _GRID
        depth_m = _depth_m(observation, point_x, point_y, middle)
        if np.isfinite(depth_m) and 0 < depth_m <= 10:
            yield ImagePoint(x=point_x, y=point_y, z=depth_m), observation.camera.lift(point_x, point_y, depth_m)


def _depth_m(observation: Observation, x: float, y: float, middle: np.ndarray) -> float:
    if observation.depth_m is None:
        return float(observation.camera.project(middle)[2])
    u, v = observation.camera.pixel(x, y)
    return float(observation.depth_m[v, u])


def beyond_reach(capabilities: Capabilities, observation: Observation) -> GroundedCommand:
    """An approach of a point five metres outside the workspace."""
    high = capabilities.workspace.high_m
    command = Approach(at=ImagePoint(x=0.5, y=0.5, z=5.0))
    place = (high[0] + 5.0, high[1] + 5.0, high[2])
    return GroundedCommand(f"beyond-{observation.id}", command, (place,), observation.id, "measured")


def _point(place: np.ndarray) -> Point:
    return float(place[0]), float(place[1]), float(place[2])


def same_scene(first: Observation, second: Observation) -> bool:
    """Whether two pictures show the same, but for the noise of a camera."""
    difference = np.abs(first.image.astype(np.int16) - second.image.astype(np.int16)).max(axis=-1)
    return bool((difference > _CHANGED_RGB).mean() < _CHANGED_SHARE)


class Begun:
    """Counts the motions of a controller, and tells of the first.

    Attributes:
        count: How many commands have got as far as ``perform``.
        first: Set when the first one has.
    """

    def __init__(self) -> None:
        """Nothing has begun."""
        self.count = 0
        self.first = threading.Event()


@contextmanager
def counting(controller: Controller) -> Iterator[Begun]:
    """Count the calls of ``controller.perform`` in the block."""
    begun = Begun()

    def count() -> None:
        begun.count += 1
        begun.first.set()

    with _before_performing(controller, count):
        yield begun


@contextmanager
def stopping_at_begin(controller: Controller) -> Iterator[None]:
    """In the block, stop the robot from another thread before any motion has gone further than its beginning."""

    def stop() -> None:
        threading.Thread(target=controller.stop, daemon=True).start()
        patience = threading.Event()
        while not controller.stop_requested:
            patience.wait(0.001)

    with _before_performing(controller, stop):
        yield


@contextmanager
def _before_performing(controller: Controller, act: Callable[[], None]) -> Iterator[None]:
    perform = controller.perform

    def acting(grounded: GroundedCommand, timeout_s: float) -> Result:
        act()
        return perform(grounded, timeout_s)

    vars(controller)["perform"] = acting  # shadows the method of this one instance, for the length of the block
    try:
        yield
    finally:
        del vars(controller)["perform"]


class Call(Generic[T]):
    """A call that runs in a thread of its own."""

    def __init__(self, call: Callable[[], T], what: str) -> None:
        """Begin ``call``; ``what`` names it in messages."""
        self._call, self._what = call, what
        self._values: list[T] = []
        self._errors: list[Exception] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._values.append(self._call())
        except Exception as error:  # raised again where the result is asked for
            self._errors.append(error)

    @property
    def running(self) -> bool:
        """Whether it has not come back yet."""
        return self._thread.is_alive()

    def result(self, within_s: float) -> T:
        """What it returned.

        Raises:
            ControllerError: If it does not come back in time, or raised anything.
        """
        self._thread.join(within_s)
        promise(not self.running, f"{self._what} did not come back within {within_s:g} s", "never wait without a limit")
        if self._errors:
            error = self._errors[0]
            raise ControllerError(
                f"contract broken: {self._what} raised {error!r}. To mend it: return instead."
            ) from error
        return self._values[0]
