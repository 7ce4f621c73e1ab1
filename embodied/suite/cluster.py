"""Run jobs on a Ray cluster: Ray decides where and when, and on the node each is the process that it is here.

A node has a file system of its own: an episode runs in a temporary directory there, and comes back as bytes, the file
that says that it is finished last.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

from embodied.errors import MissingDependencyError, UsageError
from embodied.recording import border
from embodied.suite.fingerprint import SHOWN, differences, installed
from embodied.suite.job import Job
from embodied.suite.performing import Perform
from embodied.suite.pool import run_jobs
from embodied.suite.process import GRACE_S
from embodied.suite.record import Account, Record, fault, write_record

REACH_S = 5.0
"""How long the address may take to answer."""
LOOK_S = 5.0
"""How often it is seen whether there is a node left to wait for."""
SETTINGS = {"RAY_NUM_REDIS_GET_RETRIES": "1", "RAY_DEDUP_LOGS_SKIP_REGEX": ".*", "RAY_USAGE_STATS_ENABLED": "0"}
"""Ray's own, read when it is imported: try once to connect, and not for minutes; print nothing; tell nobody."""


@dataclass(frozen=True)
class Cluster:
    """A Ray cluster that this process is connected to.

    Attributes:
        ray: The library.
        workers: How many episodes at a time; ``None`` for as many as there are CPUs.
    """

    ray: ModuleType
    workers: int | None

    def run_jobs(self, jobs: Iterable[Job], how: Perform) -> Generator[Record, None, None]:
        """Run ``jobs`` and give the record of each as it is finished; each is on this disk by then.

        Left early, by an error, by Ctrl-C or by closing the iterator, it stops what is under way.

        Raises:
            UsageError: If something that a person gave is unusable, or a node has other code than this machine.
        """
        # Never twice: what was lost with its node is told, and tried again by --resume.
        task = self.ray.remote(num_cpus=1, max_retries=0, scheduling_strategy="SPREAD")(_perform_there)
        waiting: list[Job] = list(jobs)[::-1]
        running: dict[Any, Job] = {}
        expected = _installed_for(waiting[0]) if waiting else {}
        try:
            while waiting or running:
                while waiting and (self.workers is None or len(running) < self.workers):
                    job = waiting.pop()
                    running[task.remote(job, how, expected)] = job
                ready, _ = self.ray.wait(list(running), timeout=LOOK_S)
                for reference in ready:
                    yield self._finish(reference, running.pop(reference))
                if not ready and not self.ray.cluster_resources().get("CPU"):
                    self._cancel(running)
        finally:
            self._cancel(running)
            if running:
                self.ray.wait(list(running), num_returns=len(running), timeout=2 * GRACE_S)

    def _finish(self, reference: Any, job: Job) -> Record:
        errors = self.ray.exceptions
        record: Record
        try:
            record, files = self.ray.get(reference)
        except errors.RayTaskError as error:
            cause = str(error.cause).partition("\ntraceback:")[0]
            raise UsageError(f"on the cluster: {cause}") from None
        except errors.RayError as error:
            message = f"its node, or Ray's process there, was lost: {type(error).__name__}"
            record, files = fault(job, "lost_node", message, Account()), {}
        _keep(job, record, files)
        return record

    def _cancel(self, running: Iterable[Any]) -> None:
        for reference in running:
            self.ray.cancel(reference)


@contextmanager
def connected(address: str, workers: int | None) -> Iterator[Cluster]:
    """A connection to the Ray cluster at ``address``, ``HOST:PORT``; this machine must be one of its nodes.

    Raises:
        UsageError: If there is none.
        MissingDependencyError: If Ray is not installed.
    """
    _reach(address)
    ray = _connect(address)
    try:
        yield Cluster(ray, workers)
    finally:
        ray.shutdown()


def _reach(address: str) -> None:
    """Ray itself takes half a minute to say that nobody is there."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise UsageError(f"--ray {address}: say HOST:PORT, as `ray start --head` prints it, such as 10.0.0.1:6379")
    try:
        socket.create_connection((host, int(port)), REACH_S).close()
    except (OSError, OverflowError) as error:
        raise UsageError(f"--ray {address}: nobody answers there: {error}") from error


def _connect(address: str) -> ModuleType:
    try:
        with _undisturbed():
            import ray

            ray.init(address, logging_level=logging.CRITICAL, log_to_driver=False)
    except ImportError as error:
        raise MissingDependencyError(error.name or "ray", "ray") from error
    except Exception as error:  # by type nothing is told apart: versions, a machine that is no node, no cluster at all
        raise UsageError(f"--ray {address}: Ray cannot connect: {error}") from error
    library: ModuleType = ray
    return library


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Leave the environment as it was, and what happens at SIGTERM, for which Ray has an answer of its own."""
    environment, handler = dict(os.environ), signal.getsignal(signal.SIGTERM)
    os.environ.update(SETTINGS)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(environment)
        if threading.current_thread() is threading.main_thread():  # elsewhere Ray does not touch it either
            signal.signal(signal.SIGTERM, handler)


def _installed_for(job: Job) -> dict[str, Any]:
    return installed(job.configuration.planner, job.configuration.controller)


def _perform_there(job: Job, how: Perform, expected: dict[str, Any]) -> tuple[Record, dict[str, bytes]]:
    """Runs on the node: one episode, as its record and every file that it leaves, by place in the suite's directory."""
    other = list(islice(differences(expected, _installed_for(job), words=("here", "there")), SHOWN))
    if other:
        raise UsageError(f"node {socket.gethostname()} is not installed as this machine is: {'; '.join(other)}")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # how Ray cancels; a node in the background ignores it
    with TemporaryDirectory(prefix="embodied-suite-") as name:
        folder = Path(name)
        [record] = run_jobs([there := replace(job, folder=folder)], 1, how)
        paths = [path for path in folder.rglob("*") if path.is_file() and path != there.record]
        return record, {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def _keep(job: Job, record: Record, files: dict[str, bytes]) -> None:
    """Write what came from a node; the record last, since it says that all is there."""
    with border(job.directory):
        job.record.parent.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            path = job.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    write_record(job, record)
