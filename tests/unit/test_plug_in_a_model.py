from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from embodied.commands import Done, Grasp, ImagePoint, parse
from embodied.models.endpoint import EndpointSettings
from embodied.planner import decide
from embodied.prompting import Prompter
from embodied.registry import PlannerSetup, names, open_planner
from embodied.testing import FakeController

PAGE = (Path(__file__).parents[2] / "docs" / "plug-in-a-model.md").read_text(encoding="utf-8")


def block(language):
    return re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[1]


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The page's example, installed as a package."""
    section = block("toml").replace('[project.entry-points."embodied.planners"]', "[embodied.planners]")
    record = tmp_path / "nearest-1.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: nearest\nVersion: 1.0\n", encoding="utf-8")
    (record / "entry_points.txt").write_text(section.replace('"', ""), encoding="utf-8")
    (tmp_path / "nearest.py").write_text(block("python"), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("installed")
def test_the_planner_on_the_page_is_found_and_grasps_what_is_nearest(look):
    assert "nearest" in names("embodied.planners")
    planner = open_planner("nearest", PlannerSetup(controller=FakeController()))
    depth_m = np.full((30, 40), 1.0, dtype=np.float32)
    depth_m[12, 20] = 0.5
    first = Prompter().prompt("Take it.", [], look(depth_m=depth_m))
    assert decide(planner, first).command == Grasp(at=ImagePoint(x=0.512, y=0.417, z=0.5))


@pytest.mark.usefixtures("installed")
def test_the_planner_on_the_page_is_done_after_one_step(look):
    planner = open_planner("nearest", PlannerSetup(controller=FakeController()))
    later = replace(Prompter().prompt("Take it.", [], look()), step=1)
    assert decide(planner, later).command == Done()


def test_every_spelling_on_the_page_is_the_same_command():
    spellings = re.findall(r"`(grasp\(0\.42, 0\.61, 0\.93\)|抓取（.*?）|\{\"kind\".*?\}\})`", PAGE)
    assert len(spellings) == 3
    assert len({str(parse(text)) for text in spellings}) == 1


def test_the_page_has_every_planner_and_every_variable():
    pyproject = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    section = pyproject.split('[project.entry-points."embodied.planners"]\n')[1].split("\n\n")[0]
    planners = [line.split(" = ")[0] for line in section.splitlines()]
    assert [name for name in planners if f"| `{name}` |" not in PAGE] == []
    source = (Path(__file__).parents[2] / "embodied" / "models" / "endpoint.py").read_text(encoding="utf-8")
    assert set(re.findall(r"OPENAI_[A-Z_]+[A-Z]", source)) - {"OPENAI_URL"} <= set(re.findall(r"OPENAI_[A-Z_]+", PAGE))
    assert f"| {EndpointSettings().timeout_s:g} |" in PAGE
