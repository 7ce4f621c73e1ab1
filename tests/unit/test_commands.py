from __future__ import annotations

import json
import time

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embodied.commands import (
    DECIMALS,
    MAX_REASON_CHARS,
    SIGNATURES,
    Approach,
    Done,
    Grasp,
    ImagePoint,
    Move,
    Refuse,
    describe_commands,
    json_schema,
    parse,
)
from embodied.errors import CommandError

P = ImagePoint(x=0.42, y=0.61, z=0.93)
Q = ImagePoint(x=0.1, y=0.2, z=1.5)
SCHEMA = jsonschema.Draft202012Validator(json_schema())
unit = st.floats(0.0, 1.0)
patient = settings(deadline=None)  # the machine may be busy
points = st.builds(ImagePoint, x=unit, y=unit, z=st.floats(0.001, 10.0))
reasons = st.text(st.characters(codec="utf-8"), min_size=1, max_size=MAX_REASON_CHARS)
commands = st.one_of(
    st.builds(Approach, at=points),
    st.builds(Grasp, at=points),
    st.builds(Move, start=points, end=points),
    st.just(Done()),
    st.builds(Refuse, reason=reasons),
)


def rounded(command):
    fields = command.model_dump()
    for value in fields.values():
        if isinstance(value, dict):
            value.update({axis: round(number, DECIMALS) for axis, number in value.items()})
    return type(command).model_validate(fields)


def outcome(text):
    """The command or the error; either can be printed and stored."""
    try:
        result = parse(text)
    except CommandError as error:
        result = error
    assert len(str(result).encode("utf-8")) < 4000
    return result


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("grasp(0.42, 0.61, 0.93)", Grasp(at=P)),
        ("  grasp ( .42,0.61 ,+0.93 ) .\n", Grasp(at=P)),
        ("approach(0.42,0.61,0.93)", Approach(at=P)),
        ("move(0.42, 0.61, 0.93, 0.1, 0.2, 1.5);", Move(start=P, end=Q)),
        ("done()", Done()),
        ("done( )", Done()),
        ('refuse("too hot")', Refuse(reason="too hot")),
        ("refuse('I can't')", Refuse(reason="I can't")),
        ("抓取(0.42, 0.61, 0.93)", Grasp(at=P)),
        ("抓取（0.42，0.61，0.93）。", Grasp(at=P)),
        ("靠近（0.42，\u30000.61，0.93）", Approach(at=P)),
        ("移动（0.42，0.61，0.93，0.1，0.2，1.5）；", Move(start=P, end=Q)),
        ("完成（）", Done()),
        ("拒绝（“太烫（很烫）”）", Refuse(reason="太烫（很烫）")),
        ("```\ngrasp(0.42, 0.61, 0.93)\n```", Grasp(at=P)),
        ('```json\n{"kind": "done"}\n```', Done()),
        ('{"kind": "grasp", "at": {"x": 0.42, "y": 0.61, "z": 0.93}}', Grasp(at=P)),
        ('{"kind": "抓取", "at": {"x": 0.42, "y": 0.61, "z": 0.93}}', Grasp(at=P)),
        ('{"kind": "refuse", "reason": "太烫"}', Refuse(reason="太烫")),
        ("grasp(1, 0, 1)", Grasp(at=ImagePoint(x=1.0, y=0.0, z=1.0))),
        ('{"kind": "grasp", "at": {"x": 1, "y": 0, "z": 1}}', Grasp(at=ImagePoint(x=1.0, y=0.0, z=1.0))),
    ],
)
def test_every_spelling_of_a_command_is_understood(text, command):
    assert parse(text) == command


BAD_NUMBERS = [
    "nan", "inf", "-inf", "Infinity", "1e-1", "0x1", "1_0", "٠.٥", "true", "-0.1", "1.001", "9" * 5000, '"0.5"', "",
    "0.5.5", "0,5", "½", "--0.5", "0.5 0.5",
]  # fmt: skip


@pytest.mark.parametrize("number", BAD_NUMBERS)
def test_a_bad_number_is_no_command_in_call_form(number):
    with pytest.raises(CommandError):
        parse(f"grasp({number}, 0.5, 0.5)")


@pytest.mark.parametrize(
    "number",
    ["NaN", "Infinity", "-Infinity", "1e999", "true", "null", '"0.5"', "-0.1", "1.001", "9" * 5000, "[0.5]", "{}"],
)
def test_a_bad_number_is_no_command_in_json_form(number):
    with pytest.raises(CommandError):
        parse(f'{{"kind": "grasp", "at": {{"x": {number}, "y": 0.5, "z": 0.5}}}}')


