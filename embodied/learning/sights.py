"""Where in a picture things are seen: boxes and points in image coordinates, from what each pixel shows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from embodied.camera import IMAGE_SIZE_PX
from embodied.commands import ImagePoint
from embodied.learning.teacher import Thing, View

PLAIN_PX = 40
"""Of a picture of the usual size; what fewer pixels show is too little to be asked about, or to be told apart."""
PLAIN_SHARE = PLAIN_PX / math.prod(IMAGE_SIZE_PX)

ABOUT_PX = 0.6
"""A bar is as wide along all of its length, but for pixels: what is nearer to the edge by less is as far inside."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Sight:
    """A thing that a picture shows.

    Attributes:
        thing: What it is.
        number: What stands for it in the view's ``shown``.
        pixels: How many pixels show it.
        box: Left, top, right and bottom edge in the unit square.
        point: The pixel nearest to the middle of what is seen of it, of those about as far from its edge as any, with
            the depth measured there; ``None`` where no depth was measured.
        plain: Whether enough of it is seen to ask about it.
    """

    thing: Thing
    number: int
    pixels: int
    box: Box
    point: ImagePoint | None
    plain: bool

    @property
    def middle(self) -> tuple[float, float]:
        """Of the box."""
        x0, y0, x1, y1 = self.box
        return (x0 + x1) / 2.0, (y0 + y1) / 2.0


def sights(view: View) -> tuple[Sight, ...]:
    """Everything that has a name and is seen, in the order of the view's things."""
    depth_m = view.observation.depth_m
    assert depth_m is not None
    windows = find_objects(view.shown, max_label=len(view.things))
    found = zip(view.things, range(1, len(view.things) + 1), windows, strict=True)
    return tuple(_sight(thing, number, view.shown, depth_m, window) for thing, number, window in found if window)


def plainly_seen(view: View) -> frozenset[str]:
    """Names of what is seen well enough to be asked about."""
    return frozenset(sight.thing.name for sight in sights(view) if sight.plain)


def _sight(
    thing: Thing, number: int, shown: NDArray[np.uint8], depth_m: NDArray[np.float32], window: tuple[slice, slice]
) -> Sight:
    height, width = shown.shape
    rows, columns = window
    mask = shown[window] == number
    left, right, top, bottom = columns.start / width, columns.stop / width, rows.start / height, rows.stop / height
    box = round(left, 3), round(top, 3), round(right, 3), round(bottom, 3)
    pixels = int(mask.sum())
    inner = _inner(mask & np.isfinite(depth_m[window]))
    point = None if inner is None else _point(inner[0] + rows.start, inner[1] + columns.start, depth_m)
    plain = point is not None and pixels >= PLAIN_SHARE * shown.size
    return Sight(thing, number, pixels, box, point, plain)


def _inner(mask: NDArray[np.bool_]) -> tuple[int, int] | None:
    """Row and column of the pixel nearest to the middle of those that are about as far from the edge as any."""
    if not mask.any():
        return None
    inside = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    deep = np.argwhere(inside > inside.max() - ABOUT_PX)
    row, column = deep[int(np.argmin(np.linalg.norm(deep - np.argwhere(mask).mean(axis=0), axis=1)))]
    return int(row), int(column)


def _point(row: int, column: int, depth_m: NDArray[np.float32]) -> ImagePoint:
    height, width = depth_m.shape
    x, y, z = (column + 0.5) / width, (row + 0.5) / height, float(depth_m[row, column])
    return ImagePoint(x=round(x, 3), y=round(y, 3), z=round(z, 3))
