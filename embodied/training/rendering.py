"""Conversations as tokens: what is asked, what is answered, and where in an answer coordinates are predicted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from embodied.errors import UsageError
from embodied.training.numbers import SpokenPoint, spoken_points

FIRST_WEIGHT = 4.0
"""What an answer begins with decides: whether all is done, which command it is, yes or no."""
LAST_DIGIT_WEIGHT = 0.2
"""A thousandth of the picture is chance for most points, and would drown what is not."""


@dataclass(frozen=True)
class Exchange:
    """A question and its answer as tokens, as they follow the picture.

    Attributes:
        asked: Tokens of the question, up to where the answer begins.
        answered: Tokens of the answer, with the one that ends it.
        weights: How much each token of the answer matters.
        pointing: For every point in the answer the places in ``answered`` of its numbers' first tokens: x, y, z.
        said: For every point in the answer the places in ``asked`` of its numbers' first tokens, where the end of a
            ``move`` stands there already; ``None`` for each where it does not.
    """

    asked: list[int]
    answered: list[int]
    weights: list[float]
    pointing: list[tuple[SpokenPoint, list[int]]]
    said: list[Sequence[int | None]]


class Renderer:
    """Writes conversations through a checkpoint's own processor."""

    def __init__(self, processor: Any, image_tokens: int) -> None:
        """Use ``processor``; a picture becomes ``image_tokens`` tokens."""
        self._processor, self._image_tokens = processor, image_tokens
        self._tokenizer = processor.tokenizer
        self.image_token_id = int(processor.image_token_id)

    def prefix(self, system: str) -> list[int]:
        """Tokens of all that comes before a question: system text and picture."""
        before, _, _ = self._parts(system, "?", "!")
        bos = self._tokenizer.bos_token
        with_bos = not (bos and before.startswith(bos))  # as a prompt has it
        ids: list[int] = list(self._tokenizer(before, add_special_tokens=with_bos)["input_ids"])
        at = ids.index(self.image_token_id)
        return ids[:at] + [self.image_token_id] * self._image_tokens + ids[at + 1 :]

    def exchange(self, question: str, answer: str) -> Exchange:
        """A question and its answer."""
        _, asked, answered = self._parts("", question, answer)
        marker = self._processor.image_token
        before = len(marker) + len(asked)
        encoded = self._tokenizer(marker + asked + answered, add_special_tokens=False, return_offsets_mapping=True)
        ids, offsets = (
            list(encoded["input_ids"]),
            [(start - before, end - before) for start, end in encoded["offset_mapping"]],
        )
        first = next(place for place, (_, end) in enumerate(offsets) if end > len(marker) - before)
        split = next(place for place, (start, _) in enumerate(offsets) if start >= 0)
        points = spoken_points(answered)
        pointing = [(point, _tokens_of(point.spans, offsets[split:])) for point in points]
        before_answer = [(start + len(asked), end + len(asked)) for start, end in offsets[first:split]]
        said = list(_said_before(answered, points, asked, before_answer))
        return Exchange(ids[first:split], ids[split:], _weights(points, offsets[split:]), pointing, said)

    def _parts(self, system: str, question: str, answer: str) -> tuple[str, str, str]:
        """What stands up to the picture, between it and the answer, and after that."""
        picture, text = {"type": "image"}, {"type": "text", "text": question}
        said = [{"role": "system", "content": [{"type": "text", "text": system}]}] if system else []
        messages = [*said, {"role": "user", "content": [picture, text]}]
        asked = str(self._processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=False))
        reply = {"role": "assistant", "content": [{"type": "text", "text": answer}]}
        whole = str(self._processor.apply_chat_template([*messages, reply], tokenize=False))
        marker = self._processor.image_token
        if not whole.startswith(asked) or asked.count(marker) != 1:
            raise UsageError("the checkpoint's chat template does not put an answer after its question: train another")
        before, after = asked.split(marker)
        answered, end = whole[len(asked) :].rstrip(), self._tokenizer.eos_token
        return before + marker, after, answered if answered.endswith(end) else answered + end  # some leave it out


def _tokens_of(spans: Sequence[tuple[int, int]], offsets: Sequence[tuple[int, int]]) -> list[int]:
    """The tokens with which numbers begin."""
    return [next(token for token, (start, end) in enumerate(offsets) if start <= first < end) for first, _ in spans]


def _said_before(
    answer: str, points: Sequence[SpokenPoint], question: str, offsets: Sequence[tuple[int, int]]
) -> Iterator[Sequence[int | None]]:
    """For each point of an answer the tokens of the question with which its numbers begin, if they stand there."""
    for number, spans in enumerate(point.spans for point in points):
        first, last = spans[0][0], spans[-1][1]
        found = question.find(answer[first:last]) if number else -1  # what is to be moved is looked for in the picture
        moved = [(found + start - first, found + end - first) for start, end in spans]
        yield [None] * len(spans) if found < 0 else _tokens_of(moved, offsets)


def _weights(points: Sequence[SpokenPoint], offsets: Sequence[tuple[int, int]]) -> list[float]:
    """How much each token matters, wherever the tokenizer cuts: what is more than a last digit is no last digit."""
    last_digits = {end - 1 for point in points for _, end in point.spans}
    later = [LAST_DIGIT_WEIGHT if start in last_digits else 1.0 for start, _ in offsets[1:]]
    return [FIRST_WEIGHT, *later]
