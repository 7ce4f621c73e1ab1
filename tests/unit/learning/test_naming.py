from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from embodied.learning.naming import Namer
from embodied.learning.phrasebook import load_phrasebook
from embodied.learning.sights import sights

from .conftest import BLUE_CUP, COUNTER, RED_CUP

ENGLISH = load_phrasebook("en")


def described(view, name, tries=60, without=()):
    seen = sights(view)
    sight = next(each for each in seen if each.thing.name == name)
    rng = np.random.default_rng(0)
    return {Namer(ENGLISH, seen).describe(sight, rng, without) for _ in range(tries)}


def test_one_of_two_cups_is_never_called_the_cup(view):
    assert "cup" not in described(view, "a")
    assert {"red cup", "leftmost cup", "cup on the counter"} <= described(view, "a")


def test_what_is_on_another_thing_is_told_by_that(view):
    assert "cup on the plate" in described(view, "b")


def test_only_thing_of_its_kind_needs_no_more_words(view):
    assert "plate" in described(view, "plate")


def test_two_that_differ_in_nothing_have_no_words(make_view):
    twin = dataclasses.replace(RED_CUP, name="b")
    words = described(make_view(RED_CUP, twin, COUNTER), "a", without=("leftmost", "rightmost"))
    assert words == {None}


def test_label_tells_apart_what_looks_alike(make_view):
    jars = [
        dataclasses.replace(each, kind="canister", color="red", label=label)
        for each, label in ((RED_CUP, "SALT"), (BLUE_CUP, "RICE"))
    ]
    words = described(make_view(*jars, COUNTER), "a", without=("leftmost", "on", "in"))
    assert any("SALT" in each for each in words if each)
    assert not any("RICE" in each for each in words if each)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_way_to_describe_that_is_not_wanted_is_not_used(view, language):
    assert not {words for words in described(view, "a", without=("colored",)) if words and "red" in words}


def test_both_languages_know_the_same_words():
    chinese = load_phrasebook("zh")
    for table in ("nouns", "fixed", "colors", "describe", "words", "ask", "command"):
        assert set(getattr(ENGLISH, table)) == set(getattr(chinese, table)), table
    for kind, nouns in ENGLISH.nouns.items():
        assert "|" in nouns[0], f"{kind} has no plural"
