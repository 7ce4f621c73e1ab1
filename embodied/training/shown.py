"""An example as a model is shown it: what its picture's tokens stand for, and its questions, as tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embodied.models.rgbd_vision import AXES
from embodied.training.examples import NOWHERE, Example, Picture, Thing
from embodied.training.patches import coverage, label_at, owners
from embodied.training.rendering import Exchange, Renderer
from embodied.training.telling import points_told, telling

WORDS = AXES
"""What is looked for in a picture's tokens are coordinates, by their axis, and words: what is there."""


@dataclass(frozen=True, eq=False)
class Look:
    """What to look at where a token of an answer is predicted.

    Attributes:
        predicted: Its place in the answer.
        sought: A coordinate of axis 0, 1 or 2, which begins there, or ``WORDS``, with which an answer begins.
        tokens: (1 + N,) true at the tokens that tell it: first the one before the picture, at which is looked for what
            is not there, then the picture's.
        said: The token of the question that tells it instead, where it was said before: its place there.
    """

    predicted: int
    sought: int
    tokens: NDArray[np.bool_]
    said: int | None = None


@dataclass(frozen=True, eq=False)
class Asked:
    """A question, its answer, and what is known of where to look."""

    exchange: Exchange
    looks: tuple[Look, ...]


@dataclass(frozen=True, eq=False)
class Shown:
    """What of an example is the same whenever it is shown.

    Attributes:
        things: What can be seen.
        owner: (N,) the thing that each of the picture's tokens stands for: its place in ``things``, or -1.
        told: (N, 3) the point that each token tells; NaN where none.
        prefix: Tokens before the questions.
        asked: The questions.
    """

    things: tuple[Thing, ...]
    owner: NDArray[np.int64]
    told: NDArray[np.float32]
    prefix: list[int]
    asked: tuple[Asked, ...]

    @property
    def looked_at(self) -> NDArray[np.bool_]:
        """(N,) true at the tokens that any of the questions looks at."""
        looks = [look.tokens[1:] for asked in self.asked for look in asked.looks]
        return np.asarray(np.logical_or.reduce([np.zeros(len(self.owner), np.bool_), *looks]))


def show(example: Example, picture: Picture, renderer: Renderer, grid: tuple[int, int]) -> Shown:
    """``example`` as a model sees it whose tower makes a ``grid`` of tokens."""
    shares = np.zeros((1, grid[0] * grid[1]), np.float32) if picture.labels is None else coverage(picture.labels, grid)
    owner = _owner(example.things, shares)
    told = points_told(picture, example.things, owner, shares, grid)
    sight = _Sight(example.things, picture, owner, told, grid)
    asked = tuple(_asked(example, renderer, sight))
    return Shown(example.things, owner, told, renderer.prefix(example.system), asked)


def _asked(example: Example, renderer: Renderer, sight: _Sight) -> Iterator[Asked]:
    """Every question of ``example``, as tokens."""
    abouts = example.about or ((),) * len(example.exchanges)
    for (question, answer), about in zip(example.exchanges, abouts, strict=True):
        exchange = renderer.exchange(question, answer)
        yield Asked(exchange, tuple(sight.looks(exchange, about)))


@dataclass(frozen=True, eq=False)
class _Sight:
    """Where in a picture's tokens things are found."""

    things: Sequence[Thing]
    picture: Picture
    owner: NDArray[np.int64]
    told: NDArray[np.float32]
    grid: tuple[int, int]

    def looks(self, exchange: Exchange, about: Sequence[int]) -> Iterator[Look]:
        """Where it is known what to look at: at points that are named, and at what the answer is ``about``."""
        for (point, places), said in zip(exchange.pointing, exchange.said, strict=True):
            tokens = np.append(False, self._telling(point.x, point.y) & (said[0] is None))
            for axis, (place, before) in enumerate(zip(places, said, strict=True)):
                yield Look(place, axis, tokens, before)
        tokens = np.append(NOWHERE in about, self._standing_for(about))
        if tokens.any():
            yield Look(0, WORDS, tokens)

    def _telling(self, x: float, y: float) -> NDArray[np.bool_]:
        """The tokens that tell a point that an answer names, if there are any, of the thing that is seen there."""
        number = NOWHERE if self.picture.labels is None else label_at(self.picture.labels, x, y)
        return telling(self.told, self._standing_for([number]), x, y, self.grid)

    def _standing_for(self, numbers: Sequence[int]) -> NDArray[np.bool_]:
        """The tokens that stand for things with these numbers."""
        places = [place for place, thing in enumerate(self.things) if thing.number in numbers]
        return np.isin(self.owner, places)


def _owner(things: Sequence[Thing], shares: NDArray[np.float32]) -> NDArray[np.int64]:
    """For each token the place in the list of things of what it stands for, or -1."""
    place = {thing.number: place for place, thing in enumerate(things)}
    owner = owners(shares, [thing.number for thing in things])
    return np.array([place.get(int(index), -1) for index in owner], np.int64)
