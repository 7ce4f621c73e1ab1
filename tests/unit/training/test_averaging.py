from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from tiny import SIZES

from embodied.errors import UsageError
from embodied.training.averaging import average
from embodied.training.building import build
from embodied.training.checkpoint import load_weights, save_weights
from embodied.training.examples import texts


@pytest.fixture
def checkpoint(examples, tmp_path):
    def built(seed, sizes=SIZES, words=()):
        directory = tmp_path / f"{seed}-{sizes.text_layers}-{len(words)}"
        save_weights(*build([*texts(examples), *words], sizes, seed), directory)
        return directory

    return built


def weights(directory):
    return load_weights(directory)[0].state_dict()


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_every_weight_lies_its_share_of_the_way_from_the_earlier_to_the_later(checkpoint, tmp_path, share):
    earlier, later = checkpoint(0), checkpoint(1)
    average(earlier, later, share, tmp_path / "mean")
    found, first, second = map(weights, (tmp_path / "mean", earlier, later))
    assert found.keys() == first.keys()
    assert any(not torch.equal(first[name], second[name]) for name in first)
    for name, mean in found.items():
        torch.testing.assert_close(mean, (1 - share) * first[name] + share * second[name])


@pytest.mark.parametrize(
    "other", [{"sizes": replace(SIZES, text_layers=3)}, {"words": ["avocado", "avocado", "avocado"]}]
)
def test_models_that_were_not_trained_on_from_one_another_have_no_mean(checkpoint, tmp_path, other):
    earlier, later = checkpoint(0), checkpoint(1, **other)
    with pytest.raises(UsageError, match=f"{later} does not have the weights and words of {earlier}"):
        average(earlier, later, 0.5, tmp_path / "mean")
    assert not (tmp_path / "mean").exists()


@pytest.mark.parametrize(
    "arguments", [["mean", "one", "other"], ["transplant", "one", "--tower-of", "other", "--data", "data"]]
)
def test_where_torch_is_missing_it_is_said_what_to_install(arguments):
    program = "import sys; sys.modules['torch'] = None; from embodied.cli import main; main()"
    command = [sys.executable, "-c", program, "learn", *arguments, "--out", "out"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "pip install 'embodied-kitchen[learning]'" in ended.stderr
    assert "Traceback" not in ended.stderr
