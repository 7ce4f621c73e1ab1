"""What is said of two things that stand beside each other."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pybullet as p

from embodied.geometry import FloatArray
from sim.bearings import Direction, towards
from sim.evidence import Evidence
from sim.goals import Predicate
from sim.tables import Length, Name
from sim.things import Thing

STACKED_SHARE = 0.1
"""What carries more than this of another's weight does not stand beside it."""


class _Beside(Predicate):
    """Two things stand beside each other with a small gap, neither on the other, both let go, at rest."""

    names: ClassVar[dict[str, tuple[str, ...]]] = {"thing": ("things",), "other": ("things",)}
    thing: Name
    other: Name

    def beside(self, evidence: Evidence, within_m: float) -> bool:
        """Whether their surfaces come so near."""
        if self.thing == self.other or not all(map(evidence.left_alone, (self.thing, self.other))):
            return False
        one, other = (evidence.world.objects[name] for name in (self.thing, self.other))
        stacked = _carries(evidence, one, other) or _carries(evidence, other, one)
        near = p.getClosestPoints(one.body, other.body, within_m, physicsClientId=one.client)
        return bool(near) and not stacked and _at_one_height(one, other)


class NextTo(_Beside):
    """Two things stand beside each other with a small gap, neither on the other, both let go, at rest."""

    word: ClassVar[str] = "next_to"
    within_m: Length = 0.08

    def holds(self, evidence: Evidence) -> bool:
        """Whether their surfaces come so near."""
        return self.beside(evidence, self.within_m)


class _Sided(_Beside):
    """The thing stands on one side of the other, as the planning camera sees them."""

    direction: ClassVar[Direction]
    within_m: Length = 0.25

    def holds(self, evidence: Evidence) -> bool:
        """Whether it stands beside the other, and more in this direction from it than in any other."""
        if not self.beside(evidence, self.within_m):
            return False
        one, other = (_middle(evidence.world.objects[name]) for name in (self.thing, self.other))
        return towards(self.direction, evidence.world.camera(), other, one)


class LeftOf(_Sided):
    """Further left in the picture."""

    word: ClassVar[str] = "left_of"
    direction: ClassVar[Direction] = "left"


class RightOf(_Sided):
    """Further right in the picture."""

    word: ClassVar[str] = "right_of"
    direction: ClassVar[Direction] = "right"


class InFrontOf(_Sided):
    """Nearer to the camera."""

    word: ClassVar[str] = "in_front_of"
    direction: ClassVar[Direction] = "nearer"


class Behind(_Sided):
    """Further from the camera."""

    word: ClassVar[str] = "behind"
    direction: ClassVar[Direction] = "away"


def _carries(evidence: Evidence, below: Thing, above: Thing) -> bool:
    return evidence.carried_share(above.name, lambda contact: contact.body == below.body) > STACKED_SHARE


def _at_one_height(one: Thing, other: Thing) -> bool:
    """Whether a level plane cuts both: what stands in a drawer is not beside what stands on the counter."""
    heights = [thing.samples_in_world_m()[:, 2] for thing in (one, other)]
    return bool(max(each.min() for each in heights) < min(each.max() for each in heights))


def _middle(thing: Thing) -> FloatArray:
    return np.asarray(thing.pose_in_world.translation_m)
