"""What is said of where a thing is: in the hand, on something, in something, and whether it stands there."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from embodied.geometry import FloatArray
from sim.contacts import Contact
from sim.evidence import TOUCH_N, Evidence
from sim.fixtures import FINGER_JOINTS
from sim.goals import Predicate
from sim.tables import Name
from sim.things import Region, Thing

CARRIED_SHARE = 0.5
"""What a thing stands on carries at least half of its weight."""
FLOOR_M = 0.012
"""A contact so near the bottom face of a region is one with the face."""
INSIDE_SHARE = 0.9
"""Of a thing's box, seen from above, what lies in the place that it is in."""
SUNK_M = 0.008
"""The foot of what is in a bowl is at least so far below the rim."""
LIFTED_SHARE = 0.1
"""Of what is held in the air, nothing but the hand carries more than this; nor, of what is in a bowl, what is not."""


class Held(Predicate):
    """The thing is between the fingers, and nothing else carries it."""

    word: ClassVar[str] = "held"
    names: ClassVar[dict[str, tuple[str, ...]]] = {"thing": ("things",)}
    thing: Name

    def holds(self, evidence: Evidence) -> bool:
        """Whether both fingers press on it, and on nothing below it does it stand."""
        carried = evidence.carried_share(self.thing, lambda contact: not evidence.by_robot(contact))
        pressed = all(self._pressed_by(evidence, finger) for finger in FINGER_JOINTS)
        return pressed and carried < LIFTED_SHARE and self.thing in evidence.resting_things

    def _pressed_by(self, evidence: Evidence, finger: int) -> bool:
        def counts(contact: Contact) -> bool:
            return evidence.by_robot(contact) and contact.link == finger

        return evidence.force_n(self.thing, counts) > TOUCH_N


class _Put(Predicate):
    """The thing is let go at a place, at rest."""

    names: ClassVar[dict[str, tuple[str, ...]]] = {"thing": ("things",), "place": ("places", "things")}
    thing: Name
    place: Name

    def holds(self, evidence: Evidence) -> bool:
        """Whether it was left alone there."""
        thing, region = evidence.world.objects[self.thing], evidence.world.regions.get(self.place)
        if not evidence.left_alone(self.thing):
            return False
        if region is None:
            return self.at_thing(evidence, thing, evidence.world.objects[self.place])
        return region.contains(thing.pose_in_world.translation_m) and self.at_region(evidence, thing, region)

    @abstractmethod
    def at_region(self, evidence: Evidence, thing: Thing, region: Region) -> bool:
        """Whether what is said is so of a thing whose middle is in the region."""

    @abstractmethod
    def at_thing(self, evidence: Evidence, thing: Thing, place: Thing) -> bool:
        """Whether what is said is so of a thing and another."""


class On(_Put):
    """The thing stands or lies on a surface or on another thing, let go, at rest."""

    word: ClassVar[str] = "on"

    def at_region(self, evidence: Evidence, thing: Thing, region: Region) -> bool:
        """Whether the bottom face of the region carries most of its weight."""
        return evidence.carried_share(thing.name, _on_floor_of(region)) >= CARRIED_SHARE

    def at_thing(self, evidence: Evidence, thing: Thing, place: Thing) -> bool:
        """Whether the other carries most of its weight."""
        return _stands_on(evidence, thing, place)


class In(_Put):
    """The thing is inside a place or in another thing, let go, at rest."""

    word: ClassVar[str] = "in"

    def at_region(self, evidence: Evidence, thing: Thing, region: Region) -> bool:
        """Whether nearly all of it, seen from above, is in the region."""
        box = np.array([region.low_m, region.high_m])
        p_LS = region.pose_in_world.inverse() @ thing.samples_in_world_m()
        return _share_within(p_LS, box) >= INSIDE_SHARE

    def at_thing(self, evidence: Evidence, thing: Thing, place: Thing) -> bool:
        """Whether it has sunk into the other, and only that and what else is in it carry it."""
        others = (other for other in evidence.world.objects.values() if other is not thing)
        within = {place.body, *(other.body for other in others if _sunk(other, place))}
        carried_outside = evidence.carried_share(thing.name, lambda contact: contact.body not in within)
        return _fits(thing, place) and _sunk(thing, place) and carried_outside < LIFTED_SHARE


class Upright(Predicate):
    """The thing stands as it was made to stand, let go, at rest."""

    word: ClassVar[str] = "upright"
    names: ClassVar[dict[str, tuple[str, ...]]] = {"thing": ("things",)}
    thing: Name
    within_deg: Annotated[float, Field(gt=0.0, le=90.0)] = 15.0

    def holds(self, evidence: Evidence) -> bool:
        """Whether its own vertical is the world's, nearly."""
        up = evidence.world.objects[self.thing].pose_in_world.rotation[2, 2]
        return evidence.left_alone(self.thing) and bool(up >= np.cos(np.deg2rad(self.within_deg)))


def _on_floor_of(region: Region) -> Callable[[Contact], bool]:
    X_WL = region.pose_in_world

    def counts(contact: Contact) -> bool:
        p_LP = X_WL.inverse() @ np.array(contact.point_in_world_m)
        same = (contact.body, contact.link) == (region.body, region.link)
        return same and abs(float(p_LP[2]) - region.low_m[2]) < FLOOR_M

    return counts


def _stands_on(evidence: Evidence, thing: Thing, place: Thing) -> bool:
    return evidence.carried_share(thing.name, lambda contact: contact.body == place.body) >= CARRIED_SHARE


def _fits(thing: Thing, place: Thing) -> bool:
    """Whether it could go in at all, some end first: what covers something small is not in that."""
    across = np.sort(np.subtract(thing.high_m, thing.low_m))[:2]
    opening = np.sort(np.subtract(place.high_m, place.low_m)[:2])
    return bool((across <= opening).all())


def _sunk(thing: Thing, place: Thing) -> bool:
    """Whether its middle is over the place, and its foot below the rim."""
    X_OW = place.pose_in_world.inverse()
    p_OM, p_OS = X_OW @ thing.pose_in_world.translation_m, X_OW @ thing.samples_in_world_m()
    low, high = np.array(place.low_m), np.array(place.high_m)
    over = ((p_OM > low) & (p_OM < high))[:2].all() and p_OM[2] > low[2]
    return bool(over and p_OS[:, 2].min() < high[2] - SUNK_M)


def _share_within(points: FloatArray, box: FloatArray) -> float:
    """Which share of the points lies in the box, seen from above."""
    inside = (points[:, :2] >= box[0, :2]) & (points[:, :2] <= box[1, :2])
    return float(inside.all(axis=1).mean())
