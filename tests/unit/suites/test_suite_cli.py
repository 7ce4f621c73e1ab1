from __future__ import annotations

import json
import signal
import time
import xml.etree.ElementTree as ElementTree

import pytest
from conftest import SCRIPT
from typer.testing import CliRunner

from embodied.cli import app
from embodied.suite.results import read_results

MAIN = "from embodied.cli import main; main()"


@pytest.fixture
def embodied(robots, suite_file, tmp_path, monkeypatch):
    """Runs a command line in the folder of the suite's file."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, list(arguments), env={"COLUMNS": "120"})


def suite(*more, controller="suite_flat", model=SCRIPT, out="out"):
    common = "suite", "small.toml", "--planner", "scripted", "--model", model, "--controller", controller
    return *common, "--episodes", "2", "--out", out, *more


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (suite("--workers", "2"), 0),
        (suite(model="done()"), 1),
        (suite("--min-success", "0.0", model="done()"), 0),
        (suite(controller="suite_broken"), 3),
        (suite(controller="suite_unjudged"), 3),
        (suite(controller="suite_rough"), 4),
    ],
)
def test_the_exit_code_says_how_it_went(embodied, arguments, code):
    result = embodied(*arguments)
    assert result.exit_code == code, result.output
    assert (code, "Traceback" in result.output) == (code, False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("suite", "nothing"), "kitchen, "),
        (("suite", "missing.toml"), "missing.toml"),
        (suite("--planner", "nobody"), "there are:"),
        (suite("--controller", "nothing"), "no controller is called 'nothing'"),
        (suite("--seeds", "0-3"), "not both"),
        (("suite", "small.toml", "--seeds", "3-1"), "1 is less than 3"),
        (("suite", "small.toml", "--seeds", "some"), "0-19"),
        (("suite", "small.toml", "--seeds", "1,1", "--planner", "scripted", "--model", "done()"), "none twice"),
        (("suite", "small.toml", "--workers", "0"), "--workers"),
        (("suite", "small.toml", "--min-success", "2"), "--min-success"),
        (("compare", "nowhere", "there"), "nowhere holds no results"),
    ],
)
def test_unusable_input_is_exit_code_2_with_a_message(embodied, arguments, said):
    result = embodied(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_a_script_that_is_not_there_ends_the_suite_with_one_line(embodied):
    result = embodied(*suite(model="nowhere.txt"))
    assert result.exit_code == 2
    assert "nowhere.txt" in result.stderr


def test_results_page_and_junit_are_written_and_named(embodied, tmp_path):
    text = embodied(*suite("--junit", "ci/junit.xml", "--workers", "2")).output
    assert all(
        word in text for word in ("4/4 = 100.0 %", "95 %: 51.0 to 100.0 %", "tier blind", "stacking", "index.html")
    )
    results = json.loads((tmp_path / "out/results.json").read_text())
    assert {record["seed"] for record in results["episodes"]} == {
        record.seed for record in read_results(tmp_path / "out").episodes
    }
    assert all((tmp_path / "out" / record["directory"] / "report.html").exists() for record in results["episodes"])
    assert len(list(ElementTree.parse(tmp_path / "ci/junit.xml").iter("testcase"))) == 4


def test_an_error_is_told_with_its_reason_and_kept_in_a_log(embodied, tmp_path):
    text = embodied(*suite(controller="suite_broken")).output
    assert "infrastructure, in no figure: 4 ControllerError" in text
    assert "the cable came off" in (tmp_path / "out/episodes/cube/000.log").read_text()


def test_the_limits_of_an_episode_are_failures_of_the_task(embodied, suite_file, tmp_path):
    suite_file.write_text(suite_file.read_text() + "[limits]\nplanner_calls = 1\n")
    assert embodied(*suite()).exit_code == 1
    assert read_results(tmp_path / "out").total.failures == {"reply_limit": 4}
    suite_file.write_text(suite_file.read_text().replace("planner_calls = 1", "simulated_s = 0.5"))
    assert embodied(*suite(out="again")).exit_code == 1
    assert read_results(tmp_path / "again").total.failures == {"time_limit": 4}


def test_running_again_needs_resume_and_then_has_nothing_to_do(embodied):
    assert embodied(*suite()).exit_code == 0
    again = embodied(*suite())
    assert (again.exit_code, "--resume" in again.stderr) == (2, True)
    resumed = embodied(*suite("--resume"))
    assert resumed.exit_code == 0
    assert "4 finished before" in resumed.output


def test_two_suites_are_compared_in_a_table_with_a_p_value(embodied):
    embodied(*suite(out="good"))
    embodied(*suite(out="bad", model="done()"))
    result = embodied("compare", "good", "bad")
    assert result.exit_code == 0
    assert all(word in result.output for word in ("many", "stacking", "100.0 %", "0.125", "p (McNemar, exact)"))


def test_suites_are_listed_by_name(embodied):
    assert "smoke" in embodied("list", "suites").output.splitlines()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_suite_says_how_to_go_on(start, suite_file, tmp_path, number):
    common = suite(controller="suite_slow", out=str(tmp_path / "out"))
    process = start(MAIN, common[0], str(suite_file), *common[2:])
    record = tmp_path / "out/episodes/cube/000.json"
    deadline_s = time.monotonic() + 300
    while not record.exists():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
    process.send_signal(number)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == (130 if number == signal.SIGINT else 143)
    assert not read_results(tmp_path / "out").complete
    if number == signal.SIGINT:
        assert "are kept" in errors
        assert errors.rstrip().endswith("--resume")
