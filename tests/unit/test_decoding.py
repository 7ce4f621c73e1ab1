from __future__ import annotations

import random

import llguidance.hf
import pytest
import torch
from tiny_checkpoints import train_tokenizer
from tiny_models import FAMILIES, prompt, random_model
from transformers import LogitsProcessorList

from embodied.commands import grammar
from embodied.models.constrained import GrammarLogitsProcessor, compile_grammar
from embodied.models.decoding import GrammarDecoder

TOKENIZER = train_tokenizer()
IMAGE, EOS, VOCABULARY = TOKENIZER.convert_tokens_to_ids("<image>"), TOKENIZER.eos_token_id, len(TOKENIZER) + 9
TOKENS = llguidance.hf.from_tokenizer(TOKENIZER)


pytestmark = pytest.mark.usefixtures("one_thread")


def draw_grammar(draw):
    """Words, choices of words, digits and things that may be left out, one after another."""
    word = lambda: f'"{"".join(draw.choices("abc(),. ", k=draw.randint(1, 9)))}"'  # noqa: E731
    part = {
        "word": word,
        "choice": lambda: f"({word()} | {word()} | {word()})",
        "digits": lambda: f"/[0-9]{{{draw.randint(1, 4)}}}/",
        "option": lambda: f"({word()})?",
    }
    return "start: " + " ".join(part[draw.choice(list(part))]() for _ in range(draw.randint(1, 8)))


def plainly(model, inputs, matcher, max_tokens):
    """One token at a time, as the library does it."""
    constrain = LogitsProcessorList([GrammarLogitsProcessor(matcher)])
    length = {"max_new_tokens": max_tokens, "eos_token_id": EOS, "pad_token_id": EOS}
    with torch.inference_mode():
        output = model.generate(**inputs, logits_processor=constrain, do_sample=False, **length)
    return output[0, inputs["input_ids"].shape[1] :].tolist()


def drawn_prompt(family, draw, picture=0):
    before, after = (draw.choices(range(5, len(TOKENIZER)), k=draw.randint(1, 30)) for _ in range(2))
    return prompt(family, before, after, IMAGE, picture)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("seed", range(3))
def test_answer_is_that_of_plain_constrained_decoding_token_for_token(family, seed):
    draw = random.Random(seed)
    model = random_model(family, VOCABULARY, IMAGE, seed)
    for text in [grammar(), *(draw_grammar(draw) for _ in range(4))]:
        matcher, inputs = compile_grammar(TOKENS, text), drawn_prompt(family, draw)
        decoder = GrammarDecoder(model, matcher, EOS)
        for max_tokens in (draw.randint(1, 12), 40):
            with torch.inference_mode():
                answered = decoder.answer(inputs, max_tokens)
            assert answered == plainly(model, inputs, matcher, max_tokens), text


def test_drawn_answers_keep_to_the_grammar_and_are_as_likely_as_the_model_finds_them():
    model, inputs = random_model("llava", VOCABULARY, IMAGE, 0), drawn_prompt("llava", random.Random(0))
    words = [TOKENIZER.convert_tokens_to_ids(word) for word in "abc"]
    decoder = GrammarDecoder(model, compile_grammar(TOKENS, 'start: "a" | "b" | "c"'), EOS)
    with torch.inference_mode():
        likely = model(**inputs).logits[0, -1, words].softmax(-1).tolist()
        drawn = [decoder.answer(inputs, 40, seed)[0] for seed in range(300)]
        assert drawn[:20] == [decoder.answer(inputs, 40, seed)[0] for seed in range(20)]
    for word, share in zip(words, likely, strict=True):
        assert drawn.count(word) / 300 == pytest.approx(share, abs=0.1)
    assert len(set(drawn)) > 1


def passes(model, inputs, text):
    """How many tokens go through the model at a time."""
    counts = []
    hook = model.model.language_model.register_forward_pre_hook(
        lambda _m, _a, named: counts.append(named["inputs_embeds"].shape[1]), with_kwargs=True
    )
    with torch.inference_mode():
        answered = GrammarDecoder(model, compile_grammar(TOKENS, text), EOS).answer(inputs, 40)
    hook.remove()
    return counts[2:], answered


def test_forced_tokens_go_through_the_model_together_and_the_last_ones_not_at_all():
    model = random_model("llava", VOCABULARY, IMAGE, 0)
    inputs = drawn_prompt("llava", random.Random(0))
    counts, answered = passes(model, inputs, '''start: ("a" | "b") "(, (, (" ("a" | "b") "(, (, ("''')
    forced = len(TOKENIZER("(, (, (")["input_ids"])
    assert counts == [1 + forced]
    assert len(answered) == 2 * (1 + forced) + 1


def test_what_the_grammar_forces_at_once_follows_the_prompt_without_being_asked_for():
    model = random_model("llava", VOCABULARY, IMAGE, 0)
    counts, answered = passes(model, drawn_prompt("llava", random.Random(0)), 'start: "done()"')
    assert counts == []
    assert TOKENIZER.decode(answered, skip_special_tokens=True) == "done()"


def test_models_with_recurrent_layers_are_told_forced_tokens_one_by_one():
    model = random_model("qwen3_5", VOCABULARY, IMAGE, 0)
    counts, _ = passes(model, drawn_prompt("qwen3_5", random.Random(0)), 'start: ("a" | "b") "(, (" ("a" | "b")')
    assert set(counts) == {1}
