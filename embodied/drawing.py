"""Pictures for people: a command drawn where it points, a depth map in colours, pictures beside each other."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from embodied.commands import Approach, Done, Grasp, ImagePoint, Move, Refuse
from embodied.observation import Observation
from embodied.prompting import colour_depth, measured_range

Picture = NDArray[np.uint8]
APPROACH_RGB, GRASP_RGB, MOVE_RGB = (255, 196, 0), (230, 40, 60), (0, 150, 255)
CAPTION_PX = 26


def draw_command(image: Picture, command: Approach | Grasp | Move | Done | Refuse | None) -> Picture:
    """A copy of ``image`` with a circle where the command approaches or grasps, an arrow where it moves."""
    picture: Picture = image.copy()
    match command:
        case Approach(at=at):
            _circle(picture, at, APPROACH_RGB, filled=False)
        case Grasp(at=at):
            _circle(picture, at, GRASP_RGB, filled=True)
        case Move(start=start, end=end):
            _arrow(picture, start, end)
    return picture


def _pixel(picture: Picture, point: ImagePoint) -> tuple[int, int]:
    height_px, width_px = picture.shape[:2]
    return min(int(point.x * width_px), width_px - 1), min(int(point.y * height_px), height_px - 1)


def _circle(picture: Picture, point: ImagePoint, colour: tuple[int, int, int], filled: bool) -> None:
    centre, radius_px = _pixel(picture, point), max(6, picture.shape[1] // 40)
    cv2.circle(picture, centre, radius_px, (255, 255, 255), 4, cv2.LINE_AA)
    cv2.circle(picture, centre, radius_px, colour, 2, cv2.LINE_AA)
    if filled:
        cv2.circle(picture, centre, 3, colour, cv2.FILLED, cv2.LINE_AA)


def _arrow(picture: Picture, start: ImagePoint, end: ImagePoint) -> None:
    tail, head = _pixel(picture, start), _pixel(picture, end)
    for colour, thickness_px in (((255, 255, 255), 5), (MOVE_RGB, 2)):
        cv2.arrowedLine(picture, tail, head, colour, thickness_px, cv2.LINE_AA, tipLength=0.15)
    _circle(picture, start, MOVE_RGB, filled=True)


def depth_picture(depth_m: NDArray[np.float32] | None) -> Picture | None:
    """The depth map in colours: near is yellow, far is violet, no reading is black; ``None`` if nothing was read."""
    return None if measured_range(depth_m) is None else colour_depth(depth_m)


def look_picture(observation: Observation) -> Picture:
    """Colour beside depth, each with a caption: what the camera sees."""
    size = observation.camera.intrinsics
    parts = [_captioned(observation.image, f"{observation.camera.name} {size.width_px} x {size.height_px}")]
    depth, measured = depth_picture(observation.depth_m), measured_range(observation.depth_m)
    if depth is not None and measured is not None:
        parts.append(_captioned(depth, f"depth {measured.near_m:.2f} m (yellow) to {measured.far_m:.2f} m (violet)"))
    return np.hstack(parts)


def _captioned(picture: Picture, caption: str) -> Picture:
    band = np.full((CAPTION_PX, picture.shape[1], 3), 255, dtype=np.uint8)
    cv2.putText(band, caption, (6, CAPTION_PX - 9), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (40, 40, 40), 1, cv2.LINE_AA)
    return np.vstack([band, picture])


def png(picture: Picture) -> bytes:
    """The picture as a PNG file."""
    return _encoded(picture, ".png", [])


def jpeg(picture: Picture) -> bytes:
    """The picture as a JPEG file, for pages."""
    return _encoded(picture, ".jpg", [cv2.IMWRITE_JPEG_QUALITY, 88])


def _encoded(picture: Picture, ending: str, options: list[int]) -> bytes:
    ok, content = cv2.imencode(ending, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), options)
    if not ok:
        raise ValueError(f"a picture of shape {picture.shape} cannot be encoded as {ending}")
    return content.tobytes()
