"""A Ray cluster of two nodes on this machine, as a program; and ways to run a job that the nodes can import."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from embodied.suite.performing import perform
from embodied.suite.record import Record

WHERE = "where.txt"
"""In an episode's directory: the process that is its node."""


def perform_and_say_where(job):
    """Run the episode, and leave a file of one's own in its directory."""
    record = perform(job)
    (job.directory / WHERE).write_text(os.environ["RAY_RAYLET_PID"])
    return record


def wait_for_word(job):
    """Say that it has begun, and succeed as soon as there is a word for it, or for all, in the planner's model."""
    folder, name = Path(job.configuration.model), f"{job.task.name}-{job.number}"
    with (folder / "begun").open("a") as ledger:
        ledger.write(f"{name} {os.getpid()}\n")
    while not (folder / "word").exists() and not (folder / name).exists():
        time.sleep(0.05)
    return Record(
        task=job.task.name,
        family=job.task.family,
        split=job.task.split,
        number=job.number,
        seed=job.configuration.seed,
        language=job.configuration.language,
        instruction=job.configuration.instruction,
        verdict="success",
        directory=job.place,
    )


def main():
    """Print the address; lose the second node when a line is read, and end when there are no more."""
    from ray.cluster_utils import Cluster

    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # sockets are in it: their paths must be short
    os.environ["RAY_TMPDIR"] = folder  # the address is written there, into a folder that must be there
    temp_dir = Path(folder) / "ray"
    temp_dir.mkdir()
    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False, "temp_dir": str(temp_dir)}
    )
    try:
        second = cluster.add_node(num_cpus=1)
        print(cluster.address, flush=True)
        for _ in sys.stdin:
            cluster.remove_node(second, allow_graceful=False)
            print("lost", flush=True)
    finally:
        cluster.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
