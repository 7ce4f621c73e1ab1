"""The model that is shipped: anyone can load it, it answers with commands alone, and it sees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from embodied.commands import parse  # noqa: E402
from embodied.learning.generation import DataSettings, generate  # noqa: E402
from embodied.resources import weights_dir  # noqa: E402
from embodied.running import RunSettings, run_episode  # noqa: E402
from embodied.training.running import run_examination  # noqa: E402

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]
MOST_BYTES = 60e6
FIRST_WORLD = 700_000
"""The two worlds from this number on were not trained in."""


def test_it_is_small_and_comes_with_no_code():
    files = [path for path in weights_dir().rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= MOST_BYTES
    assert {path.suffix for path in files} <= {".json", ".safetensors", ".jinja", ".txt"}


def test_it_is_loaded_as_any_checkpoint_is():
    loaders = transformers.AutoModelForImageTextToText, transformers.AutoProcessor
    model, processor = (each.from_pretrained(weights_dir(), trust_remote_code=False) for each in loaders)
    assert type(model) is transformers.LlavaForConditionalGeneration
    assert processor.image_tokens == model.config.image_seq_length


def test_it_points_at_what_it_is_asked_for_in_kitchens_that_it_never_saw(tmp_path):
    generate(DataSettings(tmp_path, views=16, seed=FIRST_WORLD))
    seeing, blind = run_examination(weights_dir(), tmp_path, 160)
    assert seeing["where"].asked > 15
    assert seeing["where"].right > 0.5 * seeing["where"].asked
    assert seeing["where"].right > 3 * blind["where"].right


@pytest.mark.parametrize("instruction", ["take the green bag out of the drawer", "把上面的抽屉关上"])
def test_every_reply_in_a_live_episode_is_a_command(tmp_path, instruction):
    settings = RunSettings(instruction=instruction, planner="transformers", seed=5, max_steps=3, out=tmp_path)
    run_episode(settings)
    lines = (Path(tmp_path) / "episode.jsonl").read_text(encoding="utf-8").splitlines()
    replies = [reply for line in lines for reply in json.loads(line)["replies"]]
    assert len(replies) == len(lines) > 0
    for reply in replies:
        parse(reply["text"])
