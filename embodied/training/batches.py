"""Batches: pictures with many questions each, side by side in one sequence.

A picture's tokens are paid for once. Every question sees the system text, the picture and itself, as if it were the
only one: positions begin anew behind the picture, and the attention mask hides the other questions. They lie in groups
of one length, so that most of what is hidden need not be compared at all.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch

from embodied.errors import UsageError
from embodied.models.rgbd_vision import of_patches
from embodied.training.items import Item
from embodied.training.shown import Asked, Look

IGNORED = -100
GROUPS = 4
"""So many groups of questions share a picture."""
STEP = 32
"""Groups are so many tokens long, or a multiple of it: for every length that is new, kernels are made first."""
PREFIX, PADDING = 0, -1
"""What tokens belong to that are of no question."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Tensors of a batch; N is the number of a picture's tokens.

    Attributes:
        pixel_values: (batch, channels, height, width), or the tower's tokens (batch, N, width).
        input_ids, position_ids, labels: (batch, length); ``labels`` are the answers' tokens, elsewhere ignored.
        weights: (batch, length) how much each of the answers' tokens matters.
        attention_mask: (batch, groups, size, before + size), true where a group's token may look: at what stands
            before the groups, and in its own group.
        looking_at: (looks, 3) where it is known what to look at: batch, position, and what is looked for there: a
            coordinate of axis 0, 1 or 2, whose first token is predicted, or ``WORDS``, with which an answer begins.
        looking_to: (looks, 1 + N) true at the tokens that tell it: first the one before the picture, at which is looked
            for what is not there, then the picture's.
        said_at: (looks,) the position of the question's token that tells it instead, or -1.
        owner: (batch, N) the thing that each token stands for: its place in the example's list of things, or -1.
        told: (batch, N, 3) the point that each token tells; NaN where none.
        reading: (tokens, 2) which of the pictures' tokens are read: batch, and place among the picture's.
        looked_at: (batch, N) true at the tokens that any question about the picture looks at, asked now or not.
        things: What can be seen in each picture.
        image_start: Where the picture's tokens begin.
        corners: (batch, 2) row and column of the patch with which each picture begins, if only windows are looked at.
        patches: (batch, tokens) the patches whose tokens the tower hands on, if it was asked already.
    """

    pixel_values: torch.Tensor
    input_ids: torch.Tensor
    position_ids: torch.Tensor
    labels: torch.Tensor
    weights: torch.Tensor
    attention_mask: torch.Tensor
    looking_at: torch.Tensor
    looking_to: torch.Tensor
    said_at: torch.Tensor
    owner: torch.Tensor
    told: torch.Tensor
    reading: torch.Tensor
    looked_at: torch.Tensor
    things: tuple[Any, ...]
    image_start: int
    corners: torch.Tensor | None = None
    patches: torch.Tensor | None = None

    def to(self, device: torch.device) -> Batch:
        """The same on ``device``."""
        tensors = [field.name for field in fields(self) if isinstance(getattr(self, field.name), torch.Tensor)]
        return replace(self, **{name: getattr(self, name).to(device) for name in tensors})

    def handed_on(self, tokens: torch.Tensor, patches: torch.Tensor) -> Batch:
        """The same with a tower's ``tokens`` in place of pixels, which are those of ``patches`` (batch, tokens).

        What is looked for at, or read from, other patches' tokens alone is left out.
        """
        row, place = self.reading.unbind(1)
        where = (patches[row] == place[:, None]).to(torch.int8)
        inner = torch.cat([torch.zeros_like(patches[:, :1]), patches + 1], 1)
        to = self.looking_to.gather(1, inner[self.looking_at[:, 0]])
        there = to.any(1) | (self.said_at >= 0)
        return replace(
            self,
            pixel_values=tokens,
            owner=of_patches(self.owner, patches),
            told=of_patches(self.told, patches),
            looked_at=of_patches(self.looked_at, patches),
            reading=torch.stack([row, where.argmax(1)], 1)[where.any(1)],
            looking_at=self.looking_at[there],
            looking_to=to[there],
            said_at=self.said_at[there],
        )


def collate(items: Sequence[Item], image_token_id: int, pad_token_id: int) -> Batch:
    """One batch of items whose pictures begin at the same token."""
    grouped = [_grouped(item.asked) for item in items]
    before = max(len(item.shown.prefix) for item in items)
    longest = max(1, *(sum(map(_length, group)) for groups in grouped for group in groups))
    size = math.ceil(longest / STEP) * STEP
    rows = [_row(item.shown.prefix, groups, before, size) for item, groups in zip(items, grouped, strict=True)]
    looks = [(number, *each) for number, row in enumerate(rows) for each in row.looks]
    none = np.zeros(1 + len(items[0].shown.owner), np.bool_)
    question = torch.tensor([row.question for row in rows])
    ids = torch.tensor([row.ids for row in rows])
    patches = [item.seen.patches for item in items if item.seen.patches is not None]
    return Batch(
        pixel_values=torch.stack([item.seen.values for item in items]),
        input_ids=ids.masked_fill(question == PADDING, pad_token_id),
        position_ids=torch.tensor([row.positions for row in rows]),
        labels=torch.tensor([row.labels for row in rows]),
        weights=torch.tensor([row.weights for row in rows]),
        attention_mask=_mask(question[:, :before], question[:, before:].reshape(-1, GROUPS, size)),
        looking_at=torch.tensor([(row, at, look.sought) for row, at, _, look in looks], dtype=torch.long).reshape(
            -1, 3
        ),
        looking_to=torch.from_numpy(np.stack([none, *(look.tokens for *_, look in looks)])[1:]),
        said_at=torch.tensor([said_at for _, _, said_at, _ in looks], dtype=torch.long),
        owner=torch.from_numpy(np.stack([item.shown.owner for item in items])),
        told=torch.from_numpy(np.stack([item.shown.told for item in items])),
        reading=_reading(items),
        looked_at=torch.from_numpy(np.stack([item.shown.looked_at for item in items])),
        things=tuple(item.shown.things for item in items),
        image_start=_image_start(items[0].shown.prefix, image_token_id),
        patches=torch.stack(patches) if patches else None,
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
        looks: Where something is looked for, where it was said before or -1, and what that is.
    """

    ids: list[int]
    positions: list[int]
    labels: list[int]
    weights: list[float]
    question: list[int]
    looks: list[tuple[int, int, Look]]

    def add(self, asked: Asked, position: int, number: int) -> None:
        """A question and its answer."""
        question, answer = asked.exchange.asked, asked.exchange.answered
        begin, start, length = len(self.ids), len(self.ids) + len(question), len(question) + len(answer)
        self.ids.extend(question + answer)
        self.labels.extend([IGNORED] * len(question) + answer)
        self.weights.extend([0.0] * len(question) + asked.exchange.weights)
        self.positions.extend(range(position, position + length))
        self.question.extend([number] * length)
        for look in asked.looks:
            said_at = -1 if look.said is None else begin + look.said
            self.looks.append((start + look.predicted - 1, said_at, look))

    def fill(self, length: int) -> None:
        """With padding, up to ``length``."""
        left = length - len(self.ids)
        for values, value in ((self.ids, 0), (self.labels, IGNORED), (self.positions, 0), (self.question, PADDING)):
            values.extend([value] * left)
        self.weights.extend([0.0] * left)


def _row(prefix: Sequence[int], groups: Sequence[Sequence[Asked]], before: int, size: int) -> _Row:
    count = len(prefix)
    row = _Row(list(prefix), list(range(count)), [IGNORED] * count, [0.0] * count, [PREFIX] * count, [])
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
