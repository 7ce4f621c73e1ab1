from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tiny import SIZES

from embodied.models.rgbd_vision import AXES, DEPTH_SPREAD_M, MIDDLE_DEPTH_M, WAVES, waves
from embodied.training.attending import gazing_attention
from embodied.training.building import build
from embodied.training.examples import texts
from embodied.training.reading import shift
from embodied.training.shown import WORDS

ROOMY = replace(SIZES, text_width=96, text_layers=4)
NUMBERS = ["0.03", "0.41", "0.42", "0.97", "1.50"]


@pytest.fixture(scope="module")
def new(examples):
    return build(texts(examples), ROOMY, seed=0)


@pytest.fixture(scope="module")
def embeddings(new):
    """Of the numbers."""
    model, processor = new
    return model.get_input_embeddings().weight.detach()[processor.tokenizer.convert_tokens_to_ids(NUMBERS)]


@pytest.mark.parametrize("axis", range(AXES))
def test_new_head_hands_on_the_number_that_a_token_tells_for_its_axis_and_no_other(new, embeddings, axis):
    attention = gazing_attention(new[0].model.language_model)
    told = embeddings.roll(shift(axis, ROOMY.text_width), 1)
    size = attention.head_dim
    for head in range(AXES):
        columns = slice(head * size, (head + 1) * size)
        handed_on = attention.v_proj(told)[:, columns] @ attention.o_proj.weight[:, columns].T
        if head == axis:
            torch.testing.assert_close(handed_on, embeddings, atol=1e-4, rtol=1e-4)
        else:
            assert (handed_on - embeddings).norm(dim=1).min() > 0.5


@pytest.fixture
def pictures():
    """Two of noise, of which the first measured 2 m wherever it measured anything, and nothing in its first patch."""
    values = torch.randn(2, 4, ROOMY.image_height, ROOMY.image_width, generator=torch.Generator().manual_seed(0))
    values[0, 3] = (2.0 - MIDDLE_DEPTH_M) / DEPTH_SPREAD_M
    values[0, 3, ::3] = values[0, 3, : ROOMY.patch, : ROOMY.patch] = -MIDDLE_DEPTH_M / DEPTH_SPREAD_M
    return values


def test_new_tower_tells_of_every_patch_its_middle_at_the_depth_measured(new, pictures):
    with torch.inference_mode():
        points = new[0].model.vision_tower(pictures).points
    assert points.shape == (2, 12, 3)
    torch.testing.assert_close(points[0, 0], torch.tensor([1 / 8, 1 / 6, MIDDLE_DEPTH_M]))
    torch.testing.assert_close(points[0, -1], torch.tensor([7 / 8, 5 / 6, 2.0]))
    torch.testing.assert_close(points[0, 5], torch.tensor([3 / 8, 3 / 6, 2.0]))


@pytest.mark.parametrize("axis", range(AXES))
def test_new_projector_tells_a_point_as_numbers_are_read_for_its_axis(new, pictures, axis):
    model, _ = new
    with torch.inference_mode():
        output = model.model.get_image_features(pictures, return_dict=True)
    told = torch.stack(output.pooler_output).roll(-shift(axis, ROOMY.text_width), 2)
    torch.testing.assert_close(told[..., : 2 * len(WAVES)], waves(output.points[..., axis]))


def test_fourth_head_of_a_new_model_hands_on_words_as_they_are_told_and_no_number(new, embeddings):
    model, _ = new
    attention = gazing_attention(model.model.language_model)
    columns = slice(WORDS * attention.head_dim, (WORDS + 1) * attention.head_dim)

    def handed_on(told):
        return attention.v_proj(told)[:, columns] @ attention.o_proj.weight[:, columns].T

    words = torch.randn(5, ROOMY.text_width, generator=torch.Generator().manual_seed(0))
    given = handed_on(words)
    assert (given != 0).sum(1).tolist() == [attention.head_dim] * 5
    torch.testing.assert_close(given[given != 0], words[given != 0])
    for axis in range(AXES):
        assert not handed_on(embeddings.roll(shift(axis, ROOMY.text_width), 1)).any()


def test_layers_of_a_new_model_add_nothing_but_what_is_handed_on(new, embeddings):
    model, _ = new
    said = torch.randn(1, 12, ROOMY.text_width, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        states = model.model.language_model(inputs_embeds=said, output_hidden_states=True).hidden_states
    assert torch.equal(states[2], said)
    assert (states[3] - said)[0][:, embeddings.any(0)].any()
    torch.testing.assert_close(states[4], model.model.language_model.norm(states[3]))
