"""A suite's directory: what was begun in it, what is finished, and whether one may go on.

::

    suite.json             all that decides what the episodes are; written first, it marks the directory as a suite's
    episodes/TASK/000/     an episode's own record, with its report.html
    episodes/TASK/000.json says that it is finished, and how it went; appears whole or not at all
    episodes/TASK/000.log  what its process printed, if it did not finish well
    results.json           everything counted
    index.html             the same as a page

An episode is finished if its ``.json`` is there. Whatever else a killed suite left is thrown away and run again.
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from itertools import islice
from pathlib import Path
from typing import Any

from embodied.errors import EpisodeError, UsageError
from embodied.recording import border, write_whole
from embodied.suite.fingerprint import SHOWN, differences
from embodied.suite.job import EPISODES, Job
from embodied.suite.record import Record, read_record

SUITE = "suite.json"
LOCK = ".lock"


class Journal:
    """A suite's directory, claimed by this process.

    Attributes:
        folder: Where it is.
        started: When the suite was begun, ISO 8601.
    """

    def __init__(self, folder: Path, fingerprint: dict[str, Any], resume: bool) -> None:
        """Begin a suite in ``folder``, or go on with the one that is there.

        Raises:
            UsageError: If something is there and may not be gone on with; says why, and what differs.
        """
        self.folder = folder
        self.started = datetime.now(timezone.utc).isoformat(timespec="seconds")
        path = folder / SUITE
        if path.exists():
            self._go_on(_read(path), fingerprint, resume)
            return
        if folder.exists() and any(each.name != LOCK for each in folder.iterdir()):
            raise UsageError(f"{folder} holds something that is no suite; choose another directory with --out")
        content = {"started": self.started, "fingerprint": fingerprint}
        write_whole(path, json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n")

    def _go_on(self, content: dict[str, Any], fingerprint: dict[str, Any], resume: bool) -> None:
        if not resume:
            raise UsageError(
                f"{self.folder} holds a suite already: go on with it by --resume, choose another directory with --out, "
                "or delete it; nothing that took so long is replaced without being asked"
            )
        changed = list(islice(differences(content["fingerprint"], _as_json(fingerprint)), SHOWN + 1))
        if changed:
            more = "; and more" if len(changed) > SHOWN else ""
            raise UsageError(f"{self.folder} cannot be gone on with: {'; '.join(changed[:SHOWN])}{more}")
        self.started = content["started"]

    def finished(self, jobs: Iterable[Job]) -> list[Record]:
        """What is finished and stays so: a fault of the machine or the endpoint is tried again.

        Raises:
            EpisodeError: If a record is broken.
        """
        return [record for record in self.records(jobs) if record.verdict != "infrastructure"]

    def records(self, jobs: Iterable[Job]) -> list[Record]:
        """All that is on the disk.

        Raises:
            EpisodeError: If a record is broken.
        """
        return [record for record in map(read_record, (job.record for job in jobs)) if record is not None]

    def sweep(self, jobs: Iterable[Job]) -> None:
        """Throw away what is left of these jobs, which are about to be run.

        Raises:
            EpisodeError: If it cannot be deleted.
        """
        for job in jobs:
            with border(job.directory):
                job.record.unlink(missing_ok=True)
                if job.directory.exists():
                    shutil.rmtree(job.directory)
        for torn in (self.folder / EPISODES).glob("*/.*.json.*"):
            torn.unlink(missing_ok=True)


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Keep every other process from running a suite in ``folder``.

    Raises:
        UsageError: If one does.
        EpisodeError: If the directory cannot be made.
    """
    with border(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / LOCK).open("wb")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"another process is running a suite in {folder}") from None
        yield


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise EpisodeError(f"{path} cannot be read: {error}") from error
    if not isinstance(content, dict) or not {"started", "fingerprint"} <= content.keys():
        raise EpisodeError(f"{path} is not what a suite begins with; choose another directory with --out")
    return content


def _as_json(value: Any) -> Any:
    return json.loads(json.dumps(value))
