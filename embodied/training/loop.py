"""The loop that all stages share: batches in a drawn order, a schedule, curves, and a state to go on from exactly."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator, DistributedType
from accelerate.utils import DataLoaderConfiguration
from torch.utils.data import DataLoader, Sampler

from embodied.errors import UsageError
from embodied.training.batches import Batch
from embodied.training.checkpoint import save_weights
from embodied.training.items import Drawn, Item, Items
from embodied.training.optimising import optimisers
from embodied.training.stages import Stage

STATES = "training"
MAX_GRADIENT = 1.0
FINAL_SHARE = 0.05
"""The learning rate falls along half a cosine to this share of its highest."""


@dataclass(frozen=True)
class Schedule:
    """How long, how fast and from which seed.

    Attributes:
        steps: Batches in all.
        batch_size: Pictures in a batch, on all devices together.
        learning_rate: Its highest, after ``warmup`` steps.
        weight_decay: Of matrices.
        seed: Draws the order of pictures, and which questions are asked.
        save_every: Steps between two states on disk.
    """

    steps: int
    batch_size: int
    learning_rate: float
    warmup: int = 100
    weight_decay: float = 0.05
    seed: int = 0
    save_every: int = 100


@dataclass(frozen=True)
class Progress:
    """One step of training.

    Attributes:
        step, steps: How many are done, and how many there will be.
        losses: Their values in this batch.
    """

    step: int
    steps: int
    losses: Mapping[str, float]


class DrawnOrder(Sampler[Drawn]):
    """What is shown from batch ``first`` on: every example once an epoch, in an order of the seed's."""

    def __init__(self, examples: int, schedule: Schedule, first: int) -> None:
        """Draw from so many ``examples``."""
        self._examples, self._schedule, self._first = examples, schedule, first

    def __len__(self) -> int:
        """How many are left."""
        return (self._schedule.steps - self._first) * self._schedule.batch_size

    def __iter__(self) -> Iterator[Drawn]:
        """What is left."""
        size, order, ordered = self._schedule.batch_size, list[int](), -1
        for place in range(self._first * size, self._schedule.steps * size):
            epoch, index = divmod(place, self._examples)
            if epoch != ordered:
                order, ordered = self._order(epoch), epoch
            yield Drawn(order[index], epoch, place // size / self._schedule.steps)

    def _order(self, epoch: int) -> list[int]:
        generator = torch.Generator().manual_seed((self._schedule.seed << 20) + epoch)
        return torch.randperm(self._examples, generator=generator).tolist()


def begin(out: Path, batch_size: int, one_by_one: bool = False) -> Accelerator:
    """This process among those that ``accelerate launch`` started, or alone; it says how weights are to be loaded.

    Args:
        out: Where curves go.
        batch_size: Pictures in a batch.
        one_by_one: Whether a processor's core works on one picture of a batch after the other: less does not fit into
            its cache at a time, and all of them would be slower.

    Raises:
        UsageError: If a batch cannot be shared among the processes.
    """
    sharing = DataLoaderConfiguration(split_batches=True)  # a step sees the same pictures on any number of devices
    accelerator = Accelerator(log_with="tensorboard", project_dir=out, dataloader_config=sharing)
    if one_by_one and accelerator.device.type == "cpu":
        accelerator.gradient_accumulation_steps = max(1, batch_size // accelerator.num_processes)
    if batch_size % accelerator.num_processes:
        raise UsageError(
            f"a batch of {batch_size} cannot be shared by {accelerator.num_processes} processes: choose a --batch-size "
            "that is a multiple"
        )
    return accelerator


def train(
    accelerator: Accelerator,
    stage: Stage,
    items: Items,
    collate: Callable[[list[Item]], Batch],
    schedule: Schedule,
    out: Path,
    processor: Any,
    resume: bool = False,
    report: Callable[[Progress], None] = lambda progress: None,
) -> None:
    """Train ``stage`` and leave its checkpoint in ``out``; curves and the state to resume from lie beside it.

    Raises:
        UsageError: If there is training in ``out`` and it shall not be resumed.
    """
    state = last_state(out)
    if state is not None and not resume:
        raise UsageError(f"{out} has training in it: go on with --resume, or choose another --out")
    stage.freeze_the_rest()
    trained = [parameter for parameter in stage.parameters() if parameter.requires_grad]
    first = 0 if state is None else _step_of(state)
    order, parts = DrawnOrder(len(items), schedule, first), accelerator.gradient_accumulation_steps
    whole = accelerator.distributed_type is not DistributedType.DEEPSPEED
    prepared, loader, *movers = accelerator.prepare(
        stage,
        DataLoader(items, schedule.batch_size // parts, sampler=order, collate_fn=collate),
        *optimisers(stage, schedule.weight_decay, whole),
    )
    if state is not None:
        accelerator.load_state(str(state))
    accelerator.init_trackers("curves")
    batches = iter(loader)
    for step in range(first + 1, schedule.steps + 1):
        for group in chain.from_iterable(mover.param_groups for mover in movers):
            group["lr"] = schedule.learning_rate * rate(step, schedule)
        values = _means([_learn(accelerator, prepared, movers, trained, next(batches)) for _ in range(parts)])
        accelerator.log(values, step)
        if accelerator.is_main_process:
            report(Progress(step, schedule.steps, values))
        if step % schedule.save_every == 0 or step == schedule.steps:
            _save(accelerator, prepared, processor, out, step)
    accelerator.end_training()


def _learn(
    accelerator: Accelerator, stage: Any, movers: Sequence[Any], trained: list[torch.nn.Parameter], batch: Batch
) -> dict[str, float]:
    """The losses of a batch, or of a part of one; with its last part the weights move."""
    with accelerator.accumulate(stage):
        losses = stage(batch)
        accelerator.backward(sum(losses.values()))
        if accelerator.sync_gradients:
            accelerator.clip_grad_norm_(trained, MAX_GRADIENT)
        for mover in movers:
            mover.step()
            mover.zero_grad()
    return {name: float(loss.detach()) for name, loss in losses.items()}


def _means(parts: list[dict[str, float]]) -> dict[str, float]:
    """For each loss the mean of those parts of a batch that have it."""
    each = {name: [part[name] for part in parts if name in part] for name in dict.fromkeys(chain(*parts))}
    return {name: sum(values) / len(values) for name, values in each.items()}


def rate(step: int, schedule: Schedule) -> float:
    """The share of the highest learning rate at a step: it rises, then falls along half a cosine."""
    if step < schedule.warmup:
        return step / schedule.warmup
    done = (step - schedule.warmup) / max(schedule.steps - schedule.warmup, 1)
    return FINAL_SHARE + (1 - FINAL_SHARE) * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


def last_state(out: Path) -> Path | None:
    """The newest complete state in ``out``."""
    return max((out / STATES).glob("step-*"), key=_step_of, default=None)


def _step_of(state: Path) -> int:
    """After how many steps a state was saved."""
    return int(state.name.removeprefix("step-"))


def _save(accelerator: Accelerator, prepared: Any, processor: Any, out: Path, step: int) -> None:
    """Checkpoint and state; a process that dies here leaves the ones before, whole."""
    part, whole = out / STATES / "part", out / STATES / f"step-{step:08d}"
    accelerator.save_state(str(part))
    weights = accelerator.get_state_dict(prepared)  # gathered from all processes where they share it
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        older = sorted((out / STATES).glob("step-*"))
        part.replace(whole)
        model = accelerator.unwrap_model(prepared).model
        save_weights(model, processor, out, {name: weights[f"model.{name}"] for name in model.state_dict()})
        for state in older:
            shutil.rmtree(state)
    accelerator.wait_for_everyone()
