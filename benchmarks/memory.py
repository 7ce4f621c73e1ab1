"""How much the memory of one process grows over many episodes of the drawer example (oracle, no video).

Resident memory is read between episodes, after a garbage collection. The first episodes fill caches and pools, and are
the warm-up: growth is counted from their end. What the C library has handed out and not got back is printed beside it,
where it can be asked (glibc 2.33): it grows by a leak alone, resident memory by scattered free pages too. Ctrl-C
prints what there is.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import math
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from episodes import TASK, prepare, run_one
from figures import Row, count, machine, parser, progress, quantile, show

STATUS = Path("/proc/self/status")
GROWTH_PERCENT = 2.0
READINGS = 10
"""So many are printed, evenly spread."""


class _MallInfo(ctypes.Structure):
    """``struct mallinfo2`` (mallinfo(3)): sizes in bytes, of all arenas together."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
    )
    hblkhd: int
    uordblks: int


@dataclass(frozen=True)
class Reading:
    """Memory of this process after an episode, in MiB: resident, and handed out by the C library (NaN: not known)."""

    resident_mib: float
    in_use_mib: float


def main() -> int:
    """Parse the arguments, measure and print."""
    arguments = _parse()
    print(machine(), flush=True)
    readings: list[Reading] = []
    try:
        _run(arguments, readings)
    except KeyboardInterrupt:
        print(f"NOT COMPLETE: interrupted after {len(readings)} episodes")
    if len(readings) > arguments.warm_up:
        show(_title(arguments, len(readings)), list(_rows(readings, arguments.warm_up)))
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


def _run(arguments: argparse.Namespace, readings: list[Reading]) -> None:
    prepare()
    with tempfile.TemporaryDirectory(prefix="embodied-memory-") as folder:
        with progress("episodes", arguments.episodes) as (bar, task):
            for index in range(arguments.episodes):
                seed = arguments.first + index % (arguments.seeds or arguments.episodes)
                run_one(TASK, seed, out := Path(folder) / "episode")
                shutil.rmtree(out, ignore_errors=True)
                readings.append(_read())
                bar.advance(task)


def _read() -> Reading:
    gc.collect()
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmRSS:"))
    return Reading(float(line.split()[1]) / 1024.0, _in_use_mib())


def _in_use_mib() -> float:
    ask = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if ask is None:
        return math.nan
    ask.restype = _MallInfo
    info: _MallInfo = ask()
    return (info.uordblks + info.hblkhd) / 2**20


def _title(arguments: argparse.Namespace, done: int) -> str:
    last = arguments.first + min(arguments.seeds or done, done) - 1
    return f"{TASK}, planner oracle (tier oracle), {done} episodes in one process, seeds {arguments.first} to {last}"


def _rows(readings: list[Reading], warm_up: int) -> Iterator[Row]:
    resident_mib = [each.resident_mib for each in readings]
    in_use_mib = [each.in_use_mib for each in readings]
    yield "resident after the warm-up, at the end", _ends(resident_mib, warm_up), ""
    yield "growth", f"{_growth_percent(resident_mib, warm_up):+.2f} %", f"at most {GROWTH_PERCENT:.0f} %"
    yield "growth by episode, median of slopes", f"{1024.0 * _slope_mib(resident_mib[warm_up:]):+.1f} KiB", ""
    yield "in use after the warm-up, at the end", _ends(in_use_mib, warm_up), ""
    yield "growth of what is in use", f"{_growth_percent(in_use_mib, warm_up):+.2f} %", ""
    chosen = sorted({round(index * (len(readings) - 1) / (READINGS - 1)) for index in range(READINGS)})
    yield "resident on the way", ", ".join(f"{1 + index}: {resident_mib[index]:.0f}" for index in chosen), ""


def _ends(values_mib: list[float], warm_up: int) -> str:
    return f"{values_mib[warm_up - 1]:.1f} MiB, {values_mib[-1]:.1f} MiB"


def _growth_percent(values_mib: list[float], warm_up: int) -> float:
    return 100.0 * (values_mib[-1] / values_mib[warm_up - 1] - 1.0)


def _slope_mib(values_mib: list[float]) -> float:
    """Theil and Sen's estimate: the median slope of all pairs, which single jumps do not sway."""
    pairs = ((i, j) for j in range(len(values_mib)) for i in range(j))
    return quantile([(values_mib[j] - values_mib[i]) / (j - i) for i, j in pairs], 0.5)


if __name__ == "__main__":
    sys.exit(main())
