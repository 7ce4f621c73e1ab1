"""Where things are in the picture, for the oracle: a pixel that shows them, as image coordinates. Ground truth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import compress

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from embodied.commands import MAX_DEPTH_M, MIN_DEPTH_M, ImagePoint
from embodied.errors import UsageError
from embodied.geometry import FloatArray
from embodied.grounding import GroundingSettings
from embodied.observation import Observation
from sim.outline import Outline
from sim.things import FurnitureJoint, Region, Thing, link_pose
from sim.tries import NOWHERE, cheapest_elsewhere
from sim.world import World

HANDLE_M = 0.008
"""A pixel shows the handle if its point lies so near the handle's box."""
FRONT_M = 0.006
"""A pixel shows a front if its point lies so near the front's plane, x = 0 of its link."""
BESIDE_HANDLE_M = 0.04
"""Closed fingers that push a front keep so far from its handle."""
EDGE_PX = 3
"""Pixels further than this from the outline are as good as any."""
LOOKS_UP = 0.9
"""Vertical part of the normal of a face that things can stand on."""
WITHIN_M = 0.025
"""A point so little behind what is seen is at its surface."""
CLIMB_M = (0.02, 0.025, 0.03, 0.035, 0.04, 0.05, 0.06, 0.08, 0.10)
"""How far above a point to look for free space."""
BEFORE_M = GroundingSettings().snap_tolerance_m + 0.005
"""What lies nearer to the surface behind it than this is not taken as free space by the grounding."""
AWAY_M = 0.015
"""A new try points so far from the old ones."""
TOO_WIDE_M = 0.072
"""What is wider does not fit between the fingers: it is taken by its rim, its edge, its knob or its handle."""
RIM_M = 0.006
"""So far below its highest point a thing's rim ends."""
ACROSS_WEIGHT_M = 0.02
"""A rim is best taken where it runs along the line of sight: there both of its sides are seen."""


@dataclass(frozen=True, eq=False)
class Pixels:
    """Some of the pixels that show a surface.

    Attributes:
        points: (k, 3) what they show, in the world.
        shown: As image coordinates.
    """

    points: FloatArray
    shown: tuple[ImagePoint, ...]

    def only(self, these: NDArray[np.bool_]) -> Pixels:
        """Those for which ``these`` (k,) is true."""
        return Pixels(self.points[these], tuple(compress(self.shown, these)))


