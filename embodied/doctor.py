"""See whether everything is here that is needed, and how to get what is not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from embodied import registry
from embodied.errors import EmbodiedError
from embodied.language import LANGUAGES
from embodied.packages import DISTRIBUTION, NOT_INSTALLED, package_version, packages_by_extra
from embodied.prompting import Prompter
from embodied.resources import prompts_dir, scenes_dir
from embodied.task import load_task, task_names

PYTHONS = ((3, 10), (3, 11))


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        fine: Whether it is as it should be.
        what: What was looked at, and what was found.
        remedy: How to get it; empty where it is fine.
        needed: Whether nothing works without it.
    """

    fine: bool
    what: str
    remedy: str = ""
    needed: bool = True


def examine() -> Iterator[Finding]:
    """Look at everything, one thing after another; the last ones take seconds."""
    yield _python()
    yield from _packages()
    yield _prompts()
    yield _scenes()
    yield _display()
    yield _gpu()
    yield _kitchen()


def _python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    remedy = "use Python 3.10 or 3.11: pybullet has no wheels for later ones"
    return Finding(sys.version_info[:2] in PYTHONS, f"Python {found}", remedy)


def _packages() -> Iterator[Finding]:
    by_extra = packages_by_extra()
    own = package_version(DISTRIBUTION)
    yield Finding(bool(by_extra), f"{DISTRIBUTION} {own}", "in the checkout, run: pip install -e .")
    for name in by_extra.get("", ()):
        found = package_version(name)
        yield Finding(found != NOT_INSTALLED, f"{name} {found}", f"run: pip install {DISTRIBUTION}")
    for extra in sorted(set(by_extra) - {"", "dev"}):
        yield _extra(extra, by_extra[extra])


def _extra(extra: str, names: tuple[str, ...]) -> Finding:
    missing = [name for name in names if package_version(name) == NOT_INSTALLED]
    found = f"{', '.join(missing)} not installed" if missing else "all installed"
    remedy = f"to have it, run: pip install '{DISTRIBUTION}[{extra}]'"
    return Finding(not missing, f"optional extra {extra}: {found}", remedy, needed=False)


def _prompts() -> Finding:
    try:
        for language in LANGUAGES:
            Prompter(language)
    except EmbodiedError as error:
        return Finding(False, "prompts", str(error))
    return Finding(True, f"prompts in {prompts_dir()}")


def _scenes() -> Finding:
    try:
        tasks = [load_task(name) for name in task_names()]
    except EmbodiedError as error:
        return Finding(False, "scenes and tasks", str(error))
    count = len(list(scenes_dir().glob("*.toml")))
    remedy = "the installation is incomplete; install it again"
    return Finding(bool(tasks and count), f"{count} scenes and {len(tasks)} tasks in {scenes_dir()}", remedy)


def _display() -> Finding:
    found = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY") or sys.platform in ("darwin", "win32")
    what = "display, for --gui" if found else "no display: everything works but --gui"
    return Finding(bool(found), what, needed=False)


def _gpu() -> Finding:
    names = _gpu_names()
    what = f"GPU: {', '.join(names)}" if names else "no NVIDIA GPU: the kitchen needs none, large models are slow"
    return Finding(bool(names), what, needed=False)


def _gpu_names() -> list[str]:
    if (program := shutil.which("nvidia-smi")) is None:
        return []
    query = [program, "--query-gpu=name", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return answer.stdout.split("\n")[:-1]


def _kitchen() -> Finding:
    """Whether the simulator opens and its camera sees something, by the same door as an episode's."""
    try:
        with registry.open_controller("kitchen", registry.ControllerSetup()) as controller:
            observation = controller.observe()
    except Exception as error:  # whatever a broken installation raises is what the user has to read
        return Finding(False, "simulator and renderer", f"{type(error).__name__}: {error}")
    contrast = float(observation.image.std())
    remedy = "the picture is blank: try another renderer, or install pybullet again"
    return Finding(contrast > 1.0, f"simulator and renderer: one look, contrast {contrast:.0f}", remedy)
