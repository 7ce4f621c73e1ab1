"""Between two models, one of which was trained on from the other: what the later forgot is often still known there.

Wortsman et al., Robust Fine-Tuning of Zero-Shot Models, CVPR 2022.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from embodied.errors import MissingDependencyError, UsageError

try:
    from embodied.training.checkpoint import load_weights, save_weights
except ImportError as error:
    raise MissingDependencyError(error.name or "torch", "learning") from error


def average(earlier: Path, later: Path, share: float, out: Path) -> None:
    """Write a checkpoint to ``out`` whose weights are ``share`` of the way from those of ``earlier`` to ``later``'s.

    Raises:
        UsageError: If the two do not have the same weights and words.
        ModelError: If one cannot be loaded.
    """
    (model, processor), (other, its) = load_weights(earlier), load_weights(later)
    if _shapes(other) != _shapes(model) or its.tokenizer.get_vocab() != processor.tokenizer.get_vocab():
        raise UsageError(
            f"{later} does not have the weights and words of {earlier}: choose a model that was trained on from it, "
            "and did not grow"
        )
    first, second = model.state_dict(), other.state_dict()
    model.load_state_dict({name: (1.0 - share) * first[name] + share * second[name] for name in first})
    save_weights(model, processor, out)


def _shapes(model: Any) -> dict[str, tuple[int, ...]]:
    return {name: tuple(values.shape) for name, values in model.state_dict().items()}
