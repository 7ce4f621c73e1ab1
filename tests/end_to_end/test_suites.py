"""Suites in the real kitchen: the one that says whether everything works, and processes that change nothing."""

from dataclasses import replace
from pathlib import Path

import pytest

from embodied.episode import read_episode, without_times
from embodied.running import carry_out
from embodied.suite import results
from embodied.suite.running import SuiteSettings, run_suite

pytestmark = pytest.mark.slow

SUITE = """
title = "Short ones"
tasks = ["close_top_drawer", "no_banana_there"]
episodes = 1
"""


@pytest.mark.parametrize("name", ["smoke", "smoke_model"])
def test_the_smoke_suites_succeed_in_every_episode(tmp_path: Path, name: str) -> None:
    found = run_suite(SuiteSettings(suite=name, out=tmp_path / name, workers=2))
    poor = [f"{each.task}: {each.reason}: {each.message}" for each in found.episodes if each.verdict != "success"]
    assert poor == []
    assert (found.tier, found.complete) == ("blind", True)


def test_two_workers_one_worker_and_a_plain_process_give_the_same_episodes(tmp_path: Path) -> None:
    path = tmp_path / "short.toml"
    path.write_text(SUITE)
    settings = SuiteSettings(suite=str(path), out=tmp_path / "two", workers=2)
    two, one = run_suite(settings), run_suite(replace(settings, out=tmp_path / "one", workers=1))
    assert results.without_times(two.model_dump()) == results.without_times(one.model_dump())
    place = two.episodes[0].directory
    carry_out(read_episode(tmp_path / "two" / place).header.configuration, tmp_path / "plain")
    three = [read_episode(tmp_path / each) for each in (f"two/{place}", f"one/{place}", "plain")]
    lines = [list(map(without_times, episode.lines)) for episode in three]
    assert lines[0] == lines[1] == lines[2]
    for index in range(len(lines[0])):
        assert len({episode.image(index).tobytes() for episode in three}) == 1
