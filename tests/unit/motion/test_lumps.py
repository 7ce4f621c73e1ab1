"""What lies in a bowl is told from the bowl."""

from __future__ import annotations

import numpy as np
import pytest

from embodied.motion.lumps import lump_at
from embodied.motion.pointcloud import thinned

WIDEST_M = 0.08
FLOOR_M = 0.01
BALL_M = 0.025
"""Radius of a fruit."""
PROFILE_M = ((0.0, FLOOR_M), (0.028, FLOOR_M), (0.049, 0.028), (0.061, 0.056), (0.067, 0.056), (0.055, 0.026))
"""Radius and height of a bowl's surface, from the middle of its floor over the rim."""


def bowl():
    """Points (k, 3) of a bowl that stands at the origin, as seen from all around."""
    radii, heights = np.array(PROFILE_M).T
    along = np.linspace(0, len(radii) - 1, 60)
    r, z = np.interp(along, np.arange(len(radii)), radii), np.interp(along, np.arange(len(radii)), heights)
    turn = np.linspace(0, 2 * np.pi, 120, endpoint=False)[:, None]
    return np.stack([r * np.cos(turn), r * np.sin(turn), np.broadcast_to(z, (120, 60))], axis=-1).reshape(-1, 3)


def ball(middle, radius_m=BALL_M):
    """Points of the upper three quarters of a ball."""
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(4000, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return np.array(middle) + radius_m * directions[directions[:, 2] > -0.5]


def top_of(points):
    return points[points[:, 2].argmax()]


@pytest.mark.parametrize("aside_m", [0.0, 0.01, 0.02])
def test_fruit_in_a_bowl_is_told_from_the_bowl_even_where_it_leans_on_the_wall(aside_m):
    fruit = ball([aside_m, 0.0, FLOOR_M + BALL_M + aside_m / 3])
    lump = lump_at(thinned(np.vstack([bowl(), fruit])), top_of(fruit), WIDEST_M)
    assert lump is not None
    nearest = np.abs(np.linalg.norm(lump - [aside_m, 0.0, FLOOR_M + BALL_M + aside_m / 3], axis=1) - BALL_M)
    assert (nearest < 0.004).mean() > 0.95
    np.testing.assert_allclose(np.ptp(lump[:, :2], axis=0), 2 * BALL_M, atol=0.008)


def test_bowl_pointed_at_by_its_rim_is_no_lump():
    both = np.vstack([bowl(), ball([0.0, 0.0, FLOOR_M + BALL_M])])
    assert lump_at(thinned(both), np.array([0.064, 0.0, 0.056]), WIDEST_M) is None


def test_empty_bowl_is_no_lump():
    assert lump_at(thinned(bowl()), np.array([0.0, 0.0, FLOOR_M]), WIDEST_M) is None


def test_what_fits_the_hand_is_left_whole():
    two = np.vstack([ball([0.0, 0.0, 0.03]), ball([0.045, 0.0, 0.03])])
    assert lump_at(thinned(two), np.array([0.0, 0.0, 0.055]), WIDEST_M) is None
