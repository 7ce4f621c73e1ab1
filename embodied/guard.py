"""The last word before the robot moves: workspace, keep-out volumes, hazards, limits, dry run.

It stands between grounding and controller and does not ask the model. A prompt is not a safety measure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from embodied.commands import Move
from embodied.errors import UsageError
from embodied.geometry import Box
from embodied.grounding import GroundedCommand, Point
from embodied.result import Reason, Result

SURFACE_MARGIN_M = 0.015
"""A point on a surface may be measured this far inside the volume below it, or outside the zone above it: 5 mm of depth
error, three times over."""


@dataclass(frozen=True)
class Limits:
    """What the gripper never exceeds.

    Attributes:
        speed_m_s: Speed of the point between the finger pads.
        force_n: Contact force at the gripper.
    """

    speed_m_s: float
    force_n: float

    def __post_init__(self) -> None:
        """Refuse what is no limit: NaN compares with nothing, so it would let everything pass."""
        if not (0 < self.speed_m_s < math.inf and 0 < self.force_n < math.inf):
            raise ValueError(f"speed and force limits must be positive and finite, not {self}")


@dataclass(frozen=True)
class Hazard:
    """A place where nothing may be set down, and why.

    Attributes:
        zone: The volume.
        why: A sentence for the model.
    """

    zone: Box
    why: str


@dataclass(frozen=True)
class Site:
    """Where the robot works: what whoever installs it measures and declares.

    Attributes:
        workspace: Every commanded point must lie inside.
        keep_out: No commanded point may lie inside; the arm's paths avoid them too.
        hazards: No ``move`` may end inside, or so near that a depth error could hide that it does.
        limits: A robot that promises less is not admitted.
    """

    workspace: Box
    keep_out: tuple[Box, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    limits: Limits = field(default_factory=lambda: Limits(speed_m_s=1.0, force_n=60.0))


@dataclass(frozen=True)
class Verdict:
    """What the guard says of one command.

    Attributes:
        reason: ``None`` if and only if the command may be executed.
        message: A sentence for the model.
    """

    reason: Reason | None
    message: str

    @property
    def allowed(self) -> bool:
        """Whether the command may be executed."""
        return self.reason is None


class Guard:
    """Judges every grounded command."""

    def __init__(self, site: Site, *, dry_run: bool = False) -> None:
        """Watch over ``site``; with ``dry_run`` nothing is ever allowed to move."""
        self.site, self.dry_run = site, dry_run

    def admit(self, promised: Limits, name: str) -> None:
        """Refuse a robot whose promised limits exceed the site's.

        Raises:
            UsageError: With both numbers and the way out.
        """
        allowed = self.site.limits
        if promised.speed_m_s > allowed.speed_m_s or promised.force_n > allowed.force_n:
            raise UsageError(
                f"controller {name!r} moves at up to {promised.speed_m_s:g} m/s and {promised.force_n:g} N, but this "
                f"site allows {allowed.speed_m_s:g} m/s and {allowed.force_n:g} N; set the controller's limits lower"
            )

    def judge(self, grounded: GroundedCommand) -> Verdict:
        """Whether ``grounded`` may be executed."""
        for point in grounded.points_in_world_m:
            if (verdict := self._judge_point(point)) is not None:
                return verdict
        if isinstance(grounded.command, Move) and (verdict := self._judge_end(grounded.points_in_world_m[-1])):
            return verdict
        if self.dry_run:
            return Verdict(Reason.DRY_RUN, "dry run: the command is valid and allowed, and nothing was moved")
        return Verdict(None, "allowed")

    def review(self, result: Result) -> Verdict:
        """Whether what was measured during a command stayed within the limits."""
        limits, measured = self.site.limits, result.measured
        if measured is None or (measured.max_speed_m_s <= limits.speed_m_s and measured.max_force_n <= limits.force_n):
            return Verdict(None, "within limits")
        return Verdict(
            Reason.FORBIDDEN,
            f"a limit was broken: {measured.max_speed_m_s:.2f} m/s of {limits.speed_m_s:g}, "
            f"{measured.max_force_n:.0f} N of {limits.force_n:g}",
        )

    def _judge_point(self, point: Point) -> Verdict | None:
        place = f"({', '.join(f'{value:.2f}' for value in point)}) m"
        if not self.site.workspace.contains(point):
            return Verdict(Reason.OUT_OF_WORKSPACE, f"{place} lies outside the robot's workspace")
        for box in self.site.keep_out:
            if box.contains(point, -SURFACE_MARGIN_M):
                return Verdict(Reason.FORBIDDEN, f"{place} lies inside a keep-out volume: {box.name}")
        return None

    def _judge_end(self, point: Point) -> Verdict | None:
        for hazard in self.site.hazards:
            if hazard.zone.contains(point, SURFACE_MARGIN_M):
                return Verdict(Reason.FORBIDDEN, f"nothing may be put on the {hazard.zone.name}: {hazard.why}")
        return None
