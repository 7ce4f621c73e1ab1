"""The record of one episode: its words, and how it is read back.

An episode is a directory that is complete at any moment, however the process that writes it dies::

    config.json     resolved configuration and versions; written first, it marks the directory as an episode
    episode.jsonl   one JSON object a step, flushed to the disk before the next step begins
    images/000.png  what the planner saw before step 0
    depth/000.npz   the depth map of the same look: array ``depth_m``, float32 metres, NaN for "no reading"
    video.mp4       fragmented, so that all but the last second can be played whenever the writer dies
    report.html     stands alone but for the video; rewritten after every step
    result.json     how it ended; appears whole or not at all

Depth maps are kept as float32 and not as a 16-bit picture: a command that is grounded again from the record then gets
the same world point to the last bit, which half a millimetre of rounding would spoil.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from embodied.camera import IMAGE_SIZE_PX
from embodied.errors import EpisodeError
from embodied.language import Language
from embodied.planner import Tier
from embodied.task import Task

FORMAT: Literal["embodied-episode/1"] = "embodied-episode/1"
CONFIG, LINES, RESULT, REPORT, VIDEO = "config.json", "episode.jsonl", "result.json", "report.html", "video.mp4"

EpisodeEnding = Literal[
    "done", "refused", "step_limit", "time_limit", "reply_limit", "stopped", "limit_broken", "error", "interrupted"
]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Configuration(_Record):
    """Everything that decides how an episode goes, with nothing left to look up.

    Attributes:
        instruction: What the robot was told.
        language: The language of the prompt.
        scene: Name or file of the scene; ``None`` where the controller chooses.
        task: The task that it is judged by, whole; ``None`` if there is none.
        planner, model, controller: Names, as on the command line.
        seed: Seeds everything random.
        max_steps: How many steps at most.
        max_robot_s: How long at most, on the robot's clock; ``None`` for no limit.
        max_replies: How many replies of the planner at most; ``None`` for no limit.
        dry_run: Whether the guard let nothing move.
        gui: Whether a window was open.
        renderer: The simulator's renderer.
        image_size_px: (width, height) of the planning camera, where it can be chosen.
        depth_image: Whether the prompt shows the depth map as a second picture.
        trust_claimed_depth: Whether the model's z is used on a robot without a depth camera.
        disturbed: Whether a simulated world played its tricks in mid-episode.
        film_period_s: Seconds on the robot's clock between two pictures of the video; ``None`` for no video.
    """

    instruction: str
    language: Language = "en"
    scene: str | None = None
    task: Task | None = None
    planner: str
    model: str | None = None
    controller: str
    seed: int = 0
    max_steps: int
    max_robot_s: float | None = None
    max_replies: int | None = None
    dry_run: bool = False
    gui: bool = False
    renderer: str = "tiny"
    image_size_px: tuple[int, int] = IMAGE_SIZE_PX
    depth_image: bool = False
    trust_claimed_depth: bool = False
    disturbed: bool = False
    film_period_s: float | None = None


class Header(_Record):
    """The contents of ``config.json``.

    Attributes:
        format: Marks the directory as an episode of ours.
        started: When it began, ISO 8601.
        configuration: What decides how it goes.
        tier: What its planner can see; ``None`` until the planner is open.
        versions: Of this package, Python, the platform and every dependency that matters.
    """

    format: Literal["embodied-episode/1"] = FORMAT
    started: str
    configuration: Configuration
    tier: Tier | None = None
    versions: dict[str, str]


class Answer(_Record):
    """One predicate that the judge asked, and whether it held."""

    predicate: str
    holds: bool


class Outcome(_Record):
    """The contents of ``result.json``.

    Attributes:
        success: What the judge says; ``None`` if nobody judged.
        ended: Why the loop ended.
        message: The same in a sentence.
        steps: How many steps were taken.
        tier: What the planner could see; ``None`` if none was opened.
        planner, model, controller, seed, instruction, task, scene: As configured.
        dry_run: Whether nothing was allowed to move.
        seconds: Wall seconds of the whole episode.
        prompt_tokens, reply_tokens: Sums over all replies.
        cost_usd: Sum over all replies, or ``None`` if the price of one is unknown.
        judge: Every predicate that was asked, in order.
        course: Which predicates held at the start, then after each command that the robot was given; a command that
            was rejected before is none.
        disturbances: What was done to a disturbed world in mid-episode, to what, and when.
    """

    success: bool | None
    ended: EpisodeEnding
    message: str
    steps: int
    tier: Tier | None
    planner: str
    model: str | None
    controller: str
    seed: int
    instruction: str
    task: str | None
    scene: str | None
    dry_run: bool
    seconds: float
    prompt_tokens: int = 0
    reply_tokens: int = 0
    cost_usd: float | None = None
    judge: tuple[Answer, ...] = ()
    course: tuple[tuple[str, ...], ...] = ()
    disturbances: tuple[str, ...] = ()


@dataclass(frozen=True)
class Episode:
    """An episode as read from its directory; the writer may have died at any moment.

    Attributes:
        directory: Where it is.
        header: The contents of ``config.json``.
        lines: One JSON object a step, as in ``episode.jsonl``.
        outcome: The contents of ``result.json``; ``None`` if the writer died before it.
    """

    directory: Path
    header: Header
    lines: tuple[dict[str, Any], ...]
    outcome: Outcome | None

    def image(self, index: int) -> NDArray[np.uint8]:
        """What the planner saw before step ``index``, (height, width, 3) RGB.

        Raises:
            EpisodeError: If the picture is missing or broken.
        """
        path = self.directory / image_name(index)
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if picture is None:
            raise EpisodeError(f"{path} is missing or is not a picture")
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)

    def depth_m(self, index: int) -> NDArray[np.float32] | None:
        """The depth map of the same look, as the robot gave it; ``None`` if it has no depth camera.

        Raises:
            EpisodeError: If the file is missing or broken.
        """
        if self.lines[index]["observation"]["depth"] is None:
            return None
        path = self.directory / depth_name(index)
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return np.asarray(arrays["depth_m"], dtype=np.float32)
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise EpisodeError(f"{path} is missing or is not a depth map: {error}") from error


def image_name(index: int) -> str:
    """Where the picture of a step is, inside the episode."""
    return f"images/{index:03d}.png"


def depth_name(index: int) -> str:
    """Where the depth map of a step is, inside the episode."""
    return f"depth/{index:03d}.npz"


def read_episode(directory: Path) -> Episode:
    """Read an episode; a last line that was torn when the writer died is left out.

    Raises:
        EpisodeError: If it is no episode, or something in it is broken in a way that a dying writer does not leave.
    """
    header = _read_model(Header, directory / CONFIG)
    result = directory / RESULT
    outcome = _read_model(Outcome, result) if result.exists() else None
    return Episode(directory, header, _read_lines(directory / LINES), outcome)


def _read_model(model: type[Any], path: Path) -> Any:
    try:
        return model.model_validate_json(path.read_bytes())
    except OSError as error:
        raise EpisodeError(f"{path.parent} is not an episode: {path.name}: {error.strerror}") from error
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise EpisodeError(f"{path} is broken: {where or path.name}: {fault['msg']}") from error


def _read_lines(path: Path) -> tuple[dict[str, Any], ...]:
    try:
        texts = path.read_bytes().split(b"\n") if path.exists() else []
    except OSError as error:
        raise EpisodeError(f"{path} cannot be read: {error.strerror}") from error
    whole = texts[:-1]  # what follows the last line break was never finished
    return tuple(_read_line(text, path, number) for number, text in enumerate(whole, start=1))


def _read_line(text: bytes, path: Path, number: int) -> dict[str, Any]:
    try:
        line = json.loads(text)
    except ValueError as error:
        raise EpisodeError(f"{path}, line {number}, is not JSON: {error}") from error
    if not isinstance(line, dict) or line.get("index") != number - 1:
        raise EpisodeError(f"{path}, line {number}, is not step {number - 1} of an episode")
    return line


def without_times(line: dict[str, Any]) -> dict[str, Any]:
    """A line without its wall-clock times: what must be the same when the same seed is run again."""
    return {key: value for key, value in line.items() if key != "timings"}
