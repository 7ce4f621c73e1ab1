from __future__ import annotations

from pathlib import Path

from embodied import resources


def test_checkout_has_prompts_scenes_and_weights_beside_the_package():
    root = Path(__file__).parents[2]
    assert resources.scenes_dir() == root / "scenes"
    assert resources.prompts_dir() == root / "prompts"
    assert resources.weights_dir() == root / "weights"


def test_wheel_has_them_inside_the_package(tmp_path, monkeypatch):
    shipped = tmp_path / "_data" / "scenes"
    shipped.mkdir(parents=True)
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path)
    assert resources.scenes_dir() == shipped


def test_folders_do_not_depend_on_the_working_directory(tmp_path, monkeypatch):
    here = resources.scenes_dir()
    monkeypatch.chdir(tmp_path)
    assert resources.scenes_dir() == here
    assert here.is_absolute()
