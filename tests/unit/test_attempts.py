from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embodied.attempts import SAME, repeats, tried_in_vain
from embodied.commands import Approach, Done, Grasp, ImagePoint, Move, Refuse, parse
from embodied.planner import Decision, Reply
from embodied.prompting import Prompter
from embodied.result import Reason, Result
from embodied.step import Step, Timings

GRASP = "grasp(0.420, 0.610, 0.930)"
MOVE = "move(0.420, 0.610, 0.930, 0.200, 0.300, 1.500)"
SUCCEEDED = Result("succeeded", None, "well done")
REJECTED = Result("rejected", Reason.BEHIND_SURFACE, "behind the surface")
FAILED = Result("failed", Reason.MISSED_GRASP, "held nothing")
POINTS = st.builds(ImagePoint, x=st.floats(0, 1), y=st.floats(0, 1), z=st.floats(0.001, 10))
MOTIONS = st.one_of(
    st.builds(Approach, at=POINTS), st.builds(Grasp, at=POINTS), st.builds(Move, start=POINTS, end=POINTS)
)


@pytest.fixture
def history(look):
    def make(*steps):
        observation = look()
        prompt = Prompter().prompt("Go.", [], observation)
        decisions = [(Decision(text and parse(text), (Reply("..."),)), result) for text, result in steps]
        return [Step(0, observation, prompt, said, None, None, result, Timings(0, 0, 0)) for said, result in decisions]

    return make


def test_what_failed_since_the_last_success_was_in_vain_and_nothing_before_it(history):
    steps = history((GRASP, FAILED), (MOVE, SUCCEEDED), (MOVE, REJECTED), (None, REJECTED), (GRASP, FAILED))
    assert tried_in_vain(steps) == (parse(GRASP), parse(MOVE))
    assert tried_in_vain(steps[:2]) == tried_in_vain([]) == ()


def test_a_prompt_tells_what_was_tried_in_vain(history, look):
    steps = history((GRASP, REJECTED))
    assert Prompter().prompt("Go.", steps, look()).in_vain == (parse(GRASP),)


@given(MOTIONS)
def test_every_command_repeats_itself(command):
    assert repeats(command, [command])
    assert not repeats(command, [])


@pytest.mark.parametrize("text", [GRASP, MOVE])
@pytest.mark.parametrize("far", [0.5, 2.0])
def test_a_point_that_is_off_by_less_than_models_point_is_the_same(text, far):
    for index, number in enumerate(numbers := text[text.index("(") + 1 : -1].split(", ")):
        moved = [*numbers[:index], f"{float(number) + far * SAME:.3f}", *numbers[index + 1 :]]
        other = parse(f"{text[: text.index('(')]}({', '.join(moved)})")
        assert repeats(other, [parse(text)]) == (far < 1)


@pytest.mark.parametrize("other", [Done(), Refuse(reason="no"), parse(GRASP.replace("grasp", "approach")), parse(MOVE)])
def test_another_verb_at_the_same_point_is_no_repetition(other):
    assert not repeats(other, [parse(GRASP)])
