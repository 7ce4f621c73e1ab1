"""Deeper models that begin by saying what the shallower ones say."""

from __future__ import annotations

from typing import Any

from torch import nn

from embodied.errors import UsageError
from embodied.models.rgbd_vision import Residual, RgbdVisionModel
from embodied.training.building import silence


def deepen(language_model: Any, layers: int) -> None:
    """Add layers that add nothing yet, until there are ``layers``; the layer that looks stays in the middle.

    Each is a copy of the layer before it, silenced (Wu et al., LLaMA Pro: Progressive LLaMA with Block Expansion, ACL
    2024).

    Raises:
        UsageError: If there are more than ``layers`` already.
    """
    old = list(language_model.layers)
    if layers < len(old):
        raise UsageError(f"the language model has {len(old)} layers already: choose --layers {len(old)} or more")
    middle = len(old) // 2
    before = layers // 2 - middle
    behind = layers - len(old) - before
    grown = [*old[:middle], *_silent(old[max(middle - 1, 0)], before), *old[middle:], *_silent(old[-1], behind)]
    for number, layer in enumerate(grown):
        layer.self_attn.layer_idx = number  # where its keys and values are kept
    language_model.layers = nn.ModuleList(grown)
    language_model.config.num_hidden_layers = layers


def add_blocks(tower: RgbdVisionModel, extra_blocks: int) -> None:
    """Add convolutional blocks that add nothing yet, until there are ``extra_blocks`` after every halving.

    Raises:
        UsageError: If there are more already.
    """
    config: Any = tower.config
    if extra_blocks < config.extra_blocks:
        has = config.extra_blocks
        raise UsageError(f"the tower has {has} extra blocks already: choose --extra-blocks {has} or more")
    after_halvings: Any = tower.blocks[1:]
    for blocks in after_halvings:
        for _ in range(extra_blocks - config.extra_blocks):
            blocks.append(_silent_block(blocks[0].first.in_channels))
    config.extra_blocks = extra_blocks


def _silent_block(size: int) -> Residual:
    block = Residual(size)
    for weights in block.second.parameters():
        nn.init.zeros_(weights)
    return block


def _silent(layer: Any, count: int) -> list[Any]:
    attention = layer.self_attn
    copies = [type(layer)(attention.config, attention.layer_idx) for _ in range(count)]
    for each in copies:
        each.load_state_dict(layer.state_dict())
        silence(each)
    return copies
