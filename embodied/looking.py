"""One look through a robot's camera, as a picture for people."""

from pathlib import Path

from embodied.controller import Controller
from embodied.drawing import look_picture, png
from embodied.recording import border, write_whole


def write_look(controller: Controller, path: Path) -> None:
    """Write colour beside depth, as seen at the start, to ``path``.

    Raises:
        EpisodeError: If the file cannot be written.
    """
    with controller:
        observation = controller.observe()
    with border(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, png(look_picture(observation)))
