"""A video that can be played whenever its writer dies: fragmented MP4, H.264 where the encoder is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from embodied.errors import EpisodeError

ENCODERS = ("libx264", "libopenh264", "mpeg4")
"""In order of preference; browsers play the first two."""
FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "flush_packets": "1"}


class Video:
    """Writes pictures to a file that is readable up to the last second at any moment."""

    def __init__(self, path: Path, period_s: float) -> None:
        """Play one picture every ``period_s``; the file appears with the first picture."""
        self._path, self._rate = path, max(1, round(1 / period_s))
        self._container: Any = None
        self._stream: Any = None

    def add(self, image: NDArray[np.uint8], seconds: float = 0.0) -> None:
        """Append a picture (height, width, 3), shown for one period or ``seconds``, fitted to the first one's size.

        Raises:
            EpisodeError: If it cannot be written.
        """
        with self._border():
            if self._container is None:
                self._open(image)
            picture = av.VideoFrame.from_ndarray(self._fitted(image), format="rgb24")
            for _ in range(max(1, round(seconds * self._rate))):
                self._container.mux(self._stream.encode(picture))

    def close(self) -> None:
        """Finish the file.

        Raises:
            EpisodeError: If it cannot be written.
        """
        if self._container is None:
            return
        container, self._container = self._container, None
        with self._border():
            try:
                if self._stream is not None:  # interrupted while it was being opened, there is none
                    container.mux(self._stream.encode(None))
            finally:
                container.close()

    def _open(self, image: NDArray[np.uint8]) -> None:
        self._container = av.open(str(self._path), "w", format="mp4", options=FRAGMENTED)
        encoder = next(name for name in ENCODERS if name in av.codecs_available)
        self._stream = self._container.add_stream(encoder, rate=Fraction(self._rate))
        self._stream.height, self._stream.width = (size // 2 * 2 for size in image.shape[:2])  # 4:2:0 wants even sizes
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.gop_size = self._rate  # a fragment a second
        self._stream.codec_context.thread_count = 1
        if encoder == "libx264":
            self._stream.options = {"preset": "veryfast", "tune": "zerolatency", "crf": "23"}

    def _fitted(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        size = (self._stream.width, self._stream.height)
        if abs(image.shape[1] - size[0]) <= 1 and abs(image.shape[0] - size[1]) <= 1:
            return np.ascontiguousarray(image[: size[1], : size[0]])
        return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)

    @contextmanager
    def _border(self) -> Iterator[None]:
        try:
            yield
        except (OSError, av.FFmpegError) as error:
            raise EpisodeError(f"cannot write {self._path}: {error}") from error
