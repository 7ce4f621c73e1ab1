"""Who moves the weights: Muon the matrices of layers, AdamW everything else."""

from __future__ import annotations

import torch
from torch import nn

BETAS = (0.9, 0.98)
LAYERS = ".layers."
"""What the names of weights within layers have in them, in the language model and in towers."""


def optimisers(trained: nn.Module, weight_decay: float, whole: bool) -> list[torch.optim.Optimizer]:
    """For what moves in ``trained``; the learning rate of all is set at each step.

    Muon makes the steps of a matrix equally large in all its directions (Jordan et al., Muon: An optimizer for hidden
    layers in neural networks, 2024), here as large as AdamW's are (Liu et al., Muon is scalable for LLM training,
    arXiv 2502.16982), so that one rate fits both. Vectors do not decay.

    Args:
        trained: What is trained; what has no gradients is left out.
        weight_decay: Of matrices.
        whole: Whether every process has every matrix whole; else AdamW moves all, as it needs no neighbours.
    """
    moving = {name: each for name, each in trained.named_parameters() if each.requires_grad}
    inner = {name: each for name, each in moving.items() if whole and LAYERS in name and each.ndim == 2}
    others = [each for name, each in moving.items() if name not in inner]
    rest = torch.optim.AdamW(
        [
            {"params": [each for each in others if each.ndim > 1], "weight_decay": weight_decay},
            {"params": [each for each in others if each.ndim <= 1], "weight_decay": 0.0},
        ],
        betas=BETAS,
    )
    if not inner:
        return [rest]
    return [rest, torch.optim.Muon(inner.values(), weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw")]
