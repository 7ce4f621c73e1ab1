"""From instruction, history and observation to a prompt; every word that a model reads stands in ``prompts/``.

Templates are Jinja2, sandboxed. What is put into them is data: braces in an instruction come through unharmed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment
from numpy.typing import NDArray

from embodied.attempts import tried_in_vain
from embodied.commands import DECIMALS, MAX_DEPTH_M, describe_commands
from embodied.errors import PromptError, UsageError
from embodied.language import Language
from embodied.observation import Observation
from embodied.planner import Prompt, Turn
from embodied.resources import prompts_dir
from embodied.result import Measured, Result
from embodied.step import Step

PLACEHOLDERS = {
    "system.txt": frozenset({"commands", "decimals", "max_depth_m"}),
    "user.txt": frozenset({"instruction", "history", "gripper", "depth_range", "depth_image"}),
}
"""The template files of a language, and what each may name."""


@dataclass(frozen=True)
class DepthRange:
    """The nearest and the farthest depth that was measured."""

    near_m: float
    far_m: float


@dataclass(frozen=True)
class PastStep:
    """One step of the history, as the templates see it.

    Attributes:
        command: In call form; empty if the reply was none.
        status, reason, message, measured: As in the step's result.
    """

    command: str
    status: str
    reason: str = ""
    message: str = ""
    measured: Measured | None = None

    @classmethod
    def of(cls, step: Step, result: Result) -> PastStep:
        """What there is to say about a step that had a result."""
        command = "" if step.decision.command is None else str(step.decision.command)
        reason = "" if result.reason is None else result.reason.value
        return cls(command, result.status, reason, " ".join(result.message.split()), result.measured)


class Prompter:
    """Writes prompts in one language."""

    def __init__(self, language: Language = "en", depth_image: bool = False, directory: Path | None = None) -> None:
        """Read the templates of ``language`` from ``directory``, by default the project's own.

        Args:
            language: What the model is spoken to in.
            depth_image: Whether to send the depth map as a second, coloured image.
            directory: A folder with one folder per language, for prompts of one's own.

        Raises:
            PromptError: If a template is missing, broken, or names a placeholder that does not exist.
        """
        self._language: Language = language
        self._depth_image = depth_image
        self._folder = (directory or prompts_dir()) / language
        self._templates = {name: _load(self._folder, name) for name in PLACEHOLDERS}

    def prompt(self, instruction: str, history: Sequence[Step], observation: Observation) -> Prompt:
        """What to ask the planner with, about ``observation``; a system template without words gives no such turn.

        Raises:
            UsageError: If the instruction is not text that can be sent.
            PromptError: If a template fails on these values.
        """
        past = [PastStep.of(step, step.result) for step in history if step.result is not None]
        user = self.words(instruction, past, observation)
        depth = (colour_depth(observation.depth_m),) if self._shows_depth(observation) else ()
        images = (observation.image, *depth)
        turns = (Turn("system", self._system()), Turn("user", user, images))
        said = tuple(turn for turn in turns if turn.text or turn.images)
        return Prompt(said, observation, len(history), tried_in_vain(history))

    def words(self, instruction: str, past: Sequence[PastStep], observation: Observation) -> str:
        """What the user's turn of ``prompt`` says.

        Raises:
            UsageError: If the instruction is not text that can be sent.
            PromptError: If a template fails on these values.
        """
        _check_text(instruction)
        return self._render(
            "user.txt",
            instruction=instruction,
            history=past,
            gripper=observation.gripper,
            depth_range=measured_range(observation.depth_m),
            depth_image=self._shows_depth(observation),
        )

    def _shows_depth(self, observation: Observation) -> bool:
        return self._depth_image and measured_range(observation.depth_m) is not None

    def _system(self) -> str:
        commands = describe_commands(self._language)
        return self._render("system.txt", commands=commands, decimals=DECIMALS, max_depth_m=f"{MAX_DEPTH_M:g}")

    def _render(self, name: str, **values: object) -> str:
        try:
            return self._templates[name].render(values).strip()
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise PromptError(f"{self._folder / name}: {error}") from error


def _load(folder: Path, name: str) -> Template:
    try:
        template, named = _compiled((folder / name).read_text(encoding="utf-8"))
        _check_placeholders(folder / name, named)
        return template
    except TemplateSyntaxError as error:
        raise PromptError(f"{folder / name}, line {error.lineno}: {error.message}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(f"{folder / name} cannot be read: {error}") from error


@lru_cache(maxsize=32)
def _compiled(text: str) -> tuple[Template, frozenset[str]]:
    """A template, and the placeholders that it names; kept, as every episode of a suite has the same."""
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    named = meta.find_undeclared_variables(environment.parse(text))
    return environment.from_string(text), frozenset(named)


def _check_placeholders(path: Path, named: frozenset[str]) -> None:
    if unknown := sorted(named - PLACEHOLDERS[path.name]):
        valid = ", ".join(sorted(PLACEHOLDERS[path.name]))
        raise PromptError(f"{path} names {', '.join(map(repr, unknown))}; the placeholders are: {valid}")


def _check_text(instruction: str) -> None:
    try:
        instruction.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UsageError(f"the instruction is not UTF-8 text from character {error.start + 1} on") from error


def measured_range(depth_m: NDArray[np.float32] | None) -> DepthRange | None:
    """The range of what was measured; ``None`` where nothing was."""
    if depth_m is None or np.isnan(depth_m).all():
        return None
    return DepthRange(float(np.nanmin(depth_m)), float(np.nanmax(depth_m)))


def colour_depth(depth_m: NDArray[np.float32] | None) -> NDArray[np.uint8]:
    """The depth map as an RGB picture: near is yellow, far is violet, no reading is black.

    Raises:
        ValueError: If there is no depth to show.
    """
    measured = measured_range(depth_m)
    if depth_m is None or measured is None:
        raise ValueError("no depth was measured")
    span_m = max(measured.far_m - measured.near_m, 1e-6)
    nearness = np.nan_to_num((measured.far_m - depth_m) / span_m, nan=0.0)
    coloured = cv2.applyColorMap((nearness * 255.0).round().astype(np.uint8), cv2.COLORMAP_VIRIDIS)
    picture = np.asarray(cv2.cvtColor(coloured, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    picture[np.isnan(depth_m)] = 0
    return picture
