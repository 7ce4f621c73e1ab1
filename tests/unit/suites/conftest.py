from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from embodied.suite.running import SuiteSettings

ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).resolve().parent
TASK = """
scene = "table"
family = "{family}"
split = "{split}"
goal = {{ on = ["cube", "table"] }}
max_steps = 5
[instructions]
en = ["put the {name} away", "tidy up the {name}", "the {name}, please"]
zh = ["把{name}收好", "收拾{name}"]
"""
SUITE = """
title = "Cubes and <balls>"
tasks = ["cube.toml", "ball.toml"]
episodes = 4
"""
ROBOTS = """
from dataclasses import replace

from embodied.errors import ControllerError
from embodied.geometry import Box
from embodied.testing import FakeController

RIGHT_HALF = Box((0.0, -0.4, -0.01), (0.5, 0.4, 0.05), "right half")


class Broken(FakeController):
    def perform(self, grounded, timeout_s):
        raise ControllerError("the cable came off")


class Rough(FakeController):
    def perform(self, grounded, timeout_s):
        result = super().perform(grounded, timeout_s)
        return replace(result, measured=replace(result.measured, max_force_n=1000.0))


def suite_flat(setup):
    return FakeController(goal=("red cube", RIGHT_HALF))


def suite_unjudged(setup):
    return FakeController()


def suite_slow(setup):
    return FakeController(goal=("red cube", RIGHT_HALF), pace=0.3)


def suite_broken(setup):
    return Broken(goal=("red cube", RIGHT_HALF))


def suite_rough(setup):
    return Rough(goal=("red cube", RIGHT_HALF))
"""
NAMES = ("suite_flat", "suite_unjudged", "suite_slow", "suite_broken", "suite_rough")
SCRIPT = "grasp(0.313, 0.417, 0.950); move(0.313, 0.417, 0.850, 0.688, 0.333, 0.950); done()"


@pytest.fixture
def suite_file(tmp_path: Path) -> Path:
    """A suite of two tasks with four episodes each."""
    (tmp_path / "cube.toml").write_text(TASK.format(name="cube", family="stacking", split="seen"), encoding="utf-8")
    (tmp_path / "ball.toml").write_text(
        TASK.format(name="ball", family="many", split="unseen_objects"), encoding="utf-8"
    )
    path = tmp_path / "small.toml"
    path.write_text(SUITE)
    return path


@pytest.fixture
def settings(suite_file: Path, tmp_path: Path) -> SuiteSettings:
    """All of it, with a planner that is always there."""
    return SuiteSettings(
        suite=str(suite_file),
        planner="scripted",
        model=SCRIPT,
        controller="suite_flat",
        out=tmp_path / "out",
        workers=2,
    )


@pytest.fixture
def robots(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stranger's package of robots without a robot, found by its entry points here and in other processes."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "suite_robots.py").write_text(ROBOTS)
    metadata = folder / "suite_robots-0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: suite-robots\nVersion: 0\n")
    lines = "\n".join(f"{name} = suite_robots:{name}" for name in NAMES)
    (metadata / "entry_points.txt").write_text(f"[embodied.controllers]\n{lines}\n")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(HERE), str(ROOT)]))
    return folder


@pytest.fixture
def start(robots: Path):
    """Starts a program of Python in a process of its own, which is gone at the end."""
    started = []

    def popen(program: str, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield popen
    for process in started:
        process.kill()
        process.communicate()
