"""A planner for any OpenAI-compatible endpoint: OpenAI's own, vLLM, llama.cpp, Ollama, ``transformers serve``, ...

Where and with which key is read from the environment; see ``docs/plug-in-a-model.md``.
"""

from __future__ import annotations

import base64
import os
import re
import time
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from embodied.commands import MAX_REASON_CHARS, Refuse, json_schema
from embodied.errors import ModelError, UsageError
from embodied.models.endpoint import Answer, Endpoint, EndpointSettings
from embodied.planner import Planner, Prompt, Reply, Tier, Turn
from embodied.registry import PlannerSetup

PORTABLE_KEYWORDS = frozenset(
    {"type", "properties", "required", "additionalProperties", "anyOf", "$ref", "$defs", "const", "description"}
)
"""What every server with structured output understands; ranges and lengths are left to ``parse``."""
_WRAPPED = re.compile(r'\{\s*"command"\s*:\s*(?P<command>\{.*\})\s*\}', re.DOTALL)


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message


class _Usage(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Completion(BaseModel):
    choices: list[_Choice]
    usage: _Usage | None = None


class OpenAIPlanner(Planner):
    """Asks a model behind an endpoint, with structured output where the endpoint has it."""

    name = "openai"
    tier: Tier = "pixels"

    def __init__(self, model: str, settings: EndpointSettings | None = None, key: str = "", seed: int = 0) -> None:
        """Open a client; nothing is sent before the first prompt.

        Raises:
            UsageError: If there is no usable key and the endpoint is OpenAI's own.
        """
        self._model, self._settings = model, settings or EndpointSettings()
        self._endpoint = Endpoint(self._settings, key, seed)
        self._structured = True

    def reply(self, prompt: Prompt) -> Reply:
        """The model's answer.

        Raises:
            ModelError: If there is none in time, or only a person can help.
        """
        answer = self._ask(prompt.turns, time.monotonic() + self._settings.timeout_s)
        if answer.status != 200:
            raise ModelError(
                f"endpoint {self._settings.place} refuses to ask model {self._model!r} ({answer.status}): "
                f"{answer.body.decode(errors='replace')}; is it a model of that endpoint, and does it read images?"
            )
        return self._read(answer.body)

    def close(self) -> None:
        """Close the connections."""
        self._endpoint.close()

    def _ask(self, turns: Sequence[Turn], deadline_s: float) -> Answer:
        request: dict[str, Any] = {"model": self._model, "messages": [message(turn) for turn in turns]}
        if self._structured:
            answer = self._endpoint.ask(request | {"response_format": response_format()}, deadline_s)
            if answer.status not in (400, 404, 422):
                return answer
        answer = self._endpoint.ask(request, deadline_s)
        self._structured = self._structured and answer.status != 200
        return answer

    def _read(self, body: bytes) -> Reply:
        try:
            completion = _Completion.model_validate_json(body)
            said = completion.choices[0].message
        except (ValidationError, IndexError):
            raise ModelError(
                f"endpoint {self._settings.place} answers with something else than a chat completion; "
                "is OPENAI_BASE_URL right? It usually ends with /v1"
            ) from None
        usage = completion.usage or _Usage()
        text = _words(said)
        return Reply(text, usage.prompt_tokens, usage.completion_tokens, self._cost_usd(completion.usage))

    def _cost_usd(self, usage: _Usage | None) -> float | None:
        prompt_price, reply_price = self._settings.prompt_usd_per_million, self._settings.reply_usd_per_million
        if usage is None or prompt_price is None or reply_price is None:
            return None
        return (usage.prompt_tokens * prompt_price + usage.completion_tokens * reply_price) / 1e6


def open_planner(setup: PlannerSetup) -> OpenAIPlanner:
    """The model ``setup.model`` of the endpoint that the environment names.

    Raises:
        UsageError: If no model is named, or the environment is unusable.
    """
    if not setup.model:
        raise UsageError("the openai planner needs a model: a name that the endpoint knows")
    settings = EndpointSettings.from_environment(os.environ)
    return OpenAIPlanner(setup.model, settings, os.environ.get("OPENAI_API_KEY", ""), setup.seed)


def message(turn: Turn) -> dict[str, Any]:
    """A turn as the endpoint wants it; pictures go as PNG inside the request."""
    if not turn.images:
        return {"role": turn.role, "content": turn.text}
    images = [{"type": "image_url", "image_url": {"url": data_url(image)}} for image in turn.images]
    return {"role": turn.role, "content": [*images, {"type": "text", "text": turn.text}]}


def data_url(image: NDArray[np.uint8]) -> str:
    """An RGB picture as a URL that holds it."""
    _, png = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    return f"data:image/png;base64,{base64.b64encode(png.tobytes()).decode('ascii')}"


def response_format() -> dict[str, Any]:
    """The commands as a strict JSON schema: an object at the root, every field required, no rarer keyword."""
    schema = json_schema()
    command = {"anyOf": schema["oneOf"]}
    wrapped = {
        "type": "object",
        "properties": {"command": command},
        "required": ["command"],
        "additionalProperties": False,
        "$defs": {name: _portable(definition) for name, definition in schema["$defs"].items()},
    }
    return {"type": "json_schema", "json_schema": {"name": "command", "strict": True, "schema": wrapped}}


def _portable(schema: dict[str, Any]) -> dict[str, Any]:
    kept = {keyword: value for keyword, value in schema.items() if keyword in PORTABLE_KEYWORDS}
    if "properties" in kept:
        kept["properties"] = {name: _portable(field) for name, field in kept["properties"].items()}
    return kept


def _words(said: _Message) -> str:
    if said.refusal and not said.content:
        return str(Refuse(reason=said.refusal[:MAX_REASON_CHARS]))
    text = (said.content or "").strip()
    wrapped = _WRAPPED.fullmatch(text)
    return wrapped["command"] if wrapped else text
