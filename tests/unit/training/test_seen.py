from __future__ import annotations

import copy

import pytest
import torch
from tiny import SIZES

from embodied.errors import UsageError
from embodied.training.building import build
from embodied.training.examples import texts
from embodied.training.seen import RestingTower


@pytest.fixture(scope="module")
def tower(examples):
    return build(texts(examples), SIZES, seed=0)[0].model.vision_tower


def pixels(seed):
    return torch.randn(4, SIZES.image_height, SIZES.image_width, generator=torch.Generator().manual_seed(seed))


def unseen():
    raise AssertionError("it was asked again")


def test_what_was_said_of_a_picture_is_known_to_every_process(tower, tmp_path):
    first = RestingTower(tower, tmp_path).look("one", lambda: pixels(0))
    second = RestingTower(tower, tmp_path).look("one", unseen)
    assert torch.equal(first.values, second.values)
    assert torch.equal(first.patches, second.patches)
    with torch.inference_mode():
        assert torch.equal(first.values, tower(pixels(0)[None]).last_hidden_state[0])


def test_another_picture_or_another_tower_is_asked_anew(tower, tmp_path):
    RestingTower(tower, tmp_path).look("one", lambda: pixels(0))
    other = copy.deepcopy(tower)
    with torch.no_grad():
        other.norm.bias += 1.0
    for asked, name in ((tower, "two"), (other, "one")):
        with pytest.raises(AssertionError, match="asked again"):
            RestingTower(asked, tmp_path).look(name, unseen)


def test_folder_that_cannot_be_written_is_named(tower, tmp_path):
    (tmp_path / "seen").write_text("in the way", encoding="utf-8")
    with pytest.raises(UsageError, match="seen.*cannot be written"):
        RestingTower(tower, tmp_path).look("one", lambda: pixels(0))
    assert (tmp_path / "seen").read_text(encoding="utf-8") == "in the way"


def test_name_never_leaves_the_folder(tower, tmp_path):
    RestingTower(tower, tmp_path / "data").look("../../../one", lambda: pixels(0))
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert len(list((tmp_path / "data/seen").rglob("*.safetensors"))) == 1
