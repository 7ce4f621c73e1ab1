"""The episodes of a suite as tests of pytest: each runs when its turn comes, in a process of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from embodied.episode import REPORT
from embodied.errors import EmbodiedError, UsageError
from embodied.suite.file import suite_path
from embodied.suite.job import EPISODES, Job
from embodied.suite.journal import LOCK, claimed
from embodied.suite.page import PAGE
from embodied.suite.pool import run_jobs
from embodied.suite.record import Record, read_record
from embodied.suite.results import RESULTS, Results
from embodied.suite.running import Plan, SuiteSettings, conclude, plan_suite

DEFAULT_FOLDER = Path("out/pytest")
OURS = ".pytest"
"""Marks a directory that pytest may empty."""


class EpisodeTests:
    """Brings a suite's episodes into one run of pytest."""

    def __init__(self, config: pytest.Config) -> None:
        """Read the suite that the options of ``config`` name; nothing is written or run.

        Raises:
            pytest.UsageError: If it is unusable.
        """
        self._config = config
        self._started = datetime.now(timezone.utc).isoformat(timespec="seconds")
        self._claim = ExitStack()
        self._results: Results | None = None
        try:
            self._path = suite_path(config.getoption("--embodied-suite"))
            self._plan = plan_suite(_settings(config, self._path))
        except EmbodiedError as error:
            raise pytest.UsageError(str(error)) from error

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Empty the suite's directory and keep it from others, but in the workers of pytest-xdist, which share it."""
        if self._in_charge:
            try:
                self._claim.enter_context(claimed(self._plan.folder))
                _empty(self._plan.folder)
            except EmbodiedError as error:
                raise pytest.UsageError(str(error)) from error

    @pytest.hookimpl(tryfirst=True)  # before -k and -m choose
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Add the episodes to the other tests."""
        suite = SuiteTests.from_parent(session, path=self._path.resolve(), plan=self._plan)
        items.extend(suite.collect())

    def pytest_sessionfinish(self) -> None:
        """Count what was run, as ``embodied suite`` does."""
        with self._claim:
            if self._in_charge:
                found = map(read_record, (job.record for job in self._plan.jobs))
                records = [record for record in found if record is not None]
                self._results = conclude(self._plan, self._started, records) if records else None

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say how many succeeded, and where more is told."""
        if self._results is not None:
            total = self._results.total
            terminalreporter.section(f"embodied suite {self._results.suite}")
            interval = f"{100 * total.low:.1f} to {100 * total.high:.1f} %"
            terminalreporter.line(f"success {total.successes}/{total.n}, 95 %: {interval}; {total.spoilt} spoilt")
            terminalreporter.line(str(self._plan.folder / PAGE))

    @property
    def _in_charge(self) -> bool:
        return not hasattr(self._config, "workerinput") and not self._config.getoption("collectonly")


class SuiteTests(pytest.File):
    """The file of a suite, of which every episode is a test."""

    def __init__(self, *, plan: Plan, **given: Any) -> None:
        """Hold what ``plan`` says is to be run."""
        super().__init__(**given)
        self._plan = plan

    def collect(self) -> Iterator[EpisodeTest]:
        """Every episode."""
        for job in self._plan.jobs:
            yield EpisodeTest.from_parent(self, name=f"{job.task.name}[{job.number}]", job=job)


class EpisodeTest(pytest.Item):
    """One episode. What spoils it happens while it is set up, so that pytest calls it an error and no failure."""

    def __init__(self, *, job: Job, **given: Any) -> None:
        """Hold what is to be run."""
        super().__init__(**given)
        self.add_marker("embodied_suite")
        self._job = job
        self._record: Record | None = None

    def setup(self) -> None:
        """Run the episode."""
        try:
            with closing(run_jobs([self._job], 1)) as running:
                self._record = next(running)
        except UsageError as error:
            pytest.fail(str(error), pytrace=False)
        if self._record.verdict == "infrastructure":
            pytest.fail(self._told(self._record), pytrace=False)

    def runtest(self) -> None:
        """Say how it was judged."""
        if self._record is not None and self._record.verdict == "failure":
            pytest.fail(self._told(self._record), pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where it comes from, and what it is called."""
        return self.path, None, self.name

    def _told(self, record: Record) -> str:
        places = self._job.directory / REPORT, self._job.log
        more = [f"see {place}" for place in places if place.exists()]
        return "\n".join([f"{record.reason}: {record.message}", f"{record.instruction!r}, seed {record.seed}", *more])


def _settings(config: pytest.Config, path: Path) -> SuiteSettings:
    out = config.getoption("--embodied-suite-out")
    return SuiteSettings(
        suite=str(path),
        planner=config.getoption("--embodied-suite-planner"),
        model=config.getoption("--embodied-suite-model"),
        controller=config.getoption("--embodied-suite-controller") or "kitchen",
        out=DEFAULT_FOLDER / path.stem if out is None else Path(out),
    )


def _empty(folder: Path) -> None:
    """Throw away what an earlier run of pytest left in ``folder``; tests are run anew each time.

    Raises:
        UsageError: If something else is there.
    """
    if not (folder / OURS).exists() and any(each.name != LOCK for each in folder.iterdir()):
        raise UsageError(f"{folder} holds something that pytest did not write; choose another --embodied-suite-out")
    (folder / OURS).touch()
    shutil.rmtree(folder / EPISODES, ignore_errors=True)
    for name in (RESULTS, PAGE):
        (folder / name).unlink(missing_ok=True)
