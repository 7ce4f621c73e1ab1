"""What a push is meant to be, from what was seen at its start."""

from __future__ import annotations

import numpy as np
import pytest
from scenery import TABLE, block

from embodied.geometry import Box
from embodied.motion.skills.retreat import UP
from embodied.motion.skills.strokes import BEYOND_M, CLEAR_M, PRESS_M, stroke

TOP_M = TABLE.high_m[2]
BOARD = block(0.60, 0.0, (0.16, 0.24, 0.016), name="board")
BUTTON = block(0.55, 0.30, (0.034, 0.034, 0.014), name="button")
FRONT = Box((0.50, -0.3, 0.80), (0.52, 0.3, 1.0), "front")
WIDEST_M = 0.08


@pytest.fixture
def meant(make):
    """What is meant by two points where these boxes were seen."""

    def meant(boxes, start, end):
        return stroke(make(seen=[TABLE, *boxes]).memory, np.array(start), np.array(end), WIDEST_M)

    return meant


def test_one_point_beside_a_button_is_a_press_down_on_its_middle(meant):
    point = (0.53, 0.29, TOP_M)
    what = meant([BUTTON], point, point)
    np.testing.assert_allclose(what.start_W, [0.55, 0.30, TOP_M + 0.014], atol=0.006)
    np.testing.assert_array_equal(what.direction, -UP)
    assert (what.length_m, what.beyond_m) == (PRESS_M, 0.0)


def test_one_point_where_no_button_is_presses_into_the_surface_there(meant):
    point = (0.60, 0.0, TOP_M)
    what = meant([], point, point)
    np.testing.assert_array_equal(what.start_W, point)
    np.testing.assert_allclose(what.direction, -UP, atol=0.02)


@pytest.mark.parametrize("start", [(0.56, 0.0), (0.60, 0.05), (0.66, -0.08)])
def test_what_is_flat_and_pointed_at_on_its_top_is_pushed_low_at_its_side(meant, start):
    what = meant([BOARD], (*start, TOP_M + 0.016), (start[0] + 0.1, start[1], TOP_M + 0.016))
    assert what.start_W[0] == pytest.approx(BOARD.low_m[0], abs=0.006)
    assert TOP_M + 0.002 < what.start_W[2] < TOP_M + 0.014
    np.testing.assert_allclose(what.end_W - what.start_W, [0.1, 0.0, 0.0], atol=1e-9)


def test_from_the_table_behind_a_flat_thing_fingers_slide_just_above_the_table(meant):
    what = meant([BOARD], (0.48, 0.0, TOP_M), (0.60, 0.0, TOP_M + 0.016))
    np.testing.assert_allclose(what.start_W, [0.48, 0.0, TOP_M + CLEAR_M])
    assert what.direction[2] == 0.0


def test_a_push_squarely_at_a_face_may_go_a_little_beyond_its_end(meant):
    what = meant([FRONT], (0.50, 0.0, 0.9), (0.70, 0.01, 0.9))
    np.testing.assert_array_equal(what.start_W, (0.50, 0.0, 0.9))
    assert what.beyond_m == BEYOND_M


def test_a_push_at_an_upright_face_is_level(meant):
    what = meant([FRONT], (0.50, 0.0, 0.9), (0.70, 0.0, 0.94))
    np.testing.assert_allclose(what.end_W, (0.70, 0.0, 0.9), atol=1e-9)


def test_a_push_along_a_face_ends_where_it_was_said(meant):
    assert meant([FRONT], (0.50, 0.0, 0.9), (0.50, 0.2, 0.9)).beyond_m == 0.0
