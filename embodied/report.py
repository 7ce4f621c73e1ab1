"""The page that shows an episode: one HTML file that stands alone, pictures and all."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from numpy.typing import NDArray

from embodied.commands import Approach, Done, Grasp, Move, Refuse, parse
from embodied.drawing import depth_picture, draw_command, jpeg
from embodied.episode import REPORT, VIDEO, Header, Outcome, read_episode
from embodied.prompting import DepthRange, measured_range
from embodied.recording import write_whole

TEMPLATE = "report.html.jinja"


@dataclass(frozen=True)
class StepView:
    """One step as the template shows it.

    Attributes:
        line: The step's line of ``episode.jsonl``.
        image, depth: Pictures as data URIs; ``depth`` is empty where the robot has no depth.
        depth_range: The nearest and the farthest depth that was measured, if any.
    """

    line: dict[str, Any]
    image: str
    depth: str
    depth_range: DepthRange | None


class ReportPage:
    """Keeps ``report.html`` of an episode under way up to date, drawing every step once."""

    def __init__(self, directory: Path) -> None:
        """Nothing is written before the first step."""
        self._directory = directory
        self._views: list[StepView] = []

    def add(self, line: dict[str, Any], image: NDArray[np.uint8], depth_m: NDArray[np.float32] | None) -> None:
        """Draw one more step, with what was seen before it."""
        self._views.append(view(line, image, depth_m))

    def write(self, header: Header, outcome: Outcome | None) -> None:
        """Write the page, whole or not at all.

        Raises:
            EpisodeError: If it cannot be written.
        """
        video = VIDEO if (self._directory / VIDEO).exists() else ""
        write_whole(self._directory / REPORT, render(header, self._views, outcome, video).encode("utf-8", "replace"))


def write_report(directory: Path) -> Path:
    """Draw the page of an episode anew from its record, however it ended; returns where it is.

    Raises:
        EpisodeError: If the record cannot be read or the page not be written.
    """
    episode = read_episode(directory)
    page = ReportPage(directory)
    for index, line in enumerate(episode.lines):
        page.add(line, episode.image(index), episode.depth_m(index))
    page.write(episode.header, episode.outcome)
    return directory / REPORT


def view(line: dict[str, Any], image: NDArray[np.uint8], depth_m: NDArray[np.float32] | None) -> StepView:
    """One step with its pictures drawn."""
    depth = depth_picture(depth_m)
    drawn = draw_command(image, _command(line))
    return StepView(line, _data_uri(drawn), _data_uri(depth) if depth is not None else "", measured_range(depth_m))


def _command(line: dict[str, Any]) -> Approach | Grasp | Move | Done | Refuse | None:
    return parse(line["command"]) if line["command"] else None


def _data_uri(picture: NDArray[np.uint8]) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg(picture)).decode()}"


def render(header: Header, views: list[StepView], outcome: Outcome | None, video: str = "") -> str:
    """The page as text; everything that comes from the episode is data and is escaped.

    Args:
        header: The episode's configuration.
        views: Its steps so far.
        outcome: How it ended; ``None`` while it runs, or if its writer died.
        video: Where its video is, relative to the page; empty for none.
    """
    return page_template().render(header=header, steps=views, outcome=outcome, video=video, mood=mood(outcome))


@cache
def page_template() -> Template:
    """Compiled once: it takes longer than everything else on the page."""
    loader = PackageLoader("embodied", ".")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.get_template(TEMPLATE)


def mood(outcome: Outcome | None) -> str:
    """The colour of the page's head: good, bad, or neither."""
    if outcome is None or outcome.success is None:
        return "bad" if outcome is not None and outcome.ended == "error" else "open"
    return "good" if outcome.success else "bad"
