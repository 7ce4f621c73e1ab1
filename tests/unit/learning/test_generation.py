from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from embodied.errors import UsageError
from embodied.learning import generation
from embodied.learning.dataset import millimetres, read_conversations
from embodied.learning.generation import DataSettings, gather, make, shards_of
from embodied.learning.sheet import write_sheet
from embodied.learning.teacher import FIRST_TRAINING_SEED, Teacher
from embodied.suite.seeds import MAX_SEED


@pytest.fixture
def data_set(view, tmp_path, monkeypatch):
    class OneView(Teacher):
        def views(self, seed, count):
            return iter([view] * count)

        def look(self, controller, observation):
            raise AssertionError

        def errand(self, seed):
            raise AssertionError

    monkeypatch.setattr(generation, "open_teacher", lambda name: OneView())

    def build(name="data", views=16):
        settings = DataSettings(tmp_path / name, views)
        generation._claim(settings)
        for shard in shards_of(settings):
            make(shard)
        gather(settings.out)
        return settings

    return build


def test_samples_are_as_the_page_about_them_says(data_set, view):
    folder = data_set().out
    entries = read_conversations(folder)
    assert len(entries) == 16
    for entry in entries:
        turns = entry["conversations"]
        assert [turn["from"] for turn in turns] == ["human", "gpt"] * len(entry["asks"])
        assert len(entry["about"]) == len(entry["asks"])
        assert [turn["value"].startswith("<image>\n") for turn in turns] == [True] + [False] * (len(turns) - 1)
    depth = cv2.imread(str(folder / entries[0]["depth"]), cv2.IMREAD_UNCHANGED)
    assert depth.dtype == np.uint16
    assert (depth == 1500).all()
    assert (cv2.imread(str(folder / entries[0]["labels"]), cv2.IMREAD_UNCHANGED) == view.shown).all()
    names = json.loads((folder / entries[0]["labels"].replace(".png", ".json")).read_text(encoding="utf-8"))
    assert {("red", "红色"), ("blue", "蓝色"), ("white", "白色")} <= {
        (each["color"], each["color_zh"]) for each in names
    }


def test_same_numbers_give_the_same_files(data_set):
    one, other = data_set("one").out, data_set("other").out
    files = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert len(files) > 60
    assert all((one / file).read_bytes() == (other / file).read_bytes() for file in files)


def test_data_set_is_not_written_over(data_set):
    settings = data_set()
    with pytest.raises(UsageError, match="--resume"):
        generation.generate(settings)


def test_no_suite_draws_a_seed_that_is_trained_with():
    shards = shards_of(DataSettings(None, views=8, episodes=3, seed=0))
    assert len(shards) == 4
    assert all(shard.seed >= FIRST_TRAINING_SEED > MAX_SEED for shard in shards)


def test_episodes_are_spread_among_views():
    kinds = [shard.kind for shard in shards_of(DataSettings(None, views=80, episodes=5))]
    assert kinds.count("view") == 10
    assert kinds[:3].count("episode")
    assert kinds[-4:].count("episode")


def test_missing_depth_is_zero_millimetres():
    assert millimetres(np.array([[np.nan, 1.2344]], np.float32)).tolist() == [[0, 1234]]


def test_sheet_shows_every_question(data_set, tmp_path):
    folder = data_set().out
    assert write_sheet(folder, tmp_path / "sheet.html", 4, 3) == 3
    text = (tmp_path / "sheet.html").read_text(encoding="utf-8")
    assert text.count("<article>") == 3


def test_folder_without_data_is_named(tmp_path):
    with pytest.raises(UsageError, match="embodied learn data"):
        read_conversations(tmp_path)
