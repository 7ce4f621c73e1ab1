"""What the command line prints about suites. Text from outside is never read as markup."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from embodied.console import TIERS
from embodied.suite.comparison import Paired, SuiteComparison
from embodied.suite.page import PAGE
from embodied.suite.record import Record
from embodied.suite.results import RESULTS, Results
from embodied.suite.running import Begun
from embodied.suite.tally import Tally, tally

MARKS = {"success": ("✓", "green"), "failure": ("✗", "red"), "infrastructure": ("!", "yellow")}
PLAIN_WIDTH = 120


class Display:
    """A suite under way: a bar on a terminal, a line an episode elsewhere; failures are named on both."""

    def __init__(self) -> None:
        """Nothing is shown before the suite begins."""
        self._console = Console(highlight=False, soft_wrap=True)
        self._bar: Progress | None = None
        self._row = TaskID(0)
        self._records: list[Record] = []
        self._planned = self._before = 0
        self._began_s = time.monotonic()

    def begin(self, begun: Begun) -> None:
        """Say what is about to run."""
        self._records, self._planned, self._before = list(begun.finished), begun.planned, len(begun.finished)
        self._began_s = time.monotonic()
        self._console.print(Text(begun.plan.suite.title, style="bold"))
        self._console.print(Text(_choices(begun), style="dim"))
        if self._console.is_terminal:
            self._bar = _bar(self._console)
            self._bar.start()
            self._row = self._bar.add_task("", total=self._planned, completed=self._before, rate=_rate(self._tally()))

    def add(self, record: Record) -> None:
        """One more is finished."""
        self._records.append(record)
        if self._bar is None or record.verdict != "success":
            self._console.print(self._line(record))
        if self._bar is not None:
            self._bar.update(self._row, advance=1, rate=_rate(self._tally()))

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._bar is not None:
            self._bar.stop()

    def _tally(self) -> Tally:
        return tally(self._records)

    def _line(self, record: Record) -> Text:
        mark, style = MARKS[record.verdict]
        text = Text.assemble((f"{mark} ", style), f"{record.task} {record.number}")
        text.append(f"  seed {record.seed}, {record.steps} steps, {record.wall_s:.1f} s", style="dim")
        if record.reason:
            text.append(f"  {record.reason}: {record.message}", style=style)
        if self._bar is None:
            text.append(f"  [{len(self._records)}/{self._planned}; {_rate(self._tally())}{self._left()}]", style="dim")
        return text

    def _left(self) -> str:
        done, left = len(self._records) - self._before, self._planned - len(self._records)
        left_s = left * (time.monotonic() - self._began_s) / max(done, 1)
        return f"; {left_s / 60:.0f} min left" if left else ""


@contextmanager
def display() -> Iterator[Display]:
    """A display that leaves the terminal as it was."""
    shown = Display()
    try:
        yield shown
    finally:
        shown.close()


def _bar(console: Console) -> Progress:
    columns = BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}", markup=False), TimeRemainingColumn()
    return Progress(*columns, console=console)


def _choices(begun: Begun) -> str:
    choices = begun.plan.choices
    parts = [f"planner {choices.planner}", f"controller {choices.controller}", f"{begun.planned} episodes"]
    if choices.disturbed:
        parts.append("disturbed")
    if begun.finished:
        parts.append(f"{len(begun.finished)} finished before")
    return ", ".join([*parts, f"in {begun.plan.folder}"])


def _rate(counted: Tally) -> str:
    spoilt = f", {counted.spoilt} spoilt" if counted.spoilt else ""
    return f"{_share(counted)}, 95 %: {_interval(counted)}{spoilt}" if counted.n else f"none counted{spoilt}"


def _share(counted: Tally) -> str:
    return f"{counted.successes}/{counted.n} = {100 * counted.share:.1f} %"


def _interval(counted: Tally) -> str:
    return f"{100 * counted.low:.1f} to {100 * counted.high:.1f} %"


def _wide() -> Console:
    """Tables keep their columns in a log file too."""
    width = None if sys.stdout.isatty() else PLAIN_WIDTH
    return Console(highlight=False, soft_wrap=True, width=width)


def show_results(results: Results, folder: Path) -> None:
    """The tables, the total, and where everything is."""
    console = _wide()
    console.print(_table("task", {each.task: each.tally for each in results.tasks}))
    console.print(_table("family", results.families))
    console.print(_table("split", results.splits))
    total = results.total
    enough = bool(total.n) and total.share >= results.min_success
    console.print(Text(f"success {_rate(total)}", style="bold green" if enough else "bold red"))
    if total.infrastructure:
        console.print(Text(f"infrastructure, in no figure: {_reasons(total.infrastructure)}", style="yellow"))
    if total.limits_broken:
        console.print(Text(f"a limit of speed or force was broken in {total.limits_broken} episodes", style="bold red"))
    if results.tier is not None:
        console.print(Text(TIERS[results.tier], style="yellow" if results.tier == "oracle" else "dim"))
    for name in (PAGE, RESULTS):
        console.print(Text(str(folder / name)))


def show_interrupted(results: Results, folder: Path, command: str) -> None:
    """What is kept of an interrupted suite, and how to go on."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(
        Text(f"interrupted: {len(results.episodes)} of {results.planned} episodes are kept in {folder}", style="yellow")
    )
    console.print(Text(f"go on with: {command}"))


def _table(what: str, tallies: Mapping[str, Tally]) -> Table:
    table = Table(what, "success", "95 % (Wilson)", "steps", "robot's s", "wall s", "failures", "infrastructure")
    for name, each in tallies.items():
        medians = [f"{value:.1f}" if value is not None else "" for value in (each.steps, each.simulated_s, each.wall_s)]
        reasons = _reasons(each.failures), _reasons(each.infrastructure)
        table.add_row(*map(Text, (name, _share(each), _interval(each), *medians, *reasons)))
    return table


def _reasons(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {reason}" for reason, n in counts.items())


def show_suite_comparison(comparison: SuiteComparison) -> None:
    """A table by family, then the total with its p-value."""
    table = Table("family", "pairs", "first", "second", "only first", "only second", "p (McNemar, exact)")
    for name, each in [*comparison.families.items(), ("all", comparison.total)]:
        table.add_row(Text(name), *_paired(each))
    console = _wide()
    console.print(table)
    for count, what in ((comparison.unpaired, "episodes have no partner"), (comparison.spoilt, "pairs are spoilt")):
        if count:
            console.print(Text(f"{count} {what}, and are in no figure", style="yellow"))
    for remark in comparison.remarks:
        console.print(Text(f"note: {remark}", style="yellow"))


def _paired(pairs: Paired) -> tuple[str, ...]:
    shares = f"{100 * pairs.first_share:.1f} %", f"{100 * pairs.second_share:.1f} %"
    return str(pairs.n), *shares, str(pairs.only_first), str(pairs.only_second), f"{pairs.p:.3g}"
