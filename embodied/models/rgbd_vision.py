"""A small vision tower for colour and depth: convolutions, then a few transformer layers; one token a patch.

It is registered with the Auto classes, so that LLaVA as the library has it takes it for its vision tower. The last
transformer layers see the whole picture. Every token tells a point: where its patch is, with the depth measured there,
shifted by what was learnt. It stands in the token's last dimensions as waves of its coordinates, in which the language
model's embeddings of numbers begin training, so that an exact place needs no learning to be read.

Most of a kitchen's picture is wall and floor, which nobody asks about. So the tower also learns which patches are
looked at, and hands on the tokens of those alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import nn
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPooling

CHANNELS = 4
"""Red, green, blue, depth."""
NORM_GROUPS = 8
HALVINGS = 2
"""How often the picture is halved after the stem."""
WAVES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Waves in a unit by which numbers are told apart; the shortest is three hundredths long."""
AXES = 3
"""A point is x and y of the unit square, and z in metres."""
TELLING = AXES * 2 * len(WAVES)
"""So many of a token's dimensions tell its point."""
MIDDLE_DEPTH_M, DEPTH_SPREAD_M = 1.5, 0.5
"""What depths are centred on and divided by before they become a channel; pixels without a reading are 0 metres."""
TOKENS_NDIM = 3
"""Tokens have one dimension less than pixels."""
MIN_DEPTH_M = 0.05
"""What is less was not measured."""


class RgbdVisionConfig(PreTrainedConfig):  # type: ignore[no-untyped-call]
    """Sizes of the tower.

    Attributes:
        hidden_size: Width of a token; ``TELLING`` of it are for the point.
        stem_size: Channels after the stem; doubled with every halving of the picture.
        extra_blocks: So many convolutional blocks more than usual after every halving.
        num_hidden_layers, num_attention_heads: Of the transformer.
        image_height, image_width: Pixels of the pictures that it takes.
        patch_size: Pixels to a side of what becomes one token; four times a power of two.
        handed_on: At most so many tokens of a picture are handed on.
    """

    model_type = "rgbd_vision"

    hidden_size: int = 256 + TELLING
    stem_size: int = 32
    extra_blocks: int = 0
    num_hidden_layers: int = 2
    num_attention_heads: int = 4
    image_height: int = 336
    image_width: int = 448
    patch_size: int = 16
    handed_on: int = 192

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of tokens."""
        return self.image_height // self.patch_size, self.image_width // self.patch_size

    @property
    def inner_size(self) -> int:
        """Width of a token without its point."""
        return self.hidden_size - TELLING

    @property
    def tokens(self) -> int:
        """How many tokens a picture becomes."""
        return min(self.handed_on, self.grid[0] * self.grid[1])


@dataclass
class RgbdVisionOutput(BaseModelOutputWithPooling):
    """What the tower gives.

    Attributes:
        points: (batch, tokens, 3) float32, the point that each token tells: x, y, z.
        interest: (batch, tokens) the logit of each patch's being looked at.
        patches: (batch, tokens) the patches whose tokens they are, in their order.
    """

    points: torch.Tensor | None = None
    interest: torch.Tensor | None = None
    patches: torch.Tensor | None = None


def waves(numbers: torch.Tensor) -> torch.Tensor:
    """Numbers (...) as places on circles (..., 2 * len(WAVES)), of length 1: near numbers are near."""
    turns = numbers[..., None] * 2 * math.pi * torch.tensor(WAVES, device=numbers.device)
    return torch.cat([turns.sin(), turns.cos()], -1) / math.sqrt(len(WAVES))


class Residual(nn.Module):
    """Two convolutions, and what went in."""

    def __init__(self, size: int) -> None:
        """For ``size`` channels."""
        super().__init__()
        self.norm = nn.GroupNorm(NORM_GROUPS, size)
        self.first = nn.Conv2d(size, size, 3, padding=1)
        self.second = nn.Conv2d(size, size, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, channels, height, width) to the same."""
        inner = self.first(nn.functional.relu(self.norm(x)))
        added: torch.Tensor = self.second(nn.functional.relu(inner))
        return x + added


