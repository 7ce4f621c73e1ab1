"""Ways to run a job without a robot; importable in the processes that suites start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from embodied.errors import UsageError
from embodied.suite.record import Account, Record, fault, judged  # noqa: F401 (a fault is told by name)

LEDGER = "ledger"
"""A line for each time that a job was begun, and one for each that was begun although it was finished."""


def steady(job):
    """Takes a moment, leaves what a dying process leaves, and says what its seed says."""
    note(job, "again" if job.record.exists() else "begun")
    (job.directory / "images").mkdir(parents=True)
    (job.directory / "episode.jsonl").write_text('{"index": 0}\n{"ind')
    time.sleep(0.01 + job.configuration.seed % 7 / 100)
    return record(job)


def record(job, **changes):
    """A record that depends on nothing but the job."""
    seed = job.configuration.seed
    success = seed % 10 < 7
    fields = {
        "task": job.task.name,
        "family": job.task.family,
        "split": job.task.split,
        "number": job.number,
        "seed": seed,
        "language": job.configuration.language,
        "instruction": job.configuration.instruction,
        "verdict": "success" if success else "failure",
        "reason": "" if success else "step_limit after missed_grasp",
        "steps": 1 + seed % 5,
        "simulated_s": seed % 100 / 10,
        "wall_s": time.perf_counter() % 1,
        "tier": "blind",
        "directory": job.place,
    }
    return Record(**fields | changes)


def note(job, what):
    ledger = os.open(job.folder / LEDGER, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.write(ledger, f"{what} {job.task.name} {job.number} {os.getpid()}\n".encode())
    os.close(ledger)


def crashes(job):
    """Dies of a signal in the episode with number 1."""
    if job.number == 1:
        os.kill(os.getpid(), signal.SIGSEGV)
    return record(job)


def leaves(job):
    """Ends without a word in the episode with number 1."""
    if job.number == 1:
        os._exit(7)
    return record(job)


def hangs(job):
    """Never ends in the episode with number 1, whatever it is told, and has started somebody who does not either."""
    if job.number == 1:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        (job.folder / "child").write_text(str(child.pid))
        time.sleep(600)
    return record(job)


def dawdles(job):
    """Takes a second."""
    time.sleep(1.0)
    return record(job)


def unusable(job):
    """Finds out that what a person gave is unusable."""
    raise UsageError(f"no such model: {job.task.name}")


def loses_endpoint(job):
    """Comes to no end the first time, and to a good one when the endpoint is back."""
    back = Path(job.folder / "endpoint is back").exists()
    return record(job, verdict="success", reason="") if back else fault(job, "ModelError", "no answer", Account())


def tells_its_process(job):
    """Says where it runs: its cores, its group, its threads and the main module."""
    cores = sorted(os.sched_getaffinity(0))
    words = f"{cores} {os.getpgid(0) == os.getpid()} {os.environ['OMP_NUM_THREADS']} {sys.modules['__main__'].__name__}"
    print("printed")
    return record(job, message=words)
