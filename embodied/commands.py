"""The five commands, and the one function that turns text of any spelling into one of them.

Everything that has to agree with the types (JSON schema, decoding grammar, the text of the prompt) is generated from
them here. Coordinates are image coordinates: x to the right and y down in [0, 1], z in metres along the optical axis.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from embodied.errors import CommandError
from embodied.language import Language

MIN_DEPTH_M = 0.001
MAX_DEPTH_M = 10.0
MAX_REASON_CHARS = 200
DECIMALS = 3

UnitInterval = Annotated[float, Field(strict=True, ge=0.0, le=1.0, allow_inf_nan=False)]
Depth = Annotated[float, Field(strict=True, ge=MIN_DEPTH_M, le=MAX_DEPTH_M, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, json_schema_serialization_defaults_required=True
    )


class ImagePoint(_Strict):
    """A point in image coordinates.

    Attributes:
        x: To the right, 0 at the left edge, 1 at the right edge.
        y: Down, 0 at the top edge, 1 at the bottom edge.
        z: Distance along the optical axis, metres.
    """

    x: UnitInterval
    y: UnitInterval
    z: Depth

    def near(self, other: ImagePoint, aside: float, depth_m: float) -> bool:
        """Whether another point lies no further away than ``aside`` in x and in y, and ``depth_m`` in z."""
        return max(abs(self.x - other.x), abs(self.y - other.y)) <= aside and abs(self.z - other.z) <= depth_m

    def __str__(self) -> str:
        """The three numbers as the call form has them."""
        return ", ".join(f"{value:.{DECIMALS}f}" for value in (self.x, self.y, self.z))


class Approach(_Strict):
    """Bring the open gripper to a stand-off near the point, from where it can be seen and grasped."""

    kind: Literal["approach"] = "approach"
    at: ImagePoint
    chinese: ClassVar[str] = "靠近"

    def __str__(self) -> str:
        """The call form."""
        return f"{self.kind}({self.at})"


class Grasp(_Strict):
    """Close the gripper on the thing at the point."""

    kind: Literal["grasp"] = "grasp"
    at: ImagePoint
    chinese: ClassVar[str] = "抓取"

    def __str__(self) -> str:
        """The call form."""
        return f"{self.kind}({self.at})"


class Move(_Strict):
    """Take what is at the first point to the second: carry it if held, pull a handle, else push; press if one point."""

    kind: Literal["move"] = "move"
    start: ImagePoint
    end: ImagePoint
    chinese: ClassVar[str] = "移动"

    def __str__(self) -> str:
        """The call form."""
        return f"{self.kind}({self.start}, {self.end})"


class Done(_Strict):
    """Say that the instruction has been carried out."""

    kind: Literal["done"] = "done"
    chinese: ClassVar[str] = "完成"

    def __str__(self) -> str:
        """The call form."""
        return "done()"


class Refuse(_Strict):
    """Say that the instruction cannot or must not be carried out, and why."""

    kind: Literal["refuse"] = "refuse"
    reason: Annotated[str, Field(min_length=1, max_length=MAX_REASON_CHARS)]
    chinese: ClassVar[str] = "拒绝"

    def __str__(self) -> str:
        """The call form."""
        return f"refuse({json.dumps(self.reason, ensure_ascii=False)})"


Command = Annotated[Approach | Grasp | Move | Done | Refuse, Field(discriminator="kind")]
Motion = Approach | Grasp | Move
"""The commands that move the robot."""

COMMANDS: tuple[type[Approach] | type[Grasp] | type[Move] | type[Done] | type[Refuse], ...] = get_args(
    get_args(Command)[0]
)
_ADAPTER: TypeAdapter[Approach | Grasp | Move | Done | Refuse] = TypeAdapter(Command)
_VERBS = {spelling: kind for kind in COMMANDS for spelling in (kind.model_fields["kind"].default, kind.chinese)}
_CALL = re.compile(r"(?P<verb>[a-z]+|[\u4e00-\u9fff]+)\s*[(（](?P<arguments>.*)[)）]\s*[.。;；]?", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII)
_FENCE = re.compile(r"```[a-z]*\n(?P<body>.*)\n?```", re.DOTALL)
_QUOTE_ENDS = re.compile(r"[\"'”]\s*[)）]")


def _points(kind: type[BaseModel]) -> list[str]:
    return [name for name, field in kind.model_fields.items() if field.annotation is ImagePoint]


def signature(kind: type[BaseModel]) -> str:
    """How a command is written, for messages and prompts: ``move(x1, y1, z1, x2, y2, z2)``."""
    if "reason" in kind.model_fields:
        return f'{kind.model_fields["kind"].default}("why")'
    count = len(_points(kind))
    names = [f"{axis}{index + 1 if count > 1 else ''}" for index in range(count) for axis in "xyz"]
    return f"{kind.model_fields['kind'].default}({', '.join(names)})"


SIGNATURES = tuple(signature(kind) for kind in COMMANDS)
"""How each command is written."""


def parse(text: str) -> Approach | Grasp | Move | Done | Refuse:
    """The one command that ``text`` is, in call form, JSON form or Chinese verbs; a Markdown fence is allowed.

    Raises:
        CommandError: If the text is anything else: no command, several, prose around one, numbers out of range.
    """
    text = text.strip()
    if fenced := _FENCE.fullmatch(text):
        text = fenced["body"].strip()
    fields = _json_fields(text) if text.startswith("{") else _call_fields(text)
    try:
        return _ADAPTER.validate_python(fields)
    except ValidationError as error:
        raise CommandError(_explain(error)) from error


def _json_fields(text: str) -> dict[str, Any]:
    try:
        fields = json.loads(text, parse_constant=_refuse_constant, parse_int=float, object_pairs_hook=_unique_fields)
    except (ValueError, RecursionError) as error:
        raise CommandError(f"not valid JSON: {str(error)[:120]}; {_expected()}") from error
    if isinstance(fields.get("kind"), str) and fields["kind"] in _VERBS:
        fields["kind"] = _VERBS[fields["kind"]].model_fields["kind"].default
    return dict(fields)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number here")


def _unique_fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field is given twice")
    return fields


def _call_fields(text: str) -> dict[str, Any]:
    call = _CALL.fullmatch(text)
    if call is None:
        raise CommandError(f"reply {text[:80]!r} is not exactly one command; {_expected()}")
    if (kind := _VERBS.get(call["verb"])) is None:
        raise CommandError(f"unknown command {call['verb'][:40]!r}; {_expected()}")
    fields: dict[str, Any] = {"kind": kind.model_fields["kind"].default}
    if "reason" in kind.model_fields:
        return fields | {"reason": _unquote(call["arguments"])}
    return fields | _point_fields(kind, call["arguments"])


def _unquote(arguments: str) -> str:
    text = arguments.strip()
    if len(text) < 2 or (text[0], text[-1]) not in {('"', '"'), ("'", "'"), ("“", "”")}:
        raise CommandError(f"the reason must be in quotes; write {signature(Refuse)}")
    if text[0] != '"':
        return _one_quotation(text[1:-1])
    try:
        return str(json.loads(text))
    except ValueError as error:
        raise CommandError(f"the reason is not one quoted string; write {signature(Refuse)}") from error


def _one_quotation(text: str) -> str:
    if _QUOTE_ENDS.search(text):
        raise CommandError(f"the reason is not one quoted string; write {signature(Refuse)}")
    return text


def _point_fields(kind: type[BaseModel], arguments: str) -> dict[str, Any]:
    names = _points(kind)
    texts = [text.strip() for text in re.split("[,，]", arguments)] if arguments.strip() else []
    if len(texts) != 3 * len(names):
        raise CommandError(f"{len(texts)} numbers where {3 * len(names)} are needed; write {signature(kind)}")
    for text in texts:
        if _NUMBER.fullmatch(text) is None:
            raise CommandError(f"{text[:40]!r} is not a plain decimal number; write {signature(kind)}")
    values = [float(text) for text in texts]
    return {name: dict(zip("xyz", values[3 * i : 3 * i + 3], strict=True)) for i, name in enumerate(names)}


def _explain(error: ValidationError) -> str:
    faults = [_fault(fault) for fault in error.errors(include_url=False)[:4]]
    return f"{'; '.join(faults)}; {_expected()}"


def _fault(fault: ErrorDetails) -> str:
    where = ".".join(str(part) for part in fault["loc"]) or "command"
    message = _printable(fault["msg"][:200])
    return f"{_printable(where[:40])}: {message} (got {_shown(fault['input'])})"


def _shown(value: object) -> str:
    if isinstance(value, str):
        return repr(value[:40])
    return repr(value) if isinstance(value, float | bool | None) else f"a JSON {type(value).__name__}"


def _printable(text: str) -> str:
    """``text`` without lone surrogates, which no terminal and no log can hold."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _expected() -> str:
    return (
        f"write exactly one of: {', '.join(SIGNATURES)}, with x and y from 0 to 1 and z in metres up to {MAX_DEPTH_M:g}"
    )


