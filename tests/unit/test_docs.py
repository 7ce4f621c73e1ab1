"""What the pages say is so: excerpts are from real files, commands exist, names are those of files."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
TOY = ROOT / "tests/plugins/toy_robot"
READMES = ("README.md", "README.zh.md")
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


EXCERPTS = re.findall(r"```\w+ file=(\S+)\n(.*?)```", text_of("docs/plug-in-a-robot.md"), re.DOTALL)


def test_page_about_robots_has_excerpts():
    assert len(EXCERPTS) >= 8


@pytest.mark.parametrize(("name", "excerpt"), EXCERPTS)
def test_excerpt_stands_in_the_file_that_it_names(name, excerpt):
    assert excerpt in (TOY / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_link_to_a_file_leads_to_one(page):
    links = re.findall(r"(?<!!)\[[^]]*\]\(([^)#\s]+)", text_of(page))
    here = [link for link in links if "://" not in link]
    assert [link for link in here if not ((ROOT / page).parent / link).exists()] == []


@pytest.mark.parametrize("readme", READMES)
def test_make_commands_of_the_readme_are_in_the_makefile(readme):
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z]+)", text_of(readme)))
    assert {"demo", "test"} <= named <= targets


@pytest.mark.parametrize("page", PAGES)
def test_commands_of_embodied_on_a_page_exist(page):
    from typer.main import get_command

    from embodied.cli import app

    named = set(re.findall(r"^\$ \S*embodied ([a-z-]+)", text_of(page), re.MULTILINE))
    assert named <= set(get_command(app).commands)


@pytest.mark.parametrize("readme", READMES)
def test_every_planner_is_in_the_table(readme):
    registered = set(tomllib.loads(text_of("pyproject.toml"))["project"]["entry-points"]["embodied.planners"])
    assert set(re.findall(r"^\| `(\w+)` \|", text_of(readme), re.MULTILINE)) == registered


def tree_of(readme):
    """The files that a README's tree names, as paths."""
    folder, files = "", set()
    for line in re.search(r"```\n(embodied/ .*?)```", text_of(readme), re.DOTALL)[1].splitlines():
        if not line.startswith(" "):
            folder = line.split("/")[0]
        files |= {f"{folder}/{name}" for name in re.findall(r"\b\w+\.py\b", line)}
    return files


@pytest.mark.parametrize("readme", READMES)
def test_tree_of_the_readme_names_every_file_of_the_agent_and_the_kitchen(readme):
    there = {
        path.relative_to(ROOT).as_posix()
        for folder in ("embodied", "sim")
        for path in (ROOT / folder).glob("*.py")
        if path.stem != "__init__"
    }
    assert tree_of(readme) == there


def test_readmes_have_the_same_sections_tables_and_commands():
    def shape(readme):
        text = text_of(readme)
        return text.count("\n## "), text.count("\n| `"), len(re.findall(r"^\$ ", text, re.MULTILINE))

    assert shape("README.md") == shape("README.zh.md")


def test_continuous_integration_runs_make_test_and_nothing_else():
    lines = [line for line in text_of(".ci/run").splitlines() if line and not line.startswith("#")]
    assert lines == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', "make test"]
    assert (ROOT / ".ci/run").stat().st_mode & 0o100
