from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")


@pytest.fixture
def make(tmp_path):
    """Runs make in a folder with nothing but the Makefile and what it reads, and a PATH of one's own."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)

    def run(*arguments, **variables):
        command = [shutil.which("make"), *arguments]
        return subprocess.run(command, cwd=tmp_path, env=os.environ | variables, capture_output=True, text=True)

    return run


def fake_python(folder, name, version):
    """A program of that name that answers as a Python of that version would, and does nothing else."""
    folder.mkdir(exist_ok=True)
    right = int(version not in ("3.10", "3.11"))
    (folder / name).write_text(
        f'#!/bin/sh\n[ "$1" = -c ] && exit {right}\necho {name} "$@"\nexit 1\n', encoding="utf-8"
    )
    (folder / name).chmod(0o755)


@pytest.fixture
def shell_only(tmp_path):
    """A folder for PATH with a shell and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "sh").symlink_to("/bin/sh")
    return folder


def test_machine_without_a_usable_python_is_told_what_is_needed(make, shell_only):
    fake_python(shell_only, "python3", "3.13")
    result = make("setup", PATH=str(shell_only))
    assert result.returncode != 0
    assert "This needs Python 3.10 or 3.11" in result.stderr
    assert "make PYTHON=" in result.stderr


@pytest.mark.parametrize(
    ("installed", "chosen"),
    [
        ({"python3.11": "3.11", "python3.10": "3.10"}, "python3.11"),
        ({"python3.10": "3.10", "python3": "3.12"}, "python3.10"),
        ({"python3": "3.10"}, "python3"),
        ({"python3.11": "broken", "python3": "3.11"}, "python3"),
    ],
)
def test_first_python_that_works_is_taken(make, shell_only, installed, chosen):
    for name, version in installed.items():
        fake_python(shell_only, name, version)
    assert f"{chosen} -m venv .venv" in make("setup", PATH=str(shell_only)).stdout


def test_make_alone_says_what_there_is(make):
    shown = make().stdout
    assert all(f"make {target}" in shown for target in ("demo", "test", "lint", "setup", "clean"))


def test_second_make_installs_nothing_again(make, tmp_path):
    stamps = [tmp_path / ".venv" / name for name in ("bin/python", "core.stamp", "dev.stamp")]
    (tmp_path / ".venv/bin").mkdir(parents=True)
    for stamp in stamps:
        stamp.touch()
    assert "pip install" not in make("-n", "test").stdout
    os.utime(tmp_path / "constraints.txt", (2**31, 2**31))
    assert make("-n", "test").stdout.count("pip install") == 2