@pytest.mark.parametrize("z", ["0", "0.0", "-1", "10.01", "0.0004"])
def test_a_depth_that_cannot_be_written_back_is_refused(z):
    with pytest.raises(CommandError):
        parse(f"grasp(0.5, 0.5, {z})")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "I will grasp(0.1, 0.2, 0.3)",
        "grasp(0.1, 0.2, 0.3) now",
        "grasp(0.1, 0.2, 0.3)\ngrasp(0.1, 0.2, 0.3)",
        "grasp(0.1, 0.2, 0.3); done()",
        "done() done()",
        "refuse('a') refuse('b')",
        "refuse(“a”) grasp(“b”)",
        'refuse("a"); refuse("b")',
        '{"kind": "done"} {"kind": "done"}',
        '[{"kind": "done"}]',
        "```\ndone()\n```\n```\ndone()\n```",
        "grasp(0.1, 0.2)",
        "grasp(0.1, 0.2, 0.3, 0.4)",
        "move(0.1, 0.2, 0.3)",
        "grasp",
        "grasp()",
        "Grasp(0.1, 0.2, 0.3)",
        "throw(0.1, 0.2, 0.3)",
        "扔（0.1，0.2，0.3）",
        "refuse()",
        "refuse(too hot)",
        'refuse("")',
        f'refuse("{"a" * (MAX_REASON_CHARS + 1)}")',
        'refuse("a\nb")',
        '{"kind": "grasp"}',
        '{"kind": "done", "at": {"x": 0.1, "y": 0.2, "z": 0.3}}',
        '{"kind": "grasp", "at": {"x": 0.1, "y": 0.2, "z": 0.3, "w": 0.4}}',
        '{"kind": "grasp", "at": {"x": 0.1, "x": 0.2, "y": 0.2, "z": 0.3}}',
        '{"kind": "done", "kind": "grasp"}',
        '{"kind": ["done"]}',
        '{"kind": 1}',
        "{}",
        '{"kind": "\\ud800"}',
        '{"\\ud800": 1, "kind": "done"}',
        '{"kind": "refuse", "reason": "\\ud800"}',
        'refuse("\\ud800")',
        "refuse('\ud800')",
        "\ud800",
        '{"kind": "done", "' + "a" * 9000 + '": 1}',
    ],
)
def test_what_is_not_exactly_one_command_is_an_error_that_can_be_printed(text):
    assert isinstance(outcome(text), CommandError)


@pytest.mark.parametrize("depth", [50, 300, 900, 20_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"at":', "}")])
def test_deep_nesting_is_an_error_and_not_a_crash(depth, opening, closing):
    text = f'{{"kind": "grasp", "at": {opening * depth}1{closing * depth}}}'
    assert isinstance(outcome(text), CommandError)


@patient
@given(commands)
def test_a_command_written_and_read_is_the_same_to_three_decimals(command):
    assert parse(str(command)) == rounded(command)


@patient
@given(commands)
def test_a_command_in_json_form_is_read_back_exactly(command):
    assert parse(command.model_dump_json()) == command


@patient
@given(commands)
def test_the_schema_accepts_every_command(command):
    SCHEMA.validate(json.loads(command.model_dump_json()))


@pytest.mark.parametrize("fields", [{}, {"kind": "done", "x": 1}, {"at": {"x": 0, "y": 0, "z": 1}}, {"kind": "throw"}])
def test_the_schema_refuses_what_is_no_command(fields):
    with pytest.raises(jsonschema.ValidationError):
        SCHEMA.validate(fields)


@patient
@given(st.text(st.characters()))
def test_any_text_is_a_command_or_a_command_error(text):
    outcome(text)


@patient
@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_any_json_value_in_a_field_is_a_command_or_a_command_error(value):
    outcome(json.dumps({"kind": "grasp", "at": {"x": value, "y": 0.5, "z": 0.5}}))
    outcome(json.dumps({"kind": "grasp", "at": value}))
    outcome(json.dumps({"kind": value}))
    outcome(json.dumps({"kind": "refuse", "reason": value}))


SEEDS = [
    "grasp(0.42, 0.61, 0.93)",
    "移动（0.42，0.61，0.93，0.1，0.2，1.5）",
    'refuse("no")',
    '{"kind": "grasp", "at": {"x": 0.42, "y": 0.61, "z": 0.93}}',
    "```\ndone()\n```",
]
PIECES = [
    *"()（）,，.。;；'\"“”{}[]:+-eE0123456789 \n\t\\`\ud800\u3000\x00\x1b",
    "nan",
    "null",
    "done()",
    "\\u",
    "1" * 400,
]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 80), st.integers(0, 3), st.sampled_from(PIECES))))
def test_a_damaged_command_is_a_command_or_a_command_error(text, damages):
    for place, cut, piece in damages:
        text = text[:place] + piece + text[place + cut :]
    outcome(text)


@pytest.mark.parametrize(
    "text",
    [
        "grasp(" + "1" * 100_000 + "x, 0.5, 0.5)",
        "grasp(0." + "1" * 100_000 + ", 0.5, 0.5)",
        "grasp(" + " " * 100_000 + "x",
        "grasp" + " " * 100_000,
        "grasp()" + " " * 100_000 + "x",
        "grasp" + "(" * 50_000 + ")" * 50_000 + "x",
        "grasp(" + ") " * 50_000 + "x",
        "grasp(" + "0.1," * 25_000 + ")",
        "```\n" + "```" * 33_000 + "x",
        "```" + "\n" * 100_000,
        'refuse("' + '"' * 100_000 + "x)",
        "refuse('" + "' " * 50_000 + "x')",
        "a" * 100_000,
        "{" * 100_000,
        '{"a":' * 20_000,
        '{"kind": "refuse", "reason": "' + "a" * 100_000 + '"}',
        '{"kind": "' + "a" * 100_000 + '"}',
        '{"kind": "grasp", "at": {"x": 0.' + "1" * 100_000 + ', "y": 0.5, "z": 0.5}}',
    ],
    ids=lambda text: f"{text[:8]!r}",
)
def test_a_hundred_kilobytes_are_judged_at_once(text):
    start = time.perf_counter()
    outcome(text)
    assert time.perf_counter() - start < 1.0


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_text_of_the_prompt_has_every_command(language):
    lines = describe_commands(language).splitlines()
    assert [line.split(": ")[0] for line in lines] == list(SIGNATURES)
    assert all(len(line.split(": ", 1)[1]) > 5 for line in lines)
