from __future__ import annotations

import random

import llguidance.hf
import pytest
import torch
from tiny_checkpoints import train_tokenizer
from tiny_models import FAMILIES, IMAGE_TOKENS, prompt, random_model

from embodied.commands import grammar
from embodied.errors import ModelError
from embodied.models.constrained import compile_grammar
from embodied.models.decoding import GrammarDecoder
from embodied.models.prefixes import MIN_TOKENS

TOKENIZER = train_tokenizer()
IMAGE, EOS, VOCABULARY = TOKENIZER.convert_tokens_to_ids("<image>"), TOKENIZER.eos_token_id, len(TOKENIZER) + 9
MATCHER = compile_grammar(llguidance.hf.from_tokenizer(TOKENIZER), grammar())
WITH_PREFIX = ["llava", "qwen2_5_vl"]


pytestmark = pytest.mark.usefixtures("one_thread")


def model_of(family, seed=0):
    return random_model(family, VOCABULARY, IMAGE, seed).float()


def text(draw, length):
    return draw.choices(range(5, len(TOKENIZER)), k=length)


def asked(family, before, after, picture):
    inputs = prompt(family, before, after, IMAGE, picture)
    return inputs | {"pixel_values": inputs["pixel_values"].float()}


def tower(inner):
    return inner.visual if hasattr(inner, "visual") else inner.vision_tower


class Watched:
    """A decoder, how many tokens it has its model read, how many pictures it shows it, and what the model says."""

    def __init__(self, model):
        self.decoder, self.tokens, self.pictures, self.said = GrammarDecoder(model, MATCHER, EOS), 0, 0, []
        self._hooks = [
            model.model.language_model.register_forward_pre_hook(self._read, with_kwargs=True),
            model.lm_head.register_forward_hook(lambda _m, _i, scores: self.said.append(scores)),
            tower(model.model).register_forward_pre_hook(self._shown),
        ]

    def _read(self, _module, _inputs, named):
        self.tokens += named["inputs_embeds"].shape[1]

    def _shown(self, _module, _inputs):
        self.pictures += 1

    def answer(self, inputs):
        self.tokens, self.pictures, self.said = 0, 0, []
        with torch.inference_mode():
            return self.decoder.answer(inputs, 30)

    def close(self):
        for hook in self._hooks:
            hook.remove()


def fresh(model, inputs):
    """The answer of a decoder that was never asked before, what was said at the end, and how much was read."""
    watched = Watched(model)
    answered = watched.answer(inputs)
    watched.close()
    return answered, watched.said[-1], watched.tokens


@pytest.mark.parametrize("family", FAMILIES)
def test_answers_are_bit_for_bit_those_of_a_decoder_that_was_never_asked_before(family):
    draw, model = random.Random(0), model_of(family)
    heads = [text(draw, length) for length in (3, MIN_TOKENS, MIN_TOKENS + 20)]
    watched, spared = Watched(model), 0
    for _ in range(12):
        inputs = asked(family, draw.choice(heads), text(draw, draw.randint(1, 40)), draw.randint(0, 1))
        answered, said, tokens = watched.answer(inputs), watched.said[-1], watched.tokens
        expected, expected_said, all_tokens = fresh(model, inputs)
        assert answered == expected
        assert torch.equal(said, expected_said)
        spared += all_tokens - tokens
    assert (spared > 0) == (family in WITH_PREFIX)


@pytest.mark.parametrize("family", WITH_PREFIX)
def test_picture_is_encoded_once_for_several_questions(family):
    draw, watched = random.Random(0), Watched(model_of(family))
    head = text(draw, 10)
    watched.answer(asked(family, head, text(draw, 20), 0))
    assert watched.pictures == 1
    watched.answer(asked(family, head, text(draw, 5), 0))
    assert watched.pictures == 0


@pytest.mark.parametrize("family", WITH_PREFIX)
def test_long_text_before_a_new_picture_is_not_read_again(family):
    draw, model = random.Random(0), model_of(family)
    watched, head, tail = Watched(model), text(draw, 200), text(draw, 5)
    watched.answer(asked(family, head, tail, 0))
    watched.answer(other := asked(family, head, tail, 1))
    assert watched.pictures == 1
    tokens = watched.tokens
    watched.close()
    assert fresh(model, other)[2] - tokens == len(head)


def test_pictures_of_two_episodes_are_never_mixed_up():
    draw, model = random.Random(0), model_of("llava")
    watched, head, tail = Watched(model), text(draw, 10), text(draw, 5)
    for picture in (0, 1, 0):
        inputs = asked("llava", head, tail, picture)
        watched.answer(inputs)
        assert watched.pictures == 1


def test_one_prefix_is_kept_and_nothing_behind_the_picture():
    draw, watched = random.Random(0), Watched(model_of("llava"))
    for length in (100, 10, 70):
        watched.answer(asked("llava", text(draw, length), text(draw, 30), 0))
        assert watched.decoder._prefix.cache.get_seq_length() == length + IMAGE_TOKENS


def test_nothing_is_kept_of_a_prompt_that_could_not_be_answered(monkeypatch):
    draw, model = random.Random(0), model_of("llava")
    watched, head = Watched(model), text(draw, 100)
    watched.answer(asked("llava", head, text(draw, 5), 0))
    with monkeypatch.context() as broken:
        broken.setattr(model.lm_head.weight, "data", torch.full_like(model.lm_head.weight, float("nan")))
        with pytest.raises(ModelError, match="not numbers"):
            watched.answer(asked("llava", head, text(draw, 5), 1))
    watched.answer(inputs := asked("llava", head, text(draw, 5), 0))
    tokens = watched.tokens
    watched.close()
    assert tokens == fresh(model, inputs)[2]


def test_prompt_without_a_picture_is_read_whole():
    draw, watched = random.Random(0), Watched(model_of("llava"))
    ids = torch.tensor([text(draw, 100)])
    for _ in range(2):
        watched.answer({"input_ids": ids, "attention_mask": torch.ones_like(ids)})
        assert watched.tokens >= 100
