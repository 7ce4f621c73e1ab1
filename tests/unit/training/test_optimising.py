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


def test_muon_moves_matrices_of_layers_and_nothing_else(stage):
    adamw, muon = optimisers(stage, 0.1, whole=True)
    assert (type(adamw), type(muon)) == (torch.optim.AdamW, torch.optim.Muon)
    named = {id(each): name for name, each in stage.named_parameters() if each.requires_grad}
    assert all(".layers." in named[each] for each in moved(muon))
    left = [name for name in map(named.get, moved(adamw)) if ".layers." in name]
    assert all("norm" in name or "bias" in name for name in left)


def test_matrices_that_are_spread_over_processes_are_moved_by_adamw_alone(stage):
    (adamw,) = optimisers(stage, 0.1, whole=False)
    assert moved(adamw) == {id(each) for each in stage.parameters() if each.requires_grad}


def test_vectors_do_not_decay(stage):
    adamw, muon = optimisers(stage, 0.1, whole=True)
    decays = [(each.ndim > 1, group["weight_decay"]) for group in adamw.param_groups for each in group["params"]]
    assert set(decays) == {(True, 0.1), (False, 0.0)}
    assert {group["weight_decay"] for group in muon.param_groups} == {0.1}
