from __future__ import annotations

import pytest

from embodied.commands import Grasp, ImagePoint, Move
from embodied.errors import UsageError
from embodied.geometry import Box
from embodied.grounding import GroundedCommand
from embodied.guard import SURFACE_MARGIN_M, Guard, Hazard, Limits, Site
from embodied.result import Measured, Reason, Result

AT = ImagePoint(x=0.5, y=0.5, z=1.0)
SITE = Site(
    workspace=Box((-1, -1, 0), (1, 1, 1)),
    keep_out=(Box((0.5, -1, 0), (1, 1, 0.5), "counter"),),
    hazards=(Hazard(Box((-1, -1, 0), (-0.5, -0.5, 0.3), "stove"), "it is hot"),),
    limits=Limits(speed_m_s=0.5, force_n=30.0),
)
NAN = float("nan")


def grasp_at(*point):
    return GroundedCommand("test", Grasp(at=AT), (point,), 1, "measured")


def move_to(*point):
    return GroundedCommand("test", Move(start=AT, end=AT), ((0.0, 0.0, 0.2), point), 1, "measured")


def measured_at(speed_m_s, force_n):
    return Result("succeeded", None, "done", Measured((0, 0, 0), 0.0, False, 1.0, speed_m_s, force_n))


def test_point_inside_the_workspace_and_clear_of_everything_is_allowed():
    verdict = Guard(SITE).judge(grasp_at(0.0, 0.0, 0.2))
    assert verdict.allowed
    assert verdict.reason is None


@pytest.mark.parametrize("point", [(2.0, 0.0, 0.2), (0.0, 0.0, -0.01), (NAN, 0.0, 0.2), (0.0, float("inf"), 0.2)])
def test_point_outside_the_workspace_is_denied(point):
    assert Guard(SITE).judge(grasp_at(*point)).reason is Reason.OUT_OF_WORKSPACE


def test_end_of_a_move_outside_the_workspace_is_denied():
    assert Guard(SITE).judge(move_to(0.0, 0.0, 3.0)).reason is Reason.OUT_OF_WORKSPACE


def test_point_inside_a_keep_out_volume_is_denied_and_the_volume_named():
    verdict = Guard(SITE).judge(grasp_at(0.7, 0.0, 0.3))
    assert verdict.reason is Reason.FORBIDDEN
    assert "counter" in verdict.message


def test_point_on_the_surface_of_a_keep_out_volume_is_allowed_within_the_margin():
    assert Guard(SITE).judge(grasp_at(0.7, 0.0, 0.5 - 0.9 * SURFACE_MARGIN_M)).allowed
    assert not Guard(SITE).judge(grasp_at(0.7, 0.0, 0.5 - 1.1 * SURFACE_MARGIN_M)).allowed


def test_nothing_may_be_put_on_a_hazard_and_the_reason_is_said():
    verdict = Guard(SITE).judge(move_to(-0.7, -0.7, 0.1))
    assert verdict.reason is Reason.FORBIDDEN
    assert "stove" in verdict.message
    assert "it is hot" in verdict.message


def test_depth_error_does_not_hide_that_a_move_ends_on_a_hazard():
    assert not Guard(SITE).judge(move_to(-0.7, -0.7, 0.3 + 0.9 * SURFACE_MARGIN_M)).allowed
    assert Guard(SITE).judge(move_to(-0.7, -0.7, 0.3 + 1.1 * SURFACE_MARGIN_M)).allowed


def test_thing_may_be_taken_from_a_hazard():
    assert Guard(SITE).judge(grasp_at(-0.7, -0.7, 0.1)).allowed


def test_dry_run_allows_nothing_and_still_says_what_is_wrong():
    guard = Guard(SITE, dry_run=True)
    assert guard.judge(grasp_at(0.0, 0.0, 0.2)).reason is Reason.DRY_RUN
    assert guard.judge(grasp_at(2.0, 0.0, 0.2)).reason is Reason.OUT_OF_WORKSPACE


@pytest.mark.parametrize("promised", [Limits(0.6, 10.0), Limits(0.1, 31.0)])
def test_robot_that_promises_less_than_the_site_asks_is_not_admitted(promised):
    with pytest.raises(UsageError, match="set the controller's limits lower"):
        Guard(SITE).admit(promised, "fast")


def test_robot_within_the_limits_is_admitted():
    Guard(SITE).admit(SITE.limits, "just right")


@pytest.mark.parametrize("value", [0.0, -1.0, NAN, float("inf")])
def test_limit_that_limits_nothing_is_refused(value):
    with pytest.raises(ValueError, match="positive and finite"):
        Limits(speed_m_s=value, force_n=10.0)
    with pytest.raises(ValueError, match="positive and finite"):
        Limits(speed_m_s=1.0, force_n=value)


def test_measurement_within_limits_passes_review():
    assert Guard(SITE).review(measured_at(0.5, 30.0)).allowed
    assert Guard(SITE).review(Result("rejected", Reason.FORBIDDEN, "no")).allowed


@pytest.mark.parametrize(("speed_m_s", "force_n"), [(0.51, 1.0), (0.1, 31.0), (NAN, 1.0), (0.1, NAN)])
def test_measurement_beyond_a_limit_or_without_a_number_fails_review(speed_m_s, force_n):
    assert not Guard(SITE).review(measured_at(speed_m_s, force_n)).allowed
