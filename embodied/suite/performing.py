"""Run one job, in this process."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable

from embodied.episode import Header
from embodied.errors import EpisodeError, UsageError
from embodied.planner import Tier
from embodied.running import carry_out
from embodied.suite.job import Job
from embodied.suite.record import Account, Record, fault, judged

Perform = Callable[[Job], Record]
"""How a job becomes a record; raises ``UsageError`` where no episode of the suite could do better."""


def perform(job: Job) -> Record:
    """Run the episode of ``job``.

    Raises:
        UsageError: If something that a person gave is unusable: every other episode would fail as this one.
    """
    account, seen = Account(), _Seen()
    start = time.perf_counter()
    try:
        outcome = carry_out(job.configuration, job.directory, account.add, seen.start)
    except Exception as error:
        if isinstance(error, UsageError) and not isinstance(error, EpisodeError):
            raise
        traceback.print_exc()  # the process's log is where to look for what went wrong
        account.wall_s = time.perf_counter() - start
        return fault(job, type(error).__name__, f"{type(error).__name__}: {error}", account, seen.tier)
    account.wall_s = time.perf_counter() - start
    return judged(job, outcome, account)


class _Seen:
    """Remembers what the planner can see, for an episode that never comes to its end."""

    tier: Tier | None = None

    def start(self, header: Header) -> None:
        self.tier = header.tier
