"""Run a suite by name into a directory, or go on with one."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from embodied.errors import UsageError
from embodied.packages import versions
from embodied.suite.cluster import connected
from embodied.suite.file import Suite, load_suite, suite_path
from embodied.suite.fingerprint import fingerprint
from embodied.suite.job import Choices, Job, jobs_of
from embodied.suite.journal import Journal, claimed
from embodied.suite.page import write_page
from embodied.suite.performing import Perform, perform
from embodied.suite.pool import run_jobs
from embodied.suite.record import Record
from embodied.suite.results import Results, grouped, write_results

DEFAULT_FOLDER = Path("out/suites")
RunJobs = Callable[[Iterable[Job], Perform], Generator[Record, None, None]]
"""Runs jobs and gives the record of each as it is finished."""


@dataclass(frozen=True, kw_only=True)
class SuiteSettings:
    """What a person asks for; what is left out is as the suite's file says.

    Attributes:
        suite: Name or file of the suite.
        planner, model, controller: As for one episode.
        numbers: Which episodes of each task; by default the first ones, as many as the suite's file says.
        workers: How many processes at a time; by default one, or one for each CPU of a cluster.
        ray: Address of a Ray cluster to run them on, ``HOST:PORT``; by default they run on this machine.
        out: The suite's directory; by default ``out/suites/NAME``.
        resume: Go on with what is there.
        disturbed: Let a simulated world play its tricks, also where the suite's file does not.
        min_success: The share of successes that is enough.
    """

    suite: str
    planner: str | None = None
    model: str | None = None
    controller: str = "kitchen"
    numbers: tuple[int, ...] | None = None
    workers: int | None = None
    ray: str | None = None
    out: Path | None = None
    resume: bool = False
    disturbed: bool = False
    min_success: float | None = None


@dataclass(frozen=True)
class Plan:
    """A suite, all decided before anything is run.

    Attributes:
        suite: Its file.
        choices: What was chosen.
        folder: Its directory.
        jobs: Every episode.
        min_success: The share of successes that is enough.
    """

    suite: Suite
    choices: Choices
    folder: Path
    jobs: tuple[Job, ...]
    min_success: float


@dataclass(frozen=True)
class Begun:
    """A suite that is about to run.

    Attributes:
        plan: All of it.
        finished: What was finished before.
    """

    plan: Plan
    finished: tuple[Record, ...]

    @property
    def planned(self) -> int:
        """How many episodes it has."""
        return len(self.plan.jobs)


def plan_suite(settings: SuiteSettings) -> Plan:
    """Decide all that there is to decide about a suite.

    Raises:
        UsageError: If the suite, a task or a script does not exist or is broken.
    """
    path = suite_path(settings.suite)
    suite = load_suite(path)
    folder = settings.out or DEFAULT_FOLDER / suite.name
    choices = _choices(settings, suite)
    min_success = suite.min_success if settings.min_success is None else settings.min_success
    return Plan(suite, choices, folder, tuple(jobs_of(suite, path, choices, folder)), min_success)


def run_suite(
    settings: SuiteSettings,
    on_begin: Callable[[Begun], None] = lambda begun: None,
    on_record: Callable[[Record], None] = lambda record: None,
    how: Perform = perform,
) -> Results:
    """Run what is not yet finished of a suite, and count all of it.

    Args:
        settings: What to run.
        on_begin: Is told what will be run, before it is.
        on_record: Is told of every episode as it is finished.
        how: What runs an episode; importable by name, since it happens in another process.

    Raises:
        UsageError: If something is unusable; nothing was run, or it was the first to find out.
        MissingDependencyError: If it is to run on a Ray cluster and Ray is not installed.
        KeyboardInterrupt: If it was interrupted; what is finished is kept, and counted in ``results.json``.
    """
    plan = plan_suite(settings)
    with _workplace(settings) as run, claimed(plan.folder):
        journal = Journal(plan.folder, fingerprint(plan.suite, plan.choices, plan.jobs), settings.resume)
        begun = Begun(plan, tuple(journal.finished(plan.jobs)))
        on_begin(begun)
        return _run(begun, journal, on_record, lambda jobs: run(jobs, how))


@contextmanager
def _workplace(settings: SuiteSettings) -> Iterator[RunJobs]:
    """What runs jobs, here or on a cluster."""
    if settings.ray is None:
        yield lambda jobs, how: run_jobs(jobs, settings.workers or 1, how)
        return
    with connected(settings.ray, settings.workers) as cluster:
        yield cluster.run_jobs


def _run(
    begun: Begun,
    journal: Journal,
    on_record: Callable[[Record], None],
    run: Callable[[Iterable[Job]], Generator[Record, None, None]],
) -> Results:
    done = {record.key for record in begun.finished}
    left = [job for job in begun.plan.jobs if job.key not in done]
    journal.sweep(left)
    try:
        with closing(run(left)) as running:
            for record in running:
                on_record(record)
    finally:
        results = conclude(begun.plan, journal.started, journal.records(begun.plan.jobs))
    return results


def conclude(plan: Plan, started: str, records: Iterable[Record]) -> Results:
    """Count ``records``, and write ``results.json`` and ``index.html``.

    Raises:
        EpisodeError: If they cannot be written.
    """
    results = Results(
        suite=plan.suite.name,
        title=plan.suite.title,
        planner=plan.choices.planner,
        model=plan.choices.model,
        controller=plan.choices.controller,
        disturbed=plan.choices.disturbed,
        versions=versions(),
        started=started,
        planned=len(plan.jobs),
        min_success=plan.min_success,
        **grouped(records),
    )
    write_results(plan.folder, results)
    write_page(plan.folder, results)
    return results


def _choices(settings: SuiteSettings, suite: Suite) -> Choices:
    numbers = tuple(range(suite.episodes)) if settings.numbers is None else settings.numbers
    if not numbers or len(set(numbers)) < len(numbers):
        raise UsageError(f"episodes {numbers}: name at least one, and none twice")
    return Choices(
        planner=settings.planner or suite.planner,
        model=settings.model,
        controller=settings.controller,
        numbers=numbers,
        disturbed=settings.disturbed or suite.disturbed,
    )
