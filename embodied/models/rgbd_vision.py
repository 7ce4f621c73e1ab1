"""A small vision tower for colour and depth: convolutions, then a few transformer layers; one token a patch.

It is registered with the Auto classes, so that LLaVA as the library has it takes it for its vision tower. The last
transformer layers see the whole picture, and every token carries where it is: the language model's rotary positions
would not tell it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPooling

CHANNELS = 4
"""Red, green, blue, depth."""
NORM_GROUPS = 8
HALVINGS = 2
"""How often the picture is halved after the stem."""


class RgbdVisionConfig(PreTrainedConfig):  # type: ignore[no-untyped-call]
    """Sizes of the tower.

    Attributes:
        hidden_size: Width of a token.
        stem_size: Channels after the stem; doubled with every halving of the picture.
        num_hidden_layers, num_attention_heads: Of the transformer.
        image_height, image_width: Pixels of the pictures that it takes.
        patch_size: Pixels to a side of what becomes one token; four times a power of two.
    """

    model_type = "rgbd_vision"

    hidden_size: int = 256
    stem_size: int = 32
    num_hidden_layers: int = 2
    num_attention_heads: int = 4
    image_height: int = 336
    image_width: int = 448
    patch_size: int = 16

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of tokens."""
        return self.image_height // self.patch_size, self.image_width // self.patch_size


class _Residual(nn.Module):
    """Two convolutions, and what went in."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(NORM_GROUPS, size)
        self.first = nn.Conv2d(size, size, 3, padding=1)
        self.second = nn.Conv2d(size, size, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = self.first(nn.functional.relu(self.norm(x)))
        added: torch.Tensor = self.second(nn.functional.relu(inner))
        return x + added


class _Layer(nn.Module):
    """One transformer layer that looks at all tokens."""

    def __init__(self, config: RgbdVisionConfig) -> None:
        super().__init__()
        size = config.hidden_size
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
    """Pictures (batch, 4, height, width) to tokens (batch, rows * columns, hidden_size), row by row."""

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
        self.stem = nn.Conv2d(CHANNELS + 2, sizes[0], 4, stride=4)
        self.blocks = nn.ModuleList(
            nn.Sequential(*(_Residual(size) for _ in range(1 + level))) for level, size in enumerate(sizes)
        )
        self.halvings = nn.ModuleList(
            nn.Conv2d(below, above, 2, stride=2) for below, above in zip(sizes, sizes[1:], strict=False)
        )
        rest = config.patch_size // 2 ** (2 + HALVINGS)
        self.to_tokens = nn.Conv2d(sizes[-1], config.hidden_size, rest, stride=rest)
        self.position = nn.Parameter(torch.zeros(1, rows * columns, config.hidden_size))
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.num_hidden_layers))
        self.norm = nn.LayerNorm(config.hidden_size)
        self.post_init()  # type: ignore[no-untyped-call]

    def _init_weights(self, module: Any) -> None:
        """PyTorch's own initialisation is kept; only the positions are drawn."""
        if isinstance(module, RgbdVisionModel):
            nn.init.normal_(module.position, std=0.02)

    def forward(self, pixel_values: torch.Tensor, **_: Any) -> BaseModelOutputWithPooling:
        """One token a patch; the only hidden states are the last ones."""
        x = self.stem(torch.cat([pixel_values, _places(pixel_values)], 1).contiguous(memory_format=torch.channels_last))
        x = self.blocks[0](x)
        for halving, block in zip(self.halvings, self.blocks[1:], strict=True):
            x = block(halving(x))
        tokens = self.to_tokens(x).flatten(2).transpose(1, 2) + self.position
        for layer in self.layers:
            tokens = layer(tokens)
        tokens = self.norm(tokens)
        return BaseModelOutputWithPooling(last_hidden_state=tokens, hidden_states=(tokens,))


def _places(pixel_values: torch.Tensor) -> torch.Tensor:
    """Two more channels: how far to the right and how far down a pixel is, from -1 to 1."""
    batch, _, height, width = pixel_values.shape
    down = torch.linspace(-1, 1, height)[:, None].expand(height, width)
    right = torch.linspace(-1, 1, width)[None, :].expand(height, width)
    return torch.stack([right, down]).to(pixel_values).expand(batch, 2, height, width)


AutoConfig.register(RgbdVisionConfig.model_type, RgbdVisionConfig)
AutoModel.register(RgbdVisionConfig, RgbdVisionModel)
