"""What every disturbance is: something that waits for its moment, happens once, and can tell of it afterwards."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from sim.world import World

CHECK_STEPS = 6
"""Whether the moment has come is looked at every so many time steps."""


class Disturbance(ABC):
    """Something that is done to a world once, at a moment that the world's state decides and no clock on the wall.

    Its moment can only come while the robot carries out a command.

    Attributes:
        word: What it is called in the record.
        world: What it is done to.
    """

    word: ClassVar[str]

    def __init__(self, world: World) -> None:
        """Wait for the first command."""
        self.world = world
        self._commanded, self._steps = False, 0
        self._happened: str | None = None

    @property
    def happened(self) -> bool:
        """Whether its moment has come."""
        return self._happened is not None

    @property
    def told(self) -> str:
        """What was done, to what, and when."""
        return f"{self.word}: {self._happened or 'its moment never came'}"

    def command_begins(self) -> None:
        """The robot has looked, and begins to do what it was told."""
        self._commanded = True

    def command_ends(self) -> None:
        """The robot has done what it could."""
        self._commanded = False

    def step(self) -> None:
        """A time step has passed."""
        self._steps += 1
        if self.happened:
            self.go_on()
        elif self._commanded and self._steps % CHECK_STEPS == 0:
            self.look()

    @abstractmethod
    def look(self) -> None:
        """Begin if the moment has come."""

    def go_on(self) -> None:
        """The next time step of what has begun."""

    def happens(self, what: str) -> None:
        """Note that it happens now, and to what."""
        self._happened = f"{what}, at {self.world.time_s:.2f} s"
