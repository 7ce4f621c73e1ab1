"""What was seen at a point: the points that hang together there, apart from what it stands on and what is around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embodied.geometry import FloatArray
from embodied.motion.approaches import UPRIGHT
from embodied.motion.lumps import lump_at
from embodied.motion.pointcloud import Plane, beside_which, cluster_at, thinned, without_planes

CROP_M = 0.20
SURROUNDINGS_M = 0.10
"""The hand reaches beyond what is looked at for the thing itself."""
TARGET_REACH_M = 0.03
BESIDE_M = 0.05
"""Who would take hold of a support so near to a thing means the thing."""
OTHERS_SPACING_M = 0.008
FOOT_M = 0.02
"""What stands on a plane was seen down to here at least: the plane's own points are not the thing's."""


@dataclass(frozen=True, eq=False)
class Thing:
    """What was found at a point.

    Attributes:
        cluster_W: (m, 3) the points that hang together there.
        others_W: (k, 3) all other points around it.
        target_W: (3,) where it was pointed at, or beside which.
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
        levels = (plane for plane in self.planes_W if plane.level)
        fronts = (plane for plane in self.planes_W if abs(plane.normal[2]) < UPRIGHT)
        on_level = any(plane.distance_m(foot_W) < FOOT_M for plane in levels)
        return on_level or not any(plane.distance_m(self.cluster_W).min() < FOOT_M for plane in fronts)

    def out_W(self, towards_W: FloatArray) -> FloatArray:
        """The direction off the front that it is before, to the side of ``towards_W``; that itself if there is none."""
        fronts = [plane.normal for plane in self.planes_W if abs(plane.normal[2]) < UPRIGHT]
        return fronts[0] * np.sign(fronts[0] @ towards_W) if fronts else towards_W


def thing_at(target_W: FloatArray, seen_W: FloatArray, widest_m: float, view_W: FloatArray | None = None) -> Thing:
    """The thing at ``target_W`` in all that was seen (k, 3), in the level direction ``view_W`` if it was one view.

    Who points at what a thing stands on, just beside it, means the thing.

    Where what hangs together there is wider than ``widest_m``, it is what rises from that at the target, if anything
    does. Its cluster is empty if nothing stands out there.
    """
    view_W = np.zeros(3) if view_W is None else view_W
    distances = np.linalg.norm(seen_W - target_W, axis=1)
    near = thinned(seen_W[distances < CROP_M])
    around = seen_W[(distances >= CROP_M) & (distances < CROP_M + SURROUNDINGS_M)]
    target_W = beside_which(near, target_W, BESIDE_M)
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
