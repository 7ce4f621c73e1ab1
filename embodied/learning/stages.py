"""The stages of training, as losses of a batch: the tower, the alignment, the instructions."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy, smooth_l1_loss

from embodied.learning.attending import Gaze
from embodied.learning.batches import IGNORED, Batch
from embodied.learning.examples import Thing
from embodied.learning.reading import Words, reading_loss

Losses = dict[str, torch.Tensor]
POINT_BETA = 0.02
"""Below this error, in units of the picture, a point counts as nearly right."""
NOWHERE = (math.nan, math.nan, math.nan)
POINT_WEIGHT = 5.0
"""Points are in units of the picture, and so a small number beside a cross-entropy."""
READING_WEIGHT = 0.1
"""Once they are aligned, the picture's tokens need only be kept readable."""


class Stage(nn.Module):
    """A model with what is only there to train it."""

    def __init__(self, model: Any) -> None:
        """Train (parts of) ``model``."""
        super().__init__()
        self.model = model

    @abstractmethod
    def trained(self) -> Iterable[nn.Parameter]:
        """What moves; everything else keeps its weights."""

    @abstractmethod
    def losses(self, batch: Batch) -> Losses:
        """What is to become small: the sum is minimised."""

    def forward(self, batch: Batch) -> Losses:
        """The losses of a batch."""
        return self.losses(batch)

    def freeze_the_rest(self) -> None:
        """Let only what is trained have gradients."""
        self.requires_grad_(False)
        for parameter in self.trained():
            parameter.requires_grad_(True)


class TowerStage(Stage):
    """The tower learns from dense labels: for every patch what is there, its colour, and where to point at it."""

    def __init__(self, model: Any, kinds: Sequence[str], colours: Sequence[str]) -> None:
        """Tell apart ``kinds`` and ``colours``, and nothing."""
        super().__init__(model)
        size = model.config.vision_config.hidden_size
        self._kinds = {kind: number for number, kind in enumerate(kinds, 1)}
        self._colours = {colour: number for number, colour in enumerate(colours)}
        self.kind = nn.Linear(size, len(kinds) + 1)
        self.colour = nn.Linear(size, max(len(colours), 1))
        self.point = nn.Linear(size, 3)

    def trained(self) -> Iterable[nn.Parameter]:
        """The tower and the heads."""
        heads = nn.ModuleList([self.kind, self.colour, self.point])
        return [*self.model.model.vision_tower.parameters(), *heads.parameters()]

    def losses(self, batch: Batch) -> Losses:
        """Kind of every patch; colour and point of those that show something."""
        tokens = self.model.model.vision_tower(batch.pixel_values).last_hidden_state
        kind, colour, point = self._targets(batch)
        shown, coloured, placed = kind > 0, colour != IGNORED, ~point.isnan().any(-1)
        return {
            "kind": cross_entropy(self.kind(tokens).flatten(0, 1), kind.flatten()),
            "kind of things": 0.5 * _mean(cross_entropy(self.kind(tokens[shown]), kind[shown], reduction="none")),
            "colour": _mean(cross_entropy(self.colour(tokens[coloured]), colour[coloured], reduction="none")),
            "point": POINT_WEIGHT
            * _mean(smooth_l1_loss(self.point(tokens[placed]), point[placed], beta=POINT_BETA, reduction="none")),
        }

    def _targets(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        tables = [_table(things, self._kinds, self._colours) for things in batch.things]
        device = batch.owner.device
        kind, colour, point = (
            torch.stack([table[part].to(device)[owner] for table, owner in zip(tables, batch.owner, strict=True)])
            for part in range(3)
        )
        return kind, colour, point


class AlignmentStage(Stage):
    """The projector learns the language: what a token shows is read off it with the model's own word embeddings."""

    def __init__(self, model: Any, tokenizer: Any, keep_words: bool = False) -> None:
        """Read words and coordinates of ``tokenizer``; ``keep_words`` leaves their embeddings as they are."""
        super().__init__(model)
        self._words, self._keep_words = Words(tokenizer), keep_words

    def trained(self) -> Iterable[nn.Parameter]:
        """The projector, and the word embeddings unless they are kept."""
        embeddings = () if self._keep_words else self.model.get_input_embeddings().parameters()
        return [*self.model.model.multi_modal_projector.parameters(), *embeddings]

    def losses(self, batch: Batch) -> Losses:
        """How badly tokens are read."""
        projected = torch.stack(self.model.model.get_image_features(batch.pixel_values, return_dict=True).pooler_output)
        return {"alignment": reading_loss(projected, batch, self._words, self.model.get_input_embeddings().weight)}


class InstructionStage(Stage):
    """Questions and answers; the attention that finds what is asked for is shown where to look."""

    def __init__(self, model: Any, tokenizer: Any, tower: bool = False) -> None:
        """Train projector and language model, and the ``tower`` too if wanted."""
        super().__init__(model)
        self._words, self._tower = Words(tokenizer), tower

    def trained(self) -> Iterable[nn.Parameter]:
        """Projector, language model, and the tower if wanted."""
        inner = self.model.model
        parts = [inner.multi_modal_projector, inner.language_model, self.model.lm_head]
        return [p for part in [*parts, *([inner.vision_tower] if self._tower else [])] for p in part.parameters()]

    def losses(self, batch: Batch) -> Losses:
        """Answers; where it looks; what the picture's tokens say."""
        inner = self.model.model
        with Gaze(inner.language_model) as gaze:
            output = inner(
                input_ids=batch.input_ids,
                pixel_values=batch.pixel_values,
                attention_mask=batch.attention_mask,
                position_ids=batch.position_ids,
                use_cache=False,
            )
        answers = batch.labels[:, 1:]
        states = output.last_hidden_state[:, :-1][answers != IGNORED]
        losses = {"answer": cross_entropy(self.model.lm_head(states).float(), answers[answers != IGNORED])}
        if len(batch.pointing_at):
            losses["gaze"] = gaze.loss(batch)
        projected = output.image_hidden_states.view(*batch.owner.shape, -1)
        words = self.model.get_input_embeddings().weight
        losses["alignment"] = READING_WEIGHT * reading_loss(projected, batch, self._words, words)
        return losses


def _table(things: Sequence[Thing], kinds: dict[str, int], colours: dict[str, int]) -> tuple[torch.Tensor, ...]:
    """Kind, colour and point of every thing, and at the end of nothing: -1 finds it."""
    kind = [kinds[thing.kind] for thing in things]
    colour = [colours[thing.color] if thing.color else IGNORED for thing in things]
    point = [thing.point or NOWHERE for thing in things]
    return torch.tensor([*kind, 0]), torch.tensor([*colour, IGNORED]), torch.tensor([*point, NOWHERE])


def _mean(values: torch.Tensor) -> torch.Tensor:
    """The mean, which is 0 of nothing."""
    return values.sum() / max(values.numel(), 1)
