"""The import table of the design: who may import whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

LAYERS = (
    ("errors", "geometry", "judge", "language", "packages", "resources", "result", "statistics"),
    ("camera", "commands", "task", "video"),
    ("observation",),
    ("grounding", "planner"),
    ("guard",),
    ("controller", "step"),
    ("attempts",),
    ("motion", "prompting", "registry"),
    ("agent", "drawing", "episode"),
    ("gym", "models", "recording"),
    ("learning", "looking", "report", "testing", "training"),
    ("running",),
    ("doctor", "replay", "suite"),
    ("console", "console_learning", "pytest_suite"),
    ("console_suites",),
    ("cli_data", "cli_learning", "cli_suites"),
    ("cli",),
)
"""Modules and packages of ``embodied``, the lowest first: each imports from lower layers alone."""

ONLY_IN = {
    "pybullet": ("sim",),
    "pybullet_data": ("sim",),
    "pybullet_utils": ("sim",),
    "pinocchio": ("embodied/motion",),
    "coal": ("embodied/motion",),
    "ompl": ("embodied/motion",),
    "ruckig": ("embodied/motion",),
    "open3d": ("embodied/motion",),
    "torch": (
        "embodied/models/transformers",
        "embodied/models/constrained",
        "embodied/models/decoding",
        "embodied/models/prefixes",
        "embodied/models/rgbd",
        "embodied/training",
    ),
    "transformers": (
        "embodied/models/transformers",
        "embodied/models/constrained",
        "embodied/models/decoding",
        "embodied/models/prefixes",
        "embodied/models/rgbd",
        "embodied/training",
    ),
    "accelerate": ("embodied/training",),
    "openai": ("embodied/models",),
    "ray": ("embodied/suite/cluster",),
    "gymnasium": ("embodied/gym",),
    "typer": ("embodied/cli", "embodied/console"),
    "rich": ("embodied/cli", "embodied/console"),
}
"""Foreign packages, and the only places that may import them."""


def imported(path):
    """Every module that a file imports, at its top or inside a function."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def sources(*folders):
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def unit_of(path):
    return path.relative_to(ROOT / "embodied").parts[0].removesuffix(".py")


def layer_of(unit):
    return next(index for index, layer in enumerate(LAYERS) if unit in layer)


MODULES = [path for path in sources("embodied") if unit_of(path) != "__init__"]
UNITS = sorted({unit_of(path) for path in MODULES})


@pytest.mark.parametrize("unit", UNITS)
def test_every_module_has_its_place_in_the_layers(unit):
    assert any(unit in layer for layer in LAYERS), f"give {unit} a place in LAYERS"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_module_imports_from_lower_layers_alone(path):
    unit = unit_of(path)
    units = {name.split(".")[1] for name in imported(path) if name.startswith("embodied.")} - {unit}
    lower = {each for layer in LAYERS[: layer_of(unit)] for each in layer}
    assert units <= lower, f"{path.name} imports {sorted(units - lower)} from its own layer or above"


@pytest.mark.parametrize("path", sources("embodied"), ids=lambda path: str(path.relative_to(ROOT)))
def test_agent_knows_no_simulator_and_no_test(path):
    assert not {name for name in imported(path) if name.split(".")[0] in ("sim", "tests", "pybullet")}


@pytest.mark.parametrize("package", ONLY_IN)
def test_foreign_package_is_imported_only_where_it_belongs(package):
    users = {
        str(path.relative_to(ROOT))
        for path in sources("embodied", "sim")
        if package in {name.split(".")[0] for name in imported(path)}
    }
    assert not {user for user in users if not user.startswith(ONLY_IN[package])}


def test_errors_import_nothing_of_ours():
    assert not {name for name in imported(ROOT / "embodied/errors.py") if name.split(".")[0] in ("embodied", "sim")}


def test_only_the_one_door_leads_from_the_agent_to_the_simulator():
    assert "importlib.metadata.entry_points" in imported(ROOT / "embodied/registry.py")
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources("embodied"))
    assert 'import_module("sim' not in text


@pytest.mark.parametrize("module", ["embodied.cli", "embodied.testing", "embodied.registry"])
def test_import_is_light(module):
    code = f"import sys, {module}; print(*sorted(m for m in sys.modules if '.' not in m))"
    modules = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    heavy = {"torch", "transformers", "open3d", "pybullet", "ompl", "pinocchio", "openai", "ray", "sim"}
    assert not heavy & set(modules.stdout.split())