def json_schema() -> dict[str, Any]:
    """The JSON schema of one command, for endpoints with structured output."""
    return _ADAPTER.json_schema(mode="serialization")


def grammar() -> str:
    """A Lark grammar of the call form with every length bounded, for constrained decoding (llguidance).

    Numbers have fixed decimals and there is no free white space: models loop in both.
    """
    alternatives = []
    for kind in COMMANDS:
        arguments = "REASON" if "reason" in kind.model_fields else ' ", " '.join(["point"] * len(_points(kind)))
        alternatives.append(f'"{kind.model_fields["kind"].default}(" {arguments} ")"')
    return "\n".join(
        [
            f"start: {' | '.join(alternatives)}",
            'point: UNIT ", " UNIT ", " DEPTH',
            rf"UNIT: /0\.[0-9]{{{DECIMALS}}}/ | /1\.0{{{DECIMALS}}}/",
            rf"DEPTH: /[0-{MAX_DEPTH_M - 1:.0f}]\.[0-9]{{{DECIMALS}}}/ & ~/0\.0{{{DECIMALS}}}/",
            rf'REASON: /"[^"\\\x00-\x1f]{{1,{MAX_REASON_CHARS}}}"/',
        ]
    )


def describe_commands(language: Language = "en") -> str:
    """One line a command, for the prompt: how it is written and what it does."""
    if language == "en":
        return "\n".join(f"{signature(kind)}: {(kind.__doc__ or '').strip()}" for kind in COMMANDS)
    return "\n".join(f"{signature(kind)}: {_CHINESE[kind]}" for kind in COMMANDS)


_CHINESE: dict[type[BaseModel], str] = {
    Approach: "靠近：张开夹爪，移到该点附近便于观察和抓取的位置。",
    Grasp: "抓取：在该点合上夹爪，抓住那里的物体或把手。",
    Move: "移动：把第一点处的物体移到第二点。已抓住物体则搬运放下，抓住把手则拉动，手中无物则推动，两点相同则按压。",
    Done: "完成：指令已经执行完毕。",
    Refuse: "拒绝：指令无法执行或不应执行，并说明原因。",
}
