"""What is said of drawers, doors and buttons."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from sim.evidence import Evidence
from sim.goals import Predicate
from sim.tables import Fraction, Name


class Open(Predicate):
    """A drawer or a door is open by at least a share of its travel, at rest."""

    word: ClassVar[str] = "open"
    names: ClassVar[dict[str, tuple[str, ...]]] = {"joint": ("joints",)}
    joint: Name
    share: Annotated[Fraction, Field(gt=0.0)] = 0.6

    def holds(self, evidence: Evidence) -> bool:
        """Whether its joint says so."""
        joint = evidence.world.joints[self.joint]
        return self.joint in evidence.resting_joints and joint.position >= self.share * joint.upper


class Closed(Predicate):
    """A drawer or a door is open by at most a share of its travel, at rest."""

    word: ClassVar[str] = "closed"
    names: ClassVar[dict[str, tuple[str, ...]]] = {"joint": ("joints",)}
    joint: Name
    share: Fraction = 0.03

    def holds(self, evidence: Evidence) -> bool:
        """Whether its joint says so."""
        joint = evidence.world.joints[self.joint]
        return self.joint in evidence.resting_joints and joint.position <= self.share * joint.upper


class Pressed(Predicate):
    """A button has clicked since the episode began."""

    word: ClassVar[str] = "pressed"
    names: ClassVar[dict[str, tuple[str, ...]]] = {"button": ("buttons",)}
    button: Name

    def holds(self, evidence: Evidence) -> bool:
        """Whether it was counted."""
        return evidence.world.presses[self.button] > 0
