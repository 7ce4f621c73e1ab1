"""A press at a button or just beside it means the middle of the button; elsewhere there is none."""

from __future__ import annotations

import numpy as np
import pytest
from scenery import TABLE, block, points_of

from embodied.motion.knobs import knob_at

TOP_M = TABLE.high_m[2]
BUTTON = block(0.55, 0.30, (0.034, 0.034, 0.014))


@pytest.mark.parametrize("aside", [(0.0, 0.0), (-0.017, 0.01), (-0.03, -0.03), (0.045, 0.0)])
def test_the_middle_of_a_button_is_found_from_beside_it(aside):
    knob = knob_at(points_of([TABLE, BUTTON]), np.array([0.55 + aside[0], 0.30 + aside[1], TOP_M]))
    np.testing.assert_allclose(knob, [0.55, 0.30, TOP_M + 0.014], atol=0.006)


@pytest.mark.parametrize(
    ("what", "size"),
    [("a fruit", (0.05, 0.05, 0.05)), ("a board", (0.2, 0.3, 0.015)), ("a crumb", (0.03, 0.03, 0.003))],
)
def test_what_is_as_high_as_a_fruit_as_wide_as_a_board_or_as_flat_as_a_crumb_is_no_button(what, size):
    assert knob_at(points_of([TABLE, block(0.55, 0.30, size)]), np.array([0.53, 0.30, TOP_M])) is None, what


def test_where_no_button_is_near_there_is_none():
    seen = points_of([TABLE, BUTTON])
    assert knob_at(seen, np.array([0.55, 0.20, TOP_M])) is None
    assert knob_at(seen, np.array([0.55, 0.30, TOP_M + 0.5])) is None
