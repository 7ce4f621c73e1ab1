"""A checkpoint that is shown a grey picture without depth: what it does then is what can be guessed without looking."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from embodied.models.transformers import TransformersPlanner, named_checkpoint
from embodied.planner import Prompt, Reply, Tier
from embodied.registry import PlannerSetup

GREY = 128


class BlindfoldedPlanner(TransformersPlanner):
    """Knows the instruction and what came of its commands, and sees nothing; the baseline of a planner that looks."""

    name = "blindfolded"
    tier: Tier = "blind"

    def reply(self, prompt: Prompt) -> Reply:
        """Answer ``prompt`` without its pictures.

        Raises:
            ModelError: If the checkpoint cannot answer; says why and what to do.
        """
        return super().reply(blindfolded(prompt))


def open_planner(setup: PlannerSetup) -> BlindfoldedPlanner:
    """The checkpoint ``setup.model``, or the one that is shipped.

    Raises:
        ModelError: If it cannot be loaded.
    """
    return BlindfoldedPlanner(named_checkpoint(setup))


def blindfolded(prompt: Prompt) -> Prompt:
    """``prompt`` with grey pictures, and no depth measured anywhere."""
    seen = prompt.observation
    depth_m = None if seen.depth_m is None else np.full_like(seen.depth_m, np.nan)
    unseen = replace(seen, image=np.full_like(seen.image, GREY), depth_m=depth_m)
    turns = (replace(turn, images=tuple(unseen.image for _ in turn.images)) for turn in prompt.turns)
    return replace(prompt, turns=tuple(turns), observation=unseen)
