"""Where the project's text and data are: inside the wheel, or beside the package in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    shipped = _PACKAGE / "_data" / name
    return shipped if shipped.is_dir() else _PACKAGE.parent / name


def scenes_dir() -> Path:
    """The folder of kitchens, objects, scenes and tasks."""
    return _folder("scenes")


def prompts_dir() -> Path:
    """The folder of prompt templates."""
    return _folder("prompts")


def weights_dir() -> Path:
    """The checkpoint of the small model that is shipped."""
    return _folder("weights")
