"""Importing this imports and works out what every episode needs: the process that they are forked from does so once.

What to import is in the environment, because the interpreter's fork server is told nothing but names of modules.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import embodied.suite.performing  # noqa: F401 (imported for those that are forked)
from embodied import registry
from embodied.language import LANGUAGES
from embodied.packages import versions
from embodied.prompting import Prompter
from embodied.report import page_template

VARIABLE = "EMBODIED_SUITE_PRELOAD"
"""Holds ``CONTROLLER PLANNER``."""


@contextmanager
def _silent() -> Iterator[None]:
    """Libraries say who they are when they are imported, past Python's own streams: PyBullet does."""
    kept = [os.dup(stream) for stream in (1, 2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    try:
        yield
    finally:
        for stream, copy in zip((1, 2), kept, strict=True):
            os.dup2(copy, stream)
        for descriptor in (*kept, nowhere):
            os.close(descriptor)


if VARIABLE in os.environ:
    _controller, _, _planner = os.environ[VARIABLE].partition(" ")
    with _silent():
        registry.preload("embodied.controllers", _controller)
        registry.preload("embodied.planners", _planner)
    versions()
    page_template()
    for _language in LANGUAGES:
        Prompter(_language)
