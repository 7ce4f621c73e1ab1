from __future__ import annotations

import base64
import json
import threading
import time
import traceback
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import cv2
import numpy as np
import pytest
from chat_server import COMMAND, Server, completion, fault

from embodied.commands import Grasp, ImagePoint, Refuse, parse
from embodied.errors import CommandError, ModelError, UsageError
from embodied.models.endpoint import EndpointSettings
from embodied.models.openai import OpenAIPlanner, open_planner
from embodied.planner import Prompt, Turn
from embodied.registry import PlannerSetup
from embodied.testing import FakeController

KEY = "sk-very-secret-0123456789"


@pytest.fixture
def ask(look):
    """Asks a planner in front of a server with these answers; returns reply or error, and the server."""

    @contextmanager
    def opened(*answers, key=KEY, **settings):
        with Server(answers) as server:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
            quick = {"first_pause_s": 0.01, "timeout_s": 5.0, **settings}
            planner = OpenAIPlanner("tiny", EndpointSettings(base_url=server.url, **quick), key)
            prompt = Prompt((Turn("system", "You are a robot."), Turn("user", "Go.", (PICTURE,))), look(), 0)
            try:
                yield lambda: planner.reply(prompt), server
            finally:
                planner.close()
                server.shutdown()

    return opened


PICTURE = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)


def test_text_picture_schema_and_key_arrive_at_the_server(ask):
    with ask((200, completion())) as (reply, server):
        assert parse(reply().text) == Grasp(at=ImagePoint(x=0.1, y=0.2, z=0.3))
    (request,) = server.requests
    system, user = request["messages"]
    assert request["model"] == "tiny"
    assert system == {"role": "system", "content": "You are a robot."}
    assert user["content"][1] == {"type": "text", "text": "Go."}
    assert request["response_format"]["type"] == "json_schema"
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    url = user["content"][0]["image_url"]["url"]
    png = np.frombuffer(base64.b64decode(url.removeprefix("data:image/png;base64,")), np.uint8)
    assert np.array_equal(cv2.imdecode(png, cv2.IMREAD_COLOR)[..., ::-1], PICTURE)


def test_the_command_is_taken_out_of_its_object(ask):
    wrapped = json.dumps({"command": {"kind": "grasp", "at": {"x": 0.1, "y": 0.2, "z": 0.3}}}, indent=1)
    with ask((200, completion(wrapped))) as (reply, _):
        assert parse(reply().text) == Grasp(at=ImagePoint(x=0.1, y=0.2, z=0.3))


@pytest.mark.parametrize(
    "content",
    [
        '{"command": {"kind": "done"}, "command": {"kind": "done"}}',
        '{"command": "done()"}',
        '{"command": {}}',
        "",
        None,
    ],
)
def test_what_is_no_command_stays_none(ask, content):
    with ask((200, completion(content))) as (reply, _), pytest.raises(CommandError):
        parse(reply().text)


def test_a_refusal_of_the_model_is_a_refusal(ask):
    with ask((200, completion(None, refusal='I "cannot"\nhelp. ' * 50))) as (reply, _):
        assert isinstance(parse(reply().text), Refuse)


def test_tokens_and_cost_are_counted(ask):
    prices = {"prompt_usd_per_million": 2.0, "reply_usd_per_million": 10.0}
    with ask((200, completion()), **prices) as (reply, _):
        answer = reply()
    assert (answer.prompt_tokens, answer.reply_tokens) == (900, 20)
    assert answer.cost_usd == pytest.approx(0.002)


@pytest.mark.parametrize(("prices", "usage"), [({}, True), ({"prompt_usd_per_million": 2.0}, True), (None, False)])
def test_an_unknown_cost_is_none(ask, prices, usage):
    prices = {"prompt_usd_per_million": 2.0, "reply_usd_per_million": 10.0} if prices is None else prices
    with ask((200, completion(usage=usage)), **prices) as (reply, _):
        assert reply().cost_usd is None


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_server_without_structured_output_is_asked_for_text_from_then_on(ask, status):
    with ask((status, fault("response_format is unknown")), (200, completion())) as (reply, server):
        assert [reply().text, reply().text] == [COMMAND, COMMAND]
    assert ["response_format" in request for request in server.requests] == [True, False, False]


def test_a_request_that_is_wrong_either_way_is_an_error_and_is_not_blamed_on_structured_output(ask):
    with ask((400, fault("too many pictures"))) as (reply, server):
        for _ in range(2):
            with pytest.raises(ModelError, match=r"'tiny' \(400\): .*too many pictures"):
                reply()
    assert ["response_format" in request for request in server.requests] == [True, False] * 2


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 529])
def test_a_busy_server_is_asked_again(ask, status):
    with ask((status, fault("busy")), (status, b"<html>"), (200, completion())) as (reply, server):
        assert reply().text == COMMAND
    assert len(server.requests) == 3
    assert all("response_format" in request for request in server.requests)


def test_pauses_grow(ask):
    with ask(*[(500, fault("busy"))] * 4, (200, completion()), first_pause_s=0.05) as (reply, server):
        reply()
    pauses_s = np.diff(server.times_s)
    assert (pauses_s >= [0.05, 0.1, 0.2, 0.4]).all()


def test_retry_after_is_honoured(ask):
    with ask((429, fault("slow down"), {"Retry-After": "0.3"}), (200, completion())) as (reply, server):
        reply()
    assert np.diff(server.times_s)[0] >= 0.3


def test_retry_after_may_be_a_date(ask):
    date = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=2), usegmt=True)
    with ask((503, fault("slow down"), {"Retry-After": date}), (200, completion())) as (reply, server):
        reply()
    assert np.diff(server.times_s)[0] >= 0.5


