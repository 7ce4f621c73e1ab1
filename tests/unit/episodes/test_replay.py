from __future__ import annotations

import json
from dataclasses import replace

import pytest

from embodied.episode import read_episode
from embodied.errors import EpisodeError
from embodied.replay import replay
from embodied.running import run_episode


def rewrite(path, change):
    """Change the lines of a record."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    change(lines)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def test_an_episode_runs_the_same_way_again(settings):
    run_episode(settings)
    comparison = replay(settings.out)
    assert comparison.same
    assert comparison.steps == 3


def test_an_episode_with_repaired_replies_runs_the_same_way_again(settings):
    run_episode(replace(settings, model=f"rubbish; {settings.model}"))
    assert replay(settings.out).same


def test_an_episode_that_reached_its_limit_runs_the_same_way_again(settings):
    run_episode(replace(settings, max_steps=2))
    assert replay(settings.out).same


def test_the_second_run_can_be_kept(settings, tmp_path):
    run_episode(settings)
    replay(settings.out, tmp_path / "again")
    again = read_episode(tmp_path / "again")
    assert again.header.configuration.planner == "recorded"
    assert len(again.lines) == 3


def test_the_first_difference_is_named(settings):
    run_episode(settings)

    def change(lines):
        lines[1]["result"]["message"] = "it fell"
        lines[2]["command"] = 'refuse("no")'

    rewrite(settings.out / "episode.jsonl", change)
    comparison = replay(settings.out)
    assert comparison.difference is not None
    assert "step 1, result, message" in comparison.difference
    assert "'it fell'" in comparison.difference


def test_another_outcome_is_a_difference(settings):
    run_episode(settings)
    path = settings.out / "result.json"
    path.write_text(path.read_text().replace('"success": true', '"success": false'))
    difference = replay(settings.out).difference
    assert difference is not None
    assert difference.startswith("outcome, success")


def test_an_episode_whose_writer_died_is_compared_as_far_as_it_goes(settings):
    run_episode(settings)
    (settings.out / "result.json").unlink()
    rewrite(settings.out / "episode.jsonl", lambda lines: lines.pop())
    comparison = replay(settings.out)
    assert comparison.same
    assert comparison.steps == 2


def test_what_was_recorded_with_another_version_is_told(settings):
    run_episode(settings)
    path = settings.out / "config.json"
    header = json.loads(path.read_text())
    header["versions"]["python"] = "2.7"
    path.write_text(json.dumps(header))
    assert any(change.startswith("python 2.7, now") for change in replay(settings.out).changed_versions)


def test_an_episode_without_steps_cannot_be_replayed(settings):
    with pytest.raises(Exception, match="script"):
        run_episode(replace(settings, model=None))
    with pytest.raises(EpisodeError, match="no steps"):
        replay(settings.out)


def test_an_episode_is_not_overwritten_by_its_own_replay(settings):
    run_episode(settings)
    with pytest.raises(EpisodeError, match="itself"):
        replay(settings.out, settings.out)
    assert len(read_episode(settings.out).lines) == 3
