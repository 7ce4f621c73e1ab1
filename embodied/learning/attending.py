"""Where a language model looks when it predicts a coordinate, as a loss: choosing is looking at the right tokens."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import torch
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

from embodied.learning.batches import Batch
from embodied.learning.reading import AXES


def gazing_attention(language_model: Any) -> Any:
    """The middle layer's attention, whose first three heads look for x, y and z: before it a question is gathered."""
    return language_model.layers[len(language_model.layers) // 2].self_attn


class Gaze:
    """Listens to the attention that looks for coordinates while the model runs; a context manager."""

    def __init__(self, language_model: Any) -> None:
        """Listen to ``language_model``."""
        self._attention = gazing_attention(language_model)
        self._queries = self._keys = torch.empty(0)
        self._rotary: Any = None
        self._hooks: list[Any] = []

    def __enter__(self) -> Gaze:
        """Begin to listen."""
        attention = self._attention
        self._hooks = [
            attention.q_proj.register_forward_hook(lambda _m, _i, output: setattr(self, "_queries", output)),
            attention.k_proj.register_forward_hook(lambda _m, _i, output: setattr(self, "_keys", output)),
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

    def loss(self, batch: Batch) -> torch.Tensor:
        """Mean over coordinates of minus the logarithm of the attention that its head pays to the right tokens."""
        row, place, axis = batch.pointing_at.unbind(1)
        queries, keys = self._rotated()
        scores = (queries @ keys.transpose(2, 3) * self._attention.scaling)[row, axis, place]
        scores = scores.float().masked_fill(~batch.attention_mask[row, 0, place], -torch.inf)
        picture = scores[:, batch.image_start : batch.image_start + batch.pointing_to.shape[1]]
        right = picture.masked_fill(~batch.pointing_to, -torch.inf)
        mean: torch.Tensor = (scores.logsumexp(-1) - right.logsumexp(-1)).mean()
        return mean

    def _rotated(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Queries and keys (batch, heads, length, size) as the layer compares them."""
        size = self._attention.head_dim
        batch, length, _ = self._queries.shape
        queries = self._queries.view(batch, length, -1, size).transpose(1, 2)
        keys = self._keys.view(batch, length, -1, size).transpose(1, 2)
        queries, keys = apply_rotary_pos_emb(queries, keys, *self._rotary)
        keys = keys.repeat_interleave(queries.shape[1] // keys.shape[1], dim=1)
        return queries[:, :AXES], keys[:, :AXES]
