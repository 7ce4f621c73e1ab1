"""Pull a held handle along to a point, following what its joint allows by feel: a drawer's line, a door's arc."""

from __future__ import annotations

import numpy as np

from embodied.errors import SkillError
from embodied.geometry import FloatArray
from embodied.motion.mover import Mover, Travelled
from embodied.motion.skills.carry import check_held
from embodied.motion.skills.retreat import release, shifted
from embodied.result import Reason

STEP_M = 0.04
SPEED_M_S = 0.15
FORCE_N = 45.0
ARRIVED_M = 0.012
YIELD_PER_N = 0.02
"""How much of a step goes aside for each newton felt across the direction of pulling."""
MAX_YIELD = 0.7
MIN_STEP_M = 0.002


def pull(mover: Mover, start_W: FloatArray, end_W: FloatArray) -> None:
    """Move the held handle by ``end_W - start_W``, or as near to there as its joint goes, and let go.

    Raises:
        SkillError: ``slipped``; ``blocked`` if it stopped far from the end; ``unreachable``, ``timeout``, ``stopped``.
    """
    begin = mover.pose.translation_m
    goal = begin + end_W - start_W
    total_m = float(np.linalg.norm(end_W - start_W))
    left_m = _follow(mover, goal, total_m)
    moved_m = float(np.linalg.norm(mover.pose.translation_m - begin))
    release(mover)
    if left_m > max(0.25 * total_m, 2 * ARRIVED_M):
        message = f"it moved {moved_m:.2f} m and then did not move further, {left_m:.2f} m short of the end"
        raise SkillError(message, Reason.BLOCKED.value)


def _follow(mover: Mover, goal: FloatArray, total_m: float) -> float:
    """Step towards ``goal`` until the handle comes no nearer; the distance that is left, in metres."""
    direction = (goal - mover.pose.translation_m) / total_m
    best_m = total_m
    for _ in range(int(np.ceil(2.0 * total_m / STEP_M)) + 2):
        here = mover.pose.translation_m
        step_m = min(STEP_M, best_m)
        moved = mover.line(shifted(mover.pose, step_m * direction), speed_m_s=SPEED_M_S, force_n=FORCE_N)
        check_held(mover)
        left_m = float(np.linalg.norm(goal - moved.pose.translation_m))
        if moved.blocked or left_m < ARRIVED_M or left_m > best_m - MIN_STEP_M:
            return min(left_m, best_m)
        best_m = left_m
        direction = _next_direction(direction, here, moved)
    return best_m


def _next_direction(direction: FloatArray, here: FloatArray, moved: Travelled) -> FloatArray:
    """Where the last step really went, yielding to the force felt across it."""
    across = moved.force_W - (moved.force_W @ direction) * direction
    aside = YIELD_PER_N * across
    aside *= min(1.0, MAX_YIELD / max(float(np.linalg.norm(aside)), 1e-9))
    went = moved.pose.translation_m - here
    went /= max(float(np.linalg.norm(went)), 1e-9)
    turned = went + aside
    return np.asarray(turned / np.linalg.norm(turned))
