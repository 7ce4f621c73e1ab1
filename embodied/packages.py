"""Which packages this one needs and has, as its own installed metadata says."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata, requires, version

from packaging.requirements import Requirement

DISTRIBUTION = "embodied-kitchen"
NOT_INSTALLED = "not installed"


def package_version(name: str) -> str:
    """The installed version of a package, or "not installed"."""
    try:
        return version(name)
    except PackageNotFoundError:
        return NOT_INSTALLED


def packages_by_extra() -> dict[str, tuple[str, ...]]:
    """The packages of every extra; those that are always needed are under the empty name.

    Empty where this package itself is not installed: a bare checkout has no metadata.
    """
    found: dict[str, list[str]] = {}
    for requirement in map(Requirement, _requirements()):
        extra = next((extra for extra in _extras() if _applies(requirement, extra)), None)
        if extra is not None:
            found.setdefault(extra, []).append(requirement.name)
    return {extra: tuple(names) for extra, names in found.items()}


def _applies(requirement: Requirement, extra: str) -> bool:
    """Whether this machine needs the package for ``extra``."""
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def _requirements() -> list[str]:
    try:
        return requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return []


def _extras() -> list[str]:
    return ["", *(metadata(DISTRIBUTION).get_all("Provides-Extra") or [])]


def versions() -> dict[str, str]:
    """Versions of this package, Python, the platform, and every package installed that it can make use of."""
    return dict(_versions())


@cache
def _versions() -> Mapping[str, str]:
    """Looked up once in a process: it takes a tenth of a second, and nothing is installed under way."""
    names = {name for extra, packages in packages_by_extra().items() if extra != "dev" for name in packages}
    installed = {name: package_version(name) for name in sorted(names)}
    own = {
        DISTRIBUTION: package_version(DISTRIBUTION),
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    return own | {name: number for name, number in installed.items() if number != NOT_INSTALLED}
