"""Commands that are wrong on purpose, so that what comes after them shows how to go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from embodied.commands import DECIMALS, Approach, Done, Grasp, ImagePoint, Move, Refuse
from embodied.learning.sights import Sight, sights
from embodied.learning.teacher import View

OFF = (0.03, 0.09)
"""Of the picture: so far beside the right point a wrong one lies."""
OFF_DEPTH_M = (0.12, 0.4)

Command = Approach | Grasp | Move | Done | Refuse


@dataclass(frozen=True, eq=False)
class Mistakes:
    """Makes mistakes.

    Attributes:
        share: How often, of the commands that a mistake can be made about.
        rng: Draws them.
    """

    share: float
    rng: np.random.Generator

    def instead_of(self, right: Command, view: View) -> Command | None:
        """A wrong command instead of the right one; ``None`` where none is made this time."""
        if not isinstance(right, Grasp | Move) or self.rng.random() >= self.share:
            return None
        sorts = (_beside, _too_deep, _another_thing, _another_handle)
        return sorts[int(self.rng.integers(len(sorts)))](right, view, self.rng)


def _beside(right: Grasp | Move, view: View, rng: np.random.Generator) -> Command | None:
    at = right.at if isinstance(right, Grasp) else right.end
    angle, far = rng.uniform(0.0, 2.0 * np.pi), rng.uniform(*OFF)
    wrong = measured(view, at.x + far * np.cos(angle), at.y + far * np.sin(angle))
    if wrong is None:
        return None
    return Grasp(at=wrong) if isinstance(right, Grasp) else Move(start=right.start, end=wrong)


def _too_deep(right: Grasp | Move, view: View, rng: np.random.Generator) -> Command:
    def deeper(at: ImagePoint) -> ImagePoint:
        return at.model_copy(update={"z": round(at.z + float(rng.uniform(*OFF_DEPTH_M)), DECIMALS)})

    return Grasp(at=deeper(right.at)) if isinstance(right, Grasp) else Move(start=right.start, end=deeper(right.end))


def _another_thing(right: Grasp | Move, view: View, rng: np.random.Generator) -> Command | None:
    return _another(right, view, rng, lambda sight: sight.thing.movable and not sight.thing.held)


def _another_handle(right: Grasp | Move, view: View, rng: np.random.Generator) -> Command | None:
    return _another(right, view, rng, lambda sight: sight.thing.kind == "handle")


def _another(
    right: Grasp | Move, view: View, rng: np.random.Generator, counts: Callable[[Sight], bool]
) -> Command | None:
    if not isinstance(right, Grasp):
        return None
    meant = view.shown[view.observation.camera.pixel(right.at.x, right.at.y)[::-1]]
    others = [each for each in sights(view) if counts(each) and each.plain and each.number != meant and each.point]
    point = others[int(rng.integers(len(others)))].point if others else None
    return None if point is None else Grasp(at=point)


def measured(view: View, x: float, y: float) -> ImagePoint | None:
    """A point at the surface that is seen in a direction; ``None`` outside the picture, and where there is no depth."""
    if not (0.0 <= x < 1.0 and 0.0 <= y < 1.0):
        return None
    u, v = view.observation.camera.pixel(x, y)
    depth_m = view.observation.depth_m
    if depth_m is None or not np.isfinite(depth_m[v, u]):
        return None
    return ImagePoint(x=round(x, DECIMALS), y=round(y, DECIMALS), z=round(float(depth_m[v, u]), DECIMALS))
