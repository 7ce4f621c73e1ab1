"""Whether a suite survives kill -9: killed at random moments and resumed each time, against one that was left alone.

The suite runs by the command line. It is killed at moments drawn from --seed, from its first instant on, and started
again with --resume; then it is left to finish. Looked at are the files that say that an episode is finished: whether
one vanished or was written again, and whether results.json is in the end the same but for times. Exit code 1 if not.
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
SPREAD = 2.0
"""A suite that is killed lives at most so many times longer than it must if all kills are to find it at work."""

Finished = dict[str, tuple[int, int]]
"""The files that say that an episode is finished, each with its number and the time of its last change."""


def main() -> int:
    """Parse the arguments, measure and print."""
    arguments = _parse()
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory(prefix="embodied-kills-") as folder:
        alone, killed = Path(folder) / "alone", Path(folder) / "killed"
        started_s = time.monotonic()
        _finish(arguments, alone)
        rows, fine = _kill_and_resume(arguments, killed, alone, time.monotonic() - started_s)
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


def _kill_and_resume(arguments: argparse.Namespace, out: Path, alone: Path, alone_s: float) -> tuple[list[Row], bool]:
    rng = random.Random(arguments.seed)
    snapshots: list[Finished] = [{}]
    start_s = _start_s(arguments)
    with progress("kills", arguments.kills) as (bar, task):
        for _ in range(arguments.kills):
            process = _start(arguments, out)
            time.sleep(rng.uniform(0.0, start_s + SPREAD * alone_s / arguments.kills))
            process.kill()
            process.wait()
            snapshots.append(_finished(out))
            bar.advance(task)
    _finish(arguments, out)
    snapshots.append(_finished(out))
    unlike = list(differences(_results(alone), _results(out)))
    changed = list(_changed(snapshots))
    return list(_rows(arguments, snapshots, changed, unlike)), not (changed or unlike)


def _rows(
    arguments: argparse.Namespace, snapshots: list[Finished], changed: list[str], unlike: list[str]
) -> Iterator[Row]:
    at_work = sum(0 < len(each) < len(snapshots[-1]) for each in snapshots[1:-1])
    yield "kills, and how many found some finished and some not", f"{arguments.kills}, {at_work}", ""
    yield "episodes", str(len(snapshots[-1])), ""
    yield "finished episodes that vanished or were run again", ", ".join(changed) or "0", "0"
    yield "fields of results.json that are not the same, but for times", "; ".join(unlike) or "0", "0"


def _start_s(arguments: argparse.Namespace) -> float:
    """How long a suite takes before its first episode: as long as one that has nothing to do, or not much less."""
    began_s = time.monotonic()
    subprocess.run([sys.executable, "-c", "import embodied.suite.running, sim.oracle"], check=True, capture_output=True)
    return time.monotonic() - began_s


def _start(arguments: argparse.Namespace, out: Path) -> subprocess.Popen[bytes]:
    words = ["suite", arguments.suite, "--planner", arguments.planner, "--episodes", str(arguments.episodes)]
    words += ["--workers", str(arguments.workers), "--out", str(out), "--resume"]
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _finish(arguments: argparse.Namespace, out: Path) -> None:
    code = _start(arguments, out).wait()
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
