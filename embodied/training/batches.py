"""Batches: pictures with many questions each, side by side in one sequence.

A picture's tokens are paid for once. Every question sees the system text, the picture and itself, as if it were the
only one: positions begin anew behind the picture, and the attention mask hides the other questions. They lie in groups
of one length, so that most of what is hidden need not be compared at all.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.utils.data import Dataset

from embodied.errors import UsageError
from embodied.models.blindfolded import GREY
from embodied.models.rgbd_vision import RgbdVisionModel
from embodied.training.examples import Example, Picture, rarity, read_picture
from embodied.training.patches import some_of_each
from embodied.training.rendering import Renderer
from embodied.training.shown import Asked, Look, Shown, show

IGNORED = -100
GROUPS = 4
"""So many groups of questions share a picture."""
PREFIX, PADDING = 0, -1
"""What tokens belong to that are of no question."""
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
        pixel_values: (channels, height, width) for the tower, or its tokens (N, width) if it does not move.
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


@dataclass(frozen=True, eq=False)
class Batch:
    """Tensors of a batch; N is the number of a picture's tokens.

    Attributes:
        pixel_values: (batch, channels, height, width), or the tower's tokens (batch, N, width).
        input_ids, position_ids, labels: (batch, length); ``labels`` are the answers' tokens, elsewhere ignored.
        attention_mask: (batch, groups, size, before + size), true where a group's token may look: at what stands
            before the groups, and in its own group.
        looking_at: (looks, 3) where it is known what to look at: batch, position, and what is looked for there: a
            coordinate of axis 0, 1 or 2, whose first token is predicted, or ``WORDS``, with which an answer begins.
        looking_to: (looks, 1 + N) true at the tokens that tell it: first the one before the picture, at which is looked
            for what is not there, then the picture's.
        owner: (batch, N) the thing that each token stands for: its place in the example's list of things, or -1.
        told: (batch, N, 3) the point that each token tells; NaN where none.
        reading: (tokens, 2) which of the pictures' tokens are read: batch, and place among the picture's.
        things: What can be seen in each picture.
        image_start: Where the picture's tokens begin.
        corners: (batch, 2) row and column of the patch with which each picture begins, if only windows are looked at.
    """

    pixel_values: torch.Tensor
    input_ids: torch.Tensor
    position_ids: torch.Tensor
    labels: torch.Tensor
    attention_mask: torch.Tensor
    looking_at: torch.Tensor
    looking_to: torch.Tensor
    owner: torch.Tensor
    told: torch.Tensor
    reading: torch.Tensor
    things: tuple[Any, ...]
    image_start: int
    corners: torch.Tensor | None = None

    def to(self, device: torch.device) -> Batch:
        """The same on ``device``."""
        tensors = [field.name for field in fields(self) if isinstance(getattr(self, field.name), torch.Tensor)]
        return replace(self, **{name: getattr(self, name).to(device) for name in tensors})


class Items(Dataset[Item]):
    """A data set's examples; which of a picture's questions are asked is drawn from the seed and the place in time."""

    def __init__(
        self,
        directory: Path,
        examples: Sequence[Example],
        processor: Any,
        grid: tuple[int, int],
        questions: int,
        seed: int,
        tower: RgbdVisionModel | None = None,
    ) -> None:
        """Ask at most ``questions`` about a picture of ``directory`` whose tokens form ``grid``.

        A ``tower`` that does not move is asked once about each picture; its tokens take the place of the pixels.
        """
        self._directory, self._examples, self._processor = directory, examples, processor
        self._renderer, self._grid, self._tower = Renderer(processor, grid[0] * grid[1]), grid, tower
        self._questions, self._seed = questions, seed
        self._rarity = rarity(examples)
        self._kept: dict[int, tuple[Shown, torch.Tensor | None]] = {}
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
        return Item(shown, seen, asked, read, int(random.integers(2**31)), done)

    def _seen(self, index: int) -> tuple[Shown, torch.Tensor]:
        """An example, and what the model gets of its picture."""
        if index not in self._kept:
            return self._look_at(index)
        shown, tokens = self._kept[index]
        if tokens is not None:
            return shown, tokens
        return shown, pixels(self._processor, read_picture(self._directory, self._examples[index], labels=False))

    def _look_at(self, index: int) -> tuple[Shown, torch.Tensor]:
        """The same for the first time; what is so in every epoch is kept while there is room."""
        picture = read_picture(self._directory, self._examples[index])
        shown = show(self._examples[index], picture, self._renderer, self._grid, self._questions > 0)
        seen = pixels(self._processor, picture)
        tokens = None if self._tower is None else _tokens(self._tower, seen)
        size = BYTES_SHOWN + (0 if tokens is None else tokens.nbytes)
        if size <= self._room:
            self._kept[index], self._room = (shown, tokens), self._room - size
        return shown, seen if tokens is None else tokens


def _tokens(tower: RgbdVisionModel, pixel_values: torch.Tensor) -> torch.Tensor:
    """What ``tower`` says of one picture."""
    with torch.no_grad():
        seen = tower(pixel_values[None].to(tower.device))
    tokens: torch.Tensor = seen.last_hidden_state[0].cpu()
    return tokens


def pixels(processor: Any, picture: Picture, blind: bool = False) -> torch.Tensor:
    """A picture as the tower takes it; ``blind`` shows a grey one without depth instead."""
    image = np.full_like(picture.image, GREY) if blind else picture.image
    depth_m = None if blind else picture.depth_m
    images = processor.image_processor
    with_depth = "depth_m" in images.valid_kwargs.__annotations__
    values = images([Image.fromarray(image)], return_tensors="pt", **({"depth_m": [depth_m]} if with_depth else {}))
    pixel_values: torch.Tensor = values["pixel_values"][0]
    return pixel_values


def collate(items: Sequence[Item], image_token_id: int, pad_token_id: int) -> Batch:
    """One batch of items whose pictures begin at the same token."""
    grouped = [_grouped(item.asked) for item in items]
    before = max(len(item.shown.prefix) for item in items)
    size = max(1, *(sum(map(_length, group)) for groups in grouped for group in groups))
    rows = [_row(item.shown.prefix, groups, before, size) for item, groups in zip(items, grouped, strict=True)]
    looks = [
        ((number, place, look.sought), look.tokens) for number, row in enumerate(rows) for place, look in row.looks
    ]
    none = np.zeros(1 + len(items[0].shown.owner), np.bool_)
    question = torch.tensor([row.question for row in rows])
    ids = torch.tensor([row.ids for row in rows])
    return Batch(
        pixel_values=torch.stack([item.pixel_values for item in items]),
        input_ids=ids.masked_fill(question == PADDING, pad_token_id),
        position_ids=torch.tensor([row.positions for row in rows]),
        labels=torch.tensor([row.labels for row in rows]),
        attention_mask=_mask(question[:, :before], question[:, before:].reshape(-1, GROUPS, size)),
        looking_at=torch.tensor([at for at, _ in looks], dtype=torch.long).reshape(-1, 3),
        looking_to=torch.from_numpy(np.stack([none, *(to for _, to in looks)])[1:]),
        owner=torch.from_numpy(np.stack([item.shown.owner for item in items])),
        told=torch.from_numpy(np.stack([item.shown.told for item in items])),
        reading=_reading(items),
        things=tuple(item.shown.things for item in items),
        image_start=_image_start(items[0].shown.prefix, image_token_id),
    )


def _image_start(prefix: Sequence[int], image_token_id: int) -> int:
    start = prefix.index(image_token_id)
    if start == 0:
        raise UsageError("the checkpoint's chat template puts nothing before the picture: train another")
    return start


def _length(asked: Asked) -> int:
    return len(asked.exchange.asked) + len(asked.exchange.answered)


def _grouped(asked: Sequence[Asked]) -> list[list[Asked]]:
    """Questions in groups of about the same length: the longest first, each to where least is."""
    groups: list[list[Asked]] = [[] for _ in range(GROUPS)]
    for each in sorted(asked, key=_length, reverse=True):
        min(groups, key=lambda group: sum(map(_length, group))).append(each)
    return groups


@dataclass(frozen=True)
class _Row:
    """One item as a sequence; ``question`` numbers the question that a token belongs to, ``PREFIX`` or ``PADDING``.

    Attributes:
        looks: Where something is looked for, and what that is.
    """

    ids: list[int]
    positions: list[int]
    labels: list[int]
    question: list[int]
    looks: list[tuple[int, Look]]

    def add(self, asked: Asked, position: int, number: int) -> None:
        """A question and its answer."""
        question, answer = asked.exchange.asked, asked.exchange.answered
        start, length = len(self.ids) + len(question), len(question) + len(answer)
        self.ids.extend(question + answer)
        self.labels.extend([IGNORED] * len(question) + answer)
        self.positions.extend(range(position, position + length))
        self.question.extend([number] * length)
        self.looks.extend((start + look.predicted - 1, look) for look in asked.looks)

    def fill(self, length: int) -> None:
        """With padding, up to ``length``."""
        left = length - len(self.ids)
        for values, value in ((self.ids, 0), (self.labels, IGNORED), (self.positions, 0), (self.question, PADDING)):
            values.extend([value] * left)


def _row(prefix: Sequence[int], groups: Sequence[Sequence[Asked]], before: int, size: int) -> _Row:
    count = len(prefix)
    row = _Row(list(prefix), list(range(count)), [IGNORED] * count, [PREFIX] * count, [])
    row.fill(before)
    numbers = itertools.count(PREFIX + 1)
    for place, group in enumerate(groups, 1):
        for each in group:
            row.add(each, count, next(numbers))
        row.fill(before + place * size)
    return row


def _mask(first: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
    """Who may look at whom: backwards, at the prefix and at one's own question. Padding looks at padding, too.

    Args:
        first: (batch, before) what the tokens before the groups belong to.
        groups: (batch, groups, size) what those of the groups belong to.
    """
    own = (groups[..., :, None] == groups[..., None, :]).tril()
    prefix = (first == PREFIX)[:, None, None, :].expand(-1, *groups.shape[1:], -1)
    return torch.cat([prefix, own], -1)


def _reading(items: Sequence[Item]) -> torch.Tensor:
    rows = [(number, place) for number, item in enumerate(items) for place in item.read.tolist()]
    return torch.tensor(rows, dtype=torch.long).reshape(-1, 2)
