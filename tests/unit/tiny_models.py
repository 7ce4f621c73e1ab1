"""Random models of several families, and prompts for them, without files and processors."""

from __future__ import annotations

from typing import Any

import torch
from transformers import (
    AutoModelForImageTextToText,
    CLIPVisionConfig,
    Gemma3Config,
    LlamaConfig,
    LlavaConfig,
    Qwen2_5_VLConfig,
    Qwen3_5Config,
    SiglipVisionConfig,
)

IMAGE_TOKENS = 4
TEXT = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 4096,
    "initializer_range": 0.5,
    "bos_token_id": None,
    "eos_token_id": None,
    "pad_token_id": None,
}
VISION = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "image_size": 28,
    "patch_size": 14,
}
QWEN_VISION = {
    "depth": 2,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_heads": 4,
    "out_hidden_size": 32,
    "patch_size": 14,
}


def _llava(vocabulary: int, image: int) -> LlavaConfig:
    return LlavaConfig(
        text_config=LlamaConfig(**TEXT, vocab_size=vocabulary),
        vision_config=CLIPVisionConfig(**VISION, projection_dim=32),
        image_token_index=image,
    )


def _gemma3(vocabulary: int, image: int) -> Gemma3Config:
    """Three layers of four see sixteen tokens back alone."""
    return Gemma3Config(
        text_config={**TEXT, "vocab_size": vocabulary, "head_dim": 8, "sliding_window": 16, "num_hidden_layers": 4},
        vision_config=SiglipVisionConfig(**VISION, vision_use_head=False),
        mm_tokens_per_image=IMAGE_TOKENS,
        image_token_index=image,
    )


def _qwen2_5_vl(vocabulary: int, image: int) -> Qwen2_5_VLConfig:
    """Positions in three dimensions."""
    rope = {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [1, 1, 2]}
    return Qwen2_5_VLConfig(
        text_config={**TEXT, "vocab_size": vocabulary, "rope_parameters": rope},
        vision_config={**QWEN_VISION, "window_size": 56, "fullatt_block_indexes": [1]},
        image_token_id=image,
        vision_start_token_id=image + 1,
    )


def _qwen3_5(vocabulary: int, image: int) -> Qwen3_5Config:
    """Every second layer is recurrent."""
    recurrent = {"linear_num_key_heads": 2, "linear_num_value_heads": 2, "linear_key_head_dim": 8}
    layers = {"linear_value_head_dim": 8, "head_dim": 16, "layer_types": ["linear_attention", "full_attention"]}
    return Qwen3_5Config(
        text_config={**TEXT, **recurrent, **layers, "vocab_size": vocabulary},
        vision_config={**QWEN_VISION, "num_position_embeddings": 16},
        image_token_id=image,
        vision_start_token_id=image + 1,
    )


FAMILIES = {"llava": _llava, "gemma3": _gemma3, "qwen2_5_vl": _qwen2_5_vl, "qwen3_5": _qwen3_5}


def random_model(family: str, vocabulary: int, image_token: int, seed: int) -> Any:
    """A model in double precision: sums in another order make no difference that could be seen."""
    torch.manual_seed(seed)
    model: Any = AutoModelForImageTextToText.from_config(FAMILIES[family](vocabulary, image_token))
    return model.double().eval()


def prompt(family: str, before: list[int], after: list[int], image_token: int, picture: int) -> dict[str, torch.Tensor]:
    """What a processor would make of some text, a picture that is drawn from ``picture``, and more text."""
    ids = torch.tensor([[*before, *[image_token] * IMAGE_TOKENS, *after]])
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    draw = torch.Generator().manual_seed(picture)
    if family.startswith("qwen"):
        patches = torch.randn(4 * IMAGE_TOKENS, 2 * 3 * 14 * 14, generator=draw, dtype=torch.float64)
        inputs |= {"pixel_values": patches, "image_grid_thw": torch.tensor([[1, 4, 4]])}
        return inputs | {"mm_token_type_ids": (ids == image_token).long()}
    if family == "gemma3":
        inputs["token_type_ids"] = (ids == image_token).long()
    return inputs | {"pixel_values": torch.randn(1, 3, 28, 28, generator=draw, dtype=torch.float64)}
