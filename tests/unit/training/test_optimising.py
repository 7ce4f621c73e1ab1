from __future__ import annotations

import pytest
import torch
from tiny import SIZES

from embodied.training.building import build
from embodied.training.examples import texts
from embodied.training.optimising import optimisers
from embodied.training.stages import InstructionStage, TowerStage


@pytest.fixture(params=["instruct", "tower"])
def stage(request, examples):
    model, processor = build(texts(examples), SIZES, seed=0)
    words = {aspect: ["a", "b"] for aspect in ("kind", "color", "state", "label")}
    stages = {
        "instruct": lambda: InstructionStage(model, processor.tokenizer),
        "tower": lambda: TowerStage(model, words, {"a": 1.0, "b": 1.0}),
    }
    stage = stages[request.param]()
    stage.freeze_the_rest()
    return stage


def moved(optimiser):
    return {id(each) for group in optimiser.param_groups for each in group["params"]}


def test_every_weight_that_moves_is_moved_by_one_optimiser(stage):
    moving = {id(each) for each in stage.parameters() if each.requires_grad}
    movers = [moved(each) for each in optimisers(stage, 0.1, whole=True)]
    assert set.union(*movers) == moving
    assert sum(map(len, movers)) == len(moving)


def test_muon_moves_matrices_of_layers_and_filters_and_nothing_else(stage):
    adamw, *muons = optimisers(stage, 0.1, whole=True)
    assert type(adamw) is torch.optim.AdamW
    assert all(isinstance(muon, torch.optim.Muon) for muon in muons)
    moving = {id(each): (name, each.ndim) for name, each in stage.named_parameters() if each.requires_grad}
    by_muon = set.union(*map(moved, muons))
    assert all(".layers." in name or ndim == 4 for name, ndim in map(moving.get, by_muon))
    left = [name for name, ndim in map(moving.get, moved(adamw)) if ".layers." in name or ndim == 4]
    assert all("norm" in name or "bias" in name for name in left)


def test_step_moves_every_filter_as_it_would_the_matrix_of_its_rows(stage):
    filters = {name: each for name, each in stage.named_parameters() if each.requires_grad and each.ndim == 4}
    rows = {name: torch.nn.Parameter(each.detach().flatten(1).clone()) for name, each in filters.items()}
    for seed, (name, each) in enumerate(filters.items()):
        each.grad = torch.randn(each.shape, generator=torch.Generator().manual_seed(seed))
        rows[name].grad = each.grad.flatten(1).clone()
    for mover in optimisers(stage, 0.1, whole=True):
        mover.step()
    if filters:
        torch.optim.Muon(rows.values(), weight_decay=0.1, adjust_lr_fn="match_rms_adamw").step()
    for name, each in filters.items():
        assert torch.equal(each.flatten(1), rows[name])
        assert each.grad.shape == each.shape


def test_matrices_that_are_spread_over_processes_are_moved_by_adamw_alone(stage):
    (adamw,) = optimisers(stage, 0.1, whole=False)
    assert moved(adamw) == {id(each) for each in stage.parameters() if each.requires_grad}


def test_vectors_do_not_decay(stage):
    adamw, *muons = optimisers(stage, 0.1, whole=True)
    decays = [(each.ndim > 1, group["weight_decay"]) for group in adamw.param_groups for each in group["params"]]
    assert set(decays) == {(True, 0.1), (False, 0.0)}
    assert {group["weight_decay"] for muon in muons for group in muon.param_groups} == {0.1}
