from __future__ import annotations

import copy
import re
from dataclasses import replace

import pytest
import torch
from tiny import GRID, SIZES

from embodied.errors import UsageError
from embodied.training.building import build
from embodied.training.checkpoint import load_weights, save_weights
from embodied.training.examples import read_picture, texts
from embodied.training.growing import add_blocks
from embodied.training.items import pixels
from embodied.training.transplanting import transplant


@pytest.fixture
def model_and_processor(examples):
    return build(texts(examples), SIZES, seed=0)


def saved(model_and_processor, directory, change=lambda model: None):
    model, processor = copy.deepcopy(model_and_processor[0]), model_and_processor[1]
    change(model)
    save_weights(model, processor, directory)
    return directory


def joined(checkpoint, tower_of, data, out, reports=None):
    transplant(checkpoint, tower_of, data, 6, 0, out, (reports if reports is not None else []).append)
    return load_weights(out)[0]


@pytest.fixture
def heard(model_and_processor, data, examples):
    """What a model's language model gets of every patch of the pictures on which models are joined."""
    pictures = [pixels(model_and_processor[1], read_picture(data, each)) for each in examples]

    def by(model):
        with torch.inference_mode():
            return model.model.multi_modal_projector(
                model.model.vision_tower.look(torch.stack(pictures)).last_hidden_state
            )

    return by


def turn(model):
    """A tower that says the same in another way: two of its features change places, and one is doubled."""
    tower = model.model.vision_tower
    with torch.no_grad():
        for values in (tower.norm.weight, tower.norm.bias):
            values[:1] *= 2.0
        for values in (tower.shift.weight, tower.interest.weight):
            values[:, :1] /= 2.0


def test_language_model_hears_of_a_tower_that_says_the_same_in_another_way_what_it_heard(
    model_and_processor, heard, data, tmp_path
):
    first = saved(model_and_processor, tmp_path / "first")
    other = saved(model_and_processor, tmp_path / "other", turn)
    model, donor = joined(first, other, data, tmp_path / "out"), load_weights(other)[0]
    assert not torch.allclose(heard(donor), heard(load_weights(first)[0]), atol=1e-2)
    torch.testing.assert_close(heard(model), heard(load_weights(first)[0]), atol=1e-3, rtol=1e-3)


def test_model_has_the_tower_of_the_other_and_keeps_its_language_model(model_and_processor, data, tmp_path):
    first = saved(model_and_processor, tmp_path / "first")

    def changed(model):
        add_blocks(model.model.vision_tower, 1)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)), alpha=0.1)

    other, reports = saved(model_and_processor, tmp_path / "other", changed), []
    model = joined(first, other, data, tmp_path / "out", reports)
    mine, towers, before = (each.state_dict() for each in (model, load_weights(other)[0], load_weights(first)[0]))
    assert model.config.vision_config.extra_blocks == 1
    for name, values in mine.items():
        if "projector" not in name:
            assert torch.equal(values, (towers if "vision_tower" in name else before)[name])
    assert [(each.step, each.steps) for each in reports] == [(number, 6) for number in range(1, 7)]


def test_towers_that_cut_pictures_otherwise_are_not_exchanged(model_and_processor, examples, data, tmp_path):
    first = saved(model_and_processor, tmp_path / "first")
    large = build(texts(examples), replace(SIZES, image_height=64), seed=0)
    other = saved(large, tmp_path / "other")
    message = f"{other} cuts a picture into (4, 4) patches, {first} into {GRID}"
    with pytest.raises(UsageError, match=re.escape(message)):
        joined(first, other, data, tmp_path / "out")


def test_projector_with_a_bend_is_not_solved_for(model_and_processor, data, tmp_path):
    def bend(model):
        model.config.projector_hidden_act = "gelu"

    first = saved(model_and_processor, tmp_path / "first", bend)
    with pytest.raises(UsageError, match="is not linear"):
        joined(first, first, data, tmp_path / "out")
