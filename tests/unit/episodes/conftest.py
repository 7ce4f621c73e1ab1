from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from scripts import SCRIPT

from embodied import registry
from embodied.running import RunSettings

ROOT = Path(__file__).resolve().parents[3]
PLUGIN = """
from embodied.errors import ControllerError
from embodied.geometry import Box
from embodied.testing import FakeController

RIGHT_HALF = Box((0.0, -0.4, -0.01), (0.5, 0.4, 0.05), "right half")


class Broken(FakeController):
    def perform(self, grounded, timeout_s):
        raise ControllerError("the cable came off")


def flat(setup):
    return FakeController(goal=("red cube", RIGHT_HALF))


def unjudged(setup):
    return FakeController()


def slow(setup):
    return FakeController(goal=("red cube", RIGHT_HALF), pace=1.0)


def broken(setup):
    return Broken()
"""
CONTROLLERS = ("flat", "unjudged", "slow", "broken")


@pytest.fixture
def plugins(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stranger's package with four robots, found by its entry points here and in processes started from here."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "flat_robots.py").write_text(PLUGIN)
    metadata = folder / "flat_robots-0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: flat-robots\nVersion: 0\n")
    (metadata / "entry_points.txt").write_text(_entry_points())
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(ROOT)]))
    return folder


def _entry_points() -> str:
    """The robots, and the planners where this checkout is not installed."""
    planners = sorted({"scripted", "recorded"} - set(registry.names("embodied.planners")))
    robots = "\n".join(f"{name} = flat_robots:{name}" for name in CONTROLLERS)
    lines = "\n".join(f"{name} = embodied.models.{name}:open_planner" for name in planners)
    return f"[embodied.controllers]\n{robots}\n[embodied.planners]\n{lines}\n"


@pytest.fixture
def settings(plugins: Path, tmp_path: Path) -> RunSettings:
    """An episode that succeeds: the red cube goes to the right."""
    return RunSettings(
        instruction="put the red cube on the right",
        planner="scripted",
        model=SCRIPT,
        controller="flat",
        out=tmp_path / "episode",
    )


@pytest.fixture
def start(plugins: Path):
    """Starts the command line in a process of its own, which is gone at the end."""
    started = []

    def popen(*arguments: str) -> subprocess.Popen[str]:
        program = "from embodied.cli import main; main()"
        process = subprocess.Popen(
            [sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield popen
    for process in started:
        process.kill()
        process.communicate()
