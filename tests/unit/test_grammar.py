from __future__ import annotations

import random

import pytest

from embodied.commands import COMMANDS, grammar, parse


def byte_tokenizer():
    llguidance = pytest.importorskip("llguidance")

    class Bytes:
        eos_token_id, bos_token_id = 256, None
        tokens = [*(bytes([value]) for value in range(256)), b"<eos>"]
        special_token_ids = [256]

        def __call__(self, text):
            return list(text if isinstance(text, bytes) else text.encode())

    return llguidance, llguidance.LLTokenizer(llguidance.TokenizerWrapper(Bytes()), eos_token=256)


def walk(matcher, pick):
    """Random allowed bytes until only the end is allowed."""
    said = bytearray()
    while True:
        mask = matcher.compute_bitmask()
        allowed = [token for token in range(257) if mask[token // 8] >> (token % 8) & 1]
        token = pick.choice(allowed)
        if token == 256:
            return said.decode("utf-8")
        assert matcher.consume_token(token)
        said.append(token)


def test_every_string_of_the_grammar_is_a_command_in_its_canonical_form():
    llguidance, tokenizer = byte_tokenizer()
    kinds = set()
    for seed in range(100):
        matcher = llguidance.LLMatcher(tokenizer, llguidance.LLMatcher.grammar_from_lark(grammar()))
        text = walk(matcher, random.Random(seed))
        kinds.add(type(parse(text)))
        assert str(parse(text)) == text
    assert kinds == set(COMMANDS)


def accepts(text):
    llguidance, tokenizer = byte_tokenizer()
    matcher = llguidance.LLMatcher(tokenizer, llguidance.LLMatcher.grammar_from_lark(grammar()))
    return matcher.try_consume_tokens(list(text.encode())) == len(text.encode()) and matcher.is_accepting()


@pytest.mark.parametrize(
    "text", ["grasp(0.420, 1.000, 0.001)", "done()", 'refuse("太烫")', 'refuse("' + "烫" * 200 + '")']
)
def test_the_grammar_accepts_canonical_commands(text):
    assert accepts(text)


@pytest.mark.parametrize(
    "text",
    ["grasp(0.420, 1.000, 0.000)", "grasp(1.001, 0.5, 1.000)", "done( )", 'refuse("")', " done()",
     "grasp(0.42,0.61,0.93)", 'refuse("' + "a" * 201 + '")'],
)  # fmt: skip
def test_the_grammar_refuses_what_is_no_canonical_command(text):
    assert not accepts(text)
