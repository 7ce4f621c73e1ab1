"""How often and how fast the bag is taken out of the drawer, with the oracle as planner (tier oracle).

Every seed is an episode of its own, with its record but without a video. Each worker is a process that keeps to one
core. An episode's wall time is all of it, from opening the robot to the last byte of the record; importing packages
is not in it. Ctrl-C prints what there is.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing.queues import Queue
from pathlib import Path

from episodes import TASK, Run, prepare, run_one
from figures import Row, count, machine, parser, progress, quantile, show, usable_cores, with_interval

from embodied.errors import EmbodiedError
from embodied.statistics import wilson_interval
from embodied.task import task_names

SUCCESS_SHARE = 0.95
WALL_S = 8.0


def main() -> int:
    """Parse the arguments, measure and print."""
    arguments = _parse()
    print(machine(), flush=True)
    runs: list[Run] = []
    with _directory(arguments.keep) as folder:
        cut_short = _run_all(arguments, folder, runs)
    seeds = f"seeds {arguments.first} to {arguments.first + arguments.seeds - 1}"
    if runs:
        show(
            f"{arguments.task}, planner oracle (tier oracle), {seeds}, {arguments.workers} worker(s)", list(_rows(runs))
        )
    if cut_short:
        print(f"NOT COMPLETE: {cut_short}; {arguments.seeds - len(runs)} of the seeds are not in these figures")
    return 1 if cut_short else 0


def _parse() -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--seeds", type=count, default=100, help="how many episodes (default: 100)")
    options.add_argument("--first", type=int, default=0, help="the first seed (default: 0)")
    options.add_argument("--workers", type=count, default=1, help="processes, each on a core of its own (default: 1)")
    options.add_argument("--task", default=TASK, help=f"another task (default: {TASK})")
    options.add_argument("--keep", type=Path, metavar="DIR", help="keep the record of every episode here")
    arguments = options.parse_args()
    if arguments.task not in task_names():
        options.error(f"--task {arguments.task}: there are {', '.join(task_names())}")
    if arguments.workers > (cores := len(usable_cores())):
        options.error(f"--workers {arguments.workers}: only {cores} cores may be used")
    return arguments


@contextmanager
def _directory(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="embodied-drawer-") as folder:
        yield Path(folder)


def _run_all(arguments: argparse.Namespace, folder: Path, runs: list[Run]) -> str:
    """Append every run as it ends; why not all of them were run, or nothing."""
    context = multiprocessing.get_context("spawn")
    cores = context.Queue()
    for core in usable_cores():
        cores.put(core)
    executor = ProcessPoolExecutor(arguments.workers, context, partial(_start_worker, cores))
    try:
        seeds = range(arguments.first, arguments.first + arguments.seeds)
        _collect([executor.submit(run_one, arguments.task, seed, folder / f"{seed:04d}") for seed in seeds], runs)
    except KeyboardInterrupt:
        return "interrupted"
    except (BrokenProcessPool, EmbodiedError) as error:
        return f"a worker stopped: {error}"
    finally:
        executor.shutdown(cancel_futures=True)
    return ""


def _collect(futures: list[Future[Run]], runs: list[Run]) -> None:
    with progress("episodes", len(futures)) as (bar, task):
        for future in as_completed(futures):
            runs.append(run := future.result())
            if not run.success:
                bar.console.out(f"seed {run.seed} failed: {run.ending}", highlight=False)
            bar.advance(task)


def _start_worker(cores: Queue[int]) -> None:
    """Die of Ctrl-C without a word, keep to one core, and import before the clock runs."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {cores.get()})  # before NumPy is imported: its threads keep to it as well
    prepare()


def _rows(runs: list[Run]) -> Iterator[Row]:
    done = sum(run.success for run in runs)
    low, high = wilson_interval(done, len(runs))
    counted = f"{done}/{len(runs)} = {100 * done / len(runs):.1f} %, Wilson 95 %: {100 * low:.1f} to {100 * high:.1f} %"
    yield "success", counted, f"at least {100 * SUCCESS_SHARE:.0f} %"
    wall_s = [run.wall_s for run in runs]
    yield "wall time, median", with_interval(wall_s, 0.5, "s", 2), f"at most {WALL_S:.0f} s"
    yield "wall time, 90th percentile", with_interval(wall_s, 0.9, "s", 2), ""
    yield "simulated time, median", f"{quantile([run.simulated_s for run in runs], 0.5):.1f} s", ""
    steps = [run.steps for run in runs]
    yield "steps, median and most", f"{quantile(steps, 0.5):.0f}, {max(steps, default=0)}", ""
    setbacks = Counter(reason for run in runs for reason in run.setbacks)
    yield "commands that did not succeed", ", ".join(f"{n} {name}" for name, n in setbacks.most_common()) or "none", ""
    yield from _failures(runs)


def _failures(runs: list[Run]) -> Iterator[Row]:
    failed = sorted((run for run in runs if not run.success), key=lambda run: run.seed)
    for ending, number in Counter(run.ending for run in failed).most_common():
        seeds = ", ".join(str(run.seed) for run in failed if run.ending == ending)
        yield f"failed, {number}", f"{ending}: seeds {seeds}", ""


if __name__ == "__main__":
    sys.exit(main())
