"""The points that an answer names, and where in its text they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass

_GROUP = re.compile(r"\(([^()]*)\)")
_NUMBER = re.compile(r"\d+\.\d+")


@dataclass(frozen=True)
class SpokenPoint:
    """A point that an answer names.

    Attributes:
        x, y, z: In image coordinates.
        spans: Where the three numbers begin and end in the text.
    """

    x: float
    y: float
    z: float
    spans: tuple[tuple[int, int], ...]


def spoken_points(text: str) -> list[SpokenPoint]:
    """Every point of ``text``: three numbers in parentheses, or six for two points. Four are a box, and no point."""
    points = []
    for group in _GROUP.finditer(text):
        numbers = list(_NUMBER.finditer(text, *group.span(1)))
        if len(numbers) not in (3, 6):
            continue
        for first in range(0, len(numbers), 3):
            three = numbers[first : first + 3]
            x, y, z = (float(number.group()) for number in three)
            if x <= 1.0 and y <= 1.0:
                points.append(SpokenPoint(x, y, z, tuple(number.span() for number in three)))
    return points
