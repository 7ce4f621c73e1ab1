from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent / "toy_robot"
SCRIPT = PACKAGE / "episode.txt"
EMBODIED = ("-c", "from embodied.cli import main; main()")
INSTRUCTION = "put the red block on the plate"


@pytest.fixture
def in_its_environment(stranger, tmp_path):
    def run(*arguments):
        return subprocess.run(
            [sys.executable, *map(str, arguments)], cwd=tmp_path, env=stranger, capture_output=True, text=True
        )

    return run


def test_installed_robot_is_listed_beside_the_kitchen(in_its_environment):
    listed = in_its_environment(*EMBODIED, "list", "controllers")
    assert "toy_robot" in listed.stdout.split(), listed.stderr


def test_robot_keeps_both_contracts_in_its_own_tests(in_its_environment):
    tests = in_its_environment("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:dash", "-c", "/dev/null",
                               "--rootdir", PACKAGE, PACKAGE / "test_contract.py")  # fmt: skip
    assert tests.returncode == 0, tests.stdout
    assert " passed" in tests.stdout


def test_whole_episode_ends_with_the_block_where_it_should_be(in_its_environment, tmp_path):
    out = tmp_path / "episode"
    episode = in_its_environment(
        *(*EMBODIED, "run", INSTRUCTION, "--controller", "toy_robot", "--planner", "scripted"),
        *("--model", SCRIPT, "--out", out, "--no-video"),
    )
    assert episode.returncode == 0, episode.stdout + episode.stderr
    result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    assert result["success"] is True
    assert result["steps"] == 4


def test_dry_run_moves_no_block_and_is_no_success(in_its_environment, tmp_path):
    out = tmp_path / "episode"
    episode = in_its_environment(
        *(*EMBODIED, "run", INSTRUCTION, "--controller", "toy_robot", "--planner", "scripted"),
        *("--model", SCRIPT, "--out", out, "--no-video", "--dry-run"),
    )
    assert episode.returncode == 1, episode.stdout + episode.stderr
    assert json.loads((out / "result.json").read_text(encoding="utf-8"))["success"] is False


def test_robot_needs_no_simulator(in_its_environment):
    code = "import sys, toy_robot.gantry, toy_robot.arm; sys.exit('pybullet' in sys.modules or 'sim' in sys.modules)"
    assert in_its_environment("-c", code).returncode == 0
