"""A planner answers a prompt with text; ``decide`` makes it a command, asking again once where it is none."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from embodied.commands import Approach, Done, Grasp, Motion, Move, Refuse, parse
from embodied.errors import CommandError
from embodied.observation import Observation

Tier = Literal["oracle", "pixels", "blind"]
"""What a planner can see: the simulator, observations, or nothing (a script, a recording)."""


@dataclass(frozen=True, eq=False)
class Turn:
    """One message of a conversation with a model.

    Attributes:
        role: Who says it.
        text: What is said.
        images: (height, width, 3) uint8 RGB pictures that go before the text.
    """

    role: Literal["system", "user", "assistant"]
    text: str
    images: tuple[NDArray[np.uint8], ...] = ()


@dataclass(frozen=True, eq=False)
class Prompt:
    """All that a planner is asked with.

    Attributes:
        turns: The conversation, ending with a turn of the user.
        observation: What was seen, for planners that read no text.
        step: How many steps came before.
        in_vain: The commands since the last that succeeded: planners that always say what is likeliest would say one
            of them again and again.
    """

    turns: tuple[Turn, ...]
    observation: Observation
    step: int
    in_vain: tuple[Motion, ...] = ()


@dataclass(frozen=True)
class Reply:
    """What a planner answered.

    Attributes:
        text: Its words, unparsed.
        prompt_tokens, reply_tokens: How many tokens went in and out; 0 where nobody counts.
        cost_usd: What it cost, or ``None`` where the price is unknown.
    """

    text: str
    prompt_tokens: int = 0
    reply_tokens: int = 0
    cost_usd: float | None = None


class Planner(ABC):
    """Anything that answers a prompt with the text of a command.

    Attributes:
        name: What it is registered as.
        tier: What it can see.
        prompts: A folder with templates of its own, one folder a language, for a model that was trained on them.
    """

    name: str
    tier: Tier
    prompts: Path | None = None

    @abstractmethod
    def reply(self, prompt: Prompt) -> Reply:
        """Answer ``prompt``.

        Raises:
            ModelError: If no answer can be had.
        """

    def close(self) -> None:
        """Give back what the planner holds."""


@dataclass(frozen=True)
class Decision:
    """What came of asking a planner.

    Attributes:
        command: What to do; ``None`` if no reply was a command.
        replies: Every reply, in order: one, or two if the first had to be repaired.
        error: Why the last reply is no command; ``None`` if it is.
    """

    command: Approach | Grasp | Move | Done | Refuse | None
    replies: tuple[Reply, ...]
    error: str | None = None


def decide(planner: Planner, prompt: Prompt) -> Decision:
    """Ask ``planner``; if its reply is not a command, ask once more with the exact error."""
    first = planner.reply(prompt)
    decision = _read((first,))
    if decision.error is None:
        return decision
    second = planner.reply(_repair(prompt, first.text, decision.error))
    return _read((first, second))


def _read(replies: tuple[Reply, ...]) -> Decision:
    try:
        return Decision(parse(replies[-1].text), replies)
    except CommandError as error:
        return Decision(None, replies, str(error))


def _repair(prompt: Prompt, text: str, error: str) -> Prompt:
    fault = Turn("user", f"That was not a command: {error}")
    return replace(prompt, turns=(*prompt.turns, Turn("assistant", text), fault))
