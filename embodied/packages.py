"""Which packages this one needs and has, as its own installed metadata says."""

from __future__ import annotations

import platform
import re
from importlib.metadata import PackageNotFoundError, requires, version

DISTRIBUTION = "embodied-kitchen"
NOT_INSTALLED = "not installed"
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_EXTRA = re.compile(r"extra\s*==\s*['\"](?P<extra>[^'\"]+)['\"]")
_OLD_PYTHON = "python_version <"


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
    for requirement in _requirements():
        name, extra = _NAME.match(requirement), _EXTRA.search(requirement)
        if name is not None and _OLD_PYTHON not in requirement:
            found.setdefault(extra["extra"] if extra else "", []).append(name.group())
    return {extra: tuple(names) for extra, names in found.items()}


def _requirements() -> list[str]:
    try:
        return requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return []


def versions() -> dict[str, str]:
    """Versions of this package, Python, the platform, and every package installed that it can make use of."""
    names = {name for extra, packages in packages_by_extra().items() if extra != "dev" for name in packages}
    installed = {name: package_version(name) for name in sorted(names)}
    own = {
        DISTRIBUTION: package_version(DISTRIBUTION),
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    return own | {name: number for name, number in installed.items() if number != NOT_INSTALLED}
