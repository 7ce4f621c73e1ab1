"""Attention for questions that lie in groups behind one picture: each group sees the picture and itself.

What would be masked anyway, the questions of other groups, is never compared: with many questions that is most of it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import repeat_kv

GROUPED = "grouped"
"""What the library calls this attention."""


def grouped_attention(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor,
    scaling: float | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Attention as the library's layers call it; nothing is dropped.

    Args:
        module: The layer.
        query: (batch, heads, before + groups * size, width) of what comes first, then of the groups.
        key: The same, perhaps with fewer heads.
        value: The same as ``key``.
        attention_mask: (batch, groups, size, before + size), true where a group's token may look; what comes before
            the groups looks backwards.
        scaling: Of what is compared.

    Returns:
        (batch, before + groups * size, heads, width), and no weights.
    """
    key, value = (repeat_kv(each, module.num_key_value_groups) for each in (key, value))
    if query.device.type != "cpu":
        return _attended(query, key, value, attention_mask, scaling), None
    with torch.autocast("cpu", enabled=False):  # there the way back is slower in half precision
        return _attended(query.float(), key.float(), value.float(), attention_mask, scaling), None


def _attended(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attention_mask: torch.Tensor, scaling: float | None
) -> torch.Tensor:
    groups, size = attention_mask.shape[1:3]
    lengths = [query.shape[2] - groups * size, groups * size]
    (first, queries), (first_keys, keys), (first_values, values) = (
        torch.split(each, lengths, 2) for each in (query, key, value)
    )
    seen = scaled_dot_product_attention(first, first_keys, first_values, is_causal=True, scale=scaling)
    asked = scaled_dot_product_attention(
        _grouped(queries, groups).flatten(0, 1),
        _behind(first_keys, keys, groups).flatten(0, 1),
        _behind(first_values, values, groups).flatten(0, 1),
        attn_mask=attention_mask.flatten(0, 1)[:, None],
        scale=scaling,
    )
    answered = asked.reshape(len(query), groups, *asked.shape[1:]).transpose(1, 2).flatten(2, 3)
    return torch.cat([seen, answered], 2).transpose(1, 2)


def _grouped(each: torch.Tensor, groups: int) -> torch.Tensor:
    """What lies in groups: (batch, groups, heads, size, width)."""
    batch, heads, _, width = each.shape
    return each.reshape(batch, heads, groups, -1, width).transpose(1, 2)


def _behind(first: torch.Tensor, each: torch.Tensor, groups: int) -> torch.Tensor:
    """The same behind what comes ``first``: (batch, groups, heads, before + size, width)."""
    return torch.cat([first[:, None].expand(-1, groups, -1, -1, -1), _grouped(each, groups)], 3)


AttentionInterface.register(GROUPED, torch.compiler.disable(grouped_attention))  # type: ignore[no-untyped-call]  # the library gives it no types
