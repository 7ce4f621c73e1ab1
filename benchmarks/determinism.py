"""Whether the same seed gives the same episode in two processes: every line of the record but its times.

Each seed runs twice by the command line, each time in a process of its own with another hash seed. Compared are
``episode.jsonl`` but for its times, every picture and depth map bit by bit, and the outcome but for its seconds.
Exit code 1 if anything differs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from episodes import TASK
from figures import count, machine, parser, progress, show

from embodied.episode import Episode, read_episode, without_times

COMMAND = "from embodied.cli import main; main()"
NO_SUCCESS = 1
"""Exit code of an episode that ran and did not succeed: it can be compared like any other."""


def main() -> int:
    """Parse the arguments, measure and print."""
    arguments = _parse()
    print(machine(), flush=True)
    found: dict[int, tuple[int, str]] = {}
    try:
        _compare_all(arguments, found)
    except KeyboardInterrupt:
        print("NOT COMPLETE: interrupted")
    rows = [(f"seed {seed}, {steps} steps", what or "identical", "identical") for seed, (steps, what) in found.items()]
    show(f"{arguments.task}, planner oracle (tier oracle), each seed in two processes", rows)
    return 1 if any(what for _, what in found.values()) else 0


def _parse() -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--seeds", type=count, default=3, help="how many (default: 3)")
    options.add_argument("--first", type=int, default=0, help="the first seed (default: 0)")
    options.add_argument("--task", default=TASK, help=f"another task (default: {TASK})")
    return options.parse_args()


def _compare_all(arguments: argparse.Namespace, found: dict[int, tuple[int, str]]) -> None:
    with tempfile.TemporaryDirectory(prefix="embodied-determinism-") as folder:
        with progress("episodes", 2 * arguments.seeds) as (bar, task):
            for seed in range(arguments.first, arguments.first + arguments.seeds):
                one, other = Path(folder) / f"{seed}-one", Path(folder) / f"{seed}-other"
                for hash_seed, out in enumerate((one, other)):
                    _run(arguments.task, seed, out, hash_seed)
                    bar.advance(task)
                episodes = read_episode(one), read_episode(other)
                found[seed] = len(episodes[0].lines), next(differences(*episodes), "")


def _run(task: str, seed: int, out: Path, hash_seed: int) -> None:
    command = [sys.executable, "-c", COMMAND, "run", "--task", task, "--planner", "oracle", "--no-video"]
    environment = os.environ | {"PYTHONHASHSEED": str(1 + hash_seed)}
    ended = subprocess.run(
        [*command, "--seed", str(seed), "--out", str(out)], env=environment, capture_output=True, text=True
    )
    if ended.returncode not in (0, NO_SUCCESS):
        raise SystemExit(f"seed {seed}: the episode ended with exit code {ended.returncode}:\n{ended.stderr}")


def differences(one: Episode, other: Episode) -> Iterator[str]:
    """What is not the same in two episodes, in the order in which it came about."""
    for index, (left, right) in enumerate(zip(one.lines, other.lines, strict=False)):
        yield from _looks(one, other, index)
        yield from _parts(without_times(left), without_times(right), f"step {index}")
    if len(one.lines) != len(other.lines):
        yield f"{len(one.lines)} and {len(other.lines)} steps"
    outcomes = [each.outcome.model_dump(exclude={"seconds"}) if each.outcome else None for each in (one, other)]
    yield from _parts(outcomes[0], outcomes[1], "outcome")


def _looks(one: Episode, other: Episode, index: int) -> Iterator[str]:
    if not np.array_equal(one.image(index), other.image(index)):
        yield f"step {index}: the picture"
    depths_m = one.depth_m(index), other.depth_m(index)
    if (depths_m[0] is None) != (depths_m[1] is None) or not np.array_equal(*map(_bits, depths_m)):
        yield f"step {index}: the depth map"


def _bits(depth_m: Any) -> Any:
    """As integers, so that "no reading" equals itself."""
    return np.empty(0) if depth_m is None else np.asarray(depth_m).view(np.uint32)


def _parts(left: Any, right: Any, where: str) -> Iterator[str]:
    if isinstance(left, dict) and isinstance(right, dict) and left.keys() == right.keys():
        for key in left:
            yield from _parts(left[key], right[key], f"{where}, {key}")
    elif isinstance(left, list | tuple) and isinstance(right, list | tuple) and len(left) == len(right):
        for index, pair in enumerate(zip(left, right, strict=True)):
            yield from _parts(*pair, f"{where}[{index}]")
    elif left != right:
        yield f"{where}: {left!r} and {right!r}"


if __name__ == "__main__":
    sys.exit(main())
