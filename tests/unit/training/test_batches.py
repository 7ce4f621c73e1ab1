from __future__ import annotations

import copy
import re
from collections import Counter

import numpy as np
import pytest
import torch
from tiny import GRID, SIZES, returning, whole_mask

from embodied.models.rgbd_vision import AXES
from embodied.training.batches import GROUPS, IGNORED, STEP, collate
from embodied.training.building import build
from embodied.training.examining import replies
from embodied.training.examples import read_picture, texts
from embodied.training.grouped import GROUPED
from embodied.training.items import TOKENS_READ, Items
from embodied.training.patches import some_of_each
from embodied.training.rendering import FIRST_WEIGHT, LAST_DIGIT_WEIGHT
from embodied.training.seen import RestingTower
from embodied.training.shown import WORDS
from embodied.training.stages import InstructionStage


@pytest.fixture(scope="module")
def model_and_processor(examples):
    model, processor = build(texts(examples), SIZES, seed=0)
    with torch.no_grad():  # a new model's tokens do not heed each other yet
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(0)), alpha=0.1)
    return model, processor


@pytest.fixture(scope="module")
def tokenizer(model_and_processor):
    return model_and_processor[1].tokenizer


def batch_of(data, examples, processor, questions=4, count=2):
    items = Items(data, examples, processor, GRID, 12, questions, seed=0)
    chosen = [items[number, 0] for number in range(count)]
    return chosen, collate(chosen, processor.image_token_id, processor.tokenizer.pad_token_id)


def place_of(exchange, tokens):
    """Where a question begins among ``tokens``."""
    whole = torch.tensor(exchange.asked + exchange.answered)
    return next(at for at in range(len(tokens)) if torch.equal(tokens[at : at + len(whole)], whole))


def test_loss_is_on_the_answers_and_their_ends_alone(data, examples, model_and_processor, tokenizer):
    _, batch = batch_of(data, examples, model_and_processor[1], count=1)
    said = tokenizer.decode(batch.labels[0][batch.labels[0] != IGNORED])
    answers = {answer for _, answer in examples[0].exchanges}
    assert said.count("<|end|>") == len(answers)
    assert set(said.split("<|end|>")) - {""} == answers


def test_what_an_answer_begins_with_matters_most_and_thousandths_least(data, examples, model_and_processor, tokenizer):
    _, batch = batch_of(data, examples, model_and_processor[1], count=1)
    answered = batch.labels[0] != IGNORED
    tokens = [tokenizer.decode([token]) for token in batch.labels[0][answered]]
    weights = batch.weights[0][answered].tolist()
    for before, token, weight in zip(["<|end|>", *tokens], tokens, weights, strict=False):
        begins, thousandths = before == "<|end|>", re.fullmatch(r"\d\.\d\d", before) and token.isdigit()
        assert weight == pytest.approx(FIRST_WEIGHT if begins else LAST_DIGIT_WEIGHT if thousandths else 1.0)
    assert pytest.approx(LAST_DIGIT_WEIGHT) in weights
    assert not batch.weights[0][~answered].any()


def test_question_sees_what_it_would_see_if_it_were_the_only_one(data, examples, model_and_processor):
    model, processor = model_and_processor
    (many,), among_many = batch_of(data, examples, processor, questions=3, count=1)
    (one,), alone = batch_of(data, examples, processor, questions=1, count=1)
    exchange = one.asked[0].exchange
    assert exchange in [each.exchange for each in many.asked]

    def answer(batch):
        inputs = {name: getattr(batch, name) for name in ("input_ids", "pixel_values", "position_ids")}
        with torch.inference_mode():
            logits = model(**inputs, attention_mask=whole_mask(batch)).logits
        start = place_of(exchange, batch.input_ids[0]) + len(exchange.asked)
        return logits[0, start : start + len(exchange.answered)]

    torch.testing.assert_close(answer(among_many), answer(alone), atol=1e-5, rtol=1e-4)


