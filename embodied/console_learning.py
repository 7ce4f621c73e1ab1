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
    from embodied.training.loop import Progress as Step
    from embodied.training.pointing import Pointing

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


def show_pointing(found: Mapping[str, Pointing]) -> None:
    """A table: how many points were on target, with their Wilson interval."""
    table = Table("", "asked", "on the thing asked for", "95 %", "no point")
    for name, pointing in found.items():
        low, high = wilson_interval(pointing.on_target, pointing.asked)
        table.add_row(
            name,
            str(pointing.asked),
            f"{pointing.on_target} ({pointing.on_target / pointing.asked:.1%})",
            f"{low:.1%} to {high:.1%}",
            str(pointing.unread),
        )
    Console(highlight=False).print(table)
