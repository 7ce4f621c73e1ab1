"""The commands about training data: arguments only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

learn = typer.Typer(
    no_args_is_help=True, help="Make training data; train the small model on it, and see how it points."
)

Folder = Annotated[Path, typer.Argument(metavar="DIR", file_okay=False, help="A data set.")]


@learn.command()
def data(
    out: Annotated[Path, typer.Option(file_okay=False, help="The data set.")],
    views: Annotated[int, typer.Option(min=0, help="States to draw; rounded up to whole worlds.")] = 0,
    episodes: Annotated[int, typer.Option(min=0, help="Episodes to play; those that succeed are taught.")] = 0,
    practice: Annotated[
        int, typer.Option(min=0, help="Episodes that a student plays; what would have been right is taught.")
    ] = 0,
    student: Annotated[
        Path | None, typer.Option(file_okay=False, exists=True, help="The checkpoint that practises.")
    ] = None,
    families: Annotated[
        str, typer.Option(metavar="NAME,...", help="Play tasks of these families alone, and no errands.")
    ] = "",
    seed: Annotated[int, typer.Option(min=0, max=2**30, help="Number of the first world.")] = 0,
    workers: Annotated[int, typer.Option(min=1, max=1000, help="How many processes.")] = 1,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with what is there; also with larger numbers.")
    ] = False,
) -> None:
    """Make training data: pictures, depth maps, labels, questions, answers and commands.

    Ctrl-C keeps what is finished. The same numbers give the same data, whatever the number of workers.
    """
    from embodied.learning.demonstrations import Student
    from embodied.learning.generation import DataSettings, Shard, generate, shards_of

    who = None if student is None else Student(str(student.resolve()))
    named = tuple(filter(None, families.split(",")))
    settings = DataSettings(out, views, episodes, practice, who, seed, workers, resume, named)
    console = Console(highlight=False, soft_wrap=True)
    with Progress(console=console, disable=not console.is_terminal) as progress:
        row = progress.add_task("", total=len(shards_of(settings)))

        def show(shard: Shard, samples: int) -> None:
            progress.advance(row)
            if not console.is_terminal:
                console.print(f"{shard.name}: {samples} samples")

        count = generate(settings, show)
    console.print(f"{count} samples in {out}")


@learn.command()
def show(
    folder: Folder,
    out: Annotated[Path, typer.Option(dir_okay=False, help="The page to write.")] = Path("out/samples.html"),
    first: Annotated[int, typer.Option(min=0, help="Number of the first sample.")] = 0,
    count: Annotated[int, typer.Option(min=1, max=500, help="How many samples.")] = 48,
) -> None:
    """Draw samples on an HTML page, with every point and box that is spoken of."""
    from embodied.learning.sheet import write_sheet

    out.parent.mkdir(parents=True, exist_ok=True)
    print(f"{write_sheet(folder, out, first, count)} samples in {out}")