def test_groups_of_questions_are_compared_with_what_they_see_alone_and_nothing_else_changes(
    data, examples, model_and_processor
):
    model, processor = copy.deepcopy(model_and_processor[0]), model_and_processor[1]
    _, batch = batch_of(data, examples, processor, questions=3)
    inputs = {name: getattr(batch, name) for name in ("input_ids", "pixel_values", "position_ids")}
    with torch.inference_mode():
        whole = model(**inputs, attention_mask=whole_mask(batch)).logits
        model.set_attn_implementation({"text_config": GROUPED})
        grouped = model(**inputs, attention_mask=batch.attention_mask).logits
    said = batch.labels != IGNORED
    torch.testing.assert_close(grouped[said], whole[said], atol=1e-5, rtol=1e-4)


def test_groups_are_of_few_lengths(data, examples, model_and_processor):
    for questions in (1, 2, 4):
        _, batch = batch_of(data, examples, model_and_processor[1], questions)
        _, groups, size, seen = batch.attention_mask.shape
        assert groups == GROUPS
        assert size % STEP == 0
        assert batch.input_ids.shape[1] == seen - size + groups * size


def test_coordinates_are_looked_for_on_the_thing_that_is_asked_about(data, examples, model_and_processor, tokenizer):
    items, batch = batch_of(data, examples, model_and_processor[1])
    looks = zip(batch.looking_at.tolist(), batch.looking_to, strict=True)
    points = [(row, place, to) for (row, place, head), to in looks if head != WORDS]
    assert len(points) == sum(3 for item in items for each in item.asked if each.exchange.pointing)
    for row, place, target in points:
        assert re.fullmatch(r"\d\.\d\d", tokenizer.decode([batch.input_ids[row, place + 1]]))
        assert not target[0]
        shown = {batch.things[row][owner].color for owner in batch.owner[row][target[1:]].tolist() if owner >= 0}
        question = tokenizer.decode(batch.input_ids[row, :place]).rsplit("Where is", 1)[1]
        assert shown == {next(colour for colour in ("red", "blue") if colour in question)}


def test_answer_begins_with_a_look_at_what_it_is_about(data, examples, model_and_processor, tokenizer):
    _, batch = batch_of(data, examples, model_and_processor[1])
    looks = zip(batch.looking_at.tolist(), batch.looking_to, strict=True)
    words = [(row, place, to) for (row, place, head), to in looks if head == WORDS]
    assert len(words) == 3 * len(batch.things)  # nothing is known of how many blocks there are
    for row, place, target in words:
        assert batch.labels[row, place] == IGNORED
        begins = tokenizer.decode(batch.labels[row, place + 1 : place + 2])
        shown = {batch.things[row][owner].color for owner in batch.owner[row][target[1:]].tolist()}
        assert shown == ({begins.strip()} if begins != "none" else set())
        assert bool(target[0]) == (begins == "none")


def test_end_of_a_move_that_was_said_before_is_looked_for_where_it_was_said(
    data, examples, model_and_processor, tokenizer
):
    _, batch = batch_of(data, [returning(examples[0])], model_and_processor[1], count=1)
    start, end = batch.said_at[:AXES], batch.said_at[AXES:]
    assert (start == -1).all()  # what is moved is looked for in the picture, wherever else it is named
    assert batch.looking_to[:AXES].any(1).all()
    assert not batch.looking_to[AXES:].any()
    predicted = batch.looking_at[AXES:, 1] + 1
    assert torch.equal(batch.input_ids[0, end], batch.input_ids[0, predicted])
    assert tokenizer.decode(batch.input_ids[0, end]) == "0.610.501.35"
    assert tokenizer.decode(batch.input_ids[0, : end[0]]).endswith("and back\ngrasp(")


def test_question_of_an_epoch_is_drawn_from_the_seed(data, examples, model_and_processor):
    def asked(seed, epoch):
        items = Items(data, examples, model_and_processor[1], GRID, 12, 1, seed)
        return [items[number, epoch].asked[0].exchange.asked for number in range(len(examples))]

    assert asked(0, 1) == asked(0, 1)
    assert asked(0, 1) != asked(0, 2)


