from __future__ import annotations

import errno
import json
import os
from dataclasses import replace

import pytest
from scripts import CARRY, GRASP, SCRIPT

from embodied import running
from embodied.episode import read_episode, without_times
from embodied.errors import ControllerError, EpisodeError, ModelError, UnknownNameError, UsageError
from embodied.language import language_of
from embodied.registry import open_controller
from embodied.running import resolve, run_episode

TASK = """
scene = "table"
goal = { on = ["cube", "table"] }
max_steps = 5
[instructions]
en = ["put the cube away"]
zh = ["把方块收好"]
"""


@pytest.fixture
def task_file(tmp_path):
    path = tmp_path / "cube.toml"
    path.write_text(TASK, encoding="utf-8")
    return str(path)


@pytest.fixture
def opened(monkeypatch):
    """The controllers that were opened, to look into afterwards."""
    controllers = []

    def keeping(name, setup):
        controllers.append(open_controller(name, setup))
        return controllers[-1]

    monkeypatch.setattr(running.registry, "open_controller", keeping)
    return controllers


def test_an_episode_that_the_judge_approves_is_a_success_with_its_record(settings):
    seen = []
    outcome = run_episode(settings, seen.append)
    assert (outcome.success, outcome.ended, outcome.steps, outcome.tier) == (True, "done", 3, "blind")
    episode = read_episode(settings.out)
    assert episode.outcome == outcome
    assert [line["command"] for line in episode.lines] == [GRASP, CARRY, "done()"]
    assert len(seen) == 3
    assert all((settings.out / name).exists() for name in ("report.html", "video.mp4", "config.json"))


def test_the_result_has_the_fields_that_others_read(settings):
    run_episode(settings)
    fields = json.loads((settings.out / "result.json").read_text())
    wanted = {"success", "ended", "steps", "tier", "planner", "controller", "seed", "instruction", "task", "seconds"}
    assert wanted <= fields.keys()
    assert fields["judge"][0] == {"predicate": "red cube in right half", "holds": True}


def test_an_episode_that_the_judge_does_not_approve_is_none(settings):
    outcome = run_episode(replace(settings, model="done()"))
    assert (outcome.success, outcome.ended) == (False, "done")


def test_without_a_judge_success_is_unknown_and_the_message_says_why(settings):
    outcome = run_episode(replace(settings, controller="unjudged"))
    assert outcome.success is None
    assert "no judge: the planner's word only" in outcome.message


def test_the_same_seed_gives_the_same_lines_but_for_times(settings, tmp_path):
    run_episode(settings)
    run_episode(replace(settings, out=tmp_path / "again"))
    first, second = (read_episode(path).lines for path in (settings.out, tmp_path / "again"))
    assert list(map(without_times, first)) == list(map(without_times, second))


def test_a_dry_run_checks_every_command_and_moves_nothing(settings, opened):
    run_episode(replace(settings, dry_run=True, model=f"{GRASP}; done()"))
    line = read_episode(settings.out).lines[0]
    assert line["result"]["reason"] == line["verdict"]["reason"] == "dry_run"
    assert opened[0].motions == 0


def test_what_only_a_person_can_mend_is_recorded_and_raised_with_the_robot_stopped(settings, opened):
    with pytest.raises(ControllerError, match="cable"):
        run_episode(replace(settings, controller="broken"))
    outcome = read_episode(settings.out).outcome
    assert outcome is not None
    assert (outcome.ended, outcome.success) == ("error", None)
    assert "the cable came off" in outcome.message
    assert opened[0].stop_requested


def test_an_interruption_stops_the_robot_and_keeps_the_record(settings, opened):
    def interrupt(step):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_episode(settings, interrupt)
    episode = read_episode(settings.out)
    assert episode.outcome is not None
    assert (episode.outcome.ended, len(episode.lines)) == ("interrupted", 1)
    assert opened[0].stop_requested


def test_a_full_disk_stops_the_robot_and_is_the_error_that_is_raised(settings, opened, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def fill_the_disk(step):
        monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(EpisodeError, match="No space left"):
        run_episode(settings, fill_the_disk)
    assert opened[0].stop_requested
    assert len(read_episode(settings.out).lines) == 1


def test_a_planner_that_cannot_be_opened_is_recorded(settings):
    with pytest.raises(UsageError):
        run_episode(replace(settings, model=None))
    outcome = read_episode(settings.out).outcome
    assert outcome is not None
    assert (outcome.ended, outcome.steps, outcome.tier) == ("error", 0, None)


def test_a_recording_that_is_too_short_is_recorded_as_an_error(settings, tmp_path):
    run_episode(replace(settings, max_steps=1))
    again = replace(settings, planner="recorded", model=str(settings.out), out=tmp_path / "again", max_steps=5)
    with pytest.raises(ModelError):
        run_episode(again)


@pytest.mark.parametrize("change", [{"planner": "nobody"}, {"controller": "nothing"}])
def test_an_unknown_name_lists_the_valid_ones_and_leaves_an_earlier_episode_alone(settings, change):
    run_episode(settings)
    with pytest.raises(UnknownNameError, match="there are: .*(flat|scripted)"):
        run_episode(replace(settings, **change))
    assert len(read_episode(settings.out).lines) == 3


def test_a_recording_is_not_overwritten_by_what_is_replayed_from_it(settings):
    run_episode(settings)
    with pytest.raises(UsageError, match="overwritten"):
        run_episode(replace(settings, planner="recorded", model=str(settings.out)))
    assert len(read_episode(settings.out).lines) == 3


@pytest.mark.parametrize("instruction", [None, "", "  "])
def test_nothing_to_do_is_unusable(settings, instruction):
    with pytest.raises(UsageError, match="say what to do"):
        resolve(replace(settings, instruction=instruction))


def test_a_task_brings_its_instruction_scene_and_limit(settings, task_file):
    configuration = resolve(replace(settings, instruction=None, task=task_file))
    found = (configuration.instruction, configuration.scene, configuration.max_steps)
    assert found == ("put the cube away", "table", 5)
    assert configuration.task is not None
    assert configuration.task.name == "cube"


def test_what_a_person_gives_goes_before_what_the_task_says(settings, task_file):
    given = replace(settings, instruction="tidy", task=task_file, scene="floor", max_steps=9)
    configuration = resolve(given)
    found = (configuration.instruction, configuration.scene, configuration.max_steps)
    assert found == ("tidy", "floor", 9)


def test_a_task_speaks_the_language_that_is_asked_for(settings, task_file):
    configuration = resolve(replace(settings, instruction=None, task=task_file, language="zh"))
    assert (configuration.instruction, configuration.language) == ("把方块收好", "zh")


@pytest.mark.parametrize(
    ("instruction", "language"), [("take the bag", "en"), ("把袋子拿出来", "zh"), ("open 冰箱", "zh"), ("", "en")]
)
def test_the_language_of_the_prompt_is_that_of_the_instruction(instruction, language):
    assert language_of(instruction) == language


def test_no_secret_of_the_environment_is_written(settings, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    run_episode(replace(settings, model=SCRIPT))
    files = [path for path in settings.out.rglob("*") if path.is_file()]
    assert not [path for path in files if b"sk-very-secret" in path.read_bytes()]


def test_without_video_none_is_written(settings):
    run_episode(replace(settings, video=False))
    assert not (settings.out / "video.mp4").exists()
