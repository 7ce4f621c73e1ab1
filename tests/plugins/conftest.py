from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent / "toy_robot"
collect_ignore = ["toy_robot/test_contract.py"]  # run in an environment that has the package, by test_toy_robot.py


@pytest.fixture(scope="session")
def stranger(tmp_path_factory):
    """The environment variables of a process that has the toy robot installed, as a stranger's package is."""
    site = tmp_path_factory.mktemp("site")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*install, "--target", site, PACKAGE], check=True, capture_output=True)
    checkout = PACKAGE.parents[2]
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(site), str(checkout)]), "PYTHONDONTWRITEBYTECODE": "1"}
