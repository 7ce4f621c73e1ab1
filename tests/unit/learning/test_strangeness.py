from __future__ import annotations

import numpy as np
import pytest

from embodied.learning.strangeness import SHARE, estranged, with_strange_word

SAID = {"en": "put the cup on the plate", "zh": "把写着 RICE 的罐子放到盘子上"}


@pytest.mark.parametrize("language", SAID)
def test_nothing_of_what_was_said_is_lost_and_one_word_is_new(language):
    rng = np.random.default_rng(0)
    for _ in range(50):
        strange = with_strange_word(SAID[language], language, rng)
        assert any(_without(strange, at, SAID[language]) for at in range(len(strange)))


def test_a_strange_word_may_come_anywhere_between_words():
    rng = np.random.default_rng(0)
    found = {
        tuple(word in SAID["en"].split() for word in with_strange_word(SAID["en"], "en", rng).split())
        for _ in range(200)
    }
    assert found == {(True,) * place + (False,) + (True,) * (6 - place) for place in range(6)}


def test_latin_words_in_chinese_stay_whole():
    rng = np.random.default_rng(0)
    assert all("RICE" in with_strange_word(SAID["zh"], "zh", rng) for _ in range(200))


def test_the_same_seed_has_the_same_word():
    once, again = (with_strange_word(SAID["en"], "en", np.random.default_rng(3)) for _ in range(2))
    assert once == again != SAID["en"]


def test_some_instructions_have_a_strange_word_and_nothing_else_has():
    asks = ["command:on", "where"] * 200
    turns = [{"value": f"{mark}{SAID['en']}\nempty"} for mark in ("<image>\n", *[""] * (len(asks) - 1))]
    entry = {"language": "en", "asks": asks, "conversations": [each for turn in turns for each in (turn, {})]}
    said = [turn["value"] for turn in estranged(entry, np.random.default_rng(0))["conversations"][::2]]
    changed = [now != turn["value"] for now, turn in zip(said, turns, strict=True)]
    assert not any(changed[1::2])
    assert sum(changed) / 200 == pytest.approx(SHARE, abs=0.08)
    assert said[0].startswith("<image>\n")
    assert all(each.endswith("\nempty") for each in said)


def _without(strange, at, said):
    """Whether what is more in ``strange`` than in ``said`` stands at a place."""
    more = len(strange) - len(said)
    return strange[:at] + strange[at + more :] == said
