from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tiny import GRID, SIZES

from embodied.models.rgbd_vision import of_patches
from embodied.training.batches import collate
from embodied.training.building import build
from embodied.training.examples import texts
from embodied.training.items import Items
from embodied.training.seen import RestingTower
from embodied.training.stages import AlignmentStage, InstructionStage, handed_on

FEW = 5
"""So many of a picture's twelve tokens are handed on."""


@pytest.fixture
def choosy(examples):
    """A model whose tower hands on few tokens, and its processor."""
    model, processor = build(texts(examples), replace(SIZES, handed_on=FEW), seed=0)
    torch.nn.init.normal_(model.model.vision_tower.interest.weight, generator=torch.Generator().manual_seed(0))
    return model.eval(), processor


def batch_of(data, examples, choosy, tower=None):
    processor = choosy[1]
    items = Items(data, examples, processor, GRID, FEW, 3, 0, tower and RestingTower(tower, data))
    return collate(
        [items[number, 0] for number in range(4)], processor.image_token_id, processor.tokenizer.pad_token_id
    )


def test_tower_hands_on_the_tokens_of_the_patches_that_interest_most_in_the_order_of_the_picture(
    data, examples, choosy
):
    tower, pictures = choosy[0].model.vision_tower, batch_of(data, examples, choosy).pixel_values
    with torch.inference_mode():
        seen, everything = tower(pictures), tower.look(pictures)
    assert seen.last_hidden_state.shape[:2] == (4, FEW)
    for patches, interest in zip(seen.patches, everything.interest, strict=True):
        assert patches.tolist() == sorted(interest.argsort(descending=True)[:FEW].tolist())
    for name in ("last_hidden_state", "points", "interest"):
        assert torch.equal(seen[name], of_patches(everything[name], seen.patches))
    assert len({tuple(patches.tolist()) for patches in seen.patches}) > 1


def test_what_is_known_of_patches_goes_with_their_tokens(data, examples, choosy):
    whole = batch_of(data, examples, choosy)
    with torch.inference_mode():
        batch = handed_on(choosy[0].model.vision_tower, whole)
        patches = choosy[0].model.vision_tower(whole.pixel_values).patches
    assert torch.equal(batch.owner, whole.owner.gather(1, patches))
    assert torch.equal(batch.looked_at, whole.looked_at.gather(1, patches))
    read = {(row, int(patches[row, place])) for row, place in batch.reading.tolist()}
    assert read == {(row, patch) for row, patch in whole.reading.tolist() if patch in patches[row]}
    assert 0 < len(read) < len(whole.reading)
    rows = whole.looking_at[:, 0]
    at_tokens = torch.cat([whole.looking_to[:, :1], whole.looking_to[:, 1:].gather(1, patches[rows])], 1)
    assert torch.equal(batch.looking_to, at_tokens[at_tokens.any(1)])
    assert torch.equal(batch.looking_at, whole.looking_at[at_tokens.any(1)])
    assert len(batch.looking_at) < len(whole.looking_at)


@pytest.mark.parametrize("stage_of", [AlignmentStage, InstructionStage])
def test_stage_sees_the_same_whether_the_tower_was_asked_before_or_is_asked_now(data, examples, choosy, stage_of):
    model, processor = choosy
    before, now = (batch_of(data, examples, choosy, tower) for tower in (model.model.vision_tower, None))
    assert before.pixel_values.shape[:2] == (4, FEW)
    stage = stage_of(model, processor.tokenizer)
    with torch.inference_mode():
        torch.testing.assert_close(stage(before), stage(now), atol=1e-4, rtol=1e-4)


def test_prompt_has_a_marker_for_each_token_that_is_handed_on(choosy, examples, data):
    model, processor = choosy
    prompt = processor(text=["<image>where?"], images=[torch.zeros(3, 48, 64)], return_tensors="pt")
    assert int((prompt["input_ids"] == processor.image_token_id).sum()) == FEW
    with torch.inference_mode():
        assert model(**prompt).logits.isfinite().all()


def test_patches_that_any_question_looks_at_are_known_though_it_is_not_asked_now(data, examples, choosy):
    items = Items(data, examples, choosy[1], GRID, FEW, 0, seed=0)
    shown = items[0, 0].shown
    assert not items[0, 0].asked
    asked = [look.tokens[1:] for each in shown.asked for look in each.looks]
    assert shown.looked_at.tolist() == [any(each[patch] for each in asked) for patch in range(GRID[0] * GRID[1])]
    assert 0 < shown.looked_at.sum() < GRID[0] * GRID[1]
