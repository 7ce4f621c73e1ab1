"""From a command in image coordinates to points in the world, by the measured depth.

The model's z is a claim. Where the command points at a thing, the claim must agree with the measured depth, and the
measurement is what counts; beside an edge, the claim says which of the two surfaces is meant. The end of a ``move`` may
be in free space: in front of the surface it is taken as said, near the surface it snaps to it, behind it is an error
that is told to the model; the robot's own arm is no such surface, but what it hides is, if that is known. The start of
a ``move`` with something in the hand is that thing, and the hand may hide it: where the measurement is of something
else, it is taken as said. With an empty hand, two points that can hardly be told apart are one, to be pressed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from embodied.camera import Camera
from embodied.commands import Approach, Grasp, ImagePoint, Motion, Move
from embodied.errors import GroundingError
from embodied.geometry import FloatArray
from embodied.observation import Observation
from embodied.result import Reason

Point = tuple[float, float, float]
Where = Literal["seen", "held", "free"]


@dataclass(frozen=True)
class GroundingSettings:
    """How far a claim may be off, and what to do without a depth camera.

    Attributes:
        claim_tolerance_m: How far the claimed z may lie from the measured depth where the command points at a thing.
        snap_tolerance_m: How near the surface the end of a move snaps to it.
        window_px: How far around a point to look for what is meant: models point to about a hundredth of the picture,
            and at a thin handle or the edge of a plate that is the difference between two surfaces.
        depth_px_per_m: How many pixels further off a metre more of disagreement with its z is worth.
        same_point, same_point_m: Points of a move that lie no further apart in x and in y, and in z, are meant to be
            one: a press. Models name a point twice with the error that they point with.
        trust_claimed_depth: Use the model's z on a robot without a depth camera.
    """

    claim_tolerance_m: float = 0.10
    snap_tolerance_m: float = 0.03
    window_px: int = 6
    depth_px_per_m: float = 50.0
    same_point: float = 0.015
    same_point_m: float = 0.05
    trust_claimed_depth: bool = False


@dataclass(frozen=True)
class GroundedCommand:
    """A command with its points in the world; holding one proves that every point was grounded.

    Attributes:
        id: Identifies the command; a controller executes it once, however often it is delivered.
        command: What was said.
        points_in_world_m: ``p_WP`` of the command's points, in their order.
        observation_id: The observation that it was made from.
        depth_source: Whether depths were measured, or claimed by the model.
    """

    id: str
    command: Motion
    points_in_world_m: tuple[Point, ...]
    observation_id: int
    depth_source: Literal["measured", "claimed"]


def ground(
    command: Motion, observation: Observation, command_id: str, settings: GroundingSettings | None = None
) -> GroundedCommand:
    """Lift every point of ``command`` into the world.

    Raises:
        GroundingError: If a point has no depth, lies behind a surface, or its z disagrees with the measurement.
    """
    settings = settings or GroundingSettings()
    points = _points(command, observation.gripper.holding, settings)
    lifted = tuple(_lift(point, observation, settings, where) for point, where in points)
    source: Literal["measured", "claimed"] = "claimed" if observation.depth_m is None else "measured"
    return GroundedCommand(command_id, command, lifted, observation.id, source)


def _points(command: Motion, holding: bool, settings: GroundingSettings) -> list[tuple[ImagePoint, Where]]:
    """The command's points, each with where it lies: on what is seen, in the hand, or perhaps in free space."""
    match command:
        case Approach(at=at) | Grasp(at=at):
            return [(at, "seen")]
        case Move(start=start, end=end) if not holding and start.near(end, settings.same_point, settings.same_point_m):
            return [(start, "seen"), (start, "seen")]
        case Move(start=start, end=end):
            return [(start, "held" if holding else "seen"), (end, "free")]


