"""The oracle's situation where the hand was filled by decree. Ground truth."""

from __future__ import annotations

from dataclasses import dataclass

from sim.situation import Situation
from sim.teaching.hand import Grip
from sim.things import FurnitureJoint, Thing


@dataclass(frozen=True, eq=False)
class Imagined(Situation):
    """A situation in which something was put between the fingers without any force that would tell of it.

    Attributes:
        grip: What was, and how.
    """

    grip: Grip

    @property
    def held_thing(self) -> Thing | None:
        """The thing between the fingers."""
        return self.grip.thing

    @property
    def held_joint(self) -> FurnitureJoint | None:
        """The drawer or door whose handle is between the fingers."""
        return self.grip.joint