class _Layer(nn.Module):
    """One transformer layer that looks at all tokens."""

    def __init__(self, config: RgbdVisionConfig) -> None:
        super().__init__()
        size = config.inner_size
        self.heads = config.num_attention_heads
        self.norm_attention, self.norm_mlp = nn.LayerNorm(size), nn.LayerNorm(size)
        self.qkv, self.out = nn.Linear(size, 3 * size), nn.Linear(size, size)
        self.up, self.down = nn.Linear(size, 4 * size), nn.Linear(4 * size, size)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, tokens, size = x.shape
        qkv = self.qkv(self.norm_attention(x)).view(batch, tokens, 3, self.heads, size // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        seen = nn.functional.scaled_dot_product_attention(query, key, value)
        x = x + self.out(seen.transpose(1, 2).reshape(batch, tokens, size))
        inner: torch.Tensor = self.down(nn.functional.gelu(self.up(self.norm_mlp(x))))
        return x + inner


class RgbdVisionModel(PreTrainedModel):  # type: ignore[no-untyped-call]
    """Pictures (batch, 4, height, width) to tokens (batch, ``config.tokens``, hidden_size), row by row."""

    config_class = RgbdVisionConfig
    base_model_prefix = "rgbd_vision"
    main_input_name = "pixel_values"
    input_modalities = "image"
    _no_split_modules = ["_Layer"]

    def __init__(self, config: RgbdVisionConfig) -> None:
        """Random weights of these sizes."""
        super().__init__(config)
        rows, columns = config.grid
        sizes = [config.stem_size * 2**level for level in range(HALVINGS + 1)]
        self.stem = nn.Sequential(  # a cup is ten pixels wide: its shape must be looked at before pixels are merged
            nn.Conv2d(CHANNELS + 2, sizes[0], 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(sizes[0], sizes[0], 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(sizes[0], sizes[0], 2, stride=2),
        )
        self.blocks = nn.ModuleList(
            nn.Sequential(*(Residual(size) for _ in range(1 + level + (config.extra_blocks if level else 0))))
            for level, size in enumerate(sizes)
        )
        self.halvings = nn.ModuleList(
            nn.Conv2d(below, above, 2, stride=2) for below, above in zip(sizes, sizes[1:], strict=False)
        )
        rest = config.patch_size // 2 ** (2 + HALVINGS)
        self.to_tokens = nn.Conv2d(sizes[-1], config.inner_size, rest, stride=rest)
        self.position = nn.Parameter(torch.zeros(1, rows * columns, config.inner_size))
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.num_hidden_layers))
        self.norm = nn.LayerNorm(config.inner_size)
        self.shift = nn.Linear(config.inner_size, AXES)
        self.interest = nn.Linear(config.inner_size, 1)
        self.post_init()  # type: ignore[no-untyped-call]

    def _init_weights(self, module: Any) -> None:
        """PyTorch's own initialisation is kept; only the positions are drawn, and points are not shifted yet."""
        if isinstance(module, RgbdVisionModel):
            nn.init.normal_(module.position, std=0.02)
            nn.init.zeros_(module.shift.weight)
            nn.init.zeros_(module.shift.bias)

    def forward(self, pixel_values: torch.Tensor, **_: Any) -> RgbdVisionOutput:
        """The tokens of the patches that are most likely looked at; the only hidden states are the last ones.

        Args:
            pixel_values: Pictures; tokens instead of pixels pass as they are.
        """
        if pixel_values.ndim == TOKENS_NDIM:
            return RgbdVisionOutput(last_hidden_state=pixel_values, hidden_states=(pixel_values,))
        seen, config = self.look(pixel_values), cast(RgbdVisionConfig, self.config)
        patches = seen.interest.topk(config.tokens).indices.sort().values
        tokens, points = (of_patches(each, patches) for each in (seen.last_hidden_state, seen.points))
        interest = of_patches(seen.interest, patches)
        return RgbdVisionOutput(tokens, hidden_states=(tokens,), points=points, interest=interest, patches=patches)

    def look(self, pixel_values: torch.Tensor, corners: torch.Tensor | None = None) -> Any:
        """The tokens of all patches.

        Args:
            pixel_values: Pictures, or a window of each.
            corners: (batch, 2) row and column of the patch with which each window begins.
        """
        config: Any = self.config
        if corners is None:
            corners = torch.zeros(len(pixel_values), 2, dtype=torch.long, device=pixel_values.device)
        places = _places(pixel_values, config, corners)
        x = self.stem(torch.cat([pixel_values, places], 1).contiguous(memory_format=torch.channels_last))
        x = self.blocks[0](x)
        for halving, block in zip(self.halvings, self.blocks[1:], strict=True):
            x = block(halving(x))
        rows, columns = _following(corners, [side // config.patch_size for side in pixel_values.shape[2:]])
        position = self.position.view(*config.grid, -1)[rows[:, :, None], columns[:, None, :]]
        tokens = self.to_tokens(x).flatten(2).transpose(1, 2) + position.flatten(1, 2)
        for layer in self.layers:
            tokens = layer(tokens)
        inner = self.norm(tokens)
        points = _patches(pixel_values, config, rows, columns) + self.shift(inner).float()
        tokens = torch.cat([inner, waves(points).flatten(2).to(inner)], -1)
        return RgbdVisionOutput(tokens, points=points, interest=self.interest(inner).squeeze(-1))


def of_patches(values: torch.Tensor, patches: torch.Tensor) -> torch.Tensor:
    """Of ``values`` (batch, patches of a picture, ...) those of ``patches`` (batch, tokens)."""
    return values[torch.arange(len(patches), device=patches.device)[:, None], patches]


def _following(begins: torch.Tensor, sides: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Numbers of rows (batch, sides[0]) and of columns (batch, sides[1]) that follow where each begins (batch, 2)."""
    rows, columns = (begins[:, axis, None] + torch.arange(sides[axis], device=begins.device) for axis in range(2))
    return rows, columns


def _patches(
    pixel_values: torch.Tensor, config: RgbdVisionConfig, rows: torch.Tensor, columns: torch.Tensor
) -> torch.Tensor:
    """Where each patch is (batch, patches, 3): x and y of its middle, the mean of what was measured in it."""
    depth_m = pixel_values[:, CHANNELS - 1].float() * DEPTH_SPREAD_M + MIDDLE_DEPTH_M
    down, right = rows.shape[1], columns.shape[1]
    inside = depth_m.reshape(len(depth_m), down, config.patch_size, right, config.patch_size)
    measured = inside > MIN_DEPTH_M
    count = measured.sum((2, 4))
    z = torch.where(count > 0, (inside * measured).sum((2, 4)) / count.clamp(min=1), MIDDLE_DEPTH_M)
    y, x = ((places + 0.5) / sides for places, sides in zip((rows, columns), config.grid, strict=True))
    return torch.stack([x[:, None, :].expand_as(z), y[:, :, None].expand_as(z), z], -1).flatten(1, 2)


def _places(pixel_values: torch.Tensor, config: RgbdVisionConfig, corners: torch.Tensor) -> torch.Tensor:
    """Two more channels (batch, 2, height, width): how far to the right and down a pixel is, from -1 to 1."""
    rows, columns = _following(corners * config.patch_size, pixel_values.shape[2:])
    down, right = (
        torch.linspace(-1, 1, side, device=rows.device)[numbers].to(pixel_values)
        for side, numbers in zip((config.image_height, config.image_width), (rows, columns), strict=True)
    )
    sides = (-1, rows.shape[1], columns.shape[1])
    return torch.stack([right[:, None, :].expand(sides), down[:, :, None].expand(sides)], 1)


AutoConfig.register(RgbdVisionConfig.model_type, RgbdVisionConfig)
AutoModel.register(RgbdVisionConfig, RgbdVisionModel)
