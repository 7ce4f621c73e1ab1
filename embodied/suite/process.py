"""One job in one process of its own, which can be killed with everything that it started."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, SpawnContext
from types import FrameType, ModuleType
from typing import NoReturn

from embodied.errors import UsageError
from embodied.suite import preloaded
from embodied.suite.job import Job
from embodied.suite.performing import Perform
from embodied.suite.record import write_record

GRACE_S = 5.0
"""How long a process that was asked to end may take to stop its robot and close its files."""
TERMINATED = 143
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
"""Each worker has a core; more threads than that only wait for each other. Whoever has set one of these keeps it."""
_PR_SET_PDEATHSIG = 1


class EpisodeProcess:
    """A job under way.

    Attributes:
        job: What it runs.
        sentinel: Becomes ready for ``multiprocessing.connection.wait`` when it is over.
        due_s: When, by ``time.monotonic``, something must be done about it.
    """

    def __init__(self, job: Job, perform: Perform, cores: list[int]) -> None:
        """Start it, on these cores where the system can choose.

        Args:
            job: What to run.
            perform: How; importable by name.
            cores: Numbers of cores; none for any.
        """
        context = _context()
        self.job = job
        self._told, telling = context.Pipe(duplex=False)
        with _surroundings(job):
            self._process = context.Process(target=_live, args=(job, perform, cores, telling))
            self._process.start()
        telling.close()
        self._began_s = time.monotonic()
        self.due_s = self._began_s + job.wall_s
        self.timed_out = False

    @property
    def sentinel(self) -> int:
        """Becomes ready when it is over."""
        return self._process.sentinel

    @property
    def wall_s(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._began_s

    def press(self) -> None:
        """Its time is over: ask it to end; the next time, kill it and all that it started."""
        self._signal(signal.SIGKILL if self.timed_out else signal.SIGTERM)
        self.timed_out, self.due_s = True, time.monotonic() + GRACE_S

    def end(self) -> None:
        """Wait until it is gone, and kill what it left behind.

        Raises:
            UsageError: If it ended because something that a person gave is unusable.
        """
        self._process.join()
        self._signal(signal.SIGKILL)
        try:
            complaint = self._told.recv() if self._told.poll() else None
        except (EOFError, OSError):
            complaint = None
        self._told.close()
        if complaint is not None:
            raise UsageError(complaint)

    @property
    def exit(self) -> str:
        """How it ended, in words."""
        code = self._process.exitcode
        if code is not None and code < 0:
            return f"killed by {signal.Signals(-code).name}"
        return f"exit code {code}"

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            if self._process.pid is not None:
                os.killpg(self._process.pid, number)


def _context() -> SpawnContext | ForkServerContext:
    if sys.platform != "linux":  # there libraries do not survive a fork
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload([preloaded.__name__])
    return context


@contextmanager
def _surroundings(job: Job) -> Iterator[None]:
    """The environment that the fork server is started in, and a main module that no worker will run again."""
    configuration = job.configuration
    settings = {preloaded.VARIABLE: f"{configuration.controller} {configuration.planner}"}
    settings |= {name: "1" for name in ONE_THREAD if name not in os.environ}
    before, main = dict(os.environ), sys.modules["__main__"]
    os.environ.update(settings)
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        for name in settings:
            os.environ.pop(name)
            if name in before:
                os.environ[name] = before[name]


def _live(job: Job, perform: Perform, cores: list[int], telling: Connection) -> None:
    """The life of a worker: one episode."""
    os.setsid()
    _die_with_parent()
    signal.signal(signal.SIGTERM, _terminate)
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)
    job.record.parent.mkdir(parents=True, exist_ok=True)
    _print_to(job)
    try:
        record = perform(job)
    except UsageError as error:
        telling.send(str(error))
        return
    write_record(job, record)
    if record.verdict != "infrastructure":
        job.log.unlink(missing_ok=True)


def _print_to(job: Job) -> None:
    """Send what the process prints, and its last words if it crashes, to its log."""
    log = os.open(job.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    faulthandler.enable()


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(TERMINATED)


def _die_with_parent() -> None:
    """Leave nothing running, and nothing writing, when the suite's own process is killed."""
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_outlive, args=(parent.sentinel,), daemon=True).start()
    if sys.platform == "linux":  # also where a library sits on the interpreter's lock and no thread runs
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _outlive(sentinel: int) -> None:
    wait([sentinel])
    os.killpg(0, signal.SIGKILL)
