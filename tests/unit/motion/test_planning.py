"""Paths between joint positions past obstacles that are known in closed form."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
from fake_panda import PANDA

from embodied.motion.planning import STEP_RAD, plan
from embodied.motion.trajectory import rounded_path

LIMITS = PANDA.limits
MIDDLE = (LIMITS.lower_rad + LIMITS.upper_rad) / 2
START, GOAL = MIDDLE - np.eye(7)[0], MIDDLE + np.eye(7)[0]
REPEAT = """
import sys
from pathlib import Path
sys.path.insert(0, {folder!r})
from test_planning import digest
print(digest(7))
"""


def wall(q, slack=0.0):
    """Free but in a wall across joint 1 that only joints 2 and 4 can lead around."""
    away = np.abs(q - MIDDLE)
    return bool(away[0] > 0.3 - slack or away[1] > 0.7 - slack or away[3] > 0.7 - slack)


def outside(centre, half_width):
    """Free but in a cube."""
    return lambda q: bool(np.abs(q - centre).max() > half_width)


def digest(seed):
    return hashlib.sha256(plan(START, [GOAL], wall, LIMITS, np.random.default_rng(seed)).tobytes()).hexdigest()


def dense(path, step=0.01):
    for start, end in zip(path, path[1:], strict=False):
        for share in np.arange(0.0, 1.0 + step, step):
            yield start + min(share, 1.0) * (end - start)


def test_path_leads_around_a_wall_from_start_to_goal_and_every_segment_is_free():
    paths = [plan(START, [GOAL], wall, LIMITS, np.random.default_rng(seed)) for seed in range(20)]
    found = [path for path in paths if path is not None]
    assert len(found) >= 12
    for path in found:
        np.testing.assert_array_equal(path[[0, -1]], [START, GOAL])
        assert all(wall(q, slack=0.6 * STEP_RAD) for q in dense(path))
        assert all(wall(q, slack=0.6 * STEP_RAD) for q in rounded_path(path, 0.005))
        assert (path >= LIMITS.lower_rad).all()
        assert (path <= LIMITS.upper_rad).all()


def test_path_is_short_where_nothing_is_in_the_way():
    path = plan(START, [GOAL], lambda q: True, LIMITS, np.random.default_rng(0))
    np.testing.assert_array_equal(path, [START, GOAL])


def test_detour_is_not_much_longer_than_it_has_to_be():
    path = plan(START, [GOAL], wall, LIMITS, np.random.default_rng(0))
    assert np.linalg.norm(np.diff(path, axis=0), axis=1).sum() < 8.0


def test_goal_that_is_blocked_has_no_path():
    rng = np.random.default_rng(0)
    assert plan(START, [GOAL], outside(GOAL, 0.2), LIMITS, rng) is None


def test_start_that_is_blocked_has_no_path():
    rng = np.random.default_rng(0)
    assert plan(START, [GOAL], outside(START, 0.2), LIMITS, rng) is None


def test_no_goals_have_no_path():
    assert plan(START, [], lambda q: True, LIMITS, np.random.default_rng(0)) is None


def test_goal_behind_a_wall_without_a_gap_is_given_up():
    rng = np.random.default_rng(0)
    assert plan(START, [GOAL], lambda q: bool(abs(q[0] - MIDDLE[0]) > 0.2), LIMITS, rng) is None


def test_free_goal_is_taken_where_the_nearest_is_blocked():
    other = GOAL + 0.5 * np.eye(7)[2]
    path = plan(START, [GOAL, other], outside(GOAL, 0.2), LIMITS, np.random.default_rng(0))
    np.testing.assert_array_equal(path[-1], other)


def test_goal_with_a_straight_way_is_preferred_to_a_nearer_one_behind_a_wall():
    other = START + 0.5 * np.eye(7)[2]
    path = plan(START, [GOAL, other], wall, LIMITS, np.random.default_rng(0))
    np.testing.assert_array_equal(path, [START, other])


def test_start_outside_the_limits_can_be_left():
    start = START.copy()
    start[0] = LIMITS.lower_rad[0] - 0.01
    path = plan(start, [GOAL], wall, LIMITS, np.random.default_rng(0))
    np.testing.assert_array_equal(path[[0, -1]], [start, GOAL])


def test_the_same_seed_gives_the_same_path_to_the_bit_in_this_process_and_in_another():
    script = REPEAT.format(folder=str(Path(__file__).parent))
    other = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert digest(7) == digest(7) == other.stdout.strip()


def test_another_seed_gives_another_path():
    assert digest(0) != digest(2)
