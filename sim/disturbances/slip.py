"""What is carried slips out of the fingers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pybullet as p

from sim.contacts import contacts_on
from sim.disturbances.disturbance import Disturbance
from sim.disturbances.room import HAND_LINKS, box_of, clear_to_drop, overlap, pads_in_world_m
from sim.evidence import between_fingers
from sim.things import Thing
from sim.world import World

HEIGHT_M = (0.03, 0.05)
HIGHEST_M = 0.09
"""From higher up it might end out of reach."""
TIP_M = 0.012
"""From the middle of the pads to the finger tips, and a little more."""
CLEAR_M = 0.005


class Slip(Disturbance):
    """What is carried for the first time drops, low over what is below it, where it falls clear of the fingers.

    It is let fall as if there were no fingers: fingers that close on the slope of something round would shoot it away.
    """

    word: ClassVar[str] = "slipped"

    def __init__(self, world: World, names: Sequence[str], rng: np.random.Generator) -> None:
        """Draw from how high up it falls at least."""
        super().__init__(world)
        self._names, self._height_m = tuple(names), float(rng.uniform(*HEIGHT_M))
        self._slipping: Thing | None = None

    def look(self) -> None:
        """Let it drop once it is high enough."""
        held = {body for body, _ in between_fingers(self.world)}
        thing = next((self.world.objects[name] for name in self._names if self.world.objects[name].body in held), None)
        if thing is None or any(contact.body != self.world.robot for contact in contacts_on(thing)):
            return
        gap_m = clear_to_drop(self.world, thing)
        if gap_m is not None and max(self._height_m, self._inside_m(thing)) < gap_m < HIGHEST_M:
            self.happens(f"{thing.name}, {100.0 * gap_m:.0f} cm deep")
            self._slipping = thing
            self._touching(thing, False)
            p.resetBaseVelocity(thing.body, [0.0] * 3, [0.0] * 3, physicsClientId=thing.client)

    def go_on(self) -> None:
        """Let the fingers touch it again once it is out of them."""
        if self._slipping is not None and self._apart(self._slipping):
            self._touching(self._slipping, True)
            self._slipping = None

    def _inside_m(self, thing: Thing) -> float:
        """How far it has to fall to be out of the fingers."""
        return float(box_of(self.world, thing.body)[1, 2] - pads_in_world_m(self.world)[2]) + TIP_M

    def _apart(self, thing: Thing) -> bool:
        box = box_of(self.world, thing.body) + np.array([[-CLEAR_M] * 3, [CLEAR_M] * 3])
        return not any(overlap(box, box_of(self.world, self.world.robot, link)) for link in HAND_LINKS)

    def _touching(self, thing: Thing, touching: bool) -> None:
        for link in HAND_LINKS:
            p.setCollisionFilterPair(
                self.world.robot, thing.body, link, -1, int(touching), physicsClientId=self.world.client
            )
