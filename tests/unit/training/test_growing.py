from __future__ import annotations

import copy

import pytest
import torch
from tiny import SIZES

from embodied.errors import UsageError
from embodied.training.attending import gazing_attention
from embodied.training.building import build
from embodied.training.checkpoint import load_weights, save_weights
from embodied.training.examples import texts
from embodied.training.growing import add_blocks, deepen

PIXELS = torch.linspace(-1, 1, 4 * 48 * 64).sin().view(1, 4, 48, 64)
IDS = torch.arange(20)[None] + 300


@pytest.fixture(scope="module")
def shallow_and_processor(examples):
    model, processor = build(texts(examples), SIZES, seed=0)
    with torch.no_grad():  # a new model's layers add nothing yet
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(0)), alpha=0.1)
    return model, processor


@pytest.fixture
def deepened(shallow_and_processor):
    def grown(layers):
        model = copy.deepcopy(shallow_and_processor[0])
        deepen(model.model.language_model, layers)
        return model

    return grown


def said(model):
    with torch.inference_mode():
        return model.model.language_model(IDS).last_hidden_state


@pytest.mark.parametrize("layers", [2, 3, 4, 7])
def test_deeper_model_begins_by_saying_what_the_shallower_one_says(shallow_and_processor, deepened, layers):
    model = deepened(layers)
    assert len(model.model.language_model.layers) == layers
    assert torch.equal(said(model), said(shallow_and_processor[0]))


@pytest.mark.parametrize("layers", [3, 4, 7])
def test_layer_that_looks_is_still_the_one_that_learnt_to(shallow_and_processor, deepened, layers):
    learnt = gazing_attention(shallow_and_processor[0].model.language_model).q_proj.weight
    assert torch.equal(gazing_attention(deepened(layers).model.language_model).q_proj.weight, learnt)


def test_layers_that_were_added_learn(deepened):
    model = deepened(4)
    model.model.language_model(IDS).last_hidden_state.square().mean().backward()
    for layer in model.model.language_model.layers:
        assert layer.mlp.down_proj.weight.grad.abs().sum() > 0


def test_deeper_model_is_a_checkpoint_like_any_other_and_remembers_what_it_said(
    shallow_and_processor, deepened, tmp_path
):
    save_weights(deepened(4), shallow_and_processor[1], tmp_path)
    model, _ = load_weights(tmp_path)
    answers = {
        cached: model.generate(input_ids=IDS, max_new_tokens=6, do_sample=False, use_cache=cached).tolist()
        for cached in (True, False)
    }
    assert model.config.text_config.num_hidden_layers == 4
    assert answers[True] == answers[False]


def test_model_does_not_become_shallower(deepened):
    with pytest.raises(UsageError, match="has 2 layers already: choose --layers 2 or more"):
        deepened(1)


@pytest.fixture
def tower(shallow_and_processor):
    return copy.deepcopy(shallow_and_processor[0].model.vision_tower)


def seen(tower):
    with torch.inference_mode():
        return tower(PIXELS).last_hidden_state


@pytest.mark.parametrize("extra_blocks", [0, 1, 3])
def test_tower_with_more_blocks_begins_by_saying_what_it_said_before(tower, extra_blocks):
    before, blocks = seen(tower), [len(each) for each in tower.blocks]
    add_blocks(tower, extra_blocks)
    assert [len(each) for each in tower.blocks] == [blocks[0], *(count + extra_blocks for count in blocks[1:])]
    assert torch.equal(seen(tower), before)


def test_blocks_that_were_added_learn(tower):
    add_blocks(tower, 1)
    tower(PIXELS).last_hidden_state.square().mean().backward()
    assert all(blocks[-1].second.weight.grad.abs().sum() > 0 for blocks in tower.blocks)


def test_tower_with_more_blocks_is_a_checkpoint_like_any_other(shallow_and_processor, tmp_path):
    model = copy.deepcopy(shallow_and_processor[0])
    add_blocks(model.model.vision_tower, 2)
    save_weights(model, shallow_and_processor[1], tmp_path)
    assert torch.equal(seen(load_weights(tmp_path)[0].model.vision_tower), seen(model.model.vision_tower))


def test_tower_does_not_lose_blocks(tower):
    add_blocks(tower, 2)
    with pytest.raises(UsageError, match="has 2 extra blocks already: choose --extra-blocks 2 or more"):
        add_blocks(tower, 1)
