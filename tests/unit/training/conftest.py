"""A tiny data set, drawn in a moment: two coloured blocks a picture, and questions about them."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from embodied.training.examples import read_examples

WIDTH_PX, HEIGHT_PX = 64, 48
ASKS = ["where", "where", "count", "where"]
COLOURS = {"red": (200, 30, 30), "blue": (30, 30, 200)}


def _example(directory, number):
    random = np.random.default_rng(number)
    image = random.integers(100, 140, (HEIGHT_PX, WIDTH_PX, 3), dtype=np.uint8)
    labels = np.zeros((HEIGHT_PX, WIDTH_PX), np.uint8)
    things, said = [], []
    for place, (colour, rgb) in enumerate(COLOURS.items()):
        left, top = 4 + 32 * place + int(random.integers(0, 10)), int(random.integers(0, 30))
        image[top : top + 14, left : left + 14], labels[top : top + 14, left : left + 14] = rgb, place + 1
        x, y = (left + 7) / WIDTH_PX, (top + 7) / HEIGHT_PX
        things.append(
            {
                "number": place + 1,
                "kind": "block",
                "color": colour,
                "state": "open",
                "label": ("SALT", "TEA")[place],
                "title_en": "block",
                "title_zh": "积木",
                "color_zh": {"red": "红色", "blue": "蓝色"}[colour],
                "point": [x, y, 1.2],
            }
        )
        said += [
            {"from": "human", "value": f"Where is the {colour} block?"},
            {"from": "gpt", "value": f"{colour} block ({x:.3f}, {y:.3f}, 1.200)"},
        ]
    said += [{"from": "human", "value": "how many blocks?"}, {"from": "gpt", "value": "2"}]
    said += [{"from": "human", "value": "Where is the green block?"}, {"from": "gpt", "value": "none"}]
    said[0]["value"] = "<image>\n" + said[0]["value"]
    name = f"{number:03d}"
    depth_mm = np.full((HEIGHT_PX, WIDTH_PX), 1200, np.uint16)
    depth_mm[:2] = 0
    cv2.imwrite(str(directory / f"{name}.png"), image[..., ::-1])
    cv2.imwrite(str(directory / f"{name}_depth.png"), depth_mm)
    cv2.imwrite(str(directory / f"{name}_labels.png"), labels)
    (directory / f"{name}_labels.json").write_text(json.dumps(things), encoding="utf-8")
    files = {"image": f"{name}.png", "depth": f"{name}_depth.png", "labels": f"{name}_labels.png"}
    return {"id": name, **files, "asks": ASKS, "about": [[1], [2], [], [0]], "conversations": said}


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """The directory of the data set."""
    directory = tmp_path_factory.mktemp("blocks")
    entries = [_example(directory, number) for number in range(6)]
    (directory / "conversations.json").write_text(json.dumps(entries), encoding="utf-8")
    return directory


@pytest.fixture(scope="session")
def examples(data):
    return read_examples(data)
