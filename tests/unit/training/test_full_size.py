"""A LLaVA as it comes from the hub, but for its size: CLIP's tower, no depth, a tokenizer of its own."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file
from tiny_checkpoints import IMAGE_PX, PATCH_PX, build_gemma3, build_llava

from embodied.errors import ModelError, UsageError
from embodied.training.checkpoint import load_weights
from embodied.training.items import Items
from embodied.training.loop import Schedule
from embodied.training.rendering import Renderer
from embodied.training.running import StageSettings, run_stage

SCHEDULE = Schedule(steps=2, batch_size=2, learning_rate=1e-3, warmup=1)
LLAVA_TEMPLATE = (
    "{% for m in messages %}{% if m['role'] != 'system' %}{{ m['role'].upper() + ': ' }}{% endif %}"
    "{% for c in m['content'] %}{{ '<image>\n' if c['type'] == 'image' else c['text'] + ' ' }}{% endfor %}"
    "{% endfor %}{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}"
)
"""As LLaVA 1.5 has it: no token ends an answer."""


@pytest.fixture(scope="module")
def llava(tmp_path_factory):
    return build_llava(tmp_path_factory.mktemp("llava"), chat_template=LLAVA_TEMPLATE)


@pytest.mark.parametrize(
    ("stage", "moved", "kept"),
    [
        ("align", "multi_modal_projector", ("vision_tower", "language_model")),
        ("instruct", "language_model", ("vision_tower",)),
    ],
)
def test_stage_trains_it(stage, moved, kept, llava, data, tmp_path):
    settings = StageSettings(stage, data, tmp_path, llava, SCHEDULE, keep_words=True)
    losses = []
    run_stage(settings, lambda progress: losses.append(progress.losses))
    assert len(losses) == SCHEDULE.steps
    assert all(torch.isfinite(torch.tensor(list(each.values()))).all() for each in losses)
    before, after = (load_file(directory / "model.safetensors") for directory in (llava, tmp_path))
    changed = {name for name, value in before.items() if not torch.equal(value, after[name])}
    assert any(moved in name for name in changed)
    assert not [name for name in changed if any(part in name for part in kept)]


@pytest.mark.parametrize("extra_blocks", [None, 1])
def test_its_tower_is_not_trained_and_it_is_said_what_to_begin_with(extra_blocks, llava, data, tmp_path):
    settings = StageSettings("tower", data, tmp_path, llava, SCHEDULE, extra_blocks=extra_blocks)
    with pytest.raises(
        UsageError, match=f"{llava} has a tower of another kind, which is not trained: begin with 'align'"
    ):
        run_stage(settings, lambda progress: None)


def test_pictures_are_stretched_and_nothing_is_cut_off(llava, data, examples, tmp_path):
    run_stage(StageSettings("align", data, tmp_path, llava, SCHEDULE), lambda progress: None)
    _, processor = load_weights(tmp_path)
    side = IMAGE_PX // PATCH_PX
    item = Items(data, examples, processor, (side, side), side * side, 1, seed=0)[0, 0]
    assert item.seen.values.shape == (3, IMAGE_PX, IMAGE_PX)
    assert not processor.image_processor.do_center_crop


def test_answer_ends_with_the_token_that_ends_it_though_the_template_leaves_it_out(llava):
    _, processor = load_weights(llava)
    exchange = Renderer(processor, 4).exchange("where?", "there (0.412, 0.610, 0.930)")
    assert exchange.answered[-1] == processor.tokenizer.eos_token_id
    assert processor.tokenizer.decode(exchange.asked).endswith("where? ASSISTANT:")


def test_question_and_answer_are_cut_into_tokens_as_a_prompt_is(llava):
    _, processor = load_weights(llava)
    renderer = Renderer(processor, 4)
    exchange = renderer.exchange("take the red block", "grasp(0.412, 0.610, 0.930)")
    prompt = processor.tokenizer("USER: <image>\ntake the red block ASSISTANT:")["input_ids"]
    marker = prompt.index(processor.image_token_id)
    assert renderer.prefix("") == [*prompt[:marker], *[processor.image_token_id] * 4]
    assert exchange.asked == prompt[marker + 1 :]


def test_other_families_are_refused(data, tmp_path):
    gemma = build_gemma3(tmp_path / "gemma")
    with pytest.raises(ModelError, match="Gemma3.*start from a LLaVA"):
        run_stage(StageSettings("align", data, tmp_path / "out", gemma, SCHEDULE), lambda progress: None)
