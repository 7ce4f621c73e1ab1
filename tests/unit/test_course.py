from dataclasses import dataclass
from itertools import combinations
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.composing import Count, Every
from sim.course import Course, Initially, Then
from sim.evidence import Evidence
from sim.goals import Goal

A, B, C = "A", "B", "C"


@dataclass(frozen=True)
class Flag(Goal):
    """Holds while its letter is among those of the moment."""

    letter: str

    def holds(self, evidence: Evidence) -> bool:
        return self.letter in cast(Any, evidence.world)

    def __str__(self) -> str:
        return self.letter


def evidence(*moments: str) -> Evidence:
    """What is known at the last moment; each is the letters that hold, the first at the start."""
    *past, now = moments
    held = tuple(frozenset[Goal](map(Flag, moment)) for moment in past)
    return Evidence(cast(Any, now), (), 1, frozenset(), frozenset(), held)


def then(letters: str) -> Then:
    return Then(tuple(map(Flag, letters)))


@pytest.mark.parametrize(
    ("letters", "moments", "holds"),
    [
        ("AB", ["", "A", "AB"], True),
        ("AB", ["", "A", "B"], True),
        ("AB", ["A", "B"], True),  # what held at the start need not be done
        ("AB", ["A", "", "B"], True),  # the first part may be undone
        ("AB", ["", "B", "AB"], False),  # the wrong order
        ("AB", ["", "AB"], False),  # both by one command: no order
        ("AB", ["AB", "AB"], False),  # nothing came about
        ("AB", ["", "B", "AB", "A", "AB"], True),  # undone, and done again in its turn
        ("AB", ["", "A", "AB", "A"], False),  # the last part must hold at the end
        ("AB", ["", "A", "A"], False),
        ("AB", ["", "B"], False),
        ("AB", [""], False),
        ("AB", ["AB"], False),
        ("ABC", ["", "A", "AB", "ABC"], True),
        ("ABC", ["", "A", "B", "C"], True),
        ("ABC", ["", "A", "AC", "ABC"], False),
        ("ABC", ["", "B", "A", "AC"], False),
        ("ABC", ["", "AB", "ABC"], False),
        ("AA", ["", "A", "A"], False),
        ("AA", ["", "A", "", "A"], True),
    ],
)
def test_then_asks_for_the_order_in_which_things_came_about(letters: str, moments: list[str], holds: bool) -> None:
    assert then(letters).holds(evidence(*moments)) is holds


@given(
    letters=st.text("AB", min_size=2, max_size=4),
    moments=st.lists(st.sampled_from(["", "A", "B", "AB"]), min_size=1, max_size=7),
)
def test_then_agrees_with_trying_every_choice_of_moments(letters: str, moments: list[str]) -> None:
    choices = combinations(range(len(moments)), len(letters))
    expected = any(
        choice[-1] == len(moments) - 1
        and all(letter in moments[at] for letter, at in zip(letters, choice, strict=True))
        and all(
            any(letter not in moment for moment in moments[before:at])
            for letter, before, at in zip(letters[1:], choice, choice[1:], strict=False)
        )
        for choice in choices
    )
    assert then(letters).holds(evidence(*moments)) is expected


def test_the_trace_says_after_which_command_each_part_came_about() -> None:
    assert list(then("ABC").trace(evidence("A", "", "AB", "B"))) == [
        ("A: at the start", True),
        ("B: after command 2", True),
        ("C: never in its turn", False),
        ("then(A, B, C)", False),
    ]


def test_how_many_parts_are_done_is_known_on_the_way() -> None:
    assert [then("ABC").done(evidence(*moments)) for moments in (["C"], ["", "A"], ["", "A", "B"])] == [0, 1, 2]


def test_initially_asks_of_the_start_alone() -> None:
    goal = Initially(Flag(A))
    assert goal.holds(evidence("A", "", "B"))
    assert not goal.holds(evidence("", "A", "A"))
    assert goal.holds(evidence("A"))
    assert list(goal.trace(evidence("A", ""))) == [("initially(A)", True)]


@pytest.mark.parametrize(("now", "number"), [("", 0), ("B", 1), ("CA", 2), ("ABC", 3)])
def test_count_counts(now: str, number: int) -> None:
    flags = tuple(map(Flag, "ABC"))
    for low in range(4):
        for high in range(low, 4):
            assert Count(flags, low, high).holds(evidence(now)) is (low <= number <= high)
    assert str(Count(flags, 2, 2)) == "count(2 of: A, B, C)"
    assert str(Count(flags, 0, 1)) == "count(0 to 1 of: A, B, C)"


def test_a_course_remembers_every_moment_but_the_last_which_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.course.glance", lambda world, past: Evidence(world, (), 1, frozenset(), frozenset(), past))
    goal = Every((then("AB"), Initially(Flag(C))))
    course = Course(goal)
    assert course.past == ()
    for moment in ("C", "A", "AB"):
        course.note(cast(Any, moment))
    assert course.told == (("C",), ("A",), ("A", "B"))
    assert [{str(held) for held in moment} for moment in course.past] == [{"C", "initially(C)"}, {"A", "initially(C)"}]
    now = Evidence(cast(Any, "AB"), (), 1, frozenset(), frozenset(), course.past)
    assert goal.holds(now)
