"""A checkpoint directory: weights as safetensors, tokenizer, processor, chat template; whole at any moment."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForImageTextToText, AutoProcessor

import embodied.models.rgbd_processing  # noqa: F401  (registers the classes with the library)
from embodied.errors import ModelError
from embodied.models.transformers import PROMPTS
from embodied.resources import prompts_dir

TEMPLATES = "compact"
"""The templates that training data is written with; a checkpoint is spoken to in them."""


def save_weights(model: Any, processor: Any, directory: Path, weights: Mapping[str, Any] | None = None) -> None:
    """Write everything beside ``directory``'s own files, then put each in its place at once.

    Args:
        model: What to write.
        processor: What goes with it.
        directory: Where.
        weights: By their names; the model's own if not given.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory, prefix=".part-") as part:
        model.save_pretrained(part, state_dict=weights)
        processor.save_pretrained(part)
        for path in sorted(Path(part).iterdir()):
            os.replace(path, directory / path.name)
    shutil.copytree(prompts_dir() / TEMPLATES, directory / PROMPTS, dirs_exist_ok=True)


def load_weights(directory: Path) -> tuple[Any, Any]:
    """Model and processor, as any program loads them; in single precision, whatever the file is in.

    Raises:
        ModelError: If they cannot be loaded; says why.
    """
    loader: Any = AutoProcessor
    try:
        model = AutoModelForImageTextToText.from_pretrained(
            directory, trust_remote_code=False, use_safetensors=True, dtype=torch.float32
        )
        return model, loader.from_pretrained(directory, trust_remote_code=False, backend="pil")
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        raise ModelError(f"{directory} cannot be loaded: {reason}; begin with 'embodied learn tower'") from error


def image_tokens_of(model: Any) -> int:
    """How many tokens a picture becomes; what a foreign configuration says of it need not be true."""
    rows, columns = grid_of(model)
    return int(getattr(model.config.vision_config, "tokens", rows * columns))


def grid_of(model: Any) -> tuple[int, int]:
    """Rows and columns of a picture's patches."""
    vision = model.config.vision_config
    if hasattr(vision, "grid"):
        rows, columns = vision.grid
        return int(rows), int(columns)
    side = vision.image_size // vision.patch_size
    return side, side
