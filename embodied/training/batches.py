"""Batches: pictures with many questions each, side by side in one sequence.

A picture's tokens are paid for once. Every question sees the system text, the picture and itself, as if it were the
only one: positions begin anew behind the picture, and the attention mask hides the other questions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.utils.data import Dataset

from embodied.errors import UsageError
from embodied.models.rgbd_vision import AXES
from embodied.training.examples import NOWHERE, Example, Picture, read_picture
from embodied.training.patches import coverage, label_at, owners, some_of_each
from embodied.training.rendering import Exchange, Renderer
from embodied.training.telling import points_told, telling

IGNORED = -100
WORDS = AXES
"""What is looked for in a picture's tokens are coordinates, by their axis, and words: what is there."""
TOKENS_READ = 3
"""So many tokens of a thing are read at a time: a wall has a hundred that say the same, and a cup has two."""


@dataclass(frozen=True, eq=False)
class Item:
    """One example, ready for a batch.

    Attributes:
        example: What it was made from.
        picture: Its pixels.
        pixel_values: (channels, height, width) for the tower.
        prefix: Tokens before the questions.
        exchanges: The questions chosen this time.
        draw: Seeds the choice of the picture's tokens that are read this time.
    """

    example: Example
    picture: Picture
    pixel_values: torch.Tensor
    prefix: list[int]
    exchanges: list[Exchange]
    draw: int


@dataclass(frozen=True, eq=False)
class Batch:
    """Tensors of a batch; N is the number of a picture's tokens.

    Attributes:
        pixel_values: (batch, channels, height, width).
        input_ids, position_ids, labels: (batch, length); ``labels`` are the answers' tokens, elsewhere ignored.
        attention_mask: (batch, 1, length, length), true where a token may look.
        looking_at: (looks, 3) where it is known what to look at: batch, position, and what is looked for there: a
            coordinate of axis 0, 1 or 2, whose first token is predicted, or ``WORDS``, with which an answer begins.
        looking_to: (looks, 1 + N) true at the tokens that tell it: first the one before the picture, at which is looked
            for what is not there, then the picture's.
        owner: (batch, N) the thing that each token stands for: its place in the example's list of things, or -1.
        told: (batch, N, 3) the point that each token tells; NaN where none.
        reading: (tokens, 2) which of the pictures' tokens are read: batch, and place among the picture's.
        image_start: Where the picture's tokens begin.
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
    ) -> None:
        """Ask at most ``questions`` about a picture of ``directory`` whose tokens form ``grid``."""
        self._directory, self._examples, self._processor = directory, examples, processor
        self._renderer = Renderer(processor, grid[0] * grid[1])
        self._questions, self._seed = questions, seed

    def __len__(self) -> int:
        """How many examples there are."""
        return len(self._examples)

    def __getitem__(self, key: tuple[int, int] | int) -> Item:
        """Example ``key[0]`` as it is asked in epoch ``key[1]``."""
        index, epoch = key if isinstance(key, tuple) else (key, 0)
        example = self._examples[index]
        picture = read_picture(self._directory, example)
        random = np.random.default_rng([self._seed, epoch, index])
        order = random.permutation(len(example.exchanges))
        return Item(
            example,
            picture,
            pixels(self._processor, picture),
            self._renderer.prefix(example.system),
            [self._exchange(example, int(number)) for number in order[: self._questions]],
            int(random.integers(2**31)),
        )

    def _exchange(self, example: Example, number: int) -> Exchange:
        about = example.about[number] if example.about else ()
        return replace(self._renderer.exchange(*example.exchanges[number]), about=about)


def pixels(processor: Any, picture: Picture, blind: bool = False) -> torch.Tensor:
    """A picture as the tower takes it; ``blind`` shows a grey one without depth instead."""
    image = np.full_like(picture.image, 128) if blind else picture.image
    depth_m = None if blind else picture.depth_m
    images = processor.image_processor
    with_depth = "depth_m" in images.valid_kwargs.__annotations__
    values = images([Image.fromarray(image)], return_tensors="pt", **({"depth_m": [depth_m]} if with_depth else {}))
    pixel_values: torch.Tensor = values["pixel_values"][0]
    return pixel_values


def collate(items: Sequence[Item], grid: tuple[int, int], image_token_id: int, pad_token_id: int) -> Batch:
    """One batch of items that share their prefix's layout."""
    rows = [_row(item) for item in items]
    length = max(len(row.ids) for row in rows)
    count = grid[0] * grid[1]
    shares = [_shares(item, grid) for item in items]
    owner = [_owner(item, share, count) for item, share in zip(items, shares, strict=True)]
    told = [
        points_told(item.picture, item.example.things, one, share, grid)
        for item, one, share in zip(items, owner, shares, strict=True)
    ]
    looks = [
        ((number, place, head), to)
        for number, (item, row) in enumerate(zip(items, rows, strict=True))
        for place, head, to in _looks(item, row, owner[number], told[number], grid)
    ]
    return Batch(
        pixel_values=torch.stack([item.pixel_values for item in items]),
        input_ids=_padded([row.ids for row in rows], length, pad_token_id),
        position_ids=_padded([row.positions for row in rows], length, 0),
        labels=_padded([row.labels for row in rows], length, IGNORED),
        attention_mask=torch.stack([_mask(row.question, length) for row in rows])[:, None],
        looking_at=torch.tensor([at for at, _ in looks], dtype=torch.long).reshape(-1, 3),
        looking_to=torch.from_numpy(np.stack([np.zeros(1 + count, np.bool_), *(to for _, to in looks)])[1:]),
        owner=torch.from_numpy(np.stack(owner)),
        told=torch.from_numpy(np.stack(told)),
        reading=_reading(items, owner),
        things=tuple(item.example.things for item in items),
        image_start=_image_start(items[0].prefix, image_token_id),
    )