@pytest.mark.parametrize("text", ["soon", "nan", ""])
def test_a_retry_after_that_says_nothing_is_passed_over(ask, text):
    with ask((429, fault("slow down"), {"Retry-After": text}), (200, completion())) as (reply, _):
        assert reply().text == COMMAND


def test_a_pause_longer_than_the_deadline_is_not_waited_for(ask):
    start = time.monotonic()
    with ask((429, fault("slow down"), {"Retry-After": "3600"})) as (reply, _):
        with pytest.raises(ModelError, match="no reply within 5 s: it answers 429"):
            reply()
    assert time.monotonic() - start < 2.0


def test_patience_ends_after_the_last_attempt(ask):
    with ask((500, fault("broken")), max_attempts=3) as (reply, server):
        with pytest.raises(ModelError, match="it answers 500: .*broken, 3 times"):
            reply()
    assert len(server.requests) == 3


def hang(handler):
    time.sleep(1.5)


def trickle(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(30):
        handler.wfile.write(b" ")
        time.sleep(0.05)


@pytest.mark.parametrize("answer", [hang, trickle])
def test_a_server_that_does_not_finish_is_given_up_at_the_deadline(ask, answer):
    with ask(answer, timeout_s=0.4) as (reply, _):
        start = time.monotonic()
        with pytest.raises(ModelError, match=r"no reply within 0\.4 s: it does not answer"):
            reply()
        assert time.monotonic() - start < 1.0


def hang_up(handler):
    handler.close_connection = True
    handler.connection.shutdown(2)


def break_off(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices')
    handler.close_connection = True


@pytest.mark.parametrize("answer", [hang_up, break_off])
def test_a_broken_connection_is_tried_again(ask, answer):
    with ask(answer, (200, completion())) as (reply, server):
        assert reply().text == COMMAND
    assert len(server.requests) == 2


def test_a_server_that_is_not_there_is_named(look):
    settings = EndpointSettings(base_url="http://user:hunter2@127.0.0.1:9/v1?token=hunter2", first_pause_s=0.01)
    planner = OpenAIPlanner("tiny", settings)
    with pytest.raises(ModelError, match=r"endpoint http://127\.0\.0\.1:9/v1: .*cannot be reached .*6 times") as caught:
        planner.reply(Prompt((Turn("user", "Go."),), look(), 0))
    planner.close()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [b"<html>welcome</html>", b"", b"[]", b"{}", b"null", b'{"choices": []}', b'{"choices": [{}]}', b"\xff",
     b'{"error": {"message": "x"}}', b'{"choices": [{"message": {"content": [1]}}]}', b"{" * 100_000],
)  # fmt: skip
def test_something_else_than_a_completion_is_an_error_with_a_way_out(ask, body):
    with ask((200, body)) as (reply, _), pytest.raises(ModelError, match="is OPENAI_BASE_URL right"):
        reply()


@pytest.mark.parametrize(
    ("status", "body", "match"),
    [
        (401, fault(f"Incorrect API key provided: {KEY}"), r"refuses the key \(401\); set OPENAI_API_KEY"),
        (403, fault(f"{KEY} is not allowed"), r"refuses the key \(403\)"),
        (404, fault(f"no model for {KEY}", code="model_not_found"), "no model for"),
        (429, fault("pay", code="insufficient_quota"), "no credit"),
    ],
)
def test_what_only_a_person_can_mend_is_raised_at_once_and_without_the_key(ask, status, body, match):
    with ask((status, body)) as (reply, server):
        with pytest.raises(ModelError, match=match) as caught:
            reply()
    assert len(server.requests) == 1
    assert KEY not in shown(caught.value)


@pytest.mark.parametrize("status", [400, 418, 500])
def test_no_error_holds_the_key_even_if_the_server_says_it(ask, status):
    with ask((status, fault(f"bad key {KEY}")), max_attempts=2) as (reply, _):
        with pytest.raises(ModelError, match=r"bad key \*\*\*") as caught:
            reply()
    assert KEY not in shown(caught.value)


def shown(error):
    """The error as a log would have it."""
    return "".join(traceback.format_exception(error))


def test_a_local_server_needs_no_key(ask):
    with ask((200, completion()), key="") as (reply, _):
        assert reply().text == COMMAND


def test_the_endpoint_comes_from_the_environment(ask, look, monkeypatch):
    with ask((200, completion())) as (_, server):
        for name, value in {"BASE_URL": server.url, "API_KEY": f" {KEY}\n", "TIMEOUT_S": "3"}.items():
            monkeypatch.setenv(f"OPENAI_{name}", value)
        monkeypatch.setenv("OPENAI_PROMPT_USD_PER_MILLION", "2")
        monkeypatch.setenv("OPENAI_REPLY_USD_PER_MILLION", "10")
        planner = open_planner(PlannerSetup(controller=FakeController(), model="tiny"))
        assert planner.reply(Prompt((Turn("user", "Go."),), look(), 0)).cost_usd == pytest.approx(0.002)
        planner.close()
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"


def test_openai_itself_needs_a_key():
    with pytest.raises(UsageError, match="set OPENAI_API_KEY"):
        OpenAIPlanner("some-model")


@pytest.mark.parametrize("key", ["sk-\u201cquoted\u201d", "two\nlines"])
def test_a_key_that_cannot_be_sent_is_refused_without_being_shown(key):
    with pytest.raises(UsageError, match="no key has") as caught:
        OpenAIPlanner("some-model", key=key)
    assert key not in shown(caught.value)


def test_no_model_named_is_an_error_of_usage():
    with pytest.raises(UsageError, match="needs a model"):
        open_planner(PlannerSetup(controller=FakeController()))
