"""How much the memory of one process grows over many episodes of the drawer example (oracle, no video).

Resident memory is read between episodes, after a garbage collection. The first episodes fill caches and pools, and are
the warm-up: growth is counted from their end. Ctrl-C prints what there is.
"""

from __future__ import annotations

import argparse
import gc
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from episodes import TASK, prepare, run_one
from figures import Row, count, machine, parser, progress, quantile, show

STATUS = Path("/proc/self/status")
GROWTH_PERCENT = 2.0
READINGS = 10
"""So many are printed, evenly spread."""


def main() -> int:
    """Parse the arguments, measure and print."""
    arguments = _parse()
    print(machine(), flush=True)
    readings_mib: list[float] = []
    try:
        _run(arguments, readings_mib)
    except KeyboardInterrupt:
        print(f"NOT COMPLETE: interrupted after {len(readings_mib)} episodes")
    if len(readings_mib) > arguments.warm_up:
        show(_title(arguments, len(readings_mib)), list(_rows(readings_mib, arguments.warm_up)))
    return 0


def _parse() -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--episodes", type=count, default=200, help="how many, warm-up and all (default: 200)")
    options.add_argument("--warm-up", type=count, default=10, help="how many are the warm-up (default: 10)")
    options.add_argument("--first", type=int, default=0, help="the first seed (default: 0)")
    options.add_argument("--seeds", type=count, help="begin again after so many seeds (default: every one is new)")
    arguments = options.parse_args()
    if arguments.episodes <= arguments.warm_up:
        options.error("--episodes must be more than --warm-up")
    if not STATUS.exists():
        options.error(f"there is no {STATUS} on this system: this benchmark needs Linux")
    return arguments


def _run(arguments: argparse.Namespace, readings_mib: list[float]) -> None:
    prepare()
    with tempfile.TemporaryDirectory(prefix="embodied-memory-") as folder:
        with progress("episodes", arguments.episodes) as (bar, task):
            for index in range(arguments.episodes):
                seed = arguments.first + index % (arguments.seeds or arguments.episodes)
                run_one(TASK, seed, out := Path(folder) / "episode")
                shutil.rmtree(out, ignore_errors=True)
                readings_mib.append(_resident_mib())
                bar.advance(task)


def _resident_mib() -> float:
    """Resident memory of this process, in MiB."""
    gc.collect()
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmRSS:"))
    return float(line.split()[1]) / 1024.0


def _title(arguments: argparse.Namespace, done: int) -> str:
    last = arguments.first + min(arguments.seeds or done, done) - 1
    return f"{TASK}, planner oracle (tier oracle), {done} episodes in one process, seeds {arguments.first} to {last}"


def _rows(readings_mib: list[float], warm_up: int) -> Iterator[Row]:
    before, after = readings_mib[warm_up - 1], readings_mib[-1]
    growth = 100.0 * (after - before) / before
    yield f"resident after {warm_up} episodes", f"{before:.1f} MiB", ""
    yield f"resident after {len(readings_mib)} episodes", f"{after:.1f} MiB", ""
    yield "growth", f"{growth:+.2f} %", f"at most {GROWTH_PERCENT:.0f} %"
    yield "growth for each episode", f"{1024.0 * _slope_mib(readings_mib[warm_up:]):+.1f} KiB (median of slopes)", ""
    yield "highest", f"{max(readings_mib):.1f} MiB after episode {1 + readings_mib.index(max(readings_mib))}", ""
    chosen = sorted({round(index * (len(readings_mib) - 1) / (READINGS - 1)) for index in range(READINGS)})
    yield "on the way", ", ".join(f"{1 + index}: {readings_mib[index]:.0f}" for index in chosen), ""


def _slope_mib(readings_mib: list[float]) -> float:
    """Theil and Sen's estimate: the median slope of all pairs, which single jumps do not sway."""
    pairs = ((i, j) for j in range(len(readings_mib)) for i in range(j))
    return quantile([(readings_mib[j] - readings_mib[i]) / (j - i) for i, j in pairs], 0.5)


if __name__ == "__main__":
    sys.exit(main())
