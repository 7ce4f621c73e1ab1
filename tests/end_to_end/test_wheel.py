"""What ships is what works: the wheel, built from the sdist, in an environment and a folder without the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def run(*command, **settings):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, **settings)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder with the sdist and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    build = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    assert build.returncode == 0, build.stdout + build.stderr
    return folder


@pytest.fixture(scope="module")
def environment(built, tmp_path_factory):
    """The bin folder of an environment with our wheel; its other packages are those of this environment."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", folder, check=True)
    python = folder / "bin" / "python"
    wheel = next(built.glob("*.whl"))
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel, check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    shared = [path for path in sys.path if path.startswith(sys.prefix) and Path(path).is_dir()]
    (site / "shared.pth").write_text("\n".join(shared), encoding="utf-8")
    return folder / "bin"


@pytest.fixture
def outside(environment, tmp_path):
    """Runs a command of that environment in an empty folder."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

    def run_outside(name, *arguments):
        return run(environment / name, *arguments, cwd=tmp_path, env=variables)

    return run_outside


def test_sdist_has_everything_that_a_build_and_a_reader_need_and_nothing_private(built):
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    needed = {"pyproject.toml", "README.md", "LICENSE", "prompts/en/system.txt", "prompts/zh/system.txt"}
    assert needed <= names
    folders = {name.split("/")[0] for name in names}
    assert {"embodied", "sim", "scenes", "prompts"} <= folders
    assert not {".venv", "out", "dist", ".git"} & folders


def test_wheel_has_the_packages_the_data_and_the_licence_and_no_tests(built):
    with zipfile.ZipFile(next(built.glob("*.whl"))) as archive:
        names = set(archive.namelist())
    for folder in ("prompts", "scenes", "weights"):
        files = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*") if path.is_file()}
        assert {f"embodied/_data/{file}" for file in files} <= names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"embodied", "sim", "embodied_kitchen"}
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_package_comes_from_the_wheel_and_not_from_the_checkout(environment, outside):
    found = outside("python", "-c", "import embodied, sim; print(embodied.__file__); print(sim.__file__)")
    assert found.returncode == 0, found.stderr
    assert all(path.startswith(str(environment.parent)) for path in found.stdout.split())


def test_everything_is_listed_from_an_empty_folder(outside):
    listed = outside("embodied", "list")
    assert listed.returncode == 0, listed.stdout + listed.stderr
    words = set(listed.stdout.split())
    assert {"kitchen", "scripted", "oracle"} <= words
    assert {path.stem for path in (ROOT / "scenes").glob("*.toml")} <= words


def test_scripted_episode_runs_in_the_kitchen_from_an_empty_folder(outside, tmp_path):
    episode = outside(
        *("embodied", "run", "look and say that it is done", "--scene", "counter", "--planner", "scripted"),
        *("--model", "done()", "--out", "episode"),
    )
    assert episode.returncode == 1, episode.stdout + episode.stderr  # nobody judges what is no task
    result = json.loads((tmp_path / "episode" / "result.json").read_text(encoding="utf-8"))
    assert (result["success"], result["steps"], result["planner"]) == (None, 1, "scripted")
    assert (tmp_path / "episode" / "report.html").is_file()
