"""Where a parallel gripper could take the thing at a point: candidates from the point cloud, best first.

A candidate is a pose of G (Z out of the palm, Y the closing direction) for which the part of the thing between the pads
is narrow enough, and neither fingers nor palm run into any point that was seen. What was not seen is not judged here:
the skills feel for it. The scheme (sample poses, test the gripper's volumes against the cloud) is that of ten Pas et
al., Grasp Pose Detection in Point Clouds, IJRR 2017, without its learned score.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from embodied.geometry import FloatArray, Pose
from embodied.motion.approaches import approaches, rotations
from embodied.motion.arm import GripperDescription
from embodied.motion.things import TARGET_REACH_M, Thing

OFF_TARGET_M = 0.06
OPENING_MARGIN_M = 0.025
TIGHT_MARGIN_M = 0.012
TIGHT_COST = 0.05
"""How far fingers open beyond what they close on, and what it costs to open them less, where there is little room."""
PALM_HALF_WIDTH_M = 0.10
PALM_HALF_THICKNESS_M = 0.032
SHIFTS_M = (0.0, 0.015, -0.015)
MIDDLE_REACH_M = 0.04
"""Compact things are taken at their middle, long ones within so far of where they were pointed at."""
MIDDLE_COST = 20.0
AWAY_COST = 5.0
"""For each metre that the pads are out of reach of what was pointed at: of two parts of a thing, the one meant."""
RIM_BAND_M = 0.012
RIM_GAP_M = 0.012
RIM_WIDTH_M = 0.03
RIM_COST = 0.15
"""A wall is taken between the fingers, if the whole thing is too wide: what is taken so tilts more easily."""
AT_TARGET_M = 0.005
ALONG_M = 0.15
"""How far from where it was pointed at, along the approach, a thing may be taken: a bottle by its neck."""
BETWEEN_COST = 0.5
"""For closing on something else as well: nearly as much as the deepest grip gains."""
DEEP_M = 0.03
"""A grip deeper than this is no better."""
STRAY_POINTS = 1
MIN_STRIP_POINTS = 4
CLEARANCE_M = 0.004
BEYOND_M = 0.012
LEAST_DEPTH_M = 0.004
WIDE_M = 0.15
"""Things are better closed on across their narrow side; wider than this is no worse."""
HIDDEN_COST = 0.1
"""For closing along the line of sight: where the far side of the thing is, was not seen."""


@dataclass(frozen=True, eq=False)
class GraspCandidate:
    """One way to take a thing.

    Attributes:
        pose: ``X_WG`` when the fingers close.
        opening_m: How far to open the fingers before.
        score: Higher is better; only comparable among candidates for one thing.
    """

    pose: Pose
    opening_m: float
    score: float


def grasp_candidates(
    thing: Thing, gripper: GripperDescription, forward_W: FloatArray, beside: bool = False
) -> list[GraspCandidate]:
    """Ways to take ``thing``, best first: the best one for each way that the hand may be turned.

    Args:
        thing: What is to be taken.
        gripper: What it is taken with.
        forward_W: Points from the robot's base towards it.
        beside: All other ways instead, further along the thing.
    """
    if not len(thing.cluster_W):
        return []
    found: list[GraspCandidate] = []
    for approach_W, penalty in approaches(forward_W, [plane.normal for plane in thing.planes_W]):
        for rotation in rotations(approach_W):
            shifted = _shifted(_Turned.of(thing, gripper, rotation), gripper, penalty)
            found += shifted[1:] if beside else shifted[:1]
    return sorted(found, key=_badness)


def _badness(candidate: GraspCandidate) -> float:
    return -candidate.score


def flipped(pose: Pose) -> Pose:
    """The same grasp with the hand turned half round: the fingers change places."""
    return replace(pose, rotation=pose.rotation @ np.diag([-1.0, -1.0, 1.0]))


@dataclass(frozen=True, eq=False)
class _Turned:
    """A thing as the hand sees it that is turned in some way.

    Attributes:
        target_W: Where it was pointed at: the origin of the other points.
        R_WG: How the hand is turned.
        cluster: Its points.
        everything: The same, and then those around it that fingers or palm could meet.
        across_m: How wide it is along the closing direction.
        unseen: What it costs to close along the line of sight.
    """

    target_W: FloatArray
    R_WG: FloatArray
    cluster: FloatArray
    everything: FloatArray
    across_m: float
    unseen: float

    @classmethod
    def of(cls, thing: Thing, gripper: GripperDescription, R_WG: FloatArray) -> _Turned:
        """The thing seen by a hand with this rotation."""
        cluster, others = ((points - thing.target_W) @ R_WG for points in (thing.cluster_W, thing.others_W))
        along_m = MIDDLE_REACH_M + max(PALM_HALF_THICKNESS_M, gripper.pad_width_m / 2.0)
        aside_m = OFF_TARGET_M + max(PALM_HALF_WIDTH_M, gripper.max_width_m / 2.0 + gripper.finger_thickness_m)
        others = others[(np.abs(others[:, 0]) < along_m) & (np.abs(others[:, 1]) < aside_m)]
        everything, unseen = np.vstack([cluster, others]), HIDDEN_COST * abs(float(R_WG[:, 1] @ thing.view_W))
        return cls(thing.target_W, R_WG, cluster, everything, min(float(np.ptp(cluster[:, 1])), WIDE_M), unseen)


def _shifted(thing: _Turned, gripper: GripperDescription, penalty: float) -> list[GraspCandidate]:
    """The grasps at the target, beside it and at the thing's middle, best first."""
    cluster, best = thing.cluster, list[GraspCandidate]()
    middle_m = float(np.clip((cluster[:, 0].min() + cluster[:, 0].max()) / 2.0, -MIDDLE_REACH_M, MIDDLE_REACH_M))
    for shift_m in (*SHIFTS_M, middle_m):
        strip = cluster[np.abs(cluster[:, 0] - shift_m) < gripper.pad_width_m / 2.0]
        ways = [
            way
            for span, extra, aim_m in _spans(strip, gripper, middle_m)
            for way in _openings(thing, gripper, shift_m, span, penalty + extra + MIDDLE_COST * abs(shift_m - aim_m))
        ]
        best += sorted(ways, key=_badness)[:1]
    return sorted(best, key=_badness)


