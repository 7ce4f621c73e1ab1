"""The training data, read: pictures with depth maps, what every pixel shows, and conversations about them.

A data set is a directory with ``conversations.json``, LLaVA's own conversation file, beside its pictures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from embodied.errors import UsageError

CONVERSATIONS = "conversations.json"
IMAGE_MARKER = "<image>"
MILLIMETRES = 1000.0
NOWHERE = 0
"""Stands for no thing in a picture's labels."""
RARE = 100
"""Kinds that are seen less often weigh less than the others: what is known of them is luck."""
COMMAND = "command"
"""What asks for a command asks for a word that begins with this."""
Aspect = Literal["kind", "color", "state", "label"]
ASPECTS: tuple[Aspect, ...] = ("kind", "color", "state", "label")
"""What a word each tells of a thing, if it is known."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Said(_Record):
    """One turn of a conversation."""

    who: Literal["system", "human", "gpt"] = Field(alias="from")
    value: str


class Thing(_Record):
    """Something that can be seen in a picture.

    Attributes:
        number: Its value in the picture's labels.
        kind: What it is, in one word of the data set's.
        color: In a word; no colour where it has none of its own.
        state: Of what can be open or closed, on or off, which.
        label: What is written on it.
        title_en, title_zh: What people call it.
        color_zh: Its colour in Chinese.
        point: Where to point at it: x and y of the unit square, z in metres; ``None`` where no depth was measured.
    """

    number: int
    kind: str
    color: str | None = None
    state: str | None = None
    label: str | None = None
    title_en: str
    title_zh: str
    color_zh: str | None = None
    point: tuple[float, float, float] | None = None


class Example(_Record):
    """One picture and what is said about it; files are relative to the data set.

    Attributes:
        id: Its name.
        image, depth, labels: Files with colours, with depths in millimetres, and with the number of the thing that each
            pixel shows; 0 is nothing of these.
        asks: For each question what it asks for, in a word; empty if it is not known.
        about: For each question the numbers of the things to look at when its answer begins; ``NOWHERE`` where what is
            asked about is not there, empty if nothing is known.
        conversations: Questions and answers in turns; the first question has the picture's marker before it.
        things: What can be seen: the content of the file beside ``labels`` that ends in ``.json``.
    """

    id: str
    image: str
    depth: str | None = None
    labels: str | None = None
    conversations: tuple[Said, ...]
    asks: tuple[str, ...] = ()
    about: tuple[tuple[int, ...], ...] = ()
    things: tuple[Thing, ...] = ()

    @model_validator(mode="after")
    def _one_for_each(self) -> Example:
        for name, given in (("asks", self.asks), ("about", self.about)):
            if given and len(given) != len(self.exchanges):
                raise ValueError(f"{name} has {len(given)} entries for {len(self.exchanges)} questions")
        return self

    @property
    def system(self) -> str:
        """What is said before everything else, or nothing."""
        return "".join(said.value for said in self.conversations if said.who == "system")

    def commands(self, number: int) -> bool:
        """Whether a question asks for a command."""
        return bool(self.asks) and self.asks[number].startswith(COMMAND)

    @property
    def exchanges(self) -> list[tuple[str, str]]:
        """Questions, without the picture's marker, and their answers."""
        said = [each for each in self.conversations if each.who != "system"]
        return [
            (asked.value.replace(IMAGE_MARKER, "").strip("\n"), answered.value)
            for asked, answered in zip(said[::2], said[1::2], strict=True)
        ]


@dataclass(frozen=True, eq=False)
class Picture:
    """The pixels of an example.

    Attributes:
        image: (height, width, 3) uint8 RGB.
        depth_m: (height, width) float32, NaN for "no reading"; ``None`` if the example has no depth map.
        labels: (height, width) indices of things; ``None`` if the example has no labels, or nobody wants them.
    """

    image: NDArray[np.uint8]
    depth_m: NDArray[np.float32] | None
    labels: NDArray[np.integer] | None


def read_examples(directory: Path) -> tuple[Example, ...]:
    """Every example of a data set, in its order.

    Raises:
        UsageError: If there is none, or the file is not as documented; names the entry and the field.
    """
    path = directory / CONVERSATIONS
    examples: tuple[Example, ...] = _validated(TypeAdapter(tuple[Example, ...]), path)
    if not examples:
        raise UsageError(f"{path}: it has no examples")
    return tuple(
        example.model_copy(update={"things": _things(directory / example.labels)}) if example.labels else example
        for example in examples
    )


def _things(labels: Path) -> tuple[Thing, ...]:
    things: tuple[Thing, ...] = _validated(TypeAdapter(tuple[Thing, ...]), labels.with_suffix(".json"))
    return things


def _validated(adapter: TypeAdapter[Any], path: Path) -> Any:
    try:
        return adapter.validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {_reason(error)}") from error


def read_picture(directory: Path, example: Example, labels: bool = True) -> Picture:
    """The pixels of ``example``, with its labels if they are wanted.

    Raises:
        UsageError: If a file is missing or is no picture.
    """
    image = cv2.cvtColor(_read(directory / example.image, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    depth = None if example.depth is None else _read(directory / example.depth, cv2.IMREAD_UNCHANGED)
    depth_m = None if depth is None else np.where(depth == 0, np.nan, depth / MILLIMETRES).astype(np.float32)
    wanted = example.labels if labels else None
    shown = None if wanted is None else _read(directory / wanted, cv2.IMREAD_UNCHANGED).astype(np.int64)
    return Picture(image.astype(np.uint8), depth_m, shown)


def texts(examples: Sequence[Example]) -> list[str]:
    """Everything that is said, and the names of all that is seen."""
    said = [each.value for example in examples for each in example.conversations]
    seen = [thing for example in examples for thing in example.things]
    spoken = [(each.color, each.state, each.label, each.title_en, each.title_zh, each.color_zh) for each in seen]
    return said + [" ".join(["", *filter(None, words)]) for words in spoken]


def vocabulary(examples: Sequence[Example]) -> dict[Aspect, list[str]]:
    """For each aspect the words that tell it of the things that are seen, sorted."""
    seen = [thing for example in examples for thing in example.things]
    return {aspect: sorted({word for thing in seen if (word := getattr(thing, aspect))}) for aspect in ASPECTS}


def rarity(examples: Sequence[Example]) -> dict[str, float]:
    """For each kind how much one of its things has to weigh so that every kind weighs the same."""
    seen = Counter(thing.kind for example in examples for thing in example.things)
    return {kind: 1.0 / max(count, RARE) for kind, count in seen.items()}


def _read(path: Path, flags: int) -> NDArray[Any]:
    pixels: NDArray[Any] | None = cv2.imread(str(path), flags)
    if pixels is None:
        raise UsageError(f"{path} is missing or is no picture")
    return pixels


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        fault = error.errors(include_url=False)[0]
        return f"entry {'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
    return str(error)
