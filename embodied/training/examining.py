"""How well a checkpoint answers what is asked about pictures that it never saw, by what is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from embodied.training.checkpoint import image_tokens_of
from embodied.training.examples import Example, Picture, read_picture
from embodied.training.items import pixels
from embodied.training.numbers import spoken_points
from embodied.training.patches import label_at
from embodied.training.rendering import Renderer

MAX_REPLY_TOKENS = 48
"""Two points of a command take thirty; longer lists are not asked for."""
COMMAND = "command"
"""The sort of what the planner asks."""
ORDER = 0
"""Seeds the order of examples, so that it is the same for all checkpoints."""


@dataclass(frozen=True)
class Question:
    """A question and what would be right.

    Attributes:
        sort: What is asked for, in a word: "where", "color", "command", ...
        text, answer: What is asked, and the right answer.
        things: For each point that the answer names, the number of the thing that is seen there.
    """

    sort: str
    text: str
    answer: str
    things: tuple[int, ...]

    def is_answered_by(self, reply: str, picture: Picture) -> bool:
        """Whether a reply is right: the same words, or the same command with points on the same things.

        Answers that name one thing and point at it are judged by where they point.
        """
        if not self.things:
            return reply == self.answer
        same = self.sort != COMMAND or _word(reply) == _word(self.answer)
        return same and things_pointed_at(reply, picture) == self.things


@dataclass(frozen=True)
class Mark:
    """How many questions of a sort were asked, and how many answers were right."""

    asked: int = 0
    right: int = 0

    def with_answer(self, right: bool) -> Mark:
        """One more."""
        return Mark(self.asked + 1, self.right + right)


def questions_of(example: Example, picture: Picture) -> Iterator[Question]:
    """All questions of an example but those with a point where nothing has a name."""
    for number, (text, answer) in enumerate(example.exchanges):
        sort = example.asks[number].partition(":")[0] if example.asks else "any"
        things = things_pointed_at(answer, picture)
        if all(things):
            yield Question(sort, text, answer, things)


def examine(
    model: Any, processor: Any, directory: Path, examples: Sequence[Example], most: int, blind: bool
) -> dict[str, Mark]:
    """Ask ``most`` questions, example after example in a drawn order; ``blind`` shows a grey picture instead.

    Returns:
        For every sort of question how often it was asked, and answered right.
    """
    marks: dict[str, Mark] = {}
    renderer = Renderer(processor, image_tokens_of(model))
    for number in np.random.default_rng(ORDER).permutation(len(examples)):
        example = examples[number]
        if (left := most - sum(mark.asked for mark in marks.values())) <= 0:
            break
        picture = read_picture(directory, example)
        questions = list(questions_of(example, picture))[:left]
        prefix = renderer.prefix(example.system)
        prompts = [prefix + renderer.exchange(each.text, each.answer).asked for each in questions]
        answered = replies(model, processor, prompts, [picture] * len(prompts), blind) if prompts else []
        for question, tokens in zip(questions, answered, strict=True):
            reply = processor.tokenizer.decode(tokens, skip_special_tokens=True).strip()
            right = question.is_answered_by(reply, picture)
            marks[question.sort] = marks.get(question.sort, Mark()).with_answer(right)
    return dict(sorted(marks.items()))


def things_pointed_at(text: str, picture: Picture) -> tuple[int, ...]:
    """For each point of ``text`` the number of the thing that is seen there; 0 where nothing has a name."""
    if picture.labels is None:
        return tuple(0 for _ in spoken_points(text))
    return tuple(label_at(picture.labels, point.x, point.y) for point in spoken_points(text))


def _word(command: str) -> str:
    """What a command is called."""
    return command.partition("(")[0]


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
