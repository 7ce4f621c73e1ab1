"""A planner that says what it was told to say, then ``done()``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from embodied.commands import Done
from embodied.errors import UsageError
from embodied.planner import Planner, Prompt, Reply, Tier
from embodied.registry import PlannerSetup

_REPLY = re.compile(r'(?:"[^"]*"|[^;；"]|")+')


class ScriptedPlanner(Planner):
    """Gives its replies in order, one each time it is asked, and ``done()`` after the last."""

    name = "scripted"
    tier: Tier = "blind"

    def __init__(self, replies: Sequence[str]) -> None:
        """Keep the replies; they are not parsed, so that a script may hold bad ones."""
        self._replies = iter(tuple(replies))

    def reply(self, prompt: Prompt) -> Reply:
        """The next reply of the script."""
        return Reply(next(self._replies, str(Done())))


def open_planner(setup: PlannerSetup) -> ScriptedPlanner:
    """A script from ``setup.model``: a file with one command a line, or commands with ``;`` between them.

    Raises:
        UsageError: If there is no script, or the file cannot be read.
    """
    if not setup.model:
        raise UsageError("the scripted planner needs a model: a file with one command a line, or 'grasp(...); done()'")
    if "(" in setup.model or "（" in setup.model:
        return ScriptedPlanner(split_script(setup.model))
    return ScriptedPlanner(_read_script(Path(setup.model)))


def split_script(text: str) -> list[str]:
    """The commands of ``text``, which has ``;`` between them; one inside quotation marks does not count."""
    return [reply.strip() for reply in _REPLY.findall(text) if reply.strip()]


def _read_script(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise UsageError(f"script {str(path)!r} cannot be read: {error}") from error
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
