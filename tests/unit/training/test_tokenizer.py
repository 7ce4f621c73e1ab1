from __future__ import annotations

import llguidance.hf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embodied.commands import Grasp, ImagePoint, Move, grammar
from embodied.models.constrained import allowed_tokens, compile_grammar
from embodied.training.tokenizer import build_tokenizer

TEXTS = ["take the red box", "where is the red box?", "the red box", "拿起红色的盒子", "红色的盒子在哪里"] * 4
TOKENIZER = build_tokenizer(TEXTS)
GRAMMAR_TOKENS = llguidance.hf.from_tokenizer(TOKENIZER)
unit = st.integers(0, 1000).map(lambda thousandths: thousandths / 1000)


def pieces(text):
    return [TOKENIZER.decode([token]) for token in TOKENIZER(text)["input_ids"]]


@settings(deadline=None)  # a busy machine may take its time
@given(x=unit, y=unit, z=st.integers(1, 9999).map(lambda millimetres: millimetres / 1000))
def test_every_coordinate_is_a_coarse_token_and_a_digit(x, y, z):
    spelt = [part for value in (x, y, z) for part in (f"{value:.3f}"[:4], f"{value:.3f}"[4], ", ")]
    assert pieces(str(Grasp(at=ImagePoint(x=x, y=y, z=z))))[-len(spelt) :] == [*spelt[:-1], ")"]


@pytest.mark.parametrize("text", ["at 0.412.", "盒子0.412，", "(0.412)", "0.412\n", "x=0.412"])
def test_coordinate_is_cut_the_same_whatever_stands_around_it(text):
    assert ["0.41", "2"] == [piece for piece in pieces(text) if any(letter.isdigit() for letter in piece)]


@pytest.mark.parametrize("text", ["12 boxes", "0.12", "12.345", "0.1234", "3.5"])
def test_other_numbers_are_single_digits(text):
    assert all(len(piece.strip()) <= 1 for piece in pieces(text) if any(letter.isdigit() for letter in piece))


def test_words_of_the_training_text_are_one_token_and_chinese_characters_stand_alone():
    assert pieces("the red box") == ["the", " red", " box"]
    assert pieces("红色的盒子") == list("红色的盒子")


@settings(deadline=None)  # a busy machine may take its time
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_text_comes_back_unharmed(text):
    assert TOKENIZER.decode(TOKENIZER(text)["input_ids"], clean_up_tokenization_spaces=False) == text


def test_same_texts_give_the_same_tokenizer():
    assert build_tokenizer(TEXTS).get_vocab() == TOKENIZER.get_vocab()


@settings(deadline=None)
@given(x=unit, y=unit, z=st.integers(1, 9999).map(lambda millimetres: millimetres / 1000))
def test_grammar_has_commands_written_in_the_tokens_of_training(x, y, z):
    at = ImagePoint(x=x, y=y, z=z)
    for command in (Grasp(at=at), Move(start=at, end=at)):
        matcher = compile_grammar(GRAMMAR_TOKENS, grammar())
        for token in TOKENIZER(str(command))["input_ids"]:
            assert token in allowed_tokens(matcher)
            matcher.consume_token(token)
