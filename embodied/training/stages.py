"""The stages of training, as losses of a batch: the tower, the alignment, the instructions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, smooth_l1_loss

from embodied.models.rgbd_vision import RgbdVisionModel
from embodied.training.attending import Gaze
from embodied.training.batches import IGNORED, Batch
from embodied.training.examples import ASPECTS, Aspect, Thing
from embodied.training.grouped import GROUPED
from embodied.training.reading import Words, reading_loss

Losses = dict[str, torch.Tensor]
NOTHING = 0
"""The number of no word."""
POINT_BETA = 0.005
"""Below this error, in units of the picture, a point counts as nearly right."""
POINT_WEIGHT = 5.0
"""Points are in units of the picture, and so a small number beside a cross-entropy."""
READING_WEIGHT = 0.3
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
    """The tower learns from dense labels: for every patch what is there, each aspect of it, and its point."""

    rarity: torch.Tensor

    def __init__(self, model: Any, words: Mapping[Aspect, Sequence[str]], rarity: Mapping[str, float]) -> None:
        """Tell apart ``words`` for each aspect, and nothing from something; things weigh by their kind's ``rarity``.

        By its root: else it is learnt what a wall is, and not a whisk; and if every kind weighed the same, what is seen
        most would be called by the names of what is hardly seen.
        """
        super().__init__(model)
        weights = torch.tensor([0.0, *(rarity[kind] ** 0.5 for kind in words["kind"])])
        self.register_buffer("rarity", weights, persistent=False)
        size = model.config.vision_config.inner_size
        self._numbers = {aspect: {word: number for number, word in enumerate(words[aspect], 1)} for aspect in ASPECTS}
        self.aspects = nn.ModuleDict({aspect: nn.Linear(size, 1 + len(words[aspect])) for aspect in ASPECTS})

    def trained(self) -> Iterable[nn.Parameter]:
        """The tower and the heads."""
        return [*self.model.model.vision_tower.parameters(), *self.aspects.parameters()]

    def losses(self, batch: Batch) -> Losses:
        """Whether a patch shows something; of those that do also what is known of it, every kind of thing alike."""
        seen = self.model.model.vision_tower.look(batch.pixel_values, batch.corners)
        tokens = seen.last_hidden_state[..., : self.model.config.vision_config.inner_size]
        point = smooth_l1_loss(seen.points, batch.told.nan_to_num(), beta=POINT_BETA, reduction="none").mean(-1)
        wanted = dict(zip(ASPECTS, self._targets(batch), strict=True))
        alike = each_thing_alike(batch.owner) * self.rarity[wanted["kind"]]
        surprises = {
            aspect: cross_entropy(self.aspects[aspect](tokens).transpose(1, 2), wanted[aspect], reduction="none")
            for aspect in ASPECTS
        }
        return {
            "anything": surprises["kind"].mean(),
            "interest": binary_cross_entropy_with_logits(seen.interest, batch.looked_at.to(seen.interest)),
            **{aspect: _mean(surprises[aspect], alike * (wanted[aspect] != NOTHING)) for aspect in ASPECTS},
            "point": POINT_WEIGHT * _mean(point, alike * ~batch.told.isnan().any(-1)),
        }

    def _targets(self, batch: Batch) -> list[torch.Tensor]:
        """For each aspect the number of its word for what each patch (batch, N) stands for."""
        tables = [self._table(things).to(batch.owner.device) for things in batch.things]
        each = [table[owner] for table, owner in zip(tables, batch.owner, strict=True)]
        return list(torch.stack(each).unbind(-1))

    def _table(self, things: Sequence[Thing]) -> torch.Tensor:
        """Numbers of the words for every thing's aspects, and at the end for nothing: -1 finds it."""
        known = [
            [self._numbers[aspect].get(getattr(each, aspect) or "", NOTHING) for aspect in ASPECTS] for each in things
        ]
        return torch.tensor([*known, [NOTHING] * len(ASPECTS)])


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
        batch = handed_on(self.model.model.vision_tower, batch)
        projected = torch.stack(self.model.model.get_image_features(batch.pixel_values, return_dict=True).pooler_output)
        return {"alignment": reading_loss(projected, batch, self._words, self.model.get_input_embeddings().weight)}


class InstructionStage(Stage):
    """Questions and answers; the attention that finds what is asked for is shown where to look."""

    def __init__(self, model: Any, tokenizer: Any, tower: bool = False) -> None:
        """Train projector and language model, and the ``tower`` too if wanted."""
        super().__init__(model)
        self._words, self._tower = Words(tokenizer), tower
        model.set_attn_implementation({"text_config": GROUPED})

    def trained(self) -> Iterable[nn.Parameter]:
        """Projector, language model, and the tower if wanted."""
        inner = self.model.model
        parts = [inner.multi_modal_projector, inner.language_model, self.model.lm_head]
        return [p for part in [*parts, *([inner.vision_tower] if self._tower else [])] for p in part.parameters()]

    def losses(self, batch: Batch) -> Losses:
        """Answers; where it looks; what the picture's tokens say."""
        inner = self.model.model
        batch = handed_on(inner.vision_tower, batch)
        with Gaze(inner.language_model) as gaze:
            output = inner(
                input_ids=batch.input_ids,
                pixel_values=batch.pixel_values,
                attention_mask=batch.attention_mask,
                position_ids=batch.position_ids,
                use_cache=False,
            )
        answers, answered = batch.labels[:, 1:], batch.labels[:, 1:] != IGNORED
        logits = self.model.lm_head(output.last_hidden_state[:, :-1][answered]).float()
        surprise = cross_entropy(logits, answers[answered], reduction="none")
        losses = {"answer": _mean(surprise, batch.weights[:, 1:][answered])}
        losses |= gaze.losses(batch)
        projected = output.image_hidden_states.view(*batch.owner.shape, -1)
        words = self.model.get_input_embeddings().weight
        losses["said"] = READING_WEIGHT * gaze.reading(batch, words)
        losses["alignment"] = READING_WEIGHT * reading_loss(projected, batch, self._words, words)
        return losses


def handed_on(tower: Any, batch: Batch) -> Batch:
    """The batch with tokens instead of pixels, if ``tower`` is one that hands on some patches' tokens alone."""
    if not isinstance(tower, RgbdVisionModel):
        return batch
    if batch.patches is not None:
        return batch.handed_on(batch.pixel_values, batch.patches)
    seen = tower(batch.pixel_values)
    return batch.handed_on(seen.last_hidden_state, seen.patches)


def each_thing_alike(owner: torch.Tensor) -> torch.Tensor:
    """Weights of patches (batch, N): all those of a thing together weigh 1, and nothing's weigh 0."""
    numbers = owner + 1 + torch.arange(len(owner), device=owner.device)[:, None] * (int(owner.max()) + 2)
    counts = torch.bincount(numbers.flatten())
    return (owner >= 0) / counts[numbers]


def _mean(values: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """The weighted mean, which is 0 of nothing."""
    return (values * weights).sum() / weights.sum().clamp(min=1e-9)
