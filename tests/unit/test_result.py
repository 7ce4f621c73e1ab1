from __future__ import annotations

import pytest

from embodied.result import Reason, Result


def test_success_has_no_reason():
    assert Result("succeeded", None, "done").reason is None
    with pytest.raises(ValueError, match="does not go with"):
        Result("succeeded", Reason.BLOCKED, "done")


@pytest.mark.parametrize("status", ["failed", "rejected"])
def test_anything_but_success_has_a_reason(status):
    assert Result(status, Reason.BLOCKED, "a wall").reason is Reason.BLOCKED
    with pytest.raises(ValueError, match="does not go with"):
        Result(status, None, "a wall")


def test_reason_is_the_text_that_a_log_carries():
    assert Reason("missed_grasp") is Reason.MISSED_GRASP
    assert all(reason.value == reason.name.lower() for reason in Reason)
