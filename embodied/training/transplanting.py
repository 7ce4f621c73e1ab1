"""A model is given the tower of another, and goes on hearing what it heard before, as nearly as a linear map can tell.

A tower that learns on has other tokens. The language model need not learn them anew: the projector is solved for by
least squares, so that of the new tower's tokens it makes what the old one made of the old tower's. What the old tower
got wrong now and then, the new one's tokens do not tell, so it is averaged out.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from embodied.errors import MissingDependencyError, UsageError
from embodied.training.examples import read_examples, read_picture

try:
    import torch
    from torch import nn

    from embodied.models.rgbd_vision import RgbdVisionModel
    from embodied.training.checkpoint import grid_of, load_weights, save_weights
    from embodied.training.items import pixels
    from embodied.training.loop import Progress
except ImportError as error:
    raise MissingDependencyError(error.name or "torch", "learning") from error

RIDGE = 1e-6
"""What keeps the solution small where tokens tell nothing, beside the mean square of what they tell."""
LINEAR = "linear"


def transplant(
    checkpoint: Path,
    tower_of: Path,
    data: Path,
    pictures: int,
    seed: int,
    out: Path,
    report: Callable[[Progress], None],
) -> None:
    """Write to ``out`` the model of ``checkpoint`` with the tower of ``tower_of``, joined on ``pictures`` of ``data``.

    Raises:
        UsageError: If the towers do not cut pictures alike, the projector is not linear, or ``data`` is unusable.
        ModelError: If a checkpoint cannot be loaded.
    """
    (model, processor), (donor, _) = load_weights(checkpoint), load_weights(tower_of)
    _require_alike(model, donor, checkpoint, tower_of)
    examples = read_examples(data)
    chosen = np.random.default_rng(seed).permutation(len(examples))[:pictures]
    old, new, projector = model.model.vision_tower, donor.model.vision_tower, model.model.multi_modal_projector
    size = new.config.hidden_size + 1
    heard, said = torch.zeros(size, size, dtype=torch.float64), 0.0
    for number, index in enumerate(chosen, 1):
        shown = pixels(processor, read_picture(data, examples[index], labels=False))[None]
        tokens, wanted = _told(old, new, projector, shown)
        heard, said = heard + tokens.T @ tokens, said + tokens.T @ wanted
        report(Progress(number, len(chosen), {}))
    ridge = RIDGE * heard.diagonal().mean() * torch.eye(size, dtype=heard.dtype)
    _join(model, new, torch.linalg.solve(heard + ridge, said).float())
    save_weights(model, processor, out)


def _require_alike(model: Any, donor: Any, checkpoint: Path, tower_of: Path) -> None:
    for each, directory in ((model, checkpoint), (donor, tower_of)):
        if not isinstance(each.model.vision_tower, RgbdVisionModel):
            raise UsageError(f"{directory} has a foreign tower: choose models that began with 'embodied learn tower'")
    if grid_of(model) != grid_of(donor):
        raise UsageError(f"{tower_of} cuts a picture into {grid_of(donor)} patches, {checkpoint} into {grid_of(model)}")
    if model.config.projector_hidden_act != LINEAR:
        raise UsageError(f"the projector of {checkpoint} is not linear, so it cannot be solved for")


@torch.no_grad()
def _told(old: RgbdVisionModel, new: RgbdVisionModel, projector: Any, shown: torch.Tensor) -> tuple[Any, Any]:
    """Of patches that either tower hands on: the new one's tokens, with a 1, and what is made of the old one's."""
    before, after = old.look(shown), new.look(shown)
    handed_on = [each.interest[0].topk(old.config.tokens).indices.tolist() for each in (before, after)]
    patches = sorted(set().union(*handed_on))
    tokens = nn.functional.pad(after.last_hidden_state[0, patches], (0, 1), value=1.0)
    return tokens.double(), projector(before.last_hidden_state[0, patches]).double()


def _join(model: Any, tower: RgbdVisionModel, solution: torch.Tensor) -> None:
    """Put ``tower`` into ``model``; ``solution`` (1 + width of its tokens, text width) is what the projector does."""
    projector = model.model.multi_modal_projector
    model.model.vision_tower, model.config.vision_config = tower, tower.config
    projector.linear_1 = nn.Linear(len(solution) - 1, solution.shape[1])
    with torch.no_grad():
        projector.linear_1.weight.copy_(solution[:-1].T)
        projector.linear_1.bias.copy_(solution[-1])
        nn.init.eye_(projector.linear_2.weight)
        nn.init.zeros_(projector.linear_2.bias)
