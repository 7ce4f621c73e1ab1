"""Where a language model looks when an answer or a coordinate begins, as losses: to choose is to look at it."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import torch
from torch.nn.functional import cross_entropy, rms_norm
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

from embodied.training.batches import Batch
from embodied.training.shown import WORDS


def gazing_attention(language_model: Any) -> Any:
    """The middle layer's attention, whose first heads look for x, y, z and words: before it a question is gathered."""
    return language_model.layers[len(language_model.layers) // 2].self_attn


class Gaze:
    """Listens to the attention that looks for things while the model runs; a context manager."""

    def __init__(self, language_model: Any) -> None:
        """Listen to ``language_model``."""
        self._attention = gazing_attention(language_model)
        self._queries = self._keys = self._values = torch.empty(0)
        self._rotary: Any = None
        self._hooks: list[Any] = []

    def __enter__(self) -> Gaze:
        """Begin to listen."""
        attention = self._attention
        self._hooks = [
            attention.q_proj.register_forward_hook(lambda _m, _i, output: setattr(self, "_queries", output)),
            attention.k_proj.register_forward_hook(lambda _m, _i, output: setattr(self, "_keys", output)),
            attention.v_proj.register_forward_hook(lambda _m, _i, output: setattr(self, "_values", output)),
            attention.register_forward_pre_hook(self._keep_rotary, with_kwargs=True),
        ]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Listen no longer."""
        for hook in self._hooks:
            hook.remove()

    def _keep_rotary(self, _module: Any, _arguments: Any, named: dict[str, Any]) -> None:
        self._rotary = named["position_embeddings"]

    def losses(self, batch: Batch) -> dict[str, torch.Tensor]:
        """Means of minus the logarithm of the attention that heads pay to the right tokens, by what they look for."""
        head, surprise = batch.looking_at[:, 2], self._surprise(batch)
        groups = {"gaze x": head == 0, "gaze y and z": (head == 1) | (head == 2), "gaze words": head == WORDS}
        return {name: surprise[of_group].mean() for name, of_group in groups.items() if of_group.any()}

    def reading(self, batch: Batch, words: torch.Tensor) -> torch.Tensor:
        """How badly the numbers that are read in questions are handed on: minus their mean log-probability.

        What a head adds for a number that it looks at is to say that number, as ``words`` (vocabulary, size) read it.
        It learns where to look far sooner than what to take from there, if nothing tells it.
        """
        said, attention = batch.said_at >= 0, self._attention
        (row, _, head), place = batch.looking_at[said].unbind(1), batch.said_at[said]
        size = attention.head_dim
        values = self._values.view(*self._values.shape[:2], -1, size)
        alone = values.new_zeros(len(row), attention.config.num_attention_heads, size)
        shared = head // attention.num_key_value_groups
        alone[torch.arange(len(row), device=row.device), head] = values[row, place, shared]
        added = rms_norm(attention.o_proj(alone.flatten(1)), words.shape[1:])
        surprise = cross_entropy((added @ words.T).float(), batch.input_ids[row, place], reduction="sum")
        return surprise / max(len(row), 1)

    def _surprise(self, batch: Batch) -> torch.Tensor:
        """Minus the logarithm of the attention that is paid to the right tokens at each look."""
        row, place, head = batch.looking_at.unbind(1)
        places, slot = _side_by_side(row, place, len(batch.input_ids))
        queries, keys = self._rotated()
        looking = queries[torch.arange(len(places), device=row.device)[:, None], :, places].transpose(1, 2)
        scores = (looking @ keys.transpose(2, 3) * self._attention.scaling)[row, head, slot]
        places, seen = _in_sight(batch, row, place)
        scores = scores.gather(1, places).float().masked_fill(~seen, -torch.inf)
        right = scores.masked_fill(~_tells(batch, places), -torch.inf)
        surprise: torch.Tensor = scores.logsumexp(-1) - right.logsumexp(-1)
        return surprise

    def _rotated(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Queries and keys (batch, heads, length, size) as the layer compares them."""
        size = self._attention.head_dim
        batch, length, _ = self._queries.shape
        queries = self._queries.view(batch, length, -1, size).transpose(1, 2)
        keys = self._keys.view(batch, length, -1, size).transpose(1, 2)
        queries, keys = apply_rotary_pos_emb(queries, keys, *self._rotary)
        keys = keys.repeat_interleave(queries.shape[1] // keys.shape[1], dim=1)
        return queries[:, : WORDS + 1], keys[:, : WORDS + 1]


def _in_sight(batch: Batch, row: torch.Tensor, place: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """For looks from ``place`` of ``row`` the places (looks, before + size) that are compared, and which are seen."""
    groups, size = batch.attention_mask.shape[1:3]
    before = batch.input_ids.shape[1] - groups * size
    group, inside = (place - before) // size, (place - before) % size
    first = torch.arange(before, device=row.device).expand(len(row), before)
    own = before + group[:, None] * size + torch.arange(size, device=row.device)
    return torch.cat([first, own], 1), batch.attention_mask[row, group, inside]


def _tells(batch: Batch, places: torch.Tensor) -> torch.Tensor:
    """Which of the ``places`` (looks, before + size) tell what is looked for: the picture's, or one of the question."""
    tells = places == batch.said_at[:, None]
    tells[:, batch.image_start - 1 : batch.image_start - 1 + batch.looking_to.shape[1]] |= batch.looking_to
    return tells


def _side_by_side(row: torch.Tensor, place: torch.Tensor, rows: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Places (looks,), ordered by row, as (rows, most looks of a row), filled up with 0; and where each look stands."""
    counts = torch.bincount(row, minlength=rows)
    slot = torch.arange(len(row), device=row.device) - (counts.cumsum(0) - counts)[row]
    places = place.new_zeros(rows, int(counts.max()))
    places[row, slot] = place
    return places, slot
