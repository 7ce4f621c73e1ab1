from __future__ import annotations

import pytest

from embodied.learning.returning import asks_back, in_the_same_numbers
from embodied.prompting import PastStep

TAKEN = PastStep("grasp(0.610, 0.501, 1.358)", "succeeded")
BROUGHT = PastStep("move(0.612, 0.490, 1.330, 0.535, 0.421, 1.400)", "succeeded")
RETAKEN = PastStep("grasp(0.535, 0.421, 1.400)", "succeeded")
NEARLY_BACK = "move(0.530, 0.410, 1.390, 0.615, 0.520, 1.400)"


def test_what_is_moved_to_where_the_first_thing_was_taken_goes_there_in_the_same_numbers():
    said = in_the_same_numbers(NEARLY_BACK, (TAKEN, BROUGHT, RETAKEN))
    assert said == "move(0.530, 0.410, 1.390, 0.610, 0.501, 1.358)"


@pytest.mark.parametrize(
    ("command", "past"),
    [
        (NEARLY_BACK, ()),
        (NEARLY_BACK, (PastStep(TAKEN.command, "failed"), BROUGHT, RETAKEN)),
        ("move(0.530, 0.410, 1.390, 0.415, 0.520, 1.400)", (TAKEN, BROUGHT, RETAKEN)),
        ("move(0.530, 0.410, 1.390, 0.615, 0.520, 1.600)", (TAKEN, BROUGHT, RETAKEN)),
        ("grasp(0.612, 0.503, 1.360)", (TAKEN, BROUGHT)),
        ("done()", (TAKEN, BROUGHT)),
    ],
    ids=["nothing taken", "missed", "elsewhere", "deeper", "taken again", "done"],
)
def test_any_other_command_is_said_as_it_is(command, past):
    assert in_the_same_numbers(command, past) == command


def test_a_goal_is_searched_for_what_is_to_come_back_in_all_its_parts():
    there, back = {"in": {"thing": "lemon", "place": "bowl"}}, {"back": {"thing": "lemon"}}
    assert asks_back(back)
    assert asks_back({"then": [there, {"all": [back]}]})
    assert not asks_back({"then": [there, {"not": there}]})
