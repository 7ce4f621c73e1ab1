"""Words on jars and boxes: a printed label, flat or bent around a round thing."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from embodied.geometry import FloatArray
from sim.meshes import IntArray, Mesh
from sim.tables import Length, Metres, Table

PIXELS_PER_M = 900.0
"""About twice what a camera across the counter sees: a renderer that picks single texels then sees whole strokes."""
FINE = 8
"""Letters are drawn so many times larger, then averaged."""
MARGIN = 0.10
"""Share of the label's height and width that stays free at each edge."""
STROKE = 0.17
"""Thickness of a stroke, as a share of the letters' height."""
PAPER, INK = (232, 244, 250), (30, 24, 22)
"""Blue, green, red."""
COLUMNS = 12


class LabelPlace(Table):
    """Where a kind has room for a label: upright, facing the thing's -y.

    Attributes:
        front_m: From the thing's z axis to the label's middle.
        low_m, high_m: Heights of its edges above what the thing stands on.
        width_m: Of the label, measured along it.
        round: Whether it is bent around the z axis, else flat.
    """

    front_m: Length
    low_m: Metres
    high_m: Metres
    width_m: Length
    round: bool = False

    @model_validator(mode="after")
    def _check(self) -> LabelPlace:
        if self.low_m >= self.high_m:
            raise ValueError("high_m must be above low_m")
        if self.round and self.width_m > np.pi * self.front_m:
            raise ValueError("width_m of a round label must be at most half of the way around")
        return self

    def patch(self) -> tuple[Mesh, FloatArray]:
        """The label's surface in the thing's frame, and the texture coordinates of its faces' corners."""
        share = np.linspace(0.0, 1.0, COLUMNS + 1 if self.round else 2)
        edges = [np.column_stack([*self._across(share), np.full(len(share), z)]) for z in (self.low_m, self.high_m)]
        flat = [np.column_stack([share, np.full(len(share), v)]) for v in (0.0, 1.0)]
        faces = _strip(len(share))
        return Mesh(np.concatenate(edges), faces), np.concatenate(flat)[faces].reshape(-1, 2)

    def _across(self, share: FloatArray) -> tuple[FloatArray, FloatArray]:
        along = (share - 0.5) * self.width_m
        if not self.round:
            return along, np.full(len(share), -self.front_m)
        angle = along / self.front_m
        return self.front_m * np.sin(angle), -self.front_m * np.cos(angle)


def _strip(columns: int) -> IntArray:
    left = np.arange(columns - 1)
    right, upper = left + 1, left + columns
    return np.concatenate([np.stack([left, right, upper], axis=1), np.stack([right, upper + 1, upper], axis=1)])


def write_label(path: Path, text: str, place: LabelPlace) -> None:
    """Write the label as an image: ``text`` as large as it fits."""
    size = (place.width_m, place.high_m - place.low_m)
    width, height = (max(8, round(PIXELS_PER_M * length)) for length in size)
    cv2.imwrite(str(path), printed(text, width, height))


def printed(text: str, width_px: int, height_px: int) -> NDArray[np.uint8]:
    """The label's picture, (height, width, 3), blue first as OpenCV has it."""
    letters = _letters(text)
    room = np.array([width_px, height_px]) * FINE * (1.0 - 2.0 * MARGIN)
    scale = room / letters.shape[::-1]
    scale = np.minimum(scale, scale.min() * 1.6)  # letters may be drawn out, but stay letters
    grown = cv2.resize(letters, tuple(int(side) for side in scale * letters.shape[::-1]), interpolation=cv2.INTER_AREA)
    canvas = np.zeros((height_px * FINE, width_px * FINE), dtype=np.uint8)
    top, left = ((np.array(canvas.shape) - grown.shape) / 2).astype(int)
    canvas[top : top + grown.shape[0], left : left + grown.shape[1]] = grown
    ink = cv2.resize(canvas, (width_px, height_px), interpolation=cv2.INTER_AREA)[..., None] / 255.0
    return np.asarray((ink * INK + (1.0 - ink) * PAPER).round(), dtype=np.uint8)


def _letters(text: str) -> NDArray[np.uint8]:
    """White letters on black, cut out closely."""
    face, scale = cv2.FONT_HERSHEY_SIMPLEX, 4.0
    height_px = cv2.getTextSize(text, face, scale, 1)[0][1]
    stroke = max(1, round(STROKE * height_px))
    (width, height), below = cv2.getTextSize(text, face, scale, stroke)
    canvas = np.zeros((height + below + 4 * stroke, width + 4 * stroke), dtype=np.uint8)
    cv2.putText(canvas, text, (2 * stroke, height + 2 * stroke), face, scale, 255, stroke, cv2.LINE_AA)
    rows, columns = np.flatnonzero(canvas.max(axis=1)), np.flatnonzero(canvas.max(axis=0))
    return canvas[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
