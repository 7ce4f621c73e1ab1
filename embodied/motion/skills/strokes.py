"""What a push is meant to be: a press on a button, a slide of what lies there, or a push at a face.

Nobody points exactly to a centimetre: a button is pressed in its middle, a flat thing that is pointed at on its top is
pushed at its side, and a front is pushed until it is shut.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from embodied.geometry import FloatArray
from embodied.motion.approaches import UPRIGHT
from embodied.motion.knobs import knob_at
from embodied.motion.memory import SceneMemory
from embodied.motion.skills.retreat import UP
from embodied.motion.things import thing_at

LEAST_M = 0.003
"""A shorter push is a press."""
PRESS_M = 0.012
"""How deep a press goes where nothing stops it: buttons click before."""
SQUARE = 0.9
BEYOND_M = 0.02
"""A push goes on so far if it is squarely at a face, as no end is named more exactly: fronts are to shut."""
LEVEL = 0.3
"""Upward share of the direction of a push that is meant to be level."""
TOP_M, HIGHEST_M = 0.008, 0.03
"""What rises no further above a point, and goes no further down, is flat and was pointed at on its top."""
ASIDE_M = 0.015
"""So near to the line of the push the side of a flat thing is looked for."""
WORKTOP_M = 0.35
"""What goes on so far is what things stand on."""
CLEAR_M = 0.006
"""Fingers that slide along a surface keep so far above it."""


@dataclass(frozen=True, eq=False)
class Stroke:
    """A straight way of the closed finger tips.

    Attributes:
        start_W: (3,) where they touch what is pushed.
        direction: Unit vector in W.
        length_m: How far they push.
        beyond_m: How far they go on after that if they can.
    """

    start_W: FloatArray
    direction: FloatArray
    length_m: float
    beyond_m: float = 0.0

    @property
    def end_W(self) -> FloatArray:
        """Where they are after ``length_m``."""
        return self.start_W + self.length_m * self.direction

    @property
    def level(self) -> Stroke:
        """The same without rising or sinking."""
        along = self.length_m * self.direction * [1.0, 1.0, 0.0]
        length_m = float(np.linalg.norm(along))
        return replace(self, direction=along / length_m, length_m=length_m)


def stroke(memory: SceneMemory, start_W: FloatArray, end_W: FloatArray, widest_m: float) -> Stroke:
    """What is meant by a push from ``start_W`` to ``end_W``, or by one point for both; ``widest_m`` fits the hand."""
    along = end_W - start_W
    length_m = float(np.linalg.norm(along))
    if length_m < LEAST_M:
        return _press(memory, start_W)
    said, into_W = Stroke(start_W, along / length_m, length_m), memory.into_surface(start_W)
    if abs(said.direction[2]) < LEVEL and into_W @ UP < -SQUARE:
        return _slide(memory, said, widest_m)
    if into_W @ said.direction <= SQUARE:
        return said
    upright = abs(into_W[2]) < UPRIGHT  # such fronts neither rise nor sink
    return replace(said.level if upright else said, beyond_m=BEYOND_M)


def _press(memory: SceneMemory, start_W: FloatArray) -> Stroke:
    """Onto the middle of a button, or where none is, as it was pointed at."""
    knob_W = knob_at(memory.points(), start_W)
    if knob_W is not None:
        return Stroke(knob_W, -UP, PRESS_M)
    return Stroke(start_W, memory.into_surface(start_W), PRESS_M)


def _slide(memory: SceneMemory, said: Stroke, widest_m: float) -> Stroke:
    """Level: low at the side, behind the point, of what is flat; from a worktop, just above it; else as it was said."""
    level = said.level
    found = thing_at(said.start_W, memory.points(), widest_m)
    thing, beside = found.cluster_W - said.start_W, not np.array_equal(found.target_W, said.start_W)
    if beside or not len(thing) or np.ptp(thing, axis=0).max() > WORKTOP_M:
        return replace(level, start_W=said.start_W + CLEAR_M * UP)
    behind_m = thing @ level.direction
    side = (np.linalg.norm(thing - np.outer(behind_m, level.direction), axis=1) < ASIDE_M) & (behind_m < 0.0)
    if not side.any() or thing[:, 2].max() > TOP_M or thing[:, 2].min() < -HIGHEST_M:
        return said
    low_W = said.start_W + thing[:, 2].min() / 2.0 * UP
    return replace(level, start_W=low_W + behind_m[side].min() * level.direction)
