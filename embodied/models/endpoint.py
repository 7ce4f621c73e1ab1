"""Patience with an OpenAI-compatible endpoint: one deadline for everything, back-off, and errors without secrets."""

from __future__ import annotations

import importlib
import random
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from importlib.util import find_spec
from typing import Any, NoReturn
from urllib.parse import urlsplit

from embodied.errors import MissingDependencyError, ModelError, UsageError

try:
    import openai
except ImportError as error:
    raise MissingDependencyError("openai", "openai") from error

OPENAI_URL = "https://api.openai.com/v1"
MAX_BODY_BYTES = 4_000_000
_TRANSPORT_ERRORS = tuple(importlib.import_module(name).HTTPError for name in ("httpx", "httpx2") if find_spec(name))


@dataclass(frozen=True, kw_only=True)
class EndpointSettings:
    """Where the endpoint is, how long to wait for it, and what it costs.

    Attributes:
        base_url: What stands before ``/chat/completions``.
        timeout_s: For one reply, all attempts and pauses together.
        max_attempts: How often to ask at most while the endpoint is busy or cannot be reached.
        first_pause_s: The pause after the first attempt; it doubles after each, plus up to as much again at random.
        prompt_usd_per_million: Price of a million prompt tokens; ``None`` if unknown.
        reply_usd_per_million: Price of a million reply tokens; ``None`` if unknown.
    """

    base_url: str = OPENAI_URL
    timeout_s: float = 120.0
    max_attempts: int = 6
    first_pause_s: float = 0.5
    prompt_usd_per_million: float | None = None
    reply_usd_per_million: float | None = None

    def __post_init__(self) -> None:
        """Refuse an address that is none, and no time at all.

        Raises:
            UsageError: If ``base_url`` is not an http or https address, or ``timeout_s`` is not positive.
        """
        if not _is_address(self.base_url):
            raise UsageError("OPENAI_BASE_URL must be an address such as http://localhost:8000/v1")
        if self.timeout_s <= 0.0:
            raise UsageError(f"OPENAI_TIMEOUT_S must be more than 0, not {self.timeout_s:g}")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> EndpointSettings:
        """Settings from ``OPENAI_BASE_URL``, ``OPENAI_TIMEOUT_S`` and the two prices.

        Raises:
            UsageError: If one of them is unusable.
        """
        timeout_s = _number(environment, "OPENAI_TIMEOUT_S")
        return cls(
            base_url=environment.get("OPENAI_BASE_URL", "").strip() or OPENAI_URL,
            timeout_s=cls.timeout_s if timeout_s is None else timeout_s,
            prompt_usd_per_million=_number(environment, "OPENAI_PROMPT_USD_PER_MILLION"),
            reply_usd_per_million=_number(environment, "OPENAI_REPLY_USD_PER_MILLION"),
        )

    @property
    def place(self) -> str:
        """The address without user, password and query, fit for an error."""
        parts = urlsplit(self.base_url)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _number(environment: Mapping[str, str], name: str) -> float | None:
    text = environment.get(name, "").strip()
    try:
        value = float(text or "nan")
    except ValueError:
        value = -1.0
    if text and not 0.0 <= value < float("inf"):
        raise UsageError(f"{name} must be a number that is not negative, not {text[:40]!r}")
    return value if text else None


@dataclass(frozen=True)
class Answer:
    """What the endpoint said.

    Attributes:
        status: 200, or the status with which it called the request wrong.
        body: The body; where the request was wrong, one line of what the endpoint says of it.
    """

    status: int
    body: bytes


@dataclass(frozen=True)
class _Trouble:
    """Why an attempt failed that may succeed later."""

    what: str
    retry_after_s: float | None = None


