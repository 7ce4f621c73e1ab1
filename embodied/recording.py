"""Writes an episode directory step by step, so that it is complete at any moment."""

from __future__ import annotations

import io
import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timezone
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embodied.drawing import png
from embodied.episode import (
    CONFIG,
    FORMAT,
    LINES,
    REPORT,
    RESULT,
    VIDEO,
    Configuration,
    Header,
    Outcome,
    depth_name,
    image_name,
)
from embodied.errors import EpisodeError
from embodied.observation import Observation
from embodied.packages import versions
from embodied.planner import Tier
from embodied.step import Step
from embodied.video import Video

STILL_S = 1.0
"""How long the video shows the picture of a step in which the robot sent no film."""


class Recorder:
    """Writes one episode."""

    def __init__(self, directory: Path, configuration: Configuration) -> None:
        """Claim ``directory`` and write ``config.json``; an earlier episode there is replaced.

        Raises:
            EpisodeError: If it cannot be written, or holds something that is not an episode.
        """
        self.directory = directory
        started = datetime.now(timezone.utc).isoformat(timespec="seconds")
        self.header = Header(started=started, configuration=configuration, versions=versions())
        with border(directory):
            _claim(directory)
            self._write_header()
            self._lines = (directory / LINES).open("wb")
        period_s = configuration.film_period_s
        self._video = Video(directory / VIDEO, period_s) if period_s else None
        self._filmed = False
        self.steps = self.prompt_tokens = self.reply_tokens = 0
        self.cost_usd: float | None = 0.0

    def set_tier(self, tier: Tier) -> None:
        """Add to ``config.json`` what the planner can see, as soon as that is known.

        Raises:
            EpisodeError: If it cannot be written.
        """
        self.header = self.header.model_copy(update={"tier": tier})
        self._write_header()

    def film(self, image: NDArray[np.uint8]) -> None:
        """Append a picture of the motion to the video.

        Raises:
            EpisodeError: If it cannot be written.
        """
        if self._video is not None:
            self._filmed = True
            self._video.add(image)

    def record(self, step: Step) -> dict[str, Any]:
        """Write one step, pictures first, and return its line.

        Raises:
            EpisodeError: If it cannot be written.
        """
        self._count(step)
        line: dict[str, Any] = finite(step_line(step))
        _write_look(self.directory, step)
        with border(self.directory / LINES):
            self._lines.write(encoded(line))
            self._lines.flush()
            os.fsync(self._lines.fileno())
        if self._video is not None and not self._filmed:
            self._video.add(step.observation.image, STILL_S)
        self._filmed = False
        return line

    def finish(self, outcome: Outcome) -> None:
        """Write ``result.json``, whole or not at all.

        Raises:
            EpisodeError: If it cannot be written.
        """
        write_whole(self.directory / RESULT, outcome.model_dump_json(indent=2).encode() + b"\n")

    def close(self) -> None:
        """Finish the video and let go of the files.

        Raises:
            EpisodeError: If something cannot be written.
        """
        with border(self.directory / LINES):
            self._lines.close()
        if self._video is not None:
            self._video.close()

    def _write_header(self) -> None:
        write_whole(self.directory / CONFIG, self.header.model_dump_json(indent=2).encode() + b"\n")

    def _count(self, step: Step) -> None:
        self.steps += 1
        for reply in step.decision.replies:
            self.prompt_tokens += reply.prompt_tokens
            self.reply_tokens += reply.reply_tokens
            unknown = self.cost_usd is None or reply.cost_usd is None
            self.cost_usd = None if unknown else (self.cost_usd or 0.0) + (reply.cost_usd or 0.0)


@contextmanager
def border(path: Path) -> Iterator[None]:
    """Turn what the operating system says about ``path`` into an ``EpisodeError``."""
    try:
        yield
    except OSError as error:
        raise EpisodeError(f"cannot write {path}: {error.strerror or error}") from error


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it appears whole or not at all.

    Raises:
        EpisodeError: If it cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with border(path):
        try:
            with unfinished.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)


def _claim(directory: Path) -> None:
    """Make an empty directory of it; only what an earlier episode left is removed, ``config.json`` last."""
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()) and not _is_episode(directory):
        raise EpisodeError(f"{directory} holds something that is not an episode; choose another directory or empty it")
    for name in (RESULT, REPORT, LINES, VIDEO):
        (directory / name).unlink(missing_ok=True)
    for pattern in ("images/*.png", "depth/*.npz"):
        for path in directory.glob(pattern):
            path.unlink()
    for name in ("images", "depth"):
        (directory / name).mkdir(exist_ok=True)


def _is_episode(directory: Path) -> bool:
    try:
        header = json.loads((directory / CONFIG).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(header, dict) and header.get("format") == FORMAT


def _write_look(directory: Path, step: Step) -> None:
    observation = step.observation
    write_whole(directory / image_name(step.index), png(observation.image))
    if observation.depth_m is not None:
        buffer = io.BytesIO()
        np.savez(buffer, depth_m=observation.depth_m)  # compressed: a sixth smaller, fifty times slower
        write_whole(directory / depth_name(step.index), buffer.getvalue())


def step_line(step: Step) -> dict[str, Any]:
    """A step as one JSON object; every wall-clock time is under ``timings``, all else is the same for the same seed."""
    decision, verdict, result = step.decision, step.verdict, step.result
    return {
        "index": step.index,
        "observation": _observation_fields(step.index, step.observation),
        "prompt": [{"role": turn.role, "text": turn.text, "images": len(turn.images)} for turn in step.prompt.turns],
        "replies": [asdict(reply) for reply in decision.replies],
        "command": None if decision.command is None else str(decision.command),
        "error": decision.error,
        "grounded": None if step.grounded is None else asdict(step.grounded) | {"command": str(step.grounded.command)},
        "verdict": None if verdict is None else {"allowed": verdict.allowed} | asdict(verdict),
        "result": None if result is None else asdict(result),
        "timings": asdict(step.timings),
    }


def _observation_fields(index: int, observation: Observation) -> dict[str, Any]:
    pose = observation.camera.pose_in_world
    camera = {"rotation": pose.rotation.tolist(), "translation_m": pose.translation_m.tolist()}
    return {
        "id": observation.id,
        "time_s": observation.time_s,
        "image": image_name(index),
        "depth": None if observation.depth_m is None else depth_name(index),
        "camera": {"name": observation.camera.name, "intrinsics": asdict(observation.camera.intrinsics)}
        | {"pose_in_world": camera},
        "gripper": asdict(observation.gripper),
    }


def finite(value: Any) -> Any:
    """The same in JSON's types, with ``None`` for a number that is not finite: JSON has no word for those."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {str(key): finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [finite(part) for part in value]
    if isinstance(value, np.generic):
        return finite(value.item())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def encoded(line: dict[str, Any]) -> bytes:
    """One line of ``episode.jsonl``: UTF-8, with a lone surrogate as the escape that JSON has for it."""
    text = json.dumps(line, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "backslashreplace") + b"\n"
