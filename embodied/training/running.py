"""One stage of training, or one evaluation, from directories to directories."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from embodied.errors import MissingDependencyError, ModelError, UsageError
from embodied.training.examples import Example, rarity, read_examples, texts, vocabulary

try:
    from accelerate import Accelerator, DistributedType
    from transformers import LlavaForConditionalGeneration

    from embodied.models.rgbd_vision import RgbdVisionModel
    from embodied.training.batches import Batch, collate
    from embodied.training.building import Sizes, build
    from embodied.training.checkpoint import grid_of, image_tokens_of, load_weights
    from embodied.training.examining import Mark, examine
    from embodied.training.fusing import fuse
    from embodied.training.growing import add_blocks, deepen
    from embodied.training.items import Item, Items
    from embodied.training.loop import Progress, Schedule, begin, train
    from embodied.training.seen import RestingTower
    from embodied.training.stages import AlignmentStage, InstructionStage, Stage, TowerStage
    from embodied.training.windows import in_windows
except ImportError as error:
    raise MissingDependencyError(error.name or "torch", "learning") from error

StageName = Literal["tower", "align", "instruct"]
SCHEDULES: Mapping[StageName, Schedule] = {
    "tower": Schedule(steps=5000, batch_size=16, learning_rate=1.5e-3),
    "align": Schedule(steps=1500, batch_size=16, learning_rate=3e-3),
    "instruct": Schedule(steps=6000, batch_size=16, learning_rate=3e-3),
}
"""What a stage does if nothing else is said."""
QUESTIONS = 12
"""How many questions about a picture are asked at a time, commands before others."""


@dataclass(frozen=True)
class StageSettings:
    """What to train on what.

    Attributes:
        stage: Which one.
        data: A data set.
        out: Where checkpoint, curves and state go.
        start: The checkpoint to begin with; only the tower's stage can begin with none.
        schedule: How long and how fast.
        sizes: Of a new model.
        questions: How many a picture, in the stage of instructions.
        extra_blocks: To how many extra blocks after every halving the tower grows first; as it is if not given.
        layers: To how many layers the language model grows first; as it is if not given.
        keep_words: Whether the word embeddings stay as they are in the stage of alignment.
        tower_too: Whether the tower moves in the stage of instructions.
        compiled: Whether the language model's layers are compiled first, in the stage of instructions.
        resume: Go on with what is in ``out``.
    """

    stage: StageName
    data: Path
    out: Path
    start: Path | None
    schedule: Schedule
    sizes: Sizes = Sizes()
    questions: int = QUESTIONS
    extra_blocks: int | None = None
    layers: int | None = None
    keep_words: bool = False
    tower_too: bool = False
    compiled: bool = False
    resume: bool = False


def run_stage(settings: StageSettings, report: Callable[[Progress], None]) -> None:
    """Train, and leave a checkpoint that any program can load.

    Raises:
        UsageError: If data, start or out are unusable.
        ModelError: If the checkpoint to start from cannot be loaded.
    """
    examples = read_examples(settings.data)
    accelerator = begin(settings.out, settings.schedule.batch_size, one_by_one=settings.stage == "instruct")
    model, processor = _beginning(settings, examples)
    if settings.extra_blocks is not None:
        add_blocks(model.model.vision_tower, settings.extra_blocks)
    if settings.layers is not None:
        deepen(model.model.language_model, settings.layers)
    if settings.compiled:
        fuse(model.model.language_model)
    grid = grid_of(model)
    questions = settings.questions if settings.stage == "instruct" else 0
    tower = _resting_tower(settings, model, accelerator)
    train(
        accelerator,
        _stage(settings, model, processor, examples),
        Items(
            settings.data,
            examples,
            processor,
            grid,
            image_tokens_of(model),
            questions,
            settings.schedule.seed,
            tower,
        ),
        _collate(settings, processor, grid),
        settings.schedule,
        settings.out,
        processor,
        settings.resume,
        report,
    )


def run_examination(checkpoint: Path, data: Path, most: int) -> tuple[dict[str, Mark], dict[str, Mark]]:
    """How ``checkpoint`` answers what ``data`` ask, by sort; and how it does with a grey picture.

    Raises:
        UsageError: If the data set is unusable.
        ModelError: If the checkpoint cannot be loaded.
    """
    examples = read_examples(data)
    model, processor = load_weights(checkpoint)
    seeing, blind = (examine(model.eval(), processor, data, examples, most, grey) for grey in (False, True))
    return seeing, blind


def _beginning(settings: StageSettings, examples: tuple[Example, ...]) -> tuple[Any, Any]:
    if settings.start is not None:
        model, processor = _with_whole_pictures(*load_weights(settings.start))
        if settings.stage == "tower" and not isinstance(model.model.vision_tower, RgbdVisionModel):
            raise UsageError(f"{settings.start} has a tower of another kind, which is not trained: begin with 'align'")
        return model, processor
    if settings.stage != "tower":
        raise UsageError(f"the stage {settings.stage!r} needs a checkpoint to start from: --start DIR")
    return build(texts(examples), settings.sizes, settings.schedule.seed)


def _with_whole_pictures(model: Any, processor: Any) -> tuple[Any, Any]:
    """A LLaVA whose pictures are stretched to its grid: nothing is cut off at the sides that an answer may point at."""
    if not isinstance(model, LlavaForConditionalGeneration):
        raise ModelError(
            f"a {type(model).__name__} cannot be trained here: start from a LLaVA, as llava-hf/llava-1.5-7b-hf"
        )
    vision: Any = model.config.vision_config
    rows, columns = grid_of(model)
    processor.image_processor.size = {"height": rows * vision.patch_size, "width": columns * vision.patch_size}
    processor.image_processor.do_center_crop = False
    return model, processor


def _stage(settings: StageSettings, model: Any, processor: Any, examples: tuple[Example, ...]) -> Stage:
    if settings.stage == "tower":
        return TowerStage(model, vocabulary(examples), rarity(examples))
    if settings.stage == "align":
        return AlignmentStage(model, processor.tokenizer, settings.keep_words)
    return InstructionStage(model, processor.tokenizer, tower=settings.tower_too)


def _collate(settings: StageSettings, processor: Any, grid: tuple[int, int]) -> Callable[[list[Item]], Batch]:
    whole = partial(collate, image_token_id=processor.image_token_id, pad_token_id=processor.tokenizer.pad_token_id)
    return in_windows(whole, grid) if settings.stage == "tower" else whole


def _resting_tower(settings: StageSettings, model: Any, accelerator: Accelerator) -> RestingTower | None:
    """The tower, if it does not move and every process has it whole; foreign ones have too many tokens to keep."""
    tower = model.model.vision_tower
    moves = settings.stage == "tower" or settings.tower_too
    shared = accelerator.distributed_type is DistributedType.DEEPSPEED
    rests = isinstance(tower, RgbdVisionModel) and not moves and not shared
    return RestingTower(tower, settings.data) if rests else None
