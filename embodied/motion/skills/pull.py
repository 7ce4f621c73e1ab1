"""Pull a held handle along to a point, following what its joint allows by feel: a drawer's line, a door's arc.

Each step goes on in the direction in which the last one really went after giving way to what pressed on the hand.
"""

from __future__ import annotations

import numpy as np

from embodied.errors import SkillError
from embodied.geometry import FloatArray
from embodied.motion.mover import Mover
from embodied.motion.skills.carry import check_held
from embodied.motion.skills.retreat import offset, release, shifted
from embodied.result import Reason

STEP_M = 0.05
SPEED_M_S = 0.2
FORCE_N = 25.0
"""Less than two rubber pads hold on to (32 N), more than drawers and doors ask for: the end of their travel is felt."""
ARRIVED_M = 0.012
MIN_STEP_M = 0.002
WAY_OUT_M = 0.05
"""Where the hand could not draw back so far from the handle, it does not go: it could not let go there."""


def pull(mover: Mover, start_W: FloatArray, end_W: FloatArray) -> None:
    """Move the held handle by ``end_W - start_W``, or as near to there as its joint goes, and let go.

    Raises:
        SkillError: ``slipped``; ``blocked`` if it stopped far from the end; ``unreachable``, ``timeout``, ``stopped``.
    """
    begin = mover.pose.translation_m
    goal = begin + end_W - start_W
    total_m = float(np.linalg.norm(end_W - start_W))
    left_m = _follow(mover, goal, total_m) if total_m > ARRIVED_M else 0.0
    moved_m = float(np.linalg.norm(mover.pose.translation_m - begin))
    release(mover, moved_big=True)
    if left_m > max(0.25 * total_m, 2 * ARRIVED_M):
        message = f"it moved {moved_m:.2f} m and then did not move further, {left_m:.2f} m short of the end"
        raise SkillError(message, Reason.BLOCKED.value)


def _follow(mover: Mover, goal: FloatArray, total_m: float) -> float:
    """Step towards ``goal`` until the handle comes no nearer; the distance that is left, in metres."""
    direction = (goal - mover.pose.translation_m) / total_m
    best_m = total_m
    for _ in range(int(np.ceil(2.0 * total_m / STEP_M)) + 2):
        here = mover.pose.translation_m
        there = shifted(mover.pose, min(STEP_M, best_m) * direction)
        if mover.line_path(mover.q_rad, offset(there, -WAY_OUT_M)) is None:
            return best_m
        mover.line(there, speed_m_s=SPEED_M_S, force_n=FORCE_N)
        mover.comply()
        check_held(mover)
        went = mover.pose.translation_m - here
        left_m = float(np.linalg.norm(goal - mover.pose.translation_m))
        if left_m < ARRIVED_M or left_m > best_m - MIN_STEP_M:
            return min(left_m, best_m)
        best_m, direction = left_m, went / np.linalg.norm(went)
    return best_m
