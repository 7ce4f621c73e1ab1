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
from embodied.models.rgbd_vision import RgbdVisionModel
from embodied.training.examples import Example, Picture, rarity, read_picture
from embodied.training.patches import some_of_each
from embodied.training.rendering import Renderer
from embodied.training.shown import Asked, Shown, show

THINGS_READ = 12
"""So many things of a picture are read at a time, of rare kinds rather than of common ones."""
TOKENS_READ = 3
"""So many tokens of a thing are read at a time: a wall has a hundred that say the same, and a cup has two."""
MOST_KEPT_BYTES = 4e9
"""So much a process keeps of what is the same in every epoch."""
BYTES_SHOWN = 40_000
"""What an example is about when it is ready, without its picture."""


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
        pixel_values: (channels, height, width) for the tower, or the tokens (tokens, width) that it hands on if it does
            not move.
        patches: (tokens,) the patches whose tokens these are.
        asked: The questions chosen this time.
        read: Places of the picture's tokens that are read this time.
        draw: Seeds what else is drawn.
        done: The share of the training that is over.
    """

    shown: Shown
    pixel_values: torch.Tensor
    asked: list[Asked]
    read: NDArray[np.int64]
    draw: int
    done: float
    patches: torch.Tensor | None = None


class Items(Dataset[Item]):
    """A data set's examples; which of a picture's questions are asked is drawn from the seed and the place in time."""

    def __init__(
        self,
        directory: Path,
        examples: Sequence[Example],
        processor: Any,
        grid: tuple[int, int],
        image_tokens: int,
        questions: int,
        seed: int,
        tower: RgbdVisionModel | None = None,
    ) -> None:
        """Ask at most ``questions`` about a picture of ``directory`` that is cut into ``grid``.

        A ``tower`` that does not move is asked once about each picture; its tokens take the place of the pixels. The
        language model gets ``image_tokens`` of a picture.
        """
        self._directory, self._examples, self._processor = directory, examples, processor
        self._renderer, self._grid, self._tower = Renderer(processor, image_tokens), grid, tower
        self._questions, self._seed = questions, seed
        self._rarity = rarity(examples)
        self._kept: dict[int, tuple[Shown, _Seen | None]] = {}
        self._room = MOST_KEPT_BYTES

    def __len__(self) -> int:
        """How many examples there are."""
        return len(self._examples)

    def __getitem__(self, key: Drawn | tuple[int, int] | int) -> Item:
        """An example as it is asked when it is drawn."""
        index, epoch, done = Drawn(*key) if isinstance(key, tuple) else Drawn(key)
        shown, seen = self._seen(index)
        random = np.random.default_rng([self._seed, epoch, index])
        order = random.permutation(len(self._examples[index].exchanges))
        asked = [shown.asked[number] for number in order[: self._questions]]
        weights = np.array([self._rarity[thing.kind] for thing in shown.things])
        read = some_of_each(shown.owner, weights, THINGS_READ, TOKENS_READ, random)
        return Item(shown, seen.values, asked, read, int(random.integers(2**31)), done, seen.patches)

    def _seen(self, index: int) -> tuple[Shown, _Seen]:
        """An example, and what the model gets of its picture."""
        if index not in self._kept:
            return self._look_at(index)
        shown, tokens = self._kept[index]
        if tokens is not None:
            return shown, tokens
        picture = read_picture(self._directory, self._examples[index], labels=False)
        return shown, _Seen(pixels(self._processor, picture))

    def _look_at(self, index: int) -> tuple[Shown, _Seen]:
        """The same for the first time; what is so in every epoch is kept while there is room."""
        picture = read_picture(self._directory, self._examples[index])
        shown = show(self._examples[index], picture, self._renderer, self._grid)
        seen = pixels(self._processor, picture)
        tokens = None if self._tower is None else _tokens(self._tower, seen)
        size = BYTES_SHOWN + (0 if tokens is None else tokens.values.nbytes)
        if size <= self._room:
            self._kept[index], self._room = (shown, tokens), self._room - size
        return shown, tokens or _Seen(seen)


class _Seen(NamedTuple):
    """Pixels, or a tower's tokens and the patches whose tokens they are."""

    values: torch.Tensor
    patches: torch.Tensor | None = None


def _tokens(tower: RgbdVisionModel, pixel_values: torch.Tensor) -> _Seen:
    """What ``tower`` says of one picture."""
    with torch.no_grad():
        seen = tower(pixel_values[None].to(tower.device))
    return _Seen(seen.last_hidden_state[0].cpu(), seen.patches[0].cpu())


def pixels(processor: Any, picture: Picture, blind: bool = False) -> torch.Tensor:
    """A picture as the tower takes it; ``blind`` shows a grey one without depth instead."""
    image = np.full_like(picture.image, GREY) if blind else picture.image
    depth_m = None if blind else picture.depth_m
    images = processor.image_processor
    with_depth = "depth_m" in images.valid_kwargs.__annotations__
    values = images([Image.fromarray(image)], return_tensors="pt", **({"depth_m": [depth_m]} if with_depth else {}))
    pixel_values: torch.Tensor = values["pixel_values"][0]
    return pixel_values
