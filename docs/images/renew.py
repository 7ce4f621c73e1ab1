"""Make docs/images/drawer.png anew from an episode: python docs/images/renew.py out/demo."""

import sys
from pathlib import Path

import cv2
import numpy as np

from embodied.commands import parse
from embodied.drawing import draw_command
from embodied.episode import read_episode


def main(directory: str) -> None:
    """Write what the planning camera saw before every command of the episode, with the command drawn on it."""
    episode = read_episode(Path(directory))
    pictures = [draw_command(episode.image(index), parse(line["command"])) for index, line in enumerate(episode.lines)]
    strip = np.hstack([cv2.resize(picture[:, 40:], None, fx=0.8, fy=0.8) for picture in pictures[1:]])
    cv2.imwrite(str(Path(__file__).parent / "drawer.png"), cv2.cvtColor(strip, cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    main(sys.argv[1])