def test_commands_are_asked_for_before_anything_else(data, examples, model_and_processor):
    processor = model_and_processor[1]
    commanding = [each.model_copy(update={"asks": ("what", "what", "command:task", "command:on")}) for each in examples]
    for questions, others in ((1, 0), (2, 0), (3, 1)):
        items = Items(data, commanding, processor, GRID, 12, questions, seed=0)
        for epoch in range(4):
            shown, asked = items[0, epoch].shown, items[0, epoch].asked
            assert sum(each in shown.asked[:2] for each in asked) == others
            assert len(asked) == questions


def test_reply_of_a_padded_prompt_is_what_training_would_have_given(data, examples, model_and_processor, tokenizer):
    model, processor = model_and_processor
    items, batch = batch_of(data, examples, processor, questions=4, count=2)
    inputs = {name: getattr(batch, name) for name in ("input_ids", "pixel_values", "position_ids")}
    with torch.inference_mode():
        logits = model(**inputs, attention_mask=whole_mask(batch)).logits
    firsts, prompts, pictures = [], [], []
    for row, item in enumerate(items):
        for exchange in (each.exchange for each in item.asked):
            place = place_of(exchange, batch.input_ids[row])
            firsts.append(int(logits[row, place + len(exchange.asked) - 1].argmax()))
            prompts.append(item.shown.prefix + exchange.asked)
            pictures.append(read_picture(data, examples[row]))
    assert [reply[0] for reply in replies(model, processor, prompts, pictures)] == firsts


def test_few_tokens_of_every_thing_are_read_and_others_in_the_next_epoch(data, examples, model_and_processor):
    processor = model_and_processor[1]

    def reading(epoch):
        items = Items(data, examples, processor, GRID, 12, 3, seed=0)
        chosen = [items[number, epoch] for number in range(len(examples))]
        return collate(chosen, processor.image_token_id, processor.tokenizer.pad_token_id)

    batch = reading(0)
    read = [(row, int(batch.owner[row, place])) for row, place in batch.reading.tolist()]
    seen = {(row, owner) for row, owners in enumerate(batch.owner.tolist()) for owner in owners if owner >= 0}
    assert set(read) == seen
    assert max(Counter(read).values()) == TOKENS_READ
    assert torch.equal(batch.reading, reading(0).reading)
    assert not torch.equal(batch.reading, reading(1).reading)


def test_a_tower_that_does_not_move_is_asked_once_about_a_picture(data, examples, model_and_processor):
    model, processor = model_and_processor
    seen, asked = [], model.model.vision_tower.register_forward_hook(lambda *_: seen.append(1))
    items = Items(data, examples, processor, GRID, 12, 3, 0, RestingTower(model.model.vision_tower, data))
    chosen = [items[number, epoch] for epoch in range(2) for number in range(2)]
    asked.remove()
    assert len(seen) == 2
    kept, fresh = (
        collate(each, processor.image_token_id, processor.tokenizer.pad_token_id)
        for each in (chosen[:2], [Items(data, examples, processor, GRID, 12, 3, 0)[number, 0] for number in range(2)])
    )
    stage = InstructionStage(copy.deepcopy(model), processor.tokenizer)
    with torch.inference_mode():
        torch.testing.assert_close(stage(kept), stage(fresh), atol=1e-4, rtol=1e-4)


def test_rare_things_are_read_rather_than_common_ones():
    owner, weights = np.arange(30), np.array([1.0] * 25 + [100.0] * 5)
    read = some_of_each(owner, weights, 10, 3, np.random.default_rng(0))
    assert len(read) == 10
    assert set(range(25, 30)) <= set(read.tolist())
    assert not len(some_of_each(np.full(4, -1), np.zeros(0), 10, 3, np.random.default_rng(0)))
