"""What the scripted planner says in each episode of a suite: a text file an episode, beside the suite's own.

A suite with scripts needs no model and no simulator's truth, and so says whether robot, guard and judges still work.
"""

from __future__ import annotations

from pathlib import Path

from embodied.errors import SceneError
from embodied.suite.file import Key


def script_path(path: Path, scripts: str, key: Key) -> Path:
    """Where the script of an episode is, for the suite in ``path``."""
    return path.parent / scripts / f"{key[0]}-{key[1]:03d}.txt"


def read_script(path: Path) -> list[str]:
    """The commands in a script, which has one a line.

    Raises:
        SceneError: If it cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise SceneError(f"script {path} cannot be read: {error}; --renew-scripts writes it") from error
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
