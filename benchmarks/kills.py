"""Whether a suite survives kill -9: killed at random moments and resumed each time, against one that was left alone.

The suite runs by the command line. It is killed at moments drawn from --seed, every fifth time while it starts and else
while it works, and started again with --resume; then it is left to finish. Looked at are the files that say that an
episode is finished: whether one vanished or was written again, and whether results.json is in the end the same but for
times. Exit code 1 if not.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from figures import Row, count, machine, parser, progress, show

from embodied.suite.fingerprint import differences
from embodied.suite.results import RESULTS, without_times

COMMAND = "from embodied.cli import main; main()"
SPREAD = 1.6
"""A killed suite works at most so many times longer than its share of the whole, so that every kill finds some left."""
EVERY = 5
"""Every so often a kill comes while the suite starts."""
START_S = 5.0
"""Within this time after it is started."""

Finished = dict[str, tuple[int, int]]
"""The files that say that an episode is finished, each with its number and the time of its last change."""


def main() -> int:
    """Parse the arguments, measure and print."""
    arguments = _parse()
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory(prefix="embodied-kills-") as folder:
        alone, killed = Path(folder) / "alone", Path(folder) / "killed"
        began_s = time.monotonic()
        process = _start(arguments, alone)
        _wait_for_work(process, alone)
        work_s = time.monotonic()
        _finish(process)
        print(f"left alone: {work_s - began_s:.0f} s to start, {time.monotonic() - work_s:.0f} s of work", flush=True)
        rows, fine = _kill_and_resume(arguments, killed, alone, time.monotonic() - work_s)
    show(f"suite {arguments.suite}, planner {arguments.planner}, {arguments.workers} worker(s)", rows)
    return 0 if fine else 1


def _parse() -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--kills", type=count, default=25, help="how many (default: 25)")
    options.add_argument("--suite", default="refusing", help="which (default: refusing, whose episodes are short)")
    options.add_argument("--planner", default="oracle", help="who decides (default: oracle)")
    options.add_argument("--episodes", type=count, default=5, help="of each task (default: 5)")
    options.add_argument("--workers", type=count, default=2, help="at a time (default: 2)")
    options.add_argument("--seed", type=int, default=0, help="of the moments (default: 0)")
    return options.parse_args()


def _kill_and_resume(arguments: argparse.Namespace, out: Path, alone: Path, work_s: float) -> tuple[list[Row], bool]:
    rng = random.Random(arguments.seed)
    snapshots: list[Finished] = [{}]
    under_way = 0
    with progress("kills", arguments.kills) as (bar, task):
        for number in range(arguments.kills):
            process = _start(arguments, out)
            if number % EVERY == 0:
                time.sleep(rng.uniform(0.0, START_S))
            else:
                _wait_for_work(process, out)
                time.sleep(rng.uniform(0.0, SPREAD * work_s / arguments.kills))
            process.kill()
            process.wait()
            snapshots.append(_finished(out))
            under_way += bool(_begun(out) - snapshots[-1].keys())
            bar.advance(task)
    _finish(_start(arguments, out))
    snapshots.append(_finished(out))
    unlike, changed = list(differences(_results(alone), _results(out))), list(_changed(snapshots))
    return list(_rows(snapshots, under_way, changed, unlike)), not (changed or unlike)


def _rows(snapshots: list[Finished], under_way: int, changed: list[str], unlike: list[str]) -> Iterator[Row]:
    progressed = sum(len(after) > len(before) for before, after in zip(snapshots, snapshots[1:], strict=False))
    yield "kills", str(len(snapshots) - 2), ""
    yield "of these with an episode in mid-course", str(under_way), ""
    yield "starts that finished some episodes", str(progressed), ""
    yield "episodes", str(len(snapshots[-1])), ""
    yield "finished episodes that vanished or were run again", ", ".join(changed) or "0", "0"
    yield "fields of results.json that are not the same, but for times", "; ".join(unlike) or "0", "0"


def _wait_for_work(process: subprocess.Popen[bytes], out: Path) -> None:
    """Until an episode has begun that had not before, or there is none left."""
    began = time.time()
    while process.poll() is None:
        if any(path.stat().st_mtime >= began for path in out.glob("episodes/*/*/config.json")):
            return
        time.sleep(0.02)


def _begun(out: Path) -> set[str]:
    """The files that would say that the episodes which were begun are finished."""
    return {f"{path.parent.relative_to(out).as_posix()}.json" for path in out.glob("episodes/*/*/config.json")}


def _start(arguments: argparse.Namespace, out: Path) -> subprocess.Popen[bytes]:
    words = ["suite", arguments.suite, "--planner", arguments.planner, "--episodes", str(arguments.episodes)]
    words += ["--workers", str(arguments.workers), "--out", str(out), "--resume"]
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _finish(process: subprocess.Popen[bytes]) -> None:
    code = process.wait()
    if code not in (0, 1):
        raise SystemExit(f"the suite ended with exit code {code}")


def _finished(out: Path) -> Finished:
    files = {path: path.stat() for path in out.glob("episodes/*/*.json")}
    return {path.relative_to(out).as_posix(): (stat.st_ino, stat.st_mtime_ns) for path, stat in files.items()}


def _changed(snapshots: list[Finished]) -> Iterator[str]:
    for before, after in zip(snapshots, snapshots[1:], strict=False):
        yield from (name for name, mark in before.items() if after.get(name) != mark)


def _results(out: Path) -> Any:
    return without_times(json.loads((out / RESULTS).read_bytes()))


if __name__ == "__main__":
    sys.exit(main())