def _image_start(prefix: Sequence[int], image_token_id: int) -> int:
    start = prefix.index(image_token_id)
    if start == 0:
        raise UsageError("the checkpoint's chat template puts nothing before the picture: train another")
    return start


@dataclass(frozen=True)
class _Row:
    """One item as a sequence; ``question`` numbers the question that a token belongs to, 0 for the prefix."""

    ids: list[int]
    positions: list[int]
    labels: list[int]
    question: list[int]
    points: list[tuple[int, int, float, float]]
    about: list[tuple[int, tuple[int, ...]]]


def _row(item: Item) -> _Row:
    before = len(item.prefix)
    row = _Row(list(item.prefix), list(range(before)), [IGNORED] * before, [0] * before, [], [])
    for number, exchange in enumerate(item.exchanges, 1):
        start = len(row.ids) + len(exchange.asked)
        row.ids.extend(exchange.asked + exchange.answered)
        row.labels.extend([IGNORED] * len(exchange.asked) + exchange.answered)
        both = len(exchange.asked) + len(exchange.answered)
        row.positions.extend(range(before, before + both))
        row.question.extend([number] * both)
        row.about.append((start - 1, exchange.about))
        for point, places in exchange.pointing:
            row.points.extend((start + place - 1, axis, point.x, point.y) for axis, place in enumerate(places))
    return row


def _looks(
    item: Item, row: _Row, owner: NDArray[np.int64], told: NDArray[np.float32], grid: tuple[int, int]
) -> Iterator[tuple[int, int, NDArray[np.bool_]]]:
    """Where it is known what to look at, what is looked for there, and the tokens that tell it."""
    for place, axis, x, y in row.points:
        yield place, axis, np.append(False, _target(item, owner, told, x, y, grid))
    for place, numbers in row.about:
        tokens = np.append(NOWHERE in numbers, _standing_for(item, owner, numbers))
        if tokens.any():
            yield place, WORDS, tokens


def _mask(question: list[int], length: int) -> torch.Tensor:
    """Who may look at whom: backwards, at the prefix and at one's own question. Padding looks at itself."""
    number = torch.full((length,), -1)
    number[: len(question)] = torch.tensor(question)
    allowed = (number[:, None] == number[None, :]) | (number[None, :] == 0)
    return allowed.tril()


def _padded(rows: Sequence[Sequence[int]], length: int, value: int) -> torch.Tensor:
    return torch.tensor([[*row, *[value] * (length - len(row))] for row in rows], dtype=torch.long)


def _shares(item: Item, grid: tuple[int, int]) -> NDArray[np.float32]:
    labels = item.picture.labels
    return coverage(labels, grid) if labels is not None else np.zeros((1, grid[0] * grid[1]), np.float32)


def _target(
    item: Item, owner: NDArray[np.int64], told: NDArray[np.float32], x: float, y: float, grid: tuple[int, int]
) -> NDArray[np.bool_]:
    """The tokens that tell a point that an answer names, if there are any, of the thing that is seen there."""
    labels = item.picture.labels
    number = label_at(labels, x, y) if labels is not None else 0
    return telling(told, _standing_for(item, owner, [number]), x, y, grid)


def _standing_for(item: Item, owner: NDArray[np.int64], numbers: Sequence[int]) -> NDArray[np.bool_]:
    """The tokens that stand for things with these numbers."""
    places = [place for place, thing in enumerate(item.example.things) if thing.number in numbers]
    return np.isin(owner, places)


def _reading(items: Sequence[Item], owner: Sequence[NDArray[np.int64]]) -> torch.Tensor:
    """A few tokens of every thing in every picture."""
    rows = [
        (number, place)
        for number, (item, one) in enumerate(zip(items, owner, strict=True))
        for place in some_of_each(one, TOKENS_READ, np.random.default_rng(item.draw)).tolist()
    ]
    return torch.tensor(rows, dtype=torch.long).reshape(-1, 2)


def _owner(item: Item, shares: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """For each token the place in the list of things of what it stands for, or -1."""
    things = item.example.things
    place = {thing.number: place for place, thing in enumerate(things)}
    owner = owners(shares, [thing.number for thing in things])
    return np.array([place.get(int(index), -1) for index in owner], np.int64) if things else np.full(count, -1)
