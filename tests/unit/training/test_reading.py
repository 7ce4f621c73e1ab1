from __future__ import annotations

import math

import pytest
from tiny import SIZES

from embodied.training.building import build
from embodied.training.examples import texts
from embodied.training.reading import Words


@pytest.fixture(scope="module")
def tokenizer(examples):
    return build(texts(examples), SIZES, seed=0)[1].tokenizer


def test_word_is_told_as_an_answer_begins_with_it_and_as_it_goes_on(examples, tokenizer):
    red = next(thing for thing in examples[0].things if thing.color == "red")
    told = {tokenizer.decode([token]) for token in Words(tokenizer).names(red)}
    assert {"red", " red", " block", " SALT", "红"} <= told


def test_place_is_told_by_hundredths_and_one_that_is_not_known_by_nothing(tokenizer):
    words = Words(tokenizer)
    assert tokenizer.convert_ids_to_tokens(words.places((0.123, 0.5, 1.207))) == ["0.12", "0.50", "1.20"]
    assert words.places((math.nan, math.nan, math.nan)) == []
