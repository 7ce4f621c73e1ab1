"""What was tried in an episode, so that a further try is another one."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np

from embodied.geometry import FloatArray

NOWHERE: FloatArray = np.empty((0, 3))
"""No point."""


class Tries:
    """How often each thing was tried, and at which points of the world."""

    def __init__(self) -> None:
        """Nothing was tried."""
        self._counts: Counter[str] = Counter()
        self._points: defaultdict[str, list[FloatArray]] = defaultdict(list)

    def count(self, what: str) -> int:
        """How often ``what`` was tried."""
        return self._counts[what]

    def another(self, what: str) -> int:
        """How often ``what`` was tried before; it counts as tried from now on."""
        self._counts[what] += 1
        return self._counts[what] - 1

    def points(self, what: str) -> FloatArray:
        """``p_WP`` (k, 3) where ``what`` was tried."""
        return np.array(self._points[what]).reshape(-1, 3)

    def note(self, what: str, p_WP: FloatArray) -> None:
        """``what`` is tried at this point."""
        self._points[what].append(p_WP)


def cheapest_elsewhere(points: FloatArray, costs: FloatArray, tried: FloatArray, away_m: float) -> int | None:
    """Which of ``points`` (k, 3) is tried next: of those with fewest tries within ``away_m`` the one that costs least.

    Where everything was tried, the one that is furthest from the last try. Points of infinite cost are out of the
    question; ``None`` if there are no others.
    """
    possible = np.isfinite(costs)
    if not possible.any():
        return None
    apart_m = np.linalg.norm(points - tried.reshape(-1, 1, 3), axis=2)
    tries = (apart_m < away_m).sum(axis=0)
    least = possible & (tries == tries[possible].min())
    rank = -apart_m[-1] if tries[least].all() else costs
    return int(np.argmin(np.where(least, rank, np.inf)))