class Endpoint:
    """Sends one request at a time."""

    def __init__(self, settings: EndpointSettings, key: str, seed: int = 0) -> None:
        """Open a client; nothing is sent.

        Raises:
            UsageError: If there is no usable key and the endpoint is OpenAI's own.
        """
        self._settings, self._key = settings, _checked_key(key, settings)
        self._random = random.Random(seed)
        self._client = openai.OpenAI(api_key=self._key or "none", base_url=settings.base_url, max_retries=0)

    def ask(self, request: Mapping[str, Any], deadline_s: float) -> Answer:
        """The endpoint's answer to a chat completion, asked again while it is busy or cannot be reached.

        Args:
            request: The fields of the request.
            deadline_s: When to give up, on ``time.monotonic()``.

        Raises:
            ModelError: If there is none in time, or only a person can help; never holds the key.
        """
        attempt = 1
        while isinstance(outcome := self._attempt(request, deadline_s), _Trouble):
            self._pause(outcome, attempt, deadline_s)
            attempt += 1
        return outcome

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _attempt(self, request: Mapping[str, Any], deadline_s: float) -> Answer | _Trouble:
        try:
            with self._client.chat.completions.with_streaming_response.create(
                **request, timeout=max(deadline_s - time.monotonic(), 0.001)
            ) as response:
                return Answer(200, _read(response.iter_bytes(), deadline_s))
        except openai.APIStatusError as error:
            return self._judge(error)
        except (openai.APITimeoutError, TimeoutError):
            return _Trouble("it does not answer")
        except (openai.APIConnectionError, *_TRANSPORT_ERRORS) as error:
            return _Trouble(f"it cannot be reached ({self._clean(str(error.__cause__ or error))})")

    def _judge(self, error: openai.APIStatusError) -> Answer | _Trouble:
        status = error.status_code
        if status in (401, 403):
            self._give_up(f"it refuses the key ({status}); set OPENAI_API_KEY to one that may use this model")
        if error.code == "insufficient_quota":
            self._give_up("its account has no credit left; top it up")
        if error.code == "model_not_found":
            self._give_up(self._clean(error.message))
        if status in (408, 409, 429) or status >= 500:
            return _Trouble(f"it answers {status}: {self._clean(error.message)}", _retry_after(error.response.headers))
        return Answer(status, self._clean(error.message).encode())

    def _pause(self, trouble: _Trouble, attempt: int, deadline_s: float) -> None:
        backoff_s = self._settings.first_pause_s * 2 ** (attempt - 1) * (1.0 + self._random.random())
        pause_s = backoff_s if trouble.retry_after_s is None else trouble.retry_after_s
        if attempt >= self._settings.max_attempts:
            self._give_up(f"{trouble.what}, {attempt} times")
        if time.monotonic() + pause_s >= deadline_s:
            self._give_up(f"no reply within {self._settings.timeout_s:g} s: {trouble.what} (OPENAI_TIMEOUT_S)")
        time.sleep(pause_s)

    def _give_up(self, why: str) -> NoReturn:
        raise ModelError(f"endpoint {self._settings.place}: {why}") from None

    def _clean(self, text: str) -> str:
        line = " ".join(text.split())
        return (line.replace(self._key, "***") if self._key else line)[:300]


def _checked_key(key: str, settings: EndpointSettings) -> str:
    key = key.strip()
    if not (key.isascii() and key.isprintable()):
        raise UsageError("OPENAI_API_KEY holds characters that no key has")
    if not key and settings.base_url == OPENAI_URL:
        raise UsageError("set OPENAI_API_KEY, or OPENAI_BASE_URL for an endpoint that needs no key")
    return key


def _read(chunks: Iterable[bytes], deadline_s: float) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if time.monotonic() > deadline_s:
            raise TimeoutError
        if len(body) > MAX_BODY_BYTES:
            break
    return bytes(body)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    text = headers.get("retry-after", "").strip()
    if text.replace(".", "", 1).isdecimal():
        return float(text)
    try:
        return max((parsedate_to_datetime(text) - datetime.now(timezone.utc)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None
