"""The commands by which a model is trained: arguments only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from embodied import console_learning
from embodied.camera import IMAGE_SIZE_PX

if TYPE_CHECKING:
    from embodied.training.running import StageName

Data = Annotated[Path, typer.Option(file_okay=False, help="A data set: conversations.json beside its pictures.")]
Out = Annotated[Path, typer.Option(file_okay=False, help="Checkpoint, curves, and the state to resume from.")]
Start = Annotated[Path, typer.Option(file_okay=False, help="The checkpoint to begin with.")]
Steps = Annotated[int | None, typer.Option(min=1, show_default="the stage's", help="Batches in all.")]
BatchSize = Annotated[int | None, typer.Option(min=1, show_default="the stage's", help="Pictures in a batch.")]
Rate = Annotated[float | None, typer.Option(min=0.0, show_default="the stage's", help="Highest learning rate.")]
Seed = Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Seeds everything random.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with what is there; begin if nothing is.")]


def tower(
    data: Data,
    out: Out,
    image_size: Annotated[
        tuple[int, int], typer.Option(metavar="WIDTH HEIGHT", help="Pixels of the pictures that a new model takes.")
    ] = IMAGE_SIZE_PX,
    start: Annotated[
        Path | None, typer.Option(file_okay=False, help="The checkpoint to go on from.", show_default="a new model")
    ] = None,
    steps: Steps = None,
    batch_size: BatchSize = None,
    learning_rate: Rate = None,
    seed: Seed = 0,
    resume: Resume = False,
    extra_blocks: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Let the tower grow by convolutional blocks, so many at each size, first; new ones begin silent.",
            show_default="as many as it has",
        ),
    ] = None,
) -> None:
    """Begin a new model: its tower learns what every patch shows, which colour it has and where to point at it.

    At first it looks at small parts of each picture alone, around things that are seen; in the end at whole ones.
    """
    _train(
        "tower",
        data,
        out,
        start,
        steps,
        batch_size,
        learning_rate,
        seed,
        resume,
        image_size,
        extra_blocks=extra_blocks,
    )


def align(
    data: Data,
    out: Out,
    start: Start,
    steps: Steps = None,
    batch_size: BatchSize = None,
    learning_rate: Rate = None,
    seed: Seed = 0,
    resume: Resume = False,
    keep_words: Annotated[
        bool, typer.Option("--keep-words", help="Leave the word embeddings of a model that speaks already as they are.")
    ] = False,
) -> None:
    """The projector learns to put a picture's tokens among the words for what they show."""
    _train("align", data, out, start, steps, batch_size, learning_rate, seed, resume, keep_words=keep_words)


def instruct(
    data: Data,
    out: Out,
    start: Start,
    steps: Steps = None,
    batch_size: BatchSize = None,
    learning_rate: Rate = None,
    seed: Seed = 0,
    resume: Resume = False,
    tower_too: Annotated[bool, typer.Option("--tower-too", help="Let the tower move as well.")] = False,
    layers: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Let the language model grow to so many layers first; new ones begin silent.",
            show_default="as many as it has",
        ),
    ] = None,
    compiled: Annotated[
        bool, typer.Option("--compile", help="Compile the layers first: faster steps; needs a C++ compiler.")
    ] = False,
) -> None:
    """Projector and language model learn to answer, and to look at what they are asked about."""
    _train(
        "instruct",
        data,
        out,
        start,
        steps,
        batch_size,
        learning_rate,
        seed,
        resume,
        tower_too=tower_too,
        layers=layers,
        compiled=compiled,
    )


def mean(
    earlier: Annotated[Path, typer.Argument(metavar="EARLIER", file_okay=False, help="A checkpoint.")],
    later: Annotated[Path, typer.Argument(metavar="LATER", file_okay=False, help="One that was trained on from it.")],
    out: Annotated[Path, typer.Option(file_okay=False, help="The checkpoint between them.")],
    share: Annotated[float, typer.Option(min=0.0, max=1.0, help="How much of the later one.")] = 0.5,
) -> None:
    """Take a weighted mean of two models.

    What a model forgets while it learns something new, the mean with the one before often still knows.
    """
    from embodied.training.averaging import average

    average(earlier, later, share, out)
    print(out)


def transplant(
    checkpoint: Annotated[Path, typer.Argument(metavar="CHECKPOINT", file_okay=False, help="A model.")],
    tower_of: Annotated[Path, typer.Option(file_okay=False, help="The checkpoint whose tower it is given.")],
    data: Data,
    out: Annotated[Path, typer.Option(file_okay=False, help="The model with that tower.")],
    pictures: Annotated[int, typer.Option(min=1, help="How many of the data set's the two are joined on.")] = 600,
    seed: Seed = 0,
) -> None:
    """Give a model another's tower: its projector is solved for, so that it hears what it heard before."""
    from embodied.training.transplanting import transplant as give

    with console_learning.progress() as report:
        give(checkpoint, tower_of, data, pictures, seed, out, report)
    print(out)


def examine(
    checkpoint: Annotated[Path, typer.Option(file_okay=False, help="The model.")],
    data: Data,
    questions: Annotated[int, typer.Option(min=1, help="At most so many.")] = 500,
) -> None:
    """Count right answers by what is asked for, beside those of the same model with a grey picture.

    An answer that points is right if it points at the right thing; a command has to be the right one, too.
    """
    from embodied.training.running import run_examination

    console_learning.show_marks(*run_examination(checkpoint, data, questions))


def _train(
    stage: StageName,
    data: Path,
    out: Path,
    start: Path | None,
    steps: int | None,
    batch_size: int | None,
    learning_rate: float | None,
    seed: int,
    resume: bool,
    image_size: tuple[int, int] = IMAGE_SIZE_PX,
    **particular: Any,
) -> None:
    """Train ``stage``; what is ``particular`` to it goes into its settings as it is."""
    from embodied.training.building import Sizes
    from embodied.training.running import SCHEDULES, StageSettings, run_stage

    usual = SCHEDULES[stage]
    schedule = replace(
        usual,
        steps=steps or usual.steps,
        batch_size=batch_size or usual.batch_size,
        learning_rate=learning_rate or usual.learning_rate,
        seed=seed,
    )
    sizes = Sizes(image_width=image_size[0], image_height=image_size[1])
    settings = StageSettings(stage, data, out, start, schedule, sizes, resume=resume, **particular)
    with console_learning.progress() as report:
        run_stage(settings, report)
    print(out)
