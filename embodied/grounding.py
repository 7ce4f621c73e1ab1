"""From a command in image coordinates to points in the world, by the measured depth.

The model's z is a claim. Where the command points at a thing, the claim must agree with the measured depth, and the
measurement is what counts. The end of a ``move`` may be in free space: in front of the surface it is taken as said,
near the surface it snaps to it, behind it is an error that is told to the model. The start of a ``move`` with something
in the hand is that thing, and the hand may hide it: where the measurement is of something else, it is taken as said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from embodied.commands import Approach, Grasp, ImagePoint, Motion, Move
from embodied.errors import GroundingError
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
        window_px: How far around a pixel without depth to look for one.
        trust_claimed_depth: Use the model's z on a robot without a depth camera.
    """

    claim_tolerance_m: float = 0.10
    snap_tolerance_m: float = 0.03
    window_px: int = 3
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
    points = _points(command, observation.gripper.holding)
    depths = [_depth_at(point, observation, settings, where) for point, where in points]
    lifted = [
        tuple(float(value) for value in observation.camera.lift(point.x, point.y, depth_m))
        for (point, _), depth_m in zip(points, depths, strict=True)
    ]
    source: Literal["measured", "claimed"] = "claimed" if observation.depth_m is None else "measured"
    return GroundedCommand(command_id, command, tuple((p[0], p[1], p[2]) for p in lifted), observation.id, source)


def _points(command: Motion, holding: bool) -> list[tuple[ImagePoint, Where]]:
    """The command's points, each with where it lies: on what is seen, in the hand, or perhaps in free space."""
    match command:
        case Approach(at=at) | Grasp(at=at):
            return [(at, "seen")]
        case Move(start=start, end=end):
            return [(start, "held" if holding else "seen"), (end, "free")]


def _depth_at(point: ImagePoint, observation: Observation, settings: GroundingSettings, where: Where) -> float:
    """The depth in metres at which ``point`` is grounded.

    Raises:
        GroundingError: As ``ground``.
    """
    if observation.depth_m is None:
        return _claimed_depth(point, settings)
    measured_m = measured_depth(point, observation.depth_m, observation, settings.window_px)
    gap_m = measured_m - point.z
    if where == "free":
        if gap_m > settings.snap_tolerance_m:
            return point.z
        if gap_m < -settings.snap_tolerance_m:
            raise GroundingError(
                f"({point}) lies {-gap_m:.2f} m behind the surface seen there, which is at z = {measured_m:.3f}",
                Reason.BEHIND_SURFACE.value,
            )
    elif abs(gap_m) > settings.claim_tolerance_m:
        if where == "held":
            return point.z
        raise GroundingError(
            f"z = {point.z:.3f} at ({point.x:.3f}, {point.y:.3f}), but the surface there is at z = {measured_m:.3f}",
            Reason.DEPTH_MISMATCH.value,
        )
    return measured_m


def _claimed_depth(point: ImagePoint, settings: GroundingSettings) -> float:
    if not settings.trust_claimed_depth:
        raise GroundingError(
            "this robot measures no depth, and it is not set up to trust a claimed z", Reason.NO_DEPTH.value
        )
    return point.z


def measured_depth(point: ImagePoint, depth_m: NDArray[np.float32], observation: Observation, window_px: int) -> float:
    """The depth at the point's pixel, or the lower median of those in a window around it where the pixel has none.

    The lower median is a depth that was measured: half way between two surfaces, at a silhouette, there is only air.

    Raises:
        GroundingError: If the whole window has none.
    """
    u, v = observation.camera.pixel(point.x, point.y)
    if np.isfinite(depth_m[v, u]):
        return float(depth_m[v, u])
    window = depth_m[max(v - window_px, 0) : v + window_px + 1, max(u - window_px, 0) : u + window_px + 1]
    readings = np.sort(window[np.isfinite(window)])
    if readings.size == 0:
        raise GroundingError(
            f"no depth was measured near ({point.x:.3f}, {point.y:.3f}); choose another point on the thing",
            Reason.NO_DEPTH.value,
        )
    return float(readings[(readings.size - 1) // 2])