def _lift(point: ImagePoint, observation: Observation, settings: GroundingSettings, where: Where) -> Point:
    """``p_WP`` of ``point``: at the pixel that agrees best with it, of those around whose depth agrees with its z.

    Raises:
        GroundingError: As ``ground``.
    """
    camera, depth_m = observation.camera, observation.depth_m
    if where == "free" and observation.scene_depth_m is not None:
        depth_m = observation.scene_depth_m
    if depth_m is None:
        return _at(camera, point.x, point.y, _claimed_depth(point, settings))
    pixels, away_px, readings_m = _window(camera.pixel(point.x, point.y), depth_m, settings.window_px)
    if not len(readings_m):
        raise GroundingError(
            f"no depth was measured near ({point.x:.3f}, {point.y:.3f}); choose another point on the thing",
            Reason.NO_DEPTH.value,
        )
    gaps_m = readings_m - point.z
    agreeing = _agrees(gaps_m, settings, where)
    if where == "held" and not agreeing.any():
        return _at(camera, point.x, point.y, point.z)
    if not agreeing.any():
        raise _disagreement(point, float(readings_m[0]), where)
    claimed = 0.0 if where == "free" else settings.depth_px_per_m * np.abs(gaps_m)
    best = int(np.where(agreeing, away_px + claimed, np.inf).argmin())
    (u, v), measured_m = pixels[best], float(readings_m[best])
    in_front = where == "free" and measured_m - point.z > settings.snap_tolerance_m
    x, y = (point.x, point.y) if away_px[best] == 0.0 else camera.middle(u, v)
    return _at(camera, x, y, point.z if in_front else measured_m)


def _agrees(gaps_m: FloatArray, settings: GroundingSettings, where: Where) -> NDArray[np.bool_]:
    """Which readings a claim agrees with that lies so far in front of them."""
    if where == "free":
        return np.asarray(gaps_m >= -settings.snap_tolerance_m)
    return np.asarray(np.abs(gaps_m) <= settings.claim_tolerance_m)


def _disagreement(point: ImagePoint, measured_m: float, where: Where) -> GroundingError:
    if where == "free":
        return GroundingError(
            f"({point}) lies {point.z - measured_m:.2f} m behind the surface seen there, which is at "
            f"z = {measured_m:.3f}",
            Reason.BEHIND_SURFACE.value,
        )
    return GroundingError(
        f"z = {point.z:.3f} at ({point.x:.3f}, {point.y:.3f}), but the surface there is at z = {measured_m:.3f}",
        Reason.DEPTH_MISMATCH.value,
    )


def _claimed_depth(point: ImagePoint, settings: GroundingSettings) -> float:
    if not settings.trust_claimed_depth:
        raise GroundingError(
            "this robot measures no depth, and it is not set up to trust a claimed z", Reason.NO_DEPTH.value
        )
    return point.z


def _window(
    pixel: tuple[int, int], depth_m: NDArray[np.float32], reach_px: int
) -> tuple[list[tuple[int, int]], FloatArray, FloatArray]:
    """The pixels (u, v) up to ``reach_px`` around one that have a depth, nearest first; how far off; their depths."""
    steps = np.arange(-reach_px, reach_px + 1)
    offsets = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    away_px = np.linalg.norm(offsets, axis=1)
    order = np.argsort(away_px, kind="stable")
    around, away_px = offsets[order] + pixel, away_px[order]
    height, width = depth_m.shape
    inside = ((around >= 0) & (around < (width, height))).all(axis=1)
    around, away_px = around[inside], away_px[inside]
    readings_m = depth_m[around[:, 1], around[:, 0]].astype(np.float64)
    known = np.isfinite(readings_m)
    return [(int(u), int(v)) for u, v in around[known]], away_px[known], readings_m[known]


def _at(camera: Camera, x: float, y: float, depth_m: float) -> Point:
    p_WP = camera.lift(x, y, depth_m)
    return float(p_WP[0]), float(p_WP[1]), float(p_WP[2])
