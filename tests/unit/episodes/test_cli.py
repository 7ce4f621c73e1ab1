from __future__ import annotations

import json
import shutil
import signal
import time
from importlib.metadata import PackageNotFoundError

import cv2
import pytest
from scripts import GRASP, SCRIPT
from typer.testing import CliRunner

from embodied import doctor, packages
from embodied.cli import app
from embodied.doctor import Finding
from embodied.episode import read_episode


@pytest.fixture
def embodied(plugins, tmp_path, monkeypatch):
    """Runs a command line in an empty directory."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, list(arguments), env={"COLUMNS": "120"})


def run_arguments(out, controller="flat", script=SCRIPT):
    return ("run", "tidy up", "--planner", "scripted", "--model", script, "--controller", controller, "--out", str(out))


def wait_for_lines(directory, count):
    """Until an episode under way has so many lines."""
    deadline = time.monotonic() + 60
    path = directory / "episode.jsonl"
    while not path.exists() or path.read_bytes().count(b"\n") < count:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("controller", "script", "code"), [("flat", SCRIPT, 0), ("flat", "done()", 1), ("unjudged", SCRIPT, 1)]
)
def test_the_exit_code_says_what_the_judge_says(embodied, tmp_path, controller, script, code):
    assert embodied(*run_arguments(tmp_path / "out", controller, script)).exit_code == code


def test_every_step_the_tier_and_the_files_are_printed(embodied, tmp_path):
    text = embodied(*run_arguments(tmp_path / "out")).output
    for part in (GRASP, "allowed, succeeded: something is held", "tier blind", "success", "report.html", "result.json"):
        assert part in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run",), "say what to do"),
        (("run", "hi", "--planner", "nobody"), "there are:"),
        (("run", "hi", "--planner", "scripted", "--controller", "nothing"), "flat"),
        (("run", "--task", "nothing"), "no task is called 'nothing'"),
        (("run", "--task", "missing.toml"), "missing.toml"),
        (("run", "hi", "--image-size", "big"), "448x336"),
        (("run", "hi", "--seed", "-1"), "--seed"),
        (("run", "hi", "--max-steps", "0"), "--max-steps"),
        (("replay", "nowhere"), "nowhere is not an episode"),
        (("report", "nowhere"), "nowhere is not an episode"),
        (("check-controller", "nothing"), "flat"),
        (("show", "table", "--controller", "nothing"), "flat"),
        (("list", "robots"), "robots"),
    ],
)
def test_unusable_input_is_exit_code_2_with_a_message(embodied, arguments, said):
    result = embodied(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_a_robot_that_fails_is_exit_code_2_and_one_line(embodied, tmp_path):
    result = embodied(*run_arguments(tmp_path / "out", "broken"))
    assert result.exit_code == 2
    assert result.stderr.splitlines() == ["error: the cable came off"]


def test_debug_shows_the_whole_error(embodied, tmp_path):
    result = embodied("--debug", *run_arguments(tmp_path / "out", "broken"))
    assert type(result.exception).__name__ == "ControllerError"


def test_markup_in_an_instruction_is_printed_as_it_is(embodied, tmp_path):
    result = embodied("run", "[red]tidy[/]", *run_arguments(tmp_path / "out")[2:])
    assert "[red]tidy[/]" in result.output


def test_everything_can_be_listed(embodied):
    result = embodied("list")
    assert result.exit_code == 0
    assert all(word in result.output for word in ("scenes", "tasks", "planners", "controllers", "flat", "scripted"))


def test_a_list_of_one_kind_is_one_name_a_line(embodied):
    lines = embodied("list", "controllers").output.splitlines()
    assert {"broken", "flat", "slow", "unjudged"} <= set(lines)


def test_what_the_camera_sees_is_written_as_a_picture(embodied, tmp_path):
    result = embodied("show", "table", "--controller", "flat", "--out", str(tmp_path / "new" / "look.png"))
    assert result.exit_code == 0
    assert cv2.imread(str(tmp_path / "new" / "look.png")).shape[1] == 2 * 160


def test_a_replay_says_whether_it_went_the_same_way(embodied, tmp_path):
    embodied(*run_arguments(tmp_path / "out"))
    same = embodied("replay", str(tmp_path / "out"))
    assert (same.exit_code, "the same: 3 steps" in same.output) == (0, True)
    path = tmp_path / "out" / "episode.jsonl"
    path.write_text(path.read_text().replace("something is held", "nothing is held", 1))
    other = embodied("replay", str(tmp_path / "out"))
    assert (other.exit_code, "not the same: step 0, result, message" in other.output) == (1, True)


def test_the_report_can_be_drawn_anew(embodied, tmp_path):
    embodied(*run_arguments(tmp_path / "out"))
    (tmp_path / "out" / "report.html").unlink()
    assert embodied("report", str(tmp_path / "out")).exit_code == 0
    assert (tmp_path / "out" / "report.html").exists()


def test_a_robot_that_keeps_the_contract_passes_and_another_does_not(embodied):
    assert embodied("check-controller", "flat").exit_code == 0
    broken = embodied("check-controller", "broken")
    assert (broken.exit_code, "the cable came off" in broken.output) == (1, True)


def test_help_helps_with_examples(embodied):
    for arguments in (("--help",), ("run", "--help")):
        text = embodied(*arguments).output
        assert "把抽屉里的绿色包装袋拿出来" in text


def test_the_version_is_told(embodied):
    assert embodied("--version").output.startswith("embodied ")


@pytest.mark.parametrize(
    ("findings", "code"),
    [
        ([Finding(True, "Python")], 0),
        ([Finding(True, "Python"), Finding(False, "display", needed=False)], 0),
        ([Finding(False, "renderer", "get one")], 1),
    ],
)
def test_the_doctor_fails_only_for_what_is_needed(embodied, monkeypatch, findings, code):
    monkeypatch.setattr(doctor, "examine", lambda: iter(findings))
    assert embodied("doctor").exit_code == code


def test_the_doctor_looks_at_everything_and_says_how_to_get_what_is_missing(plugins, monkeypatch):
    def version(name: str) -> str:
        if name == "torch":
            raise PackageNotFoundError(name)
        return "1.0"

    requirements = ["numpy>=1", "tomli>=2; python_version < '3.11'", 'torch>=2; extra == "transformers"']
    monkeypatch.setattr(packages, "requires", lambda name: requirements)
    monkeypatch.setattr(packages, "version", version)
    monkeypatch.setattr(doctor, "_kitchen", lambda: Finding(True, "simulator"))
    findings = {finding.what: finding for finding in doctor.examine()}
    assert findings["numpy 1.0"].fine
    extra = findings["optional extra transformers: torch not installed"]
    assert "pip install 'embodied-kitchen[transformers]'" in extra.remedy
    assert not extra.needed


def test_a_simulator_that_does_not_open_is_a_finding(plugins, monkeypatch):
    def broken(name, setup):
        raise RuntimeError("no such library")

    monkeypatch.setattr(doctor.registry, "open_controller", broken)
    finding = doctor._kitchen()
    assert not finding.fine
    assert "no such library" in finding.remedy


def test_control_c_stops_the_robot_keeps_the_record_and_is_exit_code_130(start, tmp_path):
    process = start(*run_arguments(tmp_path / "out", "slow", ";".join([SCRIPT, GRASP] * 20)))
    wait_for_lines(tmp_path / "out", 1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in said
    episode = read_episode(tmp_path / "out")
    assert episode.outcome is not None
    assert episode.outcome.ended == "interrupted"


def test_being_terminated_stops_the_robot_and_keeps_the_record(start, tmp_path):
    process = start(*run_arguments(tmp_path / "out", "slow"))
    wait_for_lines(tmp_path / "out", 1)
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 143
    assert json.loads((tmp_path / "out" / "result.json").read_text())["ended"] == "interrupted"


def test_a_process_that_is_killed_leaves_an_episode_that_can_be_read_replayed_and_replaced(start, tmp_path, plugins):
    process = start(*run_arguments(tmp_path / "out", "slow"))
    wait_for_lines(tmp_path / "out", 1)
    process.kill()
    process.communicate(timeout=30)
    episode = read_episode(tmp_path / "out")
    assert episode.outcome is None
    assert len(episode.lines) >= 1
    assert episode.image(0).shape == (120, 160, 3)
    shutil.copytree(tmp_path / "out", tmp_path / "copy")
    runner = CliRunner()
    assert runner.invoke(app, ["report", str(tmp_path / "copy")]).exit_code == 0
    assert runner.invoke(app, ["replay", str(tmp_path / "copy")]).exit_code == 0
    assert runner.invoke(app, list(run_arguments(tmp_path / "out"))).exit_code == 0
