from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from tiny import GRID, SIZES, returning, whole_mask

from embodied.errors import UsageError
from embodied.training.attending import Gaze
from embodied.training.batches import collate
from embodied.training.building import build
from embodied.training.examples import rarity, texts, vocabulary
from embodied.training.fusing import COMPILERS, fuse
from embodied.training.items import Items
from embodied.training.loop import DrawnOrder, Schedule, last_state
from embodied.training.running import StageSettings, run_stage
from embodied.training.shown import WORDS
from embodied.training.stages import AlignmentStage, InstructionStage, TowerStage, each_thing_alike

SCHEDULE = Schedule(steps=4, batch_size=2, learning_rate=1e-3, warmup=2, save_every=2)


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def fresh(examples):
    return build(texts(examples), SIZES, seed=0)


@pytest.fixture
def batch(data, examples, fresh):
    processor = fresh[1]
    items = Items(data, examples, processor, GRID, 12, 3, seed=0)
    chosen = [items[number, 0] for number in range(4)]
    return collate(chosen, processor.image_token_id, processor.tokenizer.pad_token_id)


def make(name, model, processor, examples):
    if name == "tower":
        return TowerStage(model, vocabulary(examples), rarity(examples))
    return (
        AlignmentStage(model, processor.tokenizer) if name == "align" else InstructionStage(model, processor.tokenizer)
    )


def replace_kind(thing, kind):
    return thing.model_copy(update={"kind": kind})


@pytest.mark.parametrize("name", ["tower", "align", "instruct"])
def test_stage_learns_what_it_is_shown_and_moves_nothing_else(name, fresh, batch, examples):
    model, processor = fresh
    stage = make(name, model, processor, examples)
    stage.freeze_the_rest()
    trained = {id(parameter) for parameter in stage.trained()}
    before = {key: value.clone() for key, value in stage.named_parameters()}
    optimiser = torch.optim.Adam([p for p in stage.parameters() if p.requires_grad], lr=1e-2)
    totals = []
    for _ in range(15):
        total = sum(stage(batch).values())
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        totals.append(float(total.detach()))
    assert totals[-1] < 0.8 * totals[0]
    moved = {key for key, value in stage.named_parameters() if not torch.equal(value, before[key])}
    assert moved <= {key for key, value in stage.named_parameters() if id(value) in trained}
    assert moved


def test_the_tower_learns_every_aspect_of_a_thing(fresh, batch, examples):
    stage = TowerStage(fresh[0], vocabulary(examples), rarity(examples))
    first = {name: float(loss.detach()) for name, loss in stage(batch).items()}
    assert set(first) == {"anything", "interest", "kind", "color", "state", "label", "point"}
    optimiser = torch.optim.Adam(stage.parameters(), lr=3e-3)
    for _ in range(40):
        optimiser.zero_grad()
        sum(stage(batch).values()).backward()
        optimiser.step()
    last = {name: float(loss.detach()) for name, loss in stage(batch).items()}
    assert all(last[name] < 0.8 * first[name] for name in first if name != "kind")  # all are blocks


def test_a_kind_weighs_by_the_root_of_its_rarity(fresh, batch, examples):
    words = vocabulary(examples)
    stage = TowerStage(fresh[0], words | {"kind": ["block", "whisk"]}, {"block": 1 / 9000, "whisk": 1 / 1000})
    things = tuple((replace_kind(each[0], "whisk"), *each[1:]) for each in batch.things)
    changed = replace(batch, things=things)
    shown = each_thing_alike(batch.owner) * stage.rarity[stage._targets(changed)[0]]
    whisks, blocks = (float(shown[changed.owner == place].sum()) for place in (0, 1))
    assert whisks == pytest.approx(3 * blocks)


def test_gaze_measures_the_attention_that_the_model_pays(data, examples, fresh):
    model, processor = fresh
    items = Items(data, [*examples, returning(examples[0])], processor, GRID, 12, 3, seed=0)
    chosen = [items[number, 0] for number in (0, 1, len(examples))]
    batch = collate(chosen, processor.image_token_id, processor.tokenizer.pad_token_id)
    model.set_attn_implementation("eager")
    inputs = {name: getattr(batch, name) for name in ("input_ids", "pixel_values", "position_ids")}
    mask = whole_mask(batch)
    hidden = torch.zeros(mask.shape).masked_fill(~mask, -1e9)
    with Gaze(model.model.language_model) as gaze, torch.inference_mode():
        weights = model(**inputs, attention_mask=hidden, output_attentions=True).attentions[1]
        losses = gaze.losses(batch)
    row, place, head = batch.looking_at.unbind(1)
    paid = weights[row, head, place]
    picture = paid[..., batch.image_start - 1 : batch.image_start + GRID[0] * GRID[1]]
    said = paid.gather(1, batch.said_at.clamp(min=0)[:, None])[:, 0] * (batch.said_at >= 0)
    surprise = -((picture * batch.looking_to).sum(-1) + said).log()
    assert said.any()
    for name, heads in (("gaze x", {0}), ("gaze y and z", {1, 2}), ("gaze words", {WORDS})):
        right = surprise[[each in heads for each in head.tolist()]].mean()
        torch.testing.assert_close(losses[name], right, atol=1e-4, rtol=1e-4)


