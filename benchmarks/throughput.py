"""How many oracle episodes a core does in a minute, what a second worker adds, and where the time goes (tier oracle).

Runs a suite twice, with one worker and with as many as --workers says, each worker a core. Every episode is a process
of its own, with its record, without a video; its wall time is all of it, from opening the robot to the last byte of the
record. What starting a process costs is in the figures of whole suites. Beside the parts of an episode stands what it
takes simply to step PyBullet, in the same kitchen, for the same simulated time. Memory is that of a worker at its peak
(resident), and its share where pages are shared with other workers (proportional), read at the end of the episode.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from figures import Row, count, machine, parser, progress, quantile, show, usable_cores
from measured import PARTS_FILE, measured

from embodied.suite.file import suite_names
from embodied.suite.record import Record
from embodied.suite.results import Results
from embodied.suite.running import Begun, SuiteSettings, run_suite

A_MINUTE = 15.0
SPEED_UP = 1.8
MEMORY_MIB = 700.0


@dataclass(frozen=True)
class Suite:
    """A suite that was run.

    Attributes:
        results: What came of it.
        wall_s: From the first process to the last.
        details: What each episode measured of itself.
    """

    results: Results
    wall_s: float
    details: list[dict[str, Any]]


def main() -> int:
    """Parse the arguments, measure and print."""
    arguments = _parse()
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory(prefix="embodied-throughput-") as folder:
        alone = _run(arguments, 1, Path(folder) / "one")
        beside = _run(arguments, arguments.workers, Path(folder) / "several") if arguments.workers > 1 else None
    title = f"suite {arguments.suite}, planner oracle (tier oracle), {len(alone.details)} episodes"
    show(title, [*_throughput(alone, beside, arguments.workers), *_memory(beside or alone)])
    show("where the processor time of an episode goes, one worker; means", list(_parts(alone.details)))
    return 0


def _parse() -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--suite", default="kitchen", help="which (default: kitchen)")
    options.add_argument("--episodes", type=count, default=1, help="of each task (default: 1)")
    options.add_argument("--workers", type=count, default=2, help="of the second run (default: 2)")
    arguments = options.parse_args()
    if not arguments.suite.endswith(".toml") and arguments.suite not in suite_names():
        options.error(f"--suite {arguments.suite}: there are {', '.join(suite_names())}")
    if arguments.workers > (cores := len(usable_cores())):
        options.error(f"--workers {arguments.workers}: only {cores} cores may be used")
    return arguments


def _run(arguments: argparse.Namespace, workers: int, out: Path) -> Suite:
    settings = SuiteSettings(
        suite=arguments.suite,
        planner="oracle",
        numbers=tuple(range(arguments.episodes)),
        workers=workers,
        out=out,
        min_success=0.0,
    )
    ends_s: list[float] = []
    with progress(f"{workers} worker(s)", 1) as (bar, task):

        def begin(begun: Begun) -> None:
            bar.update(task, total=begun.planned)

        def add(record: Record) -> None:
            ends_s.append(time.monotonic())
            bar.advance(task)

        results = run_suite(settings, begin, add, measured)
    details = [json.loads((out / f"{each.directory}/{PARTS_FILE}").read_text()) for each in _sound(results)]
    began_s = min(detail["began_s"] for detail in details)
    return Suite(results, max(ends_s) - began_s, details)


def _sound(results: Results) -> list[Record]:
    return [record for record in results.episodes if record.verdict != "infrastructure"]


def _throughput(alone: Suite, beside: Suite | None, workers: int) -> Iterator[Row]:
    by_task: dict[str, list[float]] = {}
    for record in _sound(alone.results):
        by_task.setdefault(record.task, []).append(record.wall_s)
    rates = sorted(60.0 / median(walls_s) for walls_s in by_task.values())
    yield "episodes a minute a core, median task", f"{median(rates):.1f}", f"at least {A_MINUTE:.0f}"
    busy = sorted(60.0 / detail["cpu_s"] for detail in alone.details)
    yield "the same by processor time, as on a core of one's own", f"{median(busy):.1f}", ""
    yield "the slowest and the fastest task", f"{rates[0]:.1f}, {rates[-1]:.1f}", ""
    total = alone.results.total
    yield "successes", f"{total.successes} of {total.n}, {total.spoilt} spoilt", ""
    rate = len(alone.details) / alone.wall_s
    yield "the whole suite, one worker", f"{60 * rate:.1f} episodes a minute", ""
    lost_s = alone.wall_s - sum(detail["whole_s"] for detail in alone.details)
    yield "starting and ending a process", f"{1000 * lost_s / len(alone.details):.0f} ms an episode", ""
    if beside is not None:
        second = len(beside.details) / beside.wall_s
        yield f"the whole suite, {workers} workers", f"{60 * second:.1f} episodes a minute", ""
        to_reach = f"at least {SPEED_UP}" if workers == 2 else ""
        yield f"{workers} workers against one", f"{second / rate:.2f} times", to_reach


def _memory(suite: Suite) -> Iterator[Row]:
    for name, what in (("resident_mib", "resident at its peak"), ("proportional_mib", "its share at the end")):
        values = [detail[name] for detail in suite.details]
        figure = f"{quantile(values, 0.5):.0f} MiB median, {max(values):.0f} MiB at most"
        yield f"memory of a worker, {what}", figure, f"under {MEMORY_MIB:.0f} MiB"


def _parts(details: list[dict[str, Any]]) -> Iterator[Row]:
    n = len(details)
    bare_s, simulated_s = (sum(detail[name] for detail in details) / n for name in ("bare_s", "simulated_s"))
    cpu_s = sum(detail["cpu_s"] for detail in details) / n
    yield "simulated time", f"{simulated_s:.2f} s", ""
    yield "simply stepping PyBullet for so long", f"{bare_s:.2f} s", ""
    yield "an episode", f"{cpu_s:.2f} s, {cpu_s / bare_s:.1f} times as long", ""
    for part in details[0]["parts_s"]:
        own_s = sum(detail["parts_s"][part] for detail in details) / n
        yield f"  {part}", f"{own_s:.2f} s, {100 * own_s / cpu_s:.0f} %", ""


if __name__ == "__main__":
    sys.exit(main())