def _spans(strip: FloatArray, gripper: GripperDescription, middle_m: float) -> list[tuple[FloatArray, float, float]]:
    """What the fingers may close on, of the points between the pads; what it costs, and which shift is best for it.

    All of it; or what stands out at the target, like a fruit in a bowl; or else a wall, like the rim of the bowl.
    """
    widest_m = gripper.max_width_m - 2 * CLEARANCE_M
    if len(strip) < MIN_STRIP_POINTS:
        return []
    if float(np.ptp(strip[:, 1])) < widest_m:
        return [(strip, 0.0, middle_m)]
    pieces = _pieces(strip[strip[:, 2] < RIM_BAND_M])
    here = [(piece, 0.0, 0.0) for piece in pieces if np.ptp(piece[:, 1]) < widest_m and _near_target(piece)]
    walls = _pieces(strip[strip[:, 2] < strip[:, 2].min() + RIM_BAND_M])
    return here or [(wall, RIM_COST, middle_m) for wall in walls if np.ptp(wall[:, 1]) < RIM_WIDTH_M]


def _pieces(band: FloatArray) -> list[FloatArray]:
    """Its points, apart where a gap is between them along the closing direction."""
    band = band[np.argsort(band[:, 1])]
    pieces = np.split(band, np.flatnonzero(np.diff(band[:, 1]) > RIM_GAP_M) + 1)
    return [piece for piece in pieces if len(piece) >= MIN_STRIP_POINTS]


def _near_target(piece: FloatArray) -> bool:
    """Whether the target, y = 0, is between its ends."""
    return float(piece[:, 1].min()) < AT_TARGET_M and float(piece[:, 1].max()) > -AT_TARGET_M


def _openings(
    thing: _Turned, gripper: GripperDescription, shift_m: float, span: FloatArray, cost: float
) -> Iterator[GraspCandidate]:
    """The grasps of ``span``, with the fingers opened well and opened little before."""
    low, high = float(span[:, 1].min()), float(span[:, 1].max())
    centre = (high + low) / 2.0
    if np.hypot(shift_m, centre) > OFF_TARGET_M:
        return
    front, back = float(span[:, 2].min()), float(span[:, 2].max())
    everything = thing.everything
    between = np.abs(everything[:, 0] - shift_m), np.abs(everything[:, 1] - centre), everything[:, 2]
    for margin_m, tight in ((OPENING_MARGIN_M, 0.0), (TIGHT_MARGIN_M, TIGHT_COST)):
        opening = min(high - low + margin_m, gripper.max_width_m)
        tip = _deepest_tip(between, gripper, opening, front, back)
        if tip is None or abs(tip - gripper.tip_to_grasp_m) > ALONG_M:
            continue
        p_TG_G = np.array([shift_m, centre, tip - gripper.tip_to_grasp_m])
        more = BETWEEN_COST * _between_pads([each[len(thing.cluster) :] for each in between], gripper, opening, tip)
        away = AWAY_COST * max(float(np.linalg.norm(p_TG_G)) - TARGET_REACH_M, 0.0)
        engaged_m = min(tip - front, DEEP_M)
        score = 20.0 * engaged_m - 8.0 * thing.across_m - thing.unseen - away - (cost + tight + more)
        yield GraspCandidate(Pose(thing.R_WG, thing.target_W + thing.R_WG @ p_TG_G), opening, score)


def _deepest_tip(
    between: Sequence[FloatArray], gripper: GripperDescription, opening_m: float, front_m: float, back_m: float
) -> float | None:
    """How far along Z the finger tips can go with nothing inside fingers and palm; at least 4 mm past the front."""
    x, y, z = between
    beside = (y > opening_m / 2.0) & (y < opening_m / 2.0 + gripper.finger_thickness_m)
    fingers = z[beside & (x < gripper.pad_width_m / 2.0)] - CLEARANCE_M
    palm = z[(x < PALM_HALF_THICKNESS_M) & (y < PALM_HALF_WIDTH_M)] + gripper.finger_length_m
    deepest = min(front_m + gripper.finger_length_m - CLEARANCE_M, back_m + BEYOND_M, _first(fingers), _first(palm))
    return deepest if deepest > front_m + LEAST_DEPTH_M else None


def _between_pads(others: Sequence[FloatArray], gripper: GripperDescription, opening_m: float, tip_m: float) -> bool:
    """Whether the fingers would close on something else as well, like the edge of a worktop under a lid."""
    x, y, z = others
    held = (x < gripper.pad_width_m / 2.0) & (y < opening_m / 2.0) & (z < tip_m - CLEARANCE_M)
    return int(held.sum()) > STRAY_POINTS


def _first(z_m: FloatArray) -> float:
    """The first obstacle along Z, but for stray points."""
    return float(np.partition(z_m, STRAY_POINTS)[STRAY_POINTS]) if len(z_m) > STRAY_POINTS else float("inf")
