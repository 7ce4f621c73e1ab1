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
from numpy.typing import NDArray

from embodied.geometry import FloatArray, Pose
from embodied.motion.approaches import UPRIGHT, approaches, rotations
from embodied.motion.arm import GripperDescription
from embodied.motion.lumps import lump_at
from embodied.motion.pointcloud import LEVEL, Plane, cluster_at, thinned, without_planes

CROP_M = 0.20
SURROUNDINGS_M = 0.10
"""The hand reaches beyond what is looked at for the thing itself."""
OFF_TARGET_M = 0.06
TARGET_REACH_M = 0.03
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
STRAY_POINTS = 1
MIN_STRIP_POINTS = 4
OTHERS_SPACING_M = 0.008
CLEARANCE_M = 0.004
FOOT_M = 0.02
"""What stands on a plane was seen down to here at least: the plane's own points are not the thing's."""
BEYOND_M = 0.012
LEAST_DEPTH_M = 0.004
WIDE_M = 0.15
"""Things are better closed on across their narrow side; wider than this is no worse."""
HIDDEN_COST = 0.1
"""For closing along the line of sight: where the far side of the thing is, was not seen."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Thing:
    """What was found at a point.

    Attributes:
        cluster_W: (m, 3) the points that hang together there.
        others_W: (k, 3) all other points around it.
        target_W: (3,) where it was pointed at.
        planes_W: The large planes around it.
        view_W: The level direction from which it was seen.
    """

    cluster_W: FloatArray
    others_W: FloatArray
    target_W: FloatArray
    planes_W: tuple[Plane, ...]
    view_W: FloatArray

    @property
    def is_there(self) -> bool:
        """Whether anything at all was seen at the point."""
        seen_W = np.vstack([self.cluster_W, self.others_W])
        return bool((np.linalg.norm(seen_W - self.target_W, axis=1) < TARGET_REACH_M).any())

    @property
    def stands(self) -> bool:
        """Whether it is at a level surface, or so flat that it was taken for one, or at no front; handles hang."""
        if not len(self.cluster_W):
            return True
        foot_W = self.cluster_W[self.cluster_W[:, 2].argmin()]
        levels = (plane for plane in self.planes_W if abs(plane.normal[2]) > LEVEL)
        fronts = (plane for plane in self.planes_W if abs(plane.normal[2]) < UPRIGHT)
        on_level = any(plane.distance_m(foot_W) < FOOT_M for plane in levels)
        return on_level or not any(plane.distance_m(self.cluster_W).min() < FOOT_M for plane in fronts)

    def out_W(self, towards_W: FloatArray) -> FloatArray:
        """The direction off the front that it is before, to the side of ``towards_W``; that itself if there is none."""
        fronts = [plane.normal for plane in self.planes_W if abs(plane.normal[2]) < UPRIGHT]
        return fronts[0] * np.sign(fronts[0] @ towards_W) if fronts else towards_W


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


def thing_at(target_W: FloatArray, seen_W: FloatArray, widest_m: float, view_W: FloatArray | None = None) -> Thing:
    """The thing at ``target_W`` in all that was seen (k, 3), in the level direction ``view_W`` if it was one view.

    Where what hangs together there is wider than ``widest_m``, it is what rises from that at the target, if anything
    does. Its cluster is empty if nothing stands out there.
    """
    view_W = np.zeros(3) if view_W is None else view_W
    distances = np.linalg.norm(seen_W - target_W, axis=1)
    near = thinned(seen_W[distances < CROP_M])
    around = seen_W[(distances >= CROP_M) & (distances < CROP_M + SURROUNDINGS_M)]
    rest, planes = without_planes(near, target_W)
    cluster = cluster_at(rest, target_W, TARGET_REACH_M)
    if not len(cluster):
        return Thing(cluster, near, target_W, tuple(planes), view_W)
    lump = lump_at(cluster, target_W, widest_m)
    cluster = cluster if lump is None else lump
    keys = {tuple(point) for point in cluster}
    others = near[[tuple(point) not in keys for point in near]]
    others = thinned(np.vstack([others, around]), OTHERS_SPACING_M)
    return Thing(cluster, others, target_W, tuple(planes), view_W)


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
            shifted = _shifted(thing, gripper, rotation, penalty)
            found += shifted[1:] if beside else shifted[:1]
    return sorted(found, key=_badness)


def _badness(candidate: GraspCandidate) -> float:
    return -candidate.score


def flipped(pose: Pose) -> Pose:
    """The same grasp with the hand turned half round: the fingers change places."""
    return replace(pose, rotation=pose.rotation @ np.diag([-1.0, -1.0, 1.0]))


def _shifted(thing: Thing, gripper: GripperDescription, R_WG: FloatArray, penalty: float) -> list[GraspCandidate]:
    """The grasps at the target, beside it and at the thing's middle with this rotation, best first."""
    cluster = (thing.cluster_W - thing.target_W) @ R_WG
    everything = np.vstack([cluster, (thing.others_W - thing.target_W) @ R_WG])
    middle_m = float(np.clip((cluster[:, 0].min() + cluster[:, 0].max()) / 2.0, -MIDDLE_REACH_M, MIDDLE_REACH_M))
    best: list[GraspCandidate] = []
    for shift_m in (*SHIFTS_M, middle_m):
        strip = cluster[np.abs(cluster[:, 0] - shift_m) < gripper.pad_width_m / 2.0]
        ways = [
            way
            for span, extra, aim_m in _spans(strip, gripper, middle_m)
            for way in _openings(
                thing, gripper, R_WG, everything, shift_m, span, penalty + extra + MIDDLE_COST * abs(shift_m - aim_m)
            )
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
    thing: Thing,
    gripper: GripperDescription,
    R_WG: FloatArray,
    everything: FloatArray,
    shift_m: float,
    span: FloatArray,
    cost: float,
) -> Iterator[GraspCandidate]:
    """The grasps of ``span``, with the fingers opened well and opened little before."""
    low, high = float(span[:, 1].min()), float(span[:, 1].max())
    centre, across_m = (high + low) / 2.0, min(float(np.ptp(everything[: len(thing.cluster_W), 1])), WIDE_M)
    if np.hypot(shift_m, centre) > OFF_TARGET_M:
        return
    front, back = float(span[:, 2].min()), float(span[:, 2].max())
    between = np.abs(everything[:, 0] - shift_m), np.abs(everything[:, 1] - centre), everything[:, 2]
    unseen = HIDDEN_COST * abs(float(R_WG[:, 1] @ thing.view_W))
    for margin_m, tight in ((OPENING_MARGIN_M, 0.0), (TIGHT_MARGIN_M, TIGHT_COST)):
        opening = min(high - low + margin_m, gripper.max_width_m)
        tip = _deepest_tip(between, gripper, opening, front, back)
        if tip is None or abs(tip - gripper.tip_to_grasp_m) > ALONG_M:
            continue
        p_TG_G = np.array([shift_m, centre, tip - gripper.tip_to_grasp_m])
        engaged = min(tip - front, 0.03)
        more = BETWEEN_COST * _between_pads([each[len(thing.cluster_W) :] for each in between], gripper, opening, tip)
        away = AWAY_COST * max(float(np.linalg.norm(p_TG_G)) - TARGET_REACH_M, 0.0)
        score = 20.0 * engaged - 8.0 * across_m - unseen - away - (cost + tight + more)
        yield GraspCandidate(Pose(R_WG, thing.target_W + R_WG @ p_TG_G), opening, score)


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
