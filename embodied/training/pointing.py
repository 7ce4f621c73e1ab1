"""How well a checkpoint points: the share of its points that lie on the thing asked for, in pictures it never saw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from embodied.training.batches import pixels
from embodied.training.examples import Example, Picture, read_picture
from embodied.training.numbers import SpokenPoint, spoken_points
from embodied.training.patches import label_at
from embodied.training.rendering import Renderer

MAX_REPLY_TOKENS = 24


@dataclass(frozen=True)
class Question:
    """A question whose answer is one point on one thing.

    Attributes:
        example: Which example it is about.
        text, answer: What is asked, and what would be right.
        thing: The thing's number in the picture's labels.
    """

    example: int
    text: str
    answer: str
    thing: int


@dataclass(frozen=True)
class Pointing:
    """What came of pointing questions.

    Attributes:
        asked: How many.
        on_target: Points on the thing asked for.
        unread: Replies that name no point.
    """

    asked: int
    on_target: int
    unread: int


def pointing_questions(directory: Path, examples: Sequence[Example], most: int) -> list[Question]:
    """The first ``most`` questions of ``examples`` whose answers are one point on a labelled thing."""
    found: list[Question] = []
    for number, example in enumerate(examples):
        if len(found) >= most:
            break
        labels = read_picture(directory, example).labels
        for asked, answered in example.exchanges:
            points = spoken_points(answered)
            if labels is not None and len(points) == 1 and (thing := label_at(labels, points[0].x, points[0].y)) > 0:
                found.append(Question(number, asked, answered, thing))
    return found[:most]


def evaluate(
    model: Any,
    processor: Any,
    directory: Path,
    examples: Sequence[Example],
    most: int,
    blind: bool,
    batch_size: int = 16,
) -> Pointing:
    """Ask ``most`` questions about ``examples``; ``blind`` shows a grey picture instead."""
    questions = pointing_questions(directory, examples, most)
    on_target = unread = 0
    renderer = Renderer(processor, model.config.image_seq_length)
    for batch in _batches(questions, batch_size):
        pictures = [read_picture(directory, examples[question.example]) for question in batch]
        prompts = [
            renderer.prefix(examples[question.example].system) + renderer.exchange(question.text, question.answer).asked
            for question in batch
        ]
        answered = replies(model, processor, prompts, pictures, blind)
        texts = processor.tokenizer.batch_decode(answered, skip_special_tokens=True)
        for question, picture, text in zip(batch, pictures, texts, strict=True):
            points = spoken_points(text)
            unread += not points
            on_target += bool(points) and _seen(picture, points[0]) == question.thing
    return Pointing(len(questions), on_target, unread)


def _seen(picture: Picture, point: SpokenPoint) -> int:
    """The number of the thing at a point."""
    return 0 if picture.labels is None else label_at(picture.labels, point.x, point.y)


def _batches(questions: Sequence[Question], size: int) -> Iterator[Sequence[Question]]:
    for first in range(0, len(questions), size):
        yield questions[first : first + size]


def replies(
    model: Any, processor: Any, prompts: Sequence[Sequence[int]], pictures: Sequence[Picture], blind: bool = False
) -> list[list[int]]:
    """What ``model`` answers to ``prompts`` greedily, as tokens; shorter prompts are padded on the left."""
    length, pad = max(map(len, prompts)), processor.tokenizer.pad_token_id
    ids = torch.tensor([[pad] * (length - len(prompt)) + [*prompt] for prompt in prompts])
    mask = torch.tensor([[0] * (length - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    values = torch.stack([pixels(processor, picture, blind) for picture in pictures])
    with torch.inference_mode():
        output = model.generate(
            input_ids=ids.to(model.device),
            attention_mask=mask.to(model.device),
            pixel_values=values.to(model.device, model.dtype),
            max_new_tokens=MAX_REPLY_TOKENS,
            do_sample=False,
            eos_token_id=processor.tokenizer.eos_token_id,
            pad_token_id=pad,
        )
    answered: list[list[int]] = output[:, length:].tolist()
    return answered
