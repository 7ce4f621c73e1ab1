"""What a robot must offer, and nothing more.

Subclass ``Controller`` if the robot has a motion stack of its own; give ``embodied.motion.MotionController`` an ``Arm``
if it has joints and a gripper. ``embodied.testing.check_controller`` says whether the contract is kept.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self

from embodied.errors import ControllerError, StaleCommandError
from embodied.geometry import Box
from embodied.grounding import GroundedCommand
from embodied.guard import Limits, Site
from embodied.observation import Observation
from embodied.result import Reason, Result


@dataclass(frozen=True)
class Capabilities:
    """What a robot can do; readable before connecting.

    Attributes:
        name: What to call it.
        workspace: Where its gripper can work, in W.
        limits: Speed and force that it promises never to exceed.
        gripper_width_m: How far its fingers open.
        cameras: Names of its cameras; the first is the one that plans are made from.
        has_depth: Whether observations have a depth map.
        watchdog: Where a watchdog runs that stops the robot when this process dies.
        emergency_stop: What kind of emergency stop it has.
    """

    name: str
    workspace: Box
    limits: Limits
    gripper_width_m: float
    cameras: tuple[str, ...]
    has_depth: bool
    watchdog: Literal["none", "process", "robot"]
    emergency_stop: Literal["none", "software", "hardware"]


@dataclass(frozen=True)
class StopReport:
    """What is known after ``stop()``.

    Attributes:
        standstill_measured: Whether sensors confirmed that nothing moves; ``False`` says only that it was commanded.
    """

    standstill_measured: bool


class Controller(ABC):
    """A robot: looks, executes grounded commands, stops.

    A subclass gives ``capabilities``, ``sense``, ``perform`` and ``halt``; ``connect`` and ``disconnect`` if it has
    anything to open. The constructor touches no hardware.
    """

    def __init__(self) -> None:
        """Start with nothing seen and nothing done."""
        self._latest_id = 0
        self._results: dict[str, Result | None] = {}
        self._executing = threading.Lock()
        self._stop = threading.Event()

    @property
    @abstractmethod
    def capabilities(self) -> Capabilities:
        """What the robot can do; must work before connecting."""

    @property
    def site(self) -> Site:
        """Where it stands: override to declare furniture to keep out of and hazards."""
        return Site(workspace=self.capabilities.workspace, limits=self.capabilities.limits)

    @abstractmethod
    def sense(self, observation_id: int) -> Observation:
        """Take one look at rest and label it with ``observation_id``."""

    @abstractmethod
    def perform(self, grounded: GroundedCommand, timeout_s: float) -> Result:
        """Do it, within ``timeout_s`` on the robot's clock; poll ``stop_requested`` while moving."""

    @abstractmethod
    def halt(self) -> StopReport:
        """Bring the robot to a stand and hold it; called from any thread, in any state, perhaps twice."""

    def connect(self) -> None:
        """Open what has to be opened, without moving."""

    def disconnect(self) -> None:
        """Leave the robot standing as it is, holding what it holds."""

    def film(self, sink: Callable[[NDArray[np.uint8]], None], period_s: float) -> None:
        """Send pictures (height, width, 3) of the motion to ``sink`` every ``period_s``, if the robot can."""

    @property
    def stop_requested(self) -> bool:
        """Whether somebody asked to stop."""
        return self._stop.is_set()

    def observe(self) -> Observation:
        """Look; commands made from any earlier look are stale from now on."""
        self._latest_id += 1
        return self.sense(self._latest_id)

    def execute(self, grounded: GroundedCommand, timeout_s: float) -> Result:
        """Execute a command once, however often it is delivered.

        Raises:
            StaleCommandError: If it was made from an older observation than the latest.
            ControllerError: If the robot fails; delivered again, the command is still not executed again.
        """
        with self._executing:
            return self._delivered(grounded) or self._execute(grounded, timeout_s)

    def _delivered(self, grounded: GroundedCommand) -> Result | None:
        result = self._results.get(grounded.id)
        if result is None and grounded.id in self._results:
            raise ControllerError(f"command {grounded.id} was begun and ended in an error; it is not executed again")
        return result

    def _execute(self, grounded: GroundedCommand, timeout_s: float) -> Result:
        if grounded.observation_id != self._latest_id:
            raise StaleCommandError(
                f"command {grounded.id} was made from observation {grounded.observation_id}, "
                f"but the latest is {self._latest_id}; look again and ground it anew"
            )
        if self.stop_requested:
            return Result("rejected", Reason.STOPPED, "the robot has been stopped and does not move")
        self._results[grounded.id] = None
        result = self._results[grounded.id] = self.perform(grounded, timeout_s)
        return result

    def stop(self) -> StopReport:
        """Stop now, and stay stopped until the next connection; safe from any thread, in any state."""
        self._stop.set()
        return self.halt()

    def __enter__(self) -> Self:
        """Connect without moving."""
        self._stop.clear()
        self.connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave without dropping the arm; after an error, stop first."""
        if error is not None:
            self.stop()
        self.disconnect()
