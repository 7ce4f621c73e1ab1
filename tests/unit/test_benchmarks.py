import math
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
SHARED = ("episodes", "figures", "kitchens", "measured", "stopwatch")
SCRIPTS = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in SHARED)


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(FOLDER)
    import figures

    return figures


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_benchmark_says_what_it_does(name: str) -> None:
    asked = subprocess.run([sys.executable, FOLDER / f"{name}.py", "--help"], capture_output=True, text=True)
    assert asked.returncode == 0, asked.stderr
    assert f"usage: {name}.py" in asked.stdout


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_benchmark_is_in_the_readme(name: str) -> None:
    assert f"`{name}.py" in (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("arguments", [["--seeds", "0"], ["--workers", "10000"], ["--task", "juggle"]])
def test_what_cannot_be_measured_is_refused(arguments: list[str]) -> None:
    command = [sys.executable, FOLDER / "drawer.py", *arguments]
    assert subprocess.run(command, capture_output=True).returncode == 2


@pytest.mark.slow
def test_planning_speed_asks_the_planner_as_it_is_today() -> None:
    command = [sys.executable, FOLDER / "planning_speed.py", "--questions", "1"]
    asked = subprocess.run(command, capture_output=True, text=True)
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.count("times faster") == 4  # of each verb on a new picture, and on the same again


def test_quantiles_lie_between_neighbours(figures: ModuleType) -> None:
    assert figures.quantile([4.0, 1.0, 3.0, 2.0], 0.5) == 2.5
    assert figures.quantile([5.0], 0.9) == 5.0
    assert math.isnan(figures.quantile([], 0.5))


def test_an_interval_of_a_quantile_holds_it_or_is_not_given(figures: ModuleType) -> None:
    values = [float(number) for number in range(100)]
    low, high = figures.quantile_interval(values, 0.9)
    assert low < figures.quantile(values, 0.9) < high
    assert figures.quantile_interval(values[:3], 0.9) is None
    assert figures.quantile_interval([], 0.5) is None


def test_the_machine_is_named_with_its_versions(figures: ModuleType) -> None:
    described = figures.machine()
    assert "Python 3." in described
    assert "pybullet" in described
    assert "cores" in described
