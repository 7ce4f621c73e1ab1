"""What is set down near a point comes to stand on what was meant, and beside what is there."""

from __future__ import annotations

import numpy as np
from scenery import TABLE, block, points_of

from embodied.motion.standing import REACH_M, spot_near

TOP_M = TABLE.high_m[2]
FOOT_M = 0.025
CUBE = block(0.55, 0.0, (0.05, 0.05, 0.05))
CAN = block(0.55, 0.0, (0.066, 0.066, 0.12))


def near(end, *boxes, radius_m=FOOT_M):
    return spot_near(np.array(end), points_of([TABLE, *boxes]), radius_m)


def test_on_the_edge_of_a_block_becomes_on_its_middle():
    spot = near((0.535, 0.02, TOP_M + 0.05), CUBE)
    np.testing.assert_allclose(spot, [0.55, 0.0, TOP_M + 0.05], atol=0.012)


def test_half_on_the_table_and_half_on_a_block_becomes_beside_the_block():
    spot = near((0.50, 0.0, TOP_M), CUBE)
    assert spot[2] < TOP_M + 0.002
    assert 0.525 - spot[0] > FOOT_M - 0.006


def test_low_on_the_side_of_a_can_becomes_beside_it():
    spot = near((0.517, 0.0, TOP_M + 0.02), CAN)
    assert spot[2] < TOP_M + 0.002
    assert 0.517 - spot[0] > FOOT_M - 0.006


def test_over_the_edge_of_the_table_becomes_on_the_table():
    spot = near((TABLE.low_m[0] + 0.005, 0.0, TOP_M))
    assert spot[0] - TABLE.low_m[0] > FOOT_M - 0.008


def test_where_it_stands_well_it_is_set_down_as_pointed_at():
    end = (0.62, 0.11, TOP_M)
    np.testing.assert_array_equal(near(end, CUBE), end)


def test_no_spot_is_further_than_the_reach_from_the_point():
    end = np.array([0.55, 0.0, TOP_M + 0.06])
    wall = [block(0.55 + 0.03 * i, 0.0, (0.01, 0.6, 0.08)) for i in range(-4, 5)]
    spot = near(end, *wall)
    assert np.linalg.norm((spot - end)[:2]) <= REACH_M + 1e-9


def test_in_the_air_becomes_on_what_lies_beneath():
    np.testing.assert_allclose(near((0.55, 0.0, TOP_M + 0.4), CUBE), [0.55, 0.0, TOP_M + 0.05], atol=0.012)
    np.testing.assert_allclose(near((0.62, 0.11, TOP_M + 0.04), CUBE), [0.62, 0.11, TOP_M], atol=0.002)


def test_where_nothing_was_seen_beneath_it_stays_where_it_was_said():
    end = (0.55, 0.0, TOP_M - 0.4)
    np.testing.assert_array_equal(near(end, CUBE), end)
    end = (TABLE.low_m[0] - 0.2, 0.0, TOP_M + 0.1)
    np.testing.assert_array_equal(near(end), end)
