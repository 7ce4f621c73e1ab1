"""Who moves the weights: Muon the matrices of layers and the filters of convolutions, AdamW everything else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

BETAS = (0.9, 0.98)
LAYERS = ".layers."
"""What the names of weights within layers have in them, in the language model and in towers."""
FILTERS_NDIM = 4
"""Filters have an output, an input, a height and a width."""


def optimisers(trained: nn.Module, weight_decay: float, whole: bool) -> list[torch.optim.Optimizer]:
    """For what moves in ``trained``; the learning rate of all is set at each step.

    Muon makes the steps of a matrix equally large in all its directions (Jordan et al., Muon: An optimizer for hidden
    layers in neural networks, 2024), also of filters, a row for each; here as large as AdamW's are (Liu et al., Muon is
    scalable for LLM training, arXiv 2502.16982), so that one rate fits both. Vectors do not decay.

    Args:
        trained: What is trained; what has no gradients is left out.
        weight_decay: Of matrices.
        whole: Whether every process has every matrix whole; else AdamW moves all, as it needs no neighbours.
    """
    moving = {name: each for name, each in trained.named_parameters() if each.requires_grad}
    inner = {name: each for name, each in moving.items() if whole and LAYERS in name and each.ndim == 2}
    filters = {name: each for name, each in moving.items() if whole and each.ndim == FILTERS_NDIM}
    others = [each for name, each in moving.items() if name not in inner | filters]
    rest = torch.optim.AdamW(
        [
            {"params": [each for each in others if each.ndim > 1], "weight_decay": weight_decay},
            {"params": [each for each in others if each.ndim <= 1], "weight_decay": 0.0},
        ],
        betas=BETAS,
    )
    muons = [(torch.optim.Muon, inner), (_FilterMuon, filters)]
    return [
        rest,
        *(
            muon(some.values(), weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw")
            for muon, some in muons
            if some
        ),
    ]


class _FilterMuon(torch.optim.Muon):
    """Muon for the filters of convolutions, each taken for a row of a matrix."""

    def __init__(self, filters: Iterable[nn.Parameter], **settings: Any) -> None:
        self._filters = list(filters)
        with _as_matrices(self._filters):
            super().__init__(self._filters, **settings)

    def step(self, closure: Any = None) -> Any:
        with _as_matrices(self._filters):
            return super().step(closure)  # type: ignore[no-untyped-call]  # so it is in the library


@contextmanager
def _as_matrices(filters: Sequence[nn.Parameter]) -> Iterator[None]:
    """While in here, ``filters`` and their gradients are matrices, of the same memory."""
    shapes = [each.shape for each in filters]
    for each in filters:
        _reshape(each, (len(each), -1))
    try:
        yield
    finally:
        for each, shape in zip(filters, shapes, strict=True):
            _reshape(each, shape)


def _reshape(parameter: nn.Parameter, shape: Sequence[int]) -> None:
    gradient, parameter.grad = parameter.grad, None  # which must have the parameter's shape at any time
    parameter.data = parameter.data.reshape(shape)
    parameter.grad = None if gradient is None else gradient.reshape(shape)
