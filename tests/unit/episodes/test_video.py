from __future__ import annotations

import shutil

import av
import numpy as np
import pytest

from embodied.errors import EpisodeError
from embodied.video import Video


def pictures(count, size=(48, 64)):
    return [np.full((*size, 3), 40 * index % 256, dtype=np.uint8) for index in range(count)]


def played(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_a_video_has_every_picture_in_order(tmp_path):
    video = Video(tmp_path / "video.mp4", 0.2)
    for picture in pictures(6):
        video.add(picture)
    video.close()
    means = [frame.mean() for frame in played(tmp_path / "video.mp4")]
    np.testing.assert_allclose(means, [0, 40, 80, 120, 160, 200], atol=6)


def test_a_still_is_shown_as_long_as_asked(tmp_path):
    video = Video(tmp_path / "video.mp4", 0.2)
    video.add(pictures(1)[0], seconds=1.0)
    video.close()
    assert len(played(tmp_path / "video.mp4")) == 5


def test_a_video_whose_writer_dies_can_be_played_up_to_the_last_second(tmp_path):
    video = Video(tmp_path / "video.mp4", 0.2)
    for picture in pictures(23):
        video.add(picture)
    shutil.copy(tmp_path / "video.mp4", tmp_path / "left.mp4")
    video.close()
    assert len(played(tmp_path / "left.mp4")) >= 23 - 2 * 5


def test_odd_sizes_and_later_pictures_of_another_size_are_fitted(tmp_path):
    video = Video(tmp_path / "video.mp4", 0.2)
    for size in ((47, 63), (120, 90), (47, 63)):
        video.add(pictures(1, size)[0])
    video.close()
    assert {frame.shape for frame in played(tmp_path / "video.mp4")} == {(46, 62, 3)}


def test_no_picture_no_file(tmp_path):
    video = Video(tmp_path / "video.mp4", 0.2)
    video.close()
    video.close()
    assert not list(tmp_path.iterdir())


def test_a_video_that_cannot_be_written_is_an_error_with_its_name(tmp_path):
    video = Video(tmp_path / "nowhere" / "video.mp4", 0.2)
    with pytest.raises(EpisodeError, match=r"video\.mp4"):
        video.add(pictures(1)[0])
    video.close()


def test_video_that_was_interrupted_while_it_was_opened_is_closed(tmp_path, monkeypatch):
    def interrupted(name):
        raise KeyboardInterrupt

    video = Video(tmp_path / "video.mp4", 0.2)
    monkeypatch.setattr("embodied.video.ENCODERS", map(interrupted, ["any"]))
    with pytest.raises(KeyboardInterrupt):
        video.add(np.zeros((48, 64, 3), np.uint8))
    video.close()