def test_what_is_read_in_a_question_is_learnt_to_be_said(data, examples, fresh):
    model, processor = fresh
    items = Items(data, [returning(examples[0])], processor, GRID, 12, 3, seed=0)
    batch = collate([items[0, 0]], processor.image_token_id, processor.tokenizer.pad_token_id)
    stage = InstructionStage(model, processor.tokenizer)
    stage.freeze_the_rest()
    optimiser = torch.optim.AdamW([each for each in stage.parameters() if each.requires_grad], lr=1e-2)
    losses = []
    for _ in range(30):
        losses.append(stage(batch)["said"])
        losses[-1].backward()
        optimiser.step()
        optimiser.zero_grad()
    assert losses[-1] < 0.1 * losses[0]


def test_where_nothing_is_read_in_questions_nothing_is_to_be_learnt_of_it(fresh, batch):
    model, processor = fresh
    assert (batch.said_at == -1).all()
    assert InstructionStage(model, processor.tokenizer)(batch)["said"] == 0.0


def test_every_thing_weighs_the_same_however_many_patches_show_it():
    owner = torch.tensor([[-1, 0, 0, 0, 1], [-1, -1, -1, 0, 0]])
    third = 1 / 3
    torch.testing.assert_close(
        each_thing_alike(owner), torch.tensor([[0, third, third, third, 1], [0, 0, 0, 0.5, 0.5]])
    )


def settings(stage, data, out, start=None, **changes):
    return StageSettings(stage, data, out, start, replace(SCHEDULE, **changes), SIZES)


@pytest.fixture(scope="module")
def tower_checkpoint(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("tower")
    run_stage(settings("tower", data, out), lambda progress: None)
    return out


def test_training_that_was_cut_off_goes_on_to_the_same_weights(data, tower_checkpoint, tmp_path):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    run_stage(settings("instruct", data, whole, tower_checkpoint), lambda progress: None)

    def cut_off(progress):
        if progress.step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_stage(settings("instruct", data, cut, tower_checkpoint), cut_off)
    assert last_state(cut).name == "step-00000002"
    run_stage(replace(settings("instruct", data, cut, tower_checkpoint), resume=True), lambda progress: None)
    first, second = (load_file(out / "model.safetensors") for out in (whole, cut))
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_training_is_never_begun_over_another(data, tower_checkpoint):
    with pytest.raises(UsageError, match="--resume"):
        run_stage(settings("tower", data, tower_checkpoint), lambda progress: None)


def test_only_the_tower_begins_with_nothing(data, tmp_path):
    with pytest.raises(UsageError, match="--start"):
        run_stage(settings("align", data, tmp_path), lambda progress: None)


def test_every_example_is_shown_once_an_epoch():
    order = list(DrawnOrder(6, replace(SCHEDULE, steps=6), 0))
    for epoch in (0, 1):
        assert sorted(drawn.example for drawn in order if drawn.epoch == epoch) == list(range(6))
    shares = [drawn.done for drawn in order]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 5 / 6)
    assert list(DrawnOrder(6, replace(SCHEDULE, steps=6), 4)) == order[4 * SCHEDULE.batch_size :]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")  # of the compiler about itself
@pytest.mark.skipif(not any(map(shutil.which, COMPILERS)), reason="there is no C++ compiler here")
def test_compiled_layers_learn_what_others_learn(fresh, batch):
    model, processor = fresh
    stage = InstructionStage(model, processor.tokenizer)
    stage.freeze_the_rest()
    plain = stage(batch)
    sum(plain.values()).backward()
    slopes = {name: each.grad.clone() for name, each in stage.named_parameters() if each.grad is not None}
    stage.zero_grad()
    fuse(model.model.language_model)
    compiled = stage(batch)
    sum(compiled.values()).backward()
    assert {name: float(each) for name, each in compiled.items()} == pytest.approx(
        {name: float(each) for name, each in plain.items()}, rel=1e-4
    )
    for name, each in stage.named_parameters():
        if name in slopes:
            torch.testing.assert_close(each.grad, slopes[name], rtol=1e-3, atol=1e-5)


def test_compiling_without_a_compiler_says_what_to_install(fresh, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(UsageError, match=r"g\+\+"):
        fuse(fresh[0].model.language_model)
