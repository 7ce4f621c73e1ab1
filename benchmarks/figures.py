"""What every benchmark here prints alike: the machine, a table of figures, a bar while one waits."""

from __future__ import annotations

import argparse
import math
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from embodied.packages import versions

PACKAGES = ("numpy", "pybullet", "pin", "ompl", "open3d", "open3d-cpu")
CPU_INFO = Path("/proc/cpuinfo")

Row = tuple[str, str, str]
"""What was measured, its value, and the value to reach (empty if there is none)."""


def parser(description: str | None) -> argparse.ArgumentParser:
    """A parser that shows a script's own docstring as it is."""
    return argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)


def count(text: str) -> int:
    """A number of things on the command line: 1 or more."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


def machine() -> str:
    """Processor, cores that may be used, load at this moment, versions and commit, in two lines."""
    found = versions()
    packages = ", ".join(f"{name} {found[name]}" for name in PACKAGES if name in found)
    cores, load = len(usable_cores()), os.getloadavg()[0]
    return (
        f"{_processor()}, {cores} cores, load {load:.1f} at the start; {platform.system()}\n"
        f"Python {found['python']}, {packages}; commit {_commit()}"
    )


def usable_cores() -> list[int]:
    """The cores that this process may run on; by their numbers where the system can tell."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def show(title: str, rows: Iterable[Row]) -> None:
    """Print a table of figures below the machine that they were measured on."""
    table = Table("figure", "value", "to reach")
    for row in rows:
        table.add_row(*row)
    width = None if sys.stdout.isatty() else 120
    console = Console(highlight=False, markup=False, width=width)
    console.print(title)
    console.print(table)


@contextmanager
def progress(what: str, total: int) -> Iterator[tuple[Progress, TaskID]]:
    """A bar on standard error, so that standard output is the result alone."""
    with Progress(console=Console(stderr=True)) as bar:
        yield bar, bar.add_task(what, total=total)


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of ``values`` lie, between neighbours by straight line; NaN for no values."""
    if not values:
        return math.nan
    ordered, place = sorted(values), share * (len(values) - 1)
    low = math.floor(place)
    high = min(low + 1, len(values) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def quantile_interval(values: Sequence[float], share: float) -> tuple[float, float] | None:
    """Two of ``values`` between which the true quantile lies with about 95 % confidence, whatever the distribution.

    By the binomial distribution of how many values lie below it (any text on order statistics), taken as normal.

    Returns:
        ``None`` if there are too few values to say.
    """
    last = len(values) - 1
    half = 1.96 * math.sqrt(len(values) * share * (1.0 - share))
    low, high = math.floor(share * last - half), math.ceil(share * last + half)
    ordered = sorted(values)
    return (ordered[low], ordered[high]) if 0 <= low and high <= last else None


def with_interval(values: Sequence[float], share: float, unit: str, digits: int) -> str:
    """A quantile with its interval, for a table."""
    interval = quantile_interval(values, share)
    ends = f"95 %: {interval[0]:.{digits}f} to {interval[1]:.{digits}f}" if interval else "too few for an interval"
    return f"{quantile(values, share):.{digits}f} {unit} ({ends})"


def _processor() -> str:
    lines = CPU_INFO.read_text().splitlines() if CPU_INFO.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    try:
        found = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return found.stdout.strip()
