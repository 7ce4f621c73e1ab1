"""Keep what a planner said in a suite that went well, for the scripted planner to say again."""

from __future__ import annotations

from pathlib import Path

from embodied.episode import read_episode
from embodied.errors import UsageError
from embodied.recording import border
from embodied.suite.file import Suite
from embodied.suite.results import Results
from embodied.suite.scripts import script_path


def check_renewable(suite: Suite) -> None:
    """Refuse a suite that has no place for scripts.

    Raises:
        UsageError: If it has none.
    """
    if suite.scripts is None:
        raise UsageError(f"suite {suite.name!r} has no scripts to renew; name their folder in its file: scripts = ...")


def renew_scripts(suite: Suite, path: Path, folder: Path, results: Results) -> int:
    """Write the script of every episode anew from what was said in it; returns how many there are.

    Args:
        suite: The suite in ``path``.
        path: Its file.
        folder: Where it was run.
        results: What came of that.

    Raises:
        UsageError: If an episode did not succeed, and so is not worth saying again; nothing is written then.
    """
    check_renewable(suite)
    poor = [f"{record.task} {record.number}" for record in results.episodes if record.verdict != "success"]
    if poor or not results.complete:
        raise UsageError(f"no script is renewed, for not every episode succeeded: {', '.join(poor) or 'interrupted'}")
    for record in results.episodes:
        said = script_path(path, str(suite.scripts), record.key)
        with border(said):
            said.parent.mkdir(parents=True, exist_ok=True)
            said.write_text(_said(record.instruction, folder / record.directory), encoding="utf-8")
    return len(results.episodes)


def _said(instruction: str, directory: Path) -> str:
    commands = [line["command"] for line in read_episode(directory).lines]
    return "\n".join([f"# {instruction}", *(command for command in commands if command), ""])
