"""What the command line prints about training."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from embodied.statistics import wilson_interval

if TYPE_CHECKING:
    from embodied.training.examining import Mark
    from embodied.training.loop import Progress as Step

LINE_EVERY = 100
"""Steps between two lines where there is no terminal to draw a bar on."""
SMOOTHING = 0.95


@contextmanager
def progress() -> Iterator[Callable[[Step], None]]:
    """Gives what is called after every step: a bar with smoothed losses on a terminal, elsewhere a line at times."""
    console = Console(highlight=False, soft_wrap=True)
    smooth: dict[str, float] = {}
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.fields[losses]}"))
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        row = bar.add_task("", total=None, losses="")

        def report(step: Step) -> None:
            for name, value in step.losses.items():
                smooth[name] = SMOOTHING * smooth.get(name, value) + (1 - SMOOTHING) * value
            losses = ", ".join(f"{name} {value:.3f}" for name, value in smooth.items())
            bar.update(row, completed=step.step, total=step.steps, losses=losses)
            if not console.is_terminal and (step.step % LINE_EVERY == 0 or step.step == step.steps):
                console.print(f"{step.step}/{step.steps}  {losses}")

        yield report


def show_marks(seeing: Mapping[str, Mark], blind: Mapping[str, Mark]) -> None:
    """A table: for every sort of question how many answers were right, and how many of one that sees nothing."""
    table = Table("asked for", "times", "right", "Wilson 95 %", "right with a grey picture")
    for sort, mark in seeing.items():
        low, high = wilson_interval(mark.right, mark.asked)
        table.add_row(
            sort, str(mark.asked), _share(mark), f"{100 * low:.1f} to {100 * high:.1f} %", _share(blind[sort])
        )
    Console(highlight=False).print(table)


def _share(mark: Mark) -> str:
    return f"{mark.right} ({100 * mark.right / mark.asked:.1f} %)"
