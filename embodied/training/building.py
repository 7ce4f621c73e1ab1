"""A new model of LLaVA's architecture, small enough for a laptop: random weights, and a tokenizer for its data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from transformers import LlamaConfig, LlavaConfig, LlavaForConditionalGeneration, PreTrainedTokenizerFast

from embodied.models.rgbd_processing import RgbdImageProcessorPil, RgbdProcessor
from embodied.models.rgbd_vision import AXES, TELLING, WAVES, RgbdVisionConfig, waves
from embodied.training.attending import gazing_attention
from embodied.training.copying import begin_as_copies
from embodied.training.reading import shift
from embodied.training.tokenizer import CHAT_TEMPLATE, IMAGE, build_tokenizer

ROPE_THETA = 500_000.0
"""Slow rotary positions: what an image token says must be found however far back it stands."""


@dataclass(frozen=True)
class Sizes:
    """How large the model is.

    Attributes:
        image_height, image_width, patch: Pixels of the picture and of what becomes one token.
        handed_on: At most so many tokens of a picture are handed on to the language model.
        vision_width, vision_layers, stem: The tower; tokens are wider by what tells their points.
        text_width, text_layers, text_heads, text_inner: The language model.
        vocab: At most so many tokens.
    """

    image_height: int = 336
    image_width: int = 448
    patch: int = 16
    handed_on: int = 192
    stem: int = 32
    vision_width: int = 256
    vision_layers: int = 2
    text_width: int = 192
    text_layers: int = 4
    text_heads: int = 4
    text_inner: int = 512
    vocab: int = 6000


def build(texts: Sequence[str], sizes: Sizes, seed: int) -> tuple[LlavaForConditionalGeneration, RgbdProcessor]:
    """A model with random weights, and its processor with a tokenizer trained on ``texts``."""
    tokenizer = build_tokenizer(texts, sizes.vocab)
    torch.manual_seed(seed)
    model = LlavaForConditionalGeneration(_config(tokenizer, sizes))
    embeddings: Any = model.get_input_embeddings()
    numbers = _coarse_numbers(tokenizer)
    _place(embeddings.weight, numbers)
    _hand_over(model.model.multi_modal_projector, sizes.text_width)
    for layer in model.model.language_model.layers:
        silence(layer)
    begin_as_copies(gazing_attention(model.model.language_model), 2 * len(WAVES))
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    return model, _processor(tokenizer, sizes, model.config.image_seq_length)


def silence(layer: Any) -> None:
    """A layer begins by adding nothing: what tokens say is not drowned in its noise."""
    nn.init.zeros_(layer.self_attn.o_proj.weight)
    nn.init.zeros_(layer.mlp.down_proj.weight)


def _coarse_numbers(tokenizer: PreTrainedTokenizerFast) -> dict[int, float]:
    """Tokens of hundredths, and their values."""
    return {token: float(text) for text, token in tokenizer.get_vocab().items() if re.fullmatch(r"\d\.\d\d", text)}


def _place(embeddings: torch.Tensor, numbers: dict[int, float]) -> None:
    """Coarse numbers begin as waves of their value: near numbers are near, and the first dimensions hold them all."""
    with torch.no_grad():
        embeddings[list(numbers)] = 0.0
        embeddings[list(numbers), : 2 * len(WAVES)] = waves(torch.tensor(list(numbers.values())))


def _hand_over(projector: Any, width: int) -> None:
    """A projector without a bend begins by telling a token's point in the dimensions in which its axes are read."""
    with torch.no_grad():
        nn.init.eye_(projector.linear_2.weight)
        nn.init.zeros_(projector.linear_2.bias)
        for axis, told in enumerate(torch.eye(TELLING).chunk(AXES)):
            rows = (torch.arange(2 * len(WAVES)) + shift(axis, width)) % width
            projector.linear_1.weight[rows] = 0.0
            projector.linear_1.weight[rows, -TELLING:] = told
            projector.linear_1.bias[rows] = 0.0


def _config(tokenizer: PreTrainedTokenizerFast, sizes: Sizes) -> LlavaConfig:
    vision = RgbdVisionConfig(
        hidden_size=sizes.vision_width + TELLING,
        stem_size=sizes.stem,
        num_hidden_layers=sizes.vision_layers,
        image_height=sizes.image_height,
        image_width=sizes.image_width,
        patch_size=sizes.patch,
        handed_on=sizes.handed_on,
    )
    text = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=sizes.text_width,
        intermediate_size=sizes.text_inner,
        num_hidden_layers=sizes.text_layers,
        num_attention_heads=sizes.text_heads,
        max_position_embeddings=4096,
        initializer_range=sizes.text_width**-0.5,
        rope_parameters={"rope_type": "default", "rope_theta": ROPE_THETA},
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=True,
    )
    return LlavaConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=int(tokenizer(IMAGE, add_special_tokens=False)["input_ids"][0]),
        image_seq_length=vision.tokens,
        vision_feature_layer=-1,
        vision_feature_select_strategy="full",
        projector_hidden_act="linear",
        tie_word_embeddings=True,
    )


def _processor(tokenizer: PreTrainedTokenizerFast, sizes: Sizes, image_tokens: int) -> RgbdProcessor:
    make: Any = RgbdProcessor  # the library's processors have untyped constructors
    processor: RgbdProcessor = make(
        RgbdImageProcessorPil(size={"height": sizes.image_height, "width": sizes.image_width}),
        tokenizer,
        chat_template=CHAT_TEMPLATE,
        image_tokens=image_tokens,
    )
    return processor
