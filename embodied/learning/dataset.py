"""Training data on the disk: LLaVA's conversation JSON beside folders of images, depth maps and labels.

``docs/training-data.md`` tells what is in each file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from embodied.errors import UsageError
from embodied.learning.exchange import Exchange
from embodied.learning.phrasebook import load_phrasebook
from embodied.learning.sights import Sight, sights
from embodied.learning.teacher import View

CONVERSATIONS = "conversations.json"
IMAGES, DEPTHS, LABELS, SHARDS = "images", "depths", "labels", "shards"
IMAGE_MARK = "<image>\n"
MILLIMETRES_PER_M = 1000.0
MAX_DEPTH_MM = 65535
JPEG_QUALITY = 95


Kind = Literal["view", "demonstration", "practice"]


@dataclass(frozen=True, eq=False)
class Sample:
    """One picture and what is said about it.

    Attributes:
        id: Unique in its data set.
        kind: A state that was drawn, or a step of an episode: an expert's, or a student's.
        view: The picture and the truth about it.
        exchanges: Questions and answers; none refers to another.
        language: What they are in.
        seed: Of its world.
        task: Name of the task that it comes from, if any.
        episode, step: For a step of an episode: which.
    """

    id: str
    kind: Kind
    view: View
    exchanges: tuple[Exchange, ...]
    language: str
    seed: int
    task: str | None = None
    step: int | None = None


def save(folder: Path, sample: Sample) -> dict[str, Any]:
    """Write a sample's pictures and labels; what ``conversations.json`` says of it."""
    image, depth, labels = f"{IMAGES}/{sample.id}.jpg", f"{DEPTHS}/{sample.id}.png", f"{LABELS}/{sample.id}.png"
    observation = sample.view.observation
    _write(folder / image, observation.image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if observation.depth_m is not None:
        _write(folder / depth, millimetres(observation.depth_m))
    _write(folder / labels, sample.view.shown)
    names = folder / labels.replace(".png", ".json")
    seen = [_described(sight) for sight in sights(sample.view)]
    names.write_text(json.dumps(seen, ensure_ascii=False), encoding="utf-8")
    return {
        "id": sample.id,
        "image": image,
        "depth": depth,
        "labels": labels,
        "kind": sample.kind,
        "language": sample.language,
        "split": "seen",
        "seed": sample.seed,
        "task": sample.task,
        "step": sample.step,
        "holding": observation.gripper.holding,
        "asks": [exchange.word for exchange in sample.exchanges],
        "about": [exchange.about for exchange in sample.exchanges],
        "conversations": list(_turns(sample.exchanges)),
    }


def millimetres(depth_m: NDArray[np.float32]) -> NDArray[np.uint16]:
    """A depth map as 16-bit millimetres; 0 for no reading."""
    scaled = np.nan_to_num(np.clip(np.round(depth_m * MILLIMETRES_PER_M), 1, MAX_DEPTH_MM), nan=0.0)
    return np.asarray(scaled, dtype=np.uint16)


def read_conversations(folder: Path) -> list[dict[str, Any]]:
    """What a data set's ``conversations.json`` says.

    Raises:
        UsageError: If there is none.
    """
    path = folder / CONVERSATIONS
    try:
        found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        return found
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {error}; make a data set with 'embodied learn data'") from error


def prepare(folder: Path) -> None:
    """Make the folders of a data set."""
    for name in (IMAGES, DEPTHS, LABELS, SHARDS):
        (folder / name).mkdir(parents=True, exist_ok=True)


def write_json(path: Path, value: object) -> None:
    """Write a file that is complete or not there."""
    scratch = path.with_name(f"{path.name}.{os.getpid()}.part")
    scratch.write_text(json.dumps(value, ensure_ascii=False, indent=None), encoding="utf-8")
    scratch.replace(path)


def _turns(exchanges: Sequence[Exchange]) -> Iterable[dict[str, str]]:
    for index, exchange in enumerate(exchanges):
        yield {"from": "human", "value": f"{'' if index else IMAGE_MARK}{exchange.question}"}
        yield {"from": "gpt", "value": exchange.answer}


def _described(sight: Sight) -> dict[str, Any]:
    """A thing that is seen, as JSON."""
    point = None if sight.point is None else [sight.point.x, sight.point.y, sight.point.z]
    where = {"number": sight.number, "pixels": sight.pixels, "box": sight.box, "point": point, "plain": sight.plain}
    color_zh = load_phrasebook("zh").colors.get(sight.thing.color or "")
    return {**where, **asdict(sight.thing), "color_zh": color_zh}


def _write(path: Path, picture: NDArray[Any], options: Sequence[int] = ()) -> None:
    if not cv2.imwrite(str(path), picture, list(options)):
        raise UsageError(f"{path} cannot be written: is the disk full?")
