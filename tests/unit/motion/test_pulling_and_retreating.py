"""Skills that move a mover: what is pulled, and how the hand leaves it."""

from __future__ import annotations

import numpy as np
import pytest
from scenery import goal_at

from embodied.errors import SkillError
from embodied.motion.skills import pull as pulling
from embodied.motion.skills.retreat import UP, offset, shifted


def test_handle_is_not_pulled_to_where_the_hand_could_not_draw_back(make, arm, monkeypatch):
    mover, let_go = make(), []
    arm._q = goal_at(mover, (0.5, 0.0, 0.9))[0]
    arm.between_m = lambda X_WG: 0.02
    mover.grip(0.0, 10.0)
    monkeypatch.setattr(pulling, "release", lambda mover, moved_big: let_go.append((mover.q_rad, mover.pose)))
    with pytest.raises(SkillError) as caught:
        pulling.pull(mover, np.array([0.5, 0.0, 0.9]), np.array([1.2, 0.0, 0.9]))
    ((q, pose),) = let_go
    assert caught.value.reason == "blocked"
    assert pose.translation_m[0] > 0.55, "it was pulled as far as it could be"
    assert mover.line_path(q, offset(pose, -pulling.WAY_OUT_M)) is not None


def test_offset_and_shifted_move_along_the_hand_and_along_the_world(make):
    pose = make().pose
    np.testing.assert_allclose(offset(pose, 0.1).translation_m, pose.translation_m + 0.1 * pose.rotation[:, 2])
    np.testing.assert_allclose(shifted(pose, 0.1 * UP).translation_m, pose.translation_m + [0, 0, 0.1])
