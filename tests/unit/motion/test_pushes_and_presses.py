"""A move with an empty hand: along a way, or on one place."""

from __future__ import annotations

import numpy as np
import pytest
from fake_kitchen import tips
from scenery import block

from embodied.motion.skills.strokes import BEYOND_M, PRESS_M
from embodied.result import Reason

CYCLES_FELT = 2
"""A blow lasts so long that it must be felt."""


def test_push_goes_along_with_closed_fingers_and_opens_again(kitchen):
    result = kitchen.move((0.48, 0.0, 0.84), (0.58, 0.0, 0.84))
    assert result.status == "succeeded", result
    assert min(np.linalg.norm(tip - [0.58, 0.0, 0.84]) for tip in tips(kitchen)) < 0.02
    assert min(s.gripper_width_m for s in kitchen.arm.states) == 0.0
    assert result.measured.gripper_width_m == pytest.approx(0.08)


def test_push_goes_on_where_what_it_struck_gives_way(kitchen):
    blows_m = [0.50, 0.45]

    def struck(X_WG):
        """A blow at each of these places, over as soon as it was felt."""
        return np.array([-50.0 if blows_m and X_WG.translation_m[0] > blows_m[-1] else 0.0, 0, 0])

    def note(state):
        if struck(kitchen.arm.kinematics.grasp_pose(state.positions_rad)).any():
            felt.append(state)
            if len(felt) % CYCLES_FELT == 0:
                blows_m.pop()

    felt: list[object] = []
    kitchen.arm.force_W, kitchen.arm.on_cycle = struck, note
    result = kitchen.move((0.40, 0.0, 0.84), (0.58, 0.0, 0.84))
    assert result.status == "succeeded", result


def test_push_squarely_at_a_face_goes_a_little_beyond_the_end(kitchen):
    result = kitchen.move((0.48, 0.0, 0.84), (0.58, 0.0, 0.84))
    assert result.status == "succeeded", result
    assert max(tip[0] for tip in tips(kitchen)) == pytest.approx(0.58 + BEYOND_M, abs=0.006)


def test_press_beside_a_button_goes_down_on_its_middle(kitchen):
    kitchen.boxes[1:] = [block(0.55, 0.2, (0.034, 0.034, 0.014), name="button")]
    result = kitchen.move((0.53, 0.22, 0.80), (0.53, 0.22, 0.80))
    assert result.status == "succeeded", result
    lowest = min(tips(kitchen), key=lambda tip: tip[2])
    np.testing.assert_allclose(lowest, [0.55, 0.2, 0.814 - PRESS_M], atol=0.008)


def test_push_against_what_does_not_move_is_blocked(kitchen):
    kitchen.arm.force_W = lambda X_WG: np.array([-80.0 if X_WG.translation_m[0] > 0.47 else 0.0, 0, 0])
    result = kitchen.move((0.48, 0.0, 0.84), (0.68, 0.0, 0.84))
    assert (result.status, result.reason) == ("failed", Reason.BLOCKED)


def test_push_out_of_reach_is_unreachable(kitchen):
    result = kitchen.move((0.5, 0.0, 0.84), (1.6, 0.0, 0.84))
    assert (result.status, result.reason) == ("failed", Reason.UNREACHABLE)
