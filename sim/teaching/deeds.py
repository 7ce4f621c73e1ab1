"""What was done before, told as if it had been: how things came to be as they are. Ground truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embodied.commands import ImagePoint
from embodied.geometry import FloatArray
from embodied.learning.teacher import History
from sim.pointing import Picture, Pixels
from sim.situation import displaced, floor_of
from sim.teaching.wishing import Wish
from sim.world import World

GONE = ("out", "off")
"""Words of what was taken away from somewhere: that it was there before has to be told."""
TOLD_SHARE = 0.7
"""So often it is told how what holds came about; else it was so before anybody asked."""


@dataclass(frozen=True, eq=False)
class Deeds:
    """Tells of deeds.

    Attributes:
        world: In its present state.
        picture: What is seen.
        counter: What is seen of the counter.
        rng: Draws where things were before.
    """

    world: World
    picture: Picture
    counter: Pixels
    rng: np.random.Generator

    def of(self, wish: Wish) -> History | None:
        """How a wish came true, or nothing; ``None`` if it has to be told and cannot be."""
        if wish.word in GONE:
            return self._brought(wish.roles["thing"], self.point_of(wish.roles["place"]))
        if self.rng.random() >= TOLD_SHARE:
            return ()
        return self.brought_here(wish) if "thing" in wish.roles else self._moved(wish)

    def brought_here(self, wish: Wish) -> History | None:
        """The thing of a wish came from somewhere on the counter to where it is; ``None`` if no counter is seen."""
        spot = self.spot()
        return None if spot is None else self._brought(wish.roles["thing"], spot[0])

    def spot(self) -> tuple[ImagePoint, FloatArray] | None:
        """A point of the counter that is seen, as image coordinates and in the world."""
        if not self.counter.shown:
            return None
        index = int(self.rng.integers(len(self.counter.shown)))
        return self.counter.shown[index], self.counter.points[index]

    def point_of(self, place: str) -> ImagePoint | None:
        """Where a drawer or a thing is in the picture."""
        thing = self.world.objects.get(place)
        if thing is not None:
            return self.picture.thing(thing)
        return self.picture.projected(floor_of(self.world.regions[place]))

    def _brought(self, thing: str, origin: ImagePoint | None) -> History | None:
        if origin is None:
            return None
        end = self.picture.thing(self.world.objects[thing])
        return done(f"grasp({origin})"), done(f"move({origin}, {end})")

    def _moved(self, wish: Wish) -> History | None:
        """A drawer or door was pulled open by its handle, or pushed shut."""
        joint, opened = self.world.joints[wish.roles["joint"]], wish.word == "open"
        origin = self.picture.projected(displaced(joint, joint.handle_in_world_m, 0.0 if opened else joint.upper))
        if origin is None:
            return None
        moved = done(f"move({origin}, {self.picture.handle(joint)})")
        return (done(f"grasp({origin})"), moved) if opened else (moved,)


def done(command: str) -> tuple[str, str, str]:
    """A command that succeeded."""
    return command, "succeeded", ""
