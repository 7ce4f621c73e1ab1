"""Run jobs, so many at a time, each in a process of its own."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Generator, Iterable
from contextlib import suppress
from multiprocessing.connection import wait

from embodied.errors import UsageError
from embodied.suite.job import Job
from embodied.suite.performing import Perform, perform
from embodied.suite.process import EpisodeProcess
from embodied.suite.record import Account, Record, fault, read_record, write_record

HEED_S = 1.0
"""How often it is seen whether somebody interrupts: Ray raises a flag for that, and no signal that ends a wait."""


def run_jobs(jobs: Iterable[Job], workers: int, how: Perform = perform) -> Generator[Record, None, None]:
    """Run ``jobs`` and give the record of each as it is finished; each is on the disk by then.

    Left early, by an error, by Ctrl-C or by closing the iterator, it stops what is under way.

    Raises:
        UsageError: If something that a person gave is unusable.
    """
    waiting, slots = deque(jobs), deque(_shares(workers))
    running: dict[int, tuple[EpisodeProcess, list[int]]] = {}
    try:
        while waiting or running:
            while waiting and slots:
                process = EpisodeProcess(waiting.popleft(), how, cores := slots.popleft())
                running[process.sentinel] = process, cores
            for sentinel in _ended([process for process, _ in running.values()]):
                process, cores = running.pop(sentinel)
                slots.append(cores)
                yield _finish(process)
    finally:
        _stop([process for process, _ in running.values()])


def _ended(processes: list[EpisodeProcess]) -> list[int]:
    """Wait a while for some to end; those whose time is over are pressed to."""
    due_s = min(process.due_s for process in processes)
    timeout_s = min(max(due_s - time.monotonic(), 0.0), HEED_S)
    ready = wait([process.sentinel for process in processes], timeout_s)
    for process in processes:
        if time.monotonic() >= process.due_s and process.sentinel not in ready:
            process.press()
    return [each for each in ready if isinstance(each, int)]


def _finish(process: EpisodeProcess) -> Record:
    process.end()
    record = read_record(process.job.record)
    if record is None:
        record = _lost(process)
        write_record(process.job, record)
    return record


def _lost(process: EpisodeProcess) -> Record:
    """The record of an episode whose process did not live to write one."""
    account = Account()
    account.wall_s = process.wall_s
    limit_s = process.job.wall_s
    if process.timed_out:
        return fault(process.job, "wall_time", f"not finished after {limit_s:.0f} s, and stopped", account)
    return fault(process.job, "crash", f"its process died: {process.exit}; see {process.job.place}.log", account)


def _stop(processes: list[EpisodeProcess]) -> None:
    """Ask all to end, wait a while, then kill."""
    for process in processes:
        if not process.timed_out:
            process.press()
    left = {process.sentinel: process for process in processes}
    while left:
        for sentinel in _ended(list(left.values())):
            with suppress(UsageError):  # whatever it has to say, the suite is over
                left.pop(sentinel).end()


def _shares(workers: int) -> list[list[int]]:
    """The cores of each worker: their even share where there are enough, else one each, in turn."""
    if not hasattr(os, "sched_getaffinity"):
        return [[] for _ in range(workers)]
    cores = sorted(os.sched_getaffinity(0))
    share = max(len(cores) // workers, 1)
    return [[cores[(worker * share + i) % len(cores)] for i in range(share)] for worker in range(workers)]
