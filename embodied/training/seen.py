"""What a tower that does not move says of pictures: asked once, kept beside the data for all processes and stages."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file, save_file

from embodied.errors import UsageError
from embodied.models.rgbd_vision import RgbdVisionModel

SEEN = "seen"
"""The folder in a data set; it may be deleted when nothing is trained."""
DIGITS = 16


class Seen(NamedTuple):
    """What a model gets of one picture.

    Attributes:
        values: Pixels (channels, height, width), or a tower's tokens (tokens, width).
        patches: (tokens,) the patches whose tokens these are; ``None`` of pixels.
    """

    values: torch.Tensor
    patches: torch.Tensor | None = None


class RestingTower:
    """A tower whose weights stay as they are, and all that it has said."""

    def __init__(self, tower: RgbdVisionModel, data: Path) -> None:
        """Keep what ``tower`` says in the data set ``data``, under a name that is of its weights."""
        self._tower, self._folder = tower, data / SEEN / _digest(tower)

    def look(self, name: str, pixels: Callable[[], torch.Tensor]) -> Seen:
        """What it says of the picture ``name``, whose ``pixels`` are only asked for if it was not shown it before.

        Raises:
            UsageError: If that cannot be kept.
        """
        path = self._folder / f"{_digits(name.encode())}.safetensors"  # whatever a name has in it
        if not path.exists():
            self._keep(path, pixels())
        return Seen(**load_file(path))

    def _keep(self, path: Path, pixels: torch.Tensor) -> None:
        with torch.no_grad():
            seen = self._tower(pixels[None].to(self._tower.device))
        part = path.with_suffix(f".{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            save_file({"values": seen.last_hidden_state[0].cpu(), "patches": seen.patches[0].cpu()}, part)
            part.replace(path)  # whole or not at all, whoever else is writing it
        except Exception as error:  # the library has an error of its own for a full disk
            raise UsageError(f"{path} cannot be written ({error}): is the disk full?") from error


def _digest(tower: RgbdVisionModel) -> str:
    weights = (name.encode() + values.cpu().numpy().tobytes() for name, values in tower.state_dict().items())
    return _digits(tower.config.to_json_string().encode(), *weights)


def _digits(*content: bytes) -> str:
    return hashlib.sha256(b"".join(content)).hexdigest()[:DIGITS]
