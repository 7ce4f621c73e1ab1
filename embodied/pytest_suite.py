"""``pytest --embodied-suite FILE``: every episode of a suite is a test.

pytest imports this in everybody's every run, so it imports nothing of ours before a suite is asked for.
"""

from __future__ import annotations

import pytest

OPTIONS = {
    "--embodied-suite": ("NAME|FILE", "run every episode of this suite as a test, called TASK[NUMBER]"),
    "--embodied-suite-out": ("DIR", "where the episodes' reports go; by default out/pytest/NAME, made anew every time"),
    "--embodied-suite-planner": ("NAME", "who decides; by default as the suite's file says"),
    "--embodied-suite-model": ("MODEL", "what the planner is opened with"),
    "--embodied-suite-controller": ("NAME", "which robot; by default the simulated kitchen"),
}
MARK = "embodied_suite"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say what may be asked for."""
    group = parser.getgroup("embodied", "suites of a robot's episodes")
    for name, (value, what) in OPTIONS.items():
        group.addoption(name, metavar=value, help=what)


def pytest_configure(config: pytest.Config) -> None:
    """Bring in the suite's episodes, if there is a suite."""
    config.addinivalue_line("markers", f"{MARK}: an episode of the suite that --embodied-suite names")
    if config.getoption("--embodied-suite") is not None:
        from embodied.suite.episode_tests import EpisodeTests

        config.pluginmanager.register(EpisodeTests(config), "embodied-suite-episodes")
