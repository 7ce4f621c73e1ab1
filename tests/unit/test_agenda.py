"""Which part of a goal comes next, without a simulator."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sim.agenda import first, guests, pending, possible
from sim.changes import Undisturbed
from sim.composing import Count, Either, Every, Not
from sim.course import Initially, Refused, Then
from sim.evidence import Evidence
from sim.goals import Goal
from sim.mechanisms import Closed, Open
from sim.whereabouts import Held, In, On


@dataclass(frozen=True)
class Fact(Goal):
    """Something that is so if its name is among what is true."""

    name: str

    def holds(self, evidence: Evidence) -> bool:
        return self.name in evidence.contacts

    def __str__(self) -> str:
        return self.name


A, B, C = map(Fact, "ABC")


def seen(*true: str, past: tuple[frozenset[Goal], ...] = ()) -> Evidence:
    return cast(Evidence, SimpleNamespace(contacts=true, past=past, ending=None))


@pytest.mark.parametrize(
    ("goal", "true", "left"),
    [
        (A, "", [A]),
        (A, "A", []),
        (Every((A, B, C)), "B", [A, C]),
        (Either((A, B)), "", [A]),
        (Either((A, B)), "B", []),
        (Not(A), "A", [Not(A)]),
        (Not(A), "", []),
        (Not(Not(A)), "", [A]),
        (Not(Every((A, B))), "AB", [Not(A)]),
        (Not(Either((A, B))), "AB", [Not(A), Not(B)]),
        (Count((A, B, C), 2, 2), "B", [A]),
        (Count((A, B, C), 2, 3), "", [A, B]),
        (Count((A, B, C), 1, 1), "ABC", [Not(B), Not(C)]),
        (Count((A, B, C), 0, 1), "", []),
    ],
)
def test_what_does_not_hold_is_left_to_do(goal: Goal, true: str, left: list[Goal]) -> None:
    assert pending(goal, seen(*true)) == left


def test_a_branch_that_began_otherwise_is_not_taken() -> None:
    began = (frozenset[Goal]([B]),)
    goal = Either((Every((Initially(A), B)), Every((Initially(B), C))))
    assert pending(goal, seen(past=began)) == [C]
    assert not possible(Initially(A), seen("A", past=began))
    assert possible(Not(Initially(A)), seen(past=began))


def test_what_comes_in_order_is_done_in_order() -> None:
    goal = Then((A, B))
    assert pending(goal, seen()) == [A]
    assert pending(goal, seen("A")) == [B]
    assert pending(goal, seen("B", past=(frozenset[Goal](), frozenset[Goal]([A])))) == []


def test_what_holds_too_early_in_an_order_is_undone() -> None:
    assert pending(Then((A, B)), seen("A", "B")) == [Not(B)]


def test_what_was_disturbed_is_left_as_it_is() -> None:
    assert pending(Every((A, Undisturbed())), seen()) == [A]


MUG_ON_TABLE = On(thing="mug", place="table")
LID_ON_MUG = On(thing="lid", place="mug")
MUG_IN_DRAWER = In(thing="mug", place="drawer")
HELD, SHUT, REFUSED = Held(thing="mug"), Closed(joint="drawer"), Refused()


def world(mug_in_drawer: bool = False) -> Any:
    """A drawer, and a mug that may lie in it."""
    drawer = SimpleNamespace(name="drawer", body=1, link=2, contains=lambda p_WP: mug_in_drawer)
    mug = SimpleNamespace(pose_in_world=SimpleNamespace(translation_m=None))
    joint = SimpleNamespace(name="drawer", body=1, index=2)
    return SimpleNamespace(regions={"drawer": drawer}, joints={"drawer": joint}, objects={"mug": mug})


def test_a_stack_is_built_from_the_bottom_up() -> None:
    assert first([LID_ON_MUG, MUG_ON_TABLE], world(), None) == MUG_ON_TABLE


def test_what_is_in_the_hand_comes_first() -> None:
    assert first([MUG_ON_TABLE, LID_ON_MUG], world(), "lid") == LID_ON_MUG
    assert first([SHUT, MUG_ON_TABLE], world(), "mug") == MUG_ON_TABLE


def test_a_drawer_is_closed_when_nothing_has_to_be_done_in_it_any_more() -> None:
    assert first([SHUT, MUG_IN_DRAWER], world(), None) == MUG_IN_DRAWER
    assert first([SHUT, MUG_ON_TABLE], world(mug_in_drawer=True), None) == MUG_ON_TABLE
    assert first([SHUT, Not(MUG_IN_DRAWER)], world(mug_in_drawer=True), None) == Not(MUG_IN_DRAWER)
    assert first([MUG_ON_TABLE, SHUT], world(), None) == SHUT


def test_holding_and_refusing_come_last() -> None:
    parts = [REFUSED, HELD, Open(joint="drawer")]
    assert first(parts, world(), None) == parts[2]
    assert first(parts[:2], world(), None) == HELD


def test_guests_of_a_plate_are_those_that_are_wanted_there() -> None:
    egg, lime, cup = (On(thing=name, place="plate") for name in ("egg", "lime", "cup"))
    assert guests("plate", Every((egg, lime, Either((egg, In(thing="lime", place="plate"))), Not(cup)))) == 2
    assert guests("bowl", egg) == 0
