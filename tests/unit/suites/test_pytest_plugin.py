from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from importlib.metadata import entry_points

import pytest
from conftest import SCRIPT

PLUGIN = "embodied.pytest_suite"
INSTALLED = any(point.value == PLUGIN for point in entry_points(group="pytest11"))
NAMES = [f"{task}[{number}]" for number in range(2) for task in ("cube", "ball")]


@pytest.fixture
def run(robots, suite_file, tmp_path):
    """Runs pytest over a small suite, beside a test of somebody's own; gives it and its JUnit file's cases by name."""
    suite_file.write_text(suite_file.read_text().replace("episodes = 4", "episodes = 2"))
    (tmp_path / "test_mine.py").write_text("def test_mine(): pass\n")

    def run(*more, model=SCRIPT, controller="suite_flat", suite="small.toml", out="out"):
        words = ["--embodied-suite-planner", "scripted", "--embodied-suite-model", model]
        words += ["--embodied-suite-controller", controller, "--embodied-suite-out", out, "--junit-xml", "ci.xml"]
        found = pytest_with("--embodied-suite", suite, *words, *more, folder=tmp_path)
        return found, cases(tmp_path / "ci.xml")

    return run


def pytest_with(*words, folder):
    named = [] if INSTALLED else ["-p", PLUGIN]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:dash", "-W", "error", *named, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=200,
    )


def cases(junit):
    if not junit.exists():
        return {}
    found = {case.get("name"): case for case in ElementTree.parse(junit).iter("testcase")}
    junit.unlink()
    return found


def test_every_episode_is_a_test_beside_those_of_the_user(run, tmp_path):
    found, tests = run()
    assert found.returncode == 0, found.stdout + found.stderr
    assert list(tests) == ["test_mine", *NAMES]
    assert "success 4/4, 95 %: 51.0 to 100.0 %; 0 spoilt" in found.stdout
    assert len(json.loads((tmp_path / "out/results.json").read_text())["episodes"]) == 4
    assert (tmp_path / "out/index.html").exists()


def test_a_failed_episode_fails_with_its_reason_and_its_report(run, tmp_path):
    found, tests = run("-k", "cube and 1", model="done()")
    assert (found.returncode, list(tests)) == (1, ["cube[1]"])
    text = tests["cube[1]"].find("failure").text
    assert text.startswith("done: ")
    assert "red cube" in text
    assert (tmp_path / "out/episodes/cube/001/report.html").exists()
    assert "see out/episodes/cube/001/report.html" in text
    assert "Traceback" not in found.stdout


def test_what_spoils_an_episode_is_an_error_and_no_failure(run):
    found, tests = run("-k", "cube and 1", controller="suite_broken")
    assert found.returncode == 1
    assert tests["cube[1]"].find("failure") is None
    assert "the cable came off" in tests["cube[1]"].find("error").text
    assert "see out/episodes/cube/001.log" in found.stdout


def test_the_mark_chooses_the_episodes_alone_and_none_of_them(run, tmp_path):
    found, _ = run("-m", "embodied_suite", "--strict-markers", "--collect-only", "-q")
    assert found.stdout.splitlines()[:4] == [f"small.toml::{name}" for name in NAMES]
    assert not (tmp_path / "out").exists()
    assert list(run("-m", "not embodied_suite")[1]) == ["test_mine"]


def test_a_second_run_replaces_the_first_but_nothing_else(run, tmp_path):
    run("-k", "cube and 0")
    run("-k", "ball and 0")
    assert [each.name for each in (tmp_path / "out/episodes").iterdir()] == ["ball"]
    (tmp_path / "other").mkdir()
    (tmp_path / "other/letter").touch()
    found, _ = run(out="other")
    assert (found.returncode, "did not write" in found.stderr) == (4, True)


def test_workers_of_xdist_share_the_episodes(run, tmp_path):
    found, tests = run("-n", "2")
    assert found.returncode == 0, found.stdout + found.stderr
    assert sorted(tests) == sorted(["test_mine", *NAMES])
    assert len(json.loads((tmp_path / "out/results.json").read_text())["episodes"]) == 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"suite": "missing.toml"}, "missing.toml"),
        ({"suite": "nothing"}, "kitchen, "),
    ],
)
def test_an_unusable_suite_ends_the_run_before_any_test(run, arguments, said):
    found, _ = run(**arguments)
    assert found.returncode == 4
    assert said in found.stderr
    assert "Traceback" not in found.stderr


def test_an_unusable_script_is_told_as_an_error(run):
    found, tests = run("-k", "cube and 1", model="nowhere.txt")
    assert "nowhere.txt" in tests["cube[1]"].find("error").text
    assert found.returncode == 1


def test_nobody_else_pays_for_the_plug_in(tmp_path):
    program = f"import sys, {PLUGIN}; print(*sorted(name for name in sys.modules if name.startswith('embodied')))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ)
    assert found.stdout.split() == ["embodied", "embodied.pytest_suite"]
    (tmp_path / "test_mine.py").write_text("import sys\ndef test_mine(): assert 'numpy' not in sys.modules\n")
    assert pytest_with(folder=tmp_path).returncode == 0
