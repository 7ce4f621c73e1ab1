from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from embodied.errors import SceneError, UnknownNameError, UsageError
from embodied.suite.file import load_suite, load_tasks, suite_names, suite_path
from embodied.suite.job import Choices, jobs_of
from embodied.task import Family, Split

CHOICES = Choices(planner="scripted", model=None, controller="flat", numbers=(0, 1), disturbed=False)


def jobs(path, choices=CHOICES):
    return jobs_of(load_suite(path), path, choices, Path("out"))


def add(path, text):
    path.write_text(path.read_text() + text)


def test_an_unknown_suite_is_told_with_those_that_exist():
    with pytest.raises(UnknownNameError, match=r"no suite is called 'nothing'; there are: .*smoke"):
        suite_path("nothing")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense = 1\n", r"small\.toml: nonsense"),
        ("seed = -1\n", "seed"),
        ('languages = ["de"]\n', "languages"),
        ('splits = ["elsewhere"]\n', "splits"),
        ("[limits]\nwall_s = 0.0\n", "limits.wall_s"),
        ("= 3", "small.toml"),
    ],
)
def test_a_broken_file_is_told_with_its_field(suite_file, text, said):
    add(suite_file, text)
    with pytest.raises(SceneError, match=said):
        load_suite(suite_file)


def test_a_missing_file_is_told_by_name(tmp_path):
    with pytest.raises(SceneError, match="nowhere.toml"):
        load_suite(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["cube", "ball"]),
        ('families = ["many"]\n', ["ball"]),
        ('splits = ["seen"]\n', ["cube"]),
        ('families = ["many", "stacking"]\nsplits = ["seen", "unseen_objects"]\n', ["cube", "ball"]),
    ],
)
def test_tasks_are_selected_by_family_and_split(suite_file, text, names):
    add(suite_file, text)
    assert list(load_tasks(load_suite(suite_file), suite_file)) == names


def test_no_task_at_all_is_an_error(suite_file):
    add(suite_file, 'families = ["reading"]\n')
    with pytest.raises(SceneError, match="no task is of families"):
        load_tasks(load_suite(suite_file), suite_file)


def test_two_tasks_of_one_name_are_an_error(suite_file):
    suite_file.write_text('title = "t"\ntasks = ["cube.toml", "cube.toml"]\n')
    with pytest.raises(SceneError, match="two are called 'cube'"):
        load_tasks(load_suite(suite_file), suite_file)


def test_unseen_phrasings_must_be_there(suite_file):
    add(suite_file, 'phrasings = "unseen"\nlanguages = ["zh"]\n')
    with pytest.raises(SceneError, match="'cube' has no unseen phrasings in zh"):
        load_tasks(load_suite(suite_file), suite_file)


def test_without_tasks_every_one_that_ships_is_meant(tmp_path):
    path = tmp_path / "all.toml"
    path.write_text('title = "all"\n')
    assert "bag_out_of_drawer" in load_tasks(load_suite(path), path)


@pytest.mark.parametrize("name", suite_names())
def test_every_suite_that_ships_can_be_read(name):
    assert load_suite(suite_path(name)).title


def test_every_family_and_every_split_has_its_suite():
    groups = {*get_args(Family), *get_args(Split), "unseen_phrasings", "kitchen", "smoke", "smoke_model"} - {"own"}
    assert groups == set(suite_names())


def test_each_episode_has_its_own_script_beside_the_suite(suite_file):
    add(suite_file, 'scripts = "said"\n')
    folder = suite_file.parent / "said"
    folder.mkdir()
    for task in ("cube", "ball"):
        for number in (0, 1):
            (folder / f"{task}-{number:03d}.txt").write_text(f"# of {task}\ngrasp(0.{number + 1}, 0.5, 1.0)\ndone()\n")
    models = {job.key: job.configuration.model for job in jobs(suite_file)}
    assert models["cube", 1] == "grasp(0.2, 0.5, 1.0); done()"
    assert len(models) == 4


def test_a_missing_script_is_told_with_how_to_make_it(suite_file):
    add(suite_file, 'scripts = "said"\n')
    with pytest.raises(SceneError, match=r"cube-000\.txt.*--renew-scripts"):
        jobs(suite_file)


def test_a_scripted_planner_without_a_script_is_an_error(suite_file):
    with pytest.raises(UsageError, match="--model"):
        jobs(suite_file)


def test_the_limits_of_the_file_are_in_every_job(suite_file):
    add(suite_file, 'planner = "oracle"\n[limits]\nwall_s = 3.0\nsimulated_s = 4.0\nplanner_calls = 5\n')
    for job in jobs(suite_file, Choices(planner="oracle", model=None, controller="k", numbers=(0,), disturbed=True)):
        configuration = job.configuration
        assert (job.wall_s, configuration.max_robot_s, configuration.max_replies) == (3.0, 4.0, 5)
        assert configuration.disturbed


def test_episodes_come_number_by_number(suite_file):
    keys = [job.key for job in jobs(suite_file, Choices(**{**vars(CHOICES), "model": "done()"}))]
    assert keys == [("cube", 0), ("ball", 0), ("cube", 1), ("ball", 1)]
