"""The schema that is sent with a question, to endpoints that hold their answers to one."""

from __future__ import annotations

import json

import jsonschema
import pytest

from embodied.commands import Approach, Done, ImagePoint, Move, Refuse
from embodied.models.openai import PORTABLE_KEYWORDS, response_format


@pytest.mark.parametrize(
    "command",
    [
        Approach(at=ImagePoint(x=0.1, y=0.2, z=0.3)),
        Move(start=ImagePoint(x=0.1, y=0.2, z=0.3), end=ImagePoint(x=0.1, y=0.2, z=0.3)),
        Done(),
        Refuse(reason="no"),
    ],
)
def test_the_schema_that_is_sent_accepts_every_command(command):
    schema = response_format()["json_schema"]["schema"]
    jsonschema.validate({"command": json.loads(command.model_dump_json())}, schema)


def test_the_schema_that_is_sent_is_strict_and_has_no_rare_keyword():
    schema = response_format()["json_schema"]["schema"]
    for definition in [schema, *schema["$defs"].values()]:
        assert set(definition) <= PORTABLE_KEYWORDS
        assert definition["additionalProperties"] is False
        assert set(definition["required"]) == set(definition["properties"])
        assert all(set(field) <= PORTABLE_KEYWORDS for field in definition["properties"].values())
