"""Read TOML files that people write; every mistake becomes one ``SceneError`` that names file, field and value."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from embodied.errors import SceneError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MAX_FILE_BYTES = 200_000
"""No file under ``scenes/`` comes near this; one that does is not a scene."""

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
HexColor = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
Metres = Annotated[float, Field(ge=-10.0, le=10.0)]
Length = Annotated[float, Field(gt=0.0, le=10.0)]
Point = tuple[Metres, Metres, Metres]
Range = tuple[Metres, Metres]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]

UNTAGGED = ""
"""Tag of the plain one among the types of a union: messages leave it out of a field's name."""


class Table(BaseModel):
    """A table of a TOML file: strict types, no unknown fields, no NaN, frozen."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


T = TypeVar("T", bound=Table)


def read_table(path: Path, model: type[T]) -> T:
    """The file at ``path``, checked against ``model``.

    Raises:
        SceneError: If the file is missing, too large, not TOML, or does not fit the model.
    """
    return cast(T, _checked(path, _text(path), model))


@lru_cache(maxsize=256)
def _checked(path: Path, text: str, model: type[Table]) -> Table:
    """Tables are frozen, so that one that was read before is as good as new; there are dozens of them in a scene."""
    return check_table(_parse(path, text), model, f"{path}: ")


def check_table(table: Mapping[str, Any], model: type[T], where: str) -> T:
    """A table that was read already, checked against ``model``.

    Args:
        table: What was read.
        model: What it must be.
        where: What a message begins with: the file, and the table's name where it is not the whole file.

    Raises:
        SceneError: If it does not fit the model.
    """
    try:
        return model.model_validate_json(json.dumps(table, default=str))
    except ValidationError as error:
        raise SceneError(f"{where}{_explain(error)}") from error


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise SceneError(f"{path}: the file is larger than {MAX_FILE_BYTES} bytes")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SceneError(f"{path}: cannot be read: {error}") from error


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SceneError(f"{path}: is not TOML: {error}") from error


def _explain(error: ValidationError) -> str:
    first, *rest = error.errors(include_url=False)
    field = ".".join(str(part) for part in first["loc"] if part != UNTAGGED) or "the file"
    value = "" if first["type"] == "missing" else f" is {_short(first['input'])}:"
    more = f" (and {len(rest)} more)" if rest else ""
    return f"{field}{value} {first['msg']}{more}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
