"""The stages of training, as losses of a batch: the tower, the alignment, the instructions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy, smooth_l1_loss

from embodied.training.attending import Gaze
from embodied.training.batches import IGNORED, Batch
from embodied.training.examples import Thing
from embodied.training.reading import Words, reading_loss

Losses = dict[str, torch.Tensor]
POINT_BETA = 0.02
"""Below this error, in units of the picture, a point counts as nearly right."""
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
    """The tower learns from dense labels: for every patch what is there, its colour and state, and its point."""

    def __init__(self, model: Any, kinds: Sequence[str], colours: Sequence[str], states: Sequence[str]) -> None:
        """Tell apart ``kinds``, ``colours`` and ``states``, and nothing."""
        super().__init__(model)
        size = model.config.vision_config.hidden_size
        self._kinds = {kind: number for number, kind in enumerate(kinds, 1)}
        self._colours = {colour: number for number, colour in enumerate(colours)}
        self._states = {state: number for number, state in enumerate(states)}
        self.kind = nn.Linear(size, len(kinds) + 1)
        self.colour = nn.Linear(size, max(len(colours), 1))
        self.state = nn.Linear(size, max(len(states), 1))
        self.point = nn.Linear(size, 3)

    def trained(self) -> Iterable[nn.Parameter]:
        """The tower and the heads."""
        heads = nn.ModuleList([self.kind, self.colour, self.state, self.point])
        return [*self.model.model.vision_tower.parameters(), *heads.parameters()]

    def losses(self, batch: Batch) -> Losses:
        """Kind of every patch; of those that show something also what else is known of it, every thing alike."""
        tokens = self.model.model.vision_tower(batch.pixel_values).last_hidden_state
        kind, colour, state = self._targets(batch)
        alike = each_thing_alike(batch.owner)
        point = smooth_l1_loss(self.point(tokens), batch.told.nan_to_num(), beta=POINT_BETA, reduction="none").mean(-1)
        kinds = self.kind(tokens)
        return {
            "kind": cross_entropy(kinds.flatten(0, 1), kind.flatten()),
            "kind of things": _mean(_surprise(kinds, kind), alike),
            "colour": _mean(_surprise(self.colour(tokens), colour), alike * (colour != IGNORED)),
            "state": _mean(_surprise(self.state(tokens), state), alike * (state != IGNORED)),
            "point": POINT_WEIGHT * _mean(point, alike * ~batch.told.isnan().any(-1)),
        }

    def _targets(self, batch: Batch) -> list[torch.Tensor]:
        """Kind, colour and state of what each patch stands for."""
        tables = [self._table(things).to(batch.owner.device) for things in batch.things]
        each = [table[owner] for table, owner in zip(tables, batch.owner, strict=True)]
        return list(torch.stack(each).unbind(-1))

    def _table(self, things: Sequence[Thing]) -> torch.Tensor:
        """Kind, colour and state of every thing, and at the end of nothing: -1 finds it."""
        colours, states = self._colours, self._states
        known = [
            (self._kinds[each.kind], colours.get(each.color or "", IGNORED), states.get(each.state or "", IGNORED))
            for each in things
        ]
        return torch.tensor([*known, (0, IGNORED, IGNORED)])


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
        losses |= gaze.losses(batch)
        projected = output.image_hidden_states.view(*batch.owner.shape, -1)
        words = self.model.get_input_embeddings().weight
        losses["alignment"] = READING_WEIGHT * reading_loss(projected, batch, self._words, words)
        return losses


def each_thing_alike(owner: torch.Tensor) -> torch.Tensor:
    """Weights of patches (batch, N): all those of a thing together weigh 1, and nothing's weigh 0."""
    numbers = owner + 1 + torch.arange(len(owner), device=owner.device)[:, None] * (int(owner.max()) + 2)
    counts = torch.bincount(numbers.flatten())
    return (owner >= 0) / counts[numbers]


def _surprise(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The cross-entropy (batch, N) of each patch; 0 where there is no target."""
    return cross_entropy(logits.transpose(1, 2), targets, reduction="none", ignore_index=IGNORED)


def _mean(values: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """The weighted mean, which is 0 of nothing."""
    return (values * weights).sum() / weights.sum().clamp(min=1e-6)