@dataclass(frozen=True, eq=False)
class Picture:
    """One observation, and what each of its pixels shows.

    Attributes:
        observation: What the planner was asked with.
        depth_m: Its depth map.
        points_in_world_m: (height, width, 3) of its pixels.
        body, link: (height, width) what is seen there.
    """

    observation: Observation
    depth_m: NDArray[np.float32]
    points_in_world_m: FloatArray
    body: NDArray[np.int32]
    link: NDArray[np.int32]

    @classmethod
    def of(cls, world: World, observation: Observation) -> Picture:
        """Find out what the pixels of ``observation`` show; ``world`` must not have gone on since.

        Raises:
            UsageError: If the observation has no depth map.
        """
        if observation.depth_m is None:
            raise UsageError("the oracle points by depth, and this robot has no depth camera")
        body, link = world.shown(observation.camera)
        points = observation.camera.points(observation.depth_m)
        return cls(observation, observation.depth_m, points, body, link)

    def thing(self, thing: Thing, tried: FloatArray = NOWHERE) -> ImagePoint:
        """A point of ``thing`` where a hand can take it, away from those that were tried."""
        mask = (self.body == thing.body) & np.isfinite(self.depth_m)
        middle = thing.pose_in_world.translation_m
        if not mask.any():
            return self.shown(middle)
        wide = 2.0 * Outline.of(thing).half_width_m > TOO_WIDE_M
        return self._outer(mask, middle, tried) if wide else self._inner(mask, tried)

    def handle(self, joint: FurnitureJoint, tried: FloatArray = NOWHERE) -> ImagePoint:
        """A point of the handle near its middle, away from those that were tried."""
        low, high = np.array(joint.handle_low_m) - HANDLE_M, np.array(joint.handle_high_m) + HANDLE_M
        p_LP = self._in_link(joint)
        mask = self._shows(joint) & ((p_LP > low) & (p_LP < high)).all(axis=-1)
        middle = joint.handle_in_world_m
        return self._nearest(mask, middle, tried) if mask.any() else self.shown(middle)

    def front(self, joint: FurnitureJoint, tried: FloatArray = NOWHERE) -> ImagePoint:
        """A point of a drawer's or door's front beside its handle; of the handle if no such point is seen."""
        p_LP = self._in_link(joint)
        low, high = np.array(joint.handle_low_m) - BESIDE_HANDLE_M, np.array(joint.handle_high_m) + BESIDE_HANDLE_M
        beside = ~((p_LP > low) & (p_LP < high))[..., 1:].all(axis=-1)
        mask = self._shows(joint) & beside & (np.abs(p_LP[..., 0]) < FRONT_M)
        return self._nearest(mask, joint.handle_in_world_m, tried) if mask.any() else self.handle(joint, tried)

    def lift(self, point: ImagePoint) -> FloatArray:
        """The point of the world that ``point`` stands for."""
        return self.observation.camera.lift(point.x, point.y, point.z)

    def free(self, p_WP: FloatArray, along: FloatArray, within_m: float) -> ImagePoint | None:
        """Image coordinates of the free space nearest to the end of a motion ``along`` some direction.

        The robot's own arm may stand before the end itself. What is chosen instead lies beside it, just as far along;
        ``None`` if no free space is seen ``within_m`` of it.
        """
        point = self.projected(p_WP)
        if point is None or self._measured(point) - point.z > BEFORE_M:
            return point
        z, aside_m = self._abreast(p_WP, along)
        aside_m[~((z > MIN_DEPTH_M) & (self.depth_m - z > BEFORE_M))] = np.inf
        v, u = np.unravel_index(int(np.argmin(aside_m)), aside_m.shape)
        return self._at(int(u), int(v), float(z[v, u])) if aside_m[v, u] < within_m else None

    def _abreast(self, p_WP: FloatArray, along: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Where each pixel's ray meets the plane across ``along`` through a point: depth, and distance to the point."""
        camera = self.observation.camera
        eye = camera.pose_in_world.translation_m
        rays = camera.points(np.ones_like(self.depth_m)) - eye
        with np.errstate(divide="ignore", invalid="ignore"):
            z = ((p_WP - eye) @ along) / (rays @ along)
        return z, np.linalg.norm(eye + z[..., None] * rays - p_WP, axis=-1)

    def projected(self, p_WP: ArrayLike) -> ImagePoint | None:
        """Image coordinates of a point; ``None`` outside the picture."""
        x, y, depth_m = (float(value) for value in self.observation.camera.project(p_WP))
        if not (0.0 <= x <= 1.0 and 0.0 <= y <= 1.0 and MIN_DEPTH_M <= depth_m <= MAX_DEPTH_M):
            return None
        return _point(x, y, depth_m)

    def surface(self, region: Region, within_m: float, cell_m: float) -> Pixels:
        """What is seen of the bottom face of ``region``, one pixel in each cell."""
        mask = self.body == region.body
        p_LP = region.pose_in_world.inverse() @ self.points_in_world_m[mask]
        x, y, z = p_LP.T
        (low_x, low_y, low_z), (high_x, high_y, _) = region.low_m, region.high_m
        mask[mask] = (low_x < x) & (x < high_x) & (low_y < y) & (y < high_y) & (np.abs(z - low_z) < within_m)
        return self._thinned(mask, cell_m)

    def top(self, thing: Thing, cell_m: float) -> Pixels:
        """What is seen of the faces of ``thing`` that look up, one pixel in each cell."""
        return self._thinned((self.body == thing.body) & (self._upward > LOOKS_UP), cell_m)

    def reached(self, p_WP: FloatArray) -> ImagePoint | None:
        """Image coordinates of a point in free space or at a surface; ``None`` if something hides it."""
        point = self.projected(p_WP)
        return point if point is not None and self._measured(point) - point.z > -WITHIN_M else None

    def above(self, p_WP: FloatArray) -> ImagePoint | None:
        """The free space over a point, as low as it is clear of what is seen behind it."""
        points = (self.projected(p_WP + [0.0, 0.0, climb_m]) for climb_m in CLIMB_M)
        return next((each for each in points if each and self._measured(each) - each.z > BEFORE_M), None)

    def of_thing(self, thing: Thing, cell_m: float) -> Pixels:
        """What is seen of ``thing``, one pixel in each cell."""
        return self._thinned(self.body == thing.body, cell_m)

    def _thinned(self, mask: NDArray[np.bool_], cell_m: float) -> Pixels:
        v, u = np.nonzero(mask & np.isfinite(self.depth_m))
        points = self.points_in_world_m[v, u]
        first = np.sort(np.unique(_numbered(np.floor(points / cell_m)), return_index=True)[1])
        shown = tuple(self._at(int(u[k]), int(v[k]), float(self.depth_m[v[k], u[k]])) for k in first)
        return Pixels(points[first], shown)

    @cached_property
    def _upward(self) -> FloatArray:
        """(height, width) the vertical part of each pixel's normal: 1 on level faces."""
        across, down = (np.gradient(self.points_in_world_m, axis=axis) for axis in (1, 0))
        normals = np.cross(across, down)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.abs(normals[..., 2]) / np.linalg.norm(normals, axis=-1))

    def shown(self, p_WP: ArrayLike) -> ImagePoint:
        """Whatever is seen in the direction of a point; for what is hidden itself."""
        x, y = np.clip(self.observation.camera.project(p_WP)[:2], 0.0, 1.0)
        claim = _point(float(x), float(y), 1.0)
        measured_m = self._measured(claim)
        return _point(claim.x, claim.y, measured_m) if np.isfinite(measured_m) else claim

    def _measured(self, point: ImagePoint) -> float:
        u, v = self.observation.camera.pixel(point.x, point.y)
        return float(self.depth_m[v, u])

    def _shows(self, joint: FurnitureJoint) -> NDArray[np.bool_]:
        seen = (self.body == joint.body) & (self.link == joint.index)
        return np.asarray(seen & np.isfinite(self.depth_m))

    def _in_link(self, joint: FurnitureJoint) -> FloatArray:
        return link_pose(joint.client, joint.body, joint.index).inverse() @ self.points_in_world_m

    def _inner(self, mask: NDArray[np.bool_], tried: FloatArray) -> ImagePoint:
        """A pixel well inside the outline and near the middle of what is seen."""
        depth_px = np.minimum(cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5), EDGE_PX)
        inside = mask & (depth_px[1:-1, 1:-1] >= depth_px.max())
        return self._nearest(inside, self.points_in_world_m[mask].mean(axis=0), tried)

    def _outer(self, mask: NDArray[np.bool_], middle_W: FloatArray, tried: FloatArray) -> ImagePoint:
        """A pixel of the highest part of a thing, far from its middle."""
        heights = np.where(mask, self.points_in_world_m[..., 2], -np.inf)
        v, u = np.nonzero(heights > heights.max() - RIM_M)
        outward = (self.points_in_world_m[v, u] - middle_W) * [1.0, 1.0, 0.0]
        sight = (middle_W - self.observation.camera.pose_in_world.translation_m) * [1.0, 1.0, 0.0]
        far_m = np.linalg.norm(outward, axis=1)
        along = abs(outward @ sight) / np.maximum(far_m * np.linalg.norm(sight), 1e-9)
        return self._cheapest(u, v, ACROSS_WEIGHT_M * along - far_m, tried)

    def _nearest(self, mask: NDArray[np.bool_], p_WP: FloatArray, tried: FloatArray) -> ImagePoint:
        """A pixel whose point lies near ``p_WP``."""
        v, u = np.nonzero(mask)
        return self._cheapest(u, v, np.linalg.norm(self.points_in_world_m[v, u] - p_WP, axis=1), tried)

    def _cheapest(self, u: ArrayLike, v: ArrayLike, costs: FloatArray, tried: FloatArray) -> ImagePoint:
        columns, rows = np.asarray(u), np.asarray(v)
        chosen = cheapest_elsewhere(self.points_in_world_m[rows, columns], costs, tried, AWAY_M) or 0
        column, row = int(columns[chosen]), int(rows[chosen])
        return self._at(column, row, float(self.depth_m[row, column]))

    def _at(self, u: int, v: int, depth_m: float) -> ImagePoint:
        """Image coordinates of a pixel."""
        return _point(*self.observation.camera.middle(u, v), depth_m)


def _point(x: float, y: float, z: float) -> ImagePoint:
    return ImagePoint(x=round(x, 3), y=round(y, 3), z=round(z, 3))


def _numbered(cells: FloatArray) -> NDArray[np.int64]:
    """One number (k,) for each cell of a grid, from its place (k, 3): numbers are told apart faster than places."""
    places = (cells - cells.min(axis=0, initial=np.inf)).astype(np.int64)
    return np.asarray(np.ravel_multi_index(tuple(places.T), tuple(places.max(axis=0, initial=0) + 1)))
