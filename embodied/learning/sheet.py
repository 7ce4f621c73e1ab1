"""A data set for people to look at: samples drawn on one HTML page, with every point and box that is spoken of."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from embodied.learning.dataset import IMAGE_MARK, read_conversations

COLORS = ((255, 60, 60), (60, 160, 255), (70, 200, 70), (255, 170, 0), (200, 80, 255), (0, 200, 200), (255, 110, 180))
"""Red, green, blue, one after the other for the exchanges about a picture."""
WIDTH_PX = 672
_NUMBERS = re.compile(r"\(((?:\d\.\d+(?:, )?){3,6})\)")
_PAGE = """<!doctype html><meta charset="utf-8"><title>{title}</title>
<style>body{{font:14px sans-serif;margin:1em}}article{{display:flex;gap:1em;margin-bottom:2em}}
img{{width:{width}px}}pre{{white-space:pre-wrap;margin:0 0 .4em}}</style>
<h1>{title}</h1>{articles}"""


def write_sheet(folder: Path, out: Path, first: int = 0, count: int = 48) -> int:
    """Write a page with ``count`` samples of a data set from number ``first`` on; how many there were.

    Raises:
        UsageError: If there is no data set.
    """
    entries = read_conversations(folder)[first : first + count]
    articles = "\n".join(_article(folder, entry) for entry in entries)
    title = f"{folder.name}: {first} to {first + len(entries) - 1}"
    out.write_text(_PAGE.format(title=html.escape(title), width=WIDTH_PX, articles=articles), encoding="utf-8")
    return len(entries)


def drawn(folder: Path, entry: dict[str, Any]) -> NDArray[np.uint8]:
    """A sample's picture, twice as large, with what its exchanges point at; blue first, as OpenCV has it."""
    image = cv2.imread(str(folder / entry["image"]))
    assert image is not None
    canvas = np.asarray(cv2.resize(image, None, fx=2.0, fy=2.0, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    for number, (question, answer) in enumerate(exchanges(entry)):
        color, commanded = COLORS[number % len(COLORS)][::-1], entry["asks"][number].startswith("command")
        for found in _NUMBERS.finditer(answer if commanded else f"{question} {answer}"):
            _draw(canvas, [float(text) for text in found[1].split(", ")], str(number + 1), color)
    return canvas


def exchanges(entry: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """A sample's questions and answers."""
    values = [turn["value"].removeprefix(IMAGE_MARK) for turn in entry["conversations"]]
    return zip(values[::2], values[1::2], strict=True)


def _draw(canvas: NDArray[np.uint8], numbers: list[float], text: str, color: tuple[int, ...]) -> None:
    height, width = canvas.shape[:2]
    scaled = [round(value * (width, height)[index % 2]) for index, value in enumerate(numbers)]
    if len(numbers) == 4:
        cv2.rectangle(canvas, (scaled[0], scaled[1]), (scaled[2], scaled[3]), color, 1)
        return
    points = [(round(numbers[k] * width), round(numbers[k + 1] * height)) for k in range(0, len(numbers), 3)]
    for point in points:
        cv2.circle(canvas, point, 5, color, 2)
    beside = points[0][0] + 7, points[0][1] - 5
    cv2.putText(canvas, text, beside, cv2.FONT_HERSHEY_SIMPLEX, 0.5, color, 1, cv2.LINE_AA)
    if len(points) == 2:
        cv2.arrowedLine(canvas, points[0], points[1], color, 1, cv2.LINE_AA)


def _article(folder: Path, entry: dict[str, Any]) -> str:
    data = base64.b64encode(cv2.imencode(".jpg", drawn(folder, entry))[1].tobytes()).decode()
    lines = []
    for number, (question, answer) in enumerate(exchanges(entry)):
        red, green, blue = COLORS[number % len(COLORS)]
        words = html.escape(f"{number + 1}. {question}\n   = {answer}")
        lines.append(f'<pre style="color:rgb({red * 3 // 4},{green * 3 // 4},{blue * 3 // 4})">{words}</pre>')
    title = html.escape(f"{entry['id']} {entry['task'] or ''}")
    return f'<article><img src="data:image/jpeg;base64,{data}"><div><b>{title}</b>{"".join(lines)}</div></article>'
