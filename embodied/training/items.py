"""Items: a data set's examples as a model is shown them, with the questions that are asked this time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.utils.data import Dataset

from embodied.models.blindfolded import GREY
from embodied.training.examples import Example, Picture, rarity, read_picture
from embodied.training.patches import some_of_each
from embodied.training.rendering import Renderer
from embodied.training.seen import RestingTower, Seen
from embodied.training.shown import Asked, Shown, show

THINGS_READ = 12
"""So many things of a picture are read at a time, of rare kinds rather than of common ones."""
TOKENS_READ = 3
"""So many tokens of a thing are read at a time: a wall has a hundred that say the same, and a cup has two."""
MOST_KEPT = 100_000
"""Of so many examples a process keeps what is the same in every epoch: about 40 kB each."""


class Drawn(NamedTuple):
    """When which example is shown.

    Attributes:
        example: Its number.
        epoch: How often it was shown before.
        done: The share of the training that is over.
    """

    example: int
    epoch: int = 0
    done: float = 0.0


@dataclass(frozen=True, eq=False)
class Item:
    """One example, ready for a batch.

    Attributes:
        shown: What is the same whenever it is shown.
        seen: What the model gets of its picture.
        asked: The questions chosen this time.
        read: Places of the picture's tokens that are read this time.
        draw: Seeds what else is drawn.
        done: The share of the training that is over.
    """

    shown: Shown
    seen: Seen
    asked: list[Asked]
    read: NDArray[np.int64]
    draw: int
    done: float


class Items(Dataset[Item]):
    """A data set's examples; which questions are asked beside the commands is drawn from seed and place in time."""

    def __init__(
        self,
        directory: Path,
        examples: Sequence[Example],
        processor: Any,
        grid: tuple[int, int],
        image_tokens: int,
        questions: int,
        seed: int,
        tower: RestingTower | None = None,
    ) -> None:
        """Ask at most ``questions`` about a picture of ``directory`` that is cut into ``grid``.

        What a ``tower`` that does not move says of a picture takes the place of the pixels. The language model gets
        ``image_tokens`` of a picture.
        """
        self._directory, self._examples, self._processor = directory, examples, processor
        self._renderer, self._grid, self._tower = Renderer(processor, image_tokens), grid, tower
        self._questions, self._seed = questions, seed
        self._rarity = rarity(examples)
        self._kept: dict[int, Shown] = {}

    def __len__(self) -> int:
        """How many examples there are."""
        return len(self._examples)

    def __getitem__(self, key: Drawn | tuple[int, int] | int) -> Item:
        """An example as it is asked when it is drawn."""
        index, epoch, done = Drawn(*key) if isinstance(key, tuple) else Drawn(key)
        shown, seen = self._shown(index), self._seen(self._examples[index])
        random = np.random.default_rng([self._seed, epoch, index])
        asked = [shown.asked[number] for number in self._chosen(self._examples[index], random)]
        weights = np.array([self._rarity[thing.kind] for thing in shown.things])
        read = some_of_each(shown.owner, weights, THINGS_READ, TOKENS_READ, random)
        return Item(shown, seen, asked, read, int(random.integers(2**31)), done)

    def _chosen(self, example: Example, random: np.random.Generator) -> list[int]:
        """What is asked this time, in a drawn order: all commands for which there is room, and some of the rest."""
        drawn = random.permutation(len(example.exchanges)).tolist()
        chosen = sorted(drawn, key=lambda number: not example.commands(number))[: self._questions]
        return [number for number in drawn if number in chosen]

    def _shown(self, index: int) -> Shown:
        """What is the same whenever an example is shown."""
        shown = self._kept.get(index)
        if shown is None:
            example = self._examples[index]
            shown = show(example, read_picture(self._directory, example), self._renderer, self._grid)
            if len(self._kept) < MOST_KEPT:
                self._kept[index] = shown
        return shown

    def _seen(self, example: Example) -> Seen:
        """What the model gets of an example's picture."""

        def read() -> torch.Tensor:
            return pixels(self._processor, read_picture(self._directory, example, labels=False))

        return Seen(read()) if self._tower is None else self._tower.look(f"{example.image} {example.depth}", read)


def pixels(processor: Any, picture: Picture, blind: bool = False) -> torch.Tensor:
    """A picture as the tower takes it; ``blind`` shows a grey one without depth instead."""
    image = np.full_like(picture.image, GREY) if blind else picture.image
    depth_m = None if blind else picture.depth_m
    images = processor.image_processor
    with_depth = "depth_m" in images.valid_kwargs.__annotations__
    values = images([Image.fromarray(image)], return_tensors="pt", **({"depth_m": [depth_m]} if with_depth else {}))
    pixel_values: torch.Tensor = values["pixel_values"][0]
    return pixel_values
