from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from embodied import recording
from embodied.camera import Camera, Intrinsics
from embodied.commands import parse
from embodied.episode import Configuration, read_episode, without_times
from embodied.errors import EpisodeError
from embodied.geometry import Pose
from embodied.grounding import ground
from embodied.guard import Verdict
from embodied.observation import GripperState, Observation
from embodied.planner import Decision, Prompt, Reply, Turn
from embodied.recording import Recorder
from embodied.result import Measured, Reason, Result
from embodied.step import Step, Timings

CAMERA = Camera(Intrinsics.from_vertical_fov(40, 30, 1.0), Pose.looking_at((1.0, 0.5, 1.5), (0, 0, 0)))
CONFIGURATION = Configuration(instruction="tidy up", planner="scripted", controller="flat", max_steps=3)


def make_observation(index: int = 0, depth: bool = True) -> Observation:
    random = np.random.default_rng(index)
    image = random.integers(0, 256, (30, 40, 3), dtype=np.uint8)
    depth_m = random.uniform(1.0, 1.001, (30, 40)).astype(np.float32)
    depth_m[3:5, 7:9] = np.nan
    return Observation(index + 1, 0.5, image, depth_m if depth else None, CAMERA, GripperState(0.08, False))


def make_step(index: int = 0, text: str = "approach(0.500, 0.500, 1.000)", **changes: object) -> Step:
    observation = make_observation(index)
    measured = Measured((0.1, 0.2, 0.3), 0.04, True, 1.5)
    step = Step(
        index,
        observation,
        Prompt((Turn("system", "be good"), Turn("user", "look", (observation.image,))), observation, index),
        Decision(parse(text), (Reply(text, 100, 10, 0.25),)),
        None,
        Verdict(None, "allowed"),
        Result("succeeded", None, "there", measured),
        Timings(0.1, 0.2, 0.3),
    )
    return replace(step, **changes)  # type: ignore[arg-type]


@pytest.fixture
def recorder(tmp_path):
    recorder = Recorder(tmp_path / "episode", CONFIGURATION)
    yield recorder
    recorder.close()


def test_a_step_reads_back_as_it_was(recorder):
    steps = [make_step(0), make_step(1)]
    lines = [recorder.record(step) for step in steps]
    episode = read_episode(recorder.directory)
    assert episode.header.configuration == CONFIGURATION
    assert list(episode.lines) == json.loads(json.dumps(lines))
    for step in steps:
        np.testing.assert_array_equal(episode.image(step.index), step.observation.image)
        np.testing.assert_array_equal(episode.depth_m(step.index), step.observation.depth_m)


def test_a_line_has_everything_that_happened(recorder):
    line = recorder.record(make_step())
    assert line["index"] == 0
    assert line["command"] == "approach(0.500, 0.500, 1.000)"
    assert line["prompt"][1] == {"role": "user", "text": "look", "images": 1}
    reply = {"text": line["command"], "prompt_tokens": 100, "reply_tokens": 10, "cost_usd": 0.25}
    assert line["replies"] == [reply]
    assert line["verdict"] == {"allowed": True, "reason": None, "message": "allowed"}
    assert line["result"]["measured"]["gripper_in_world_m"] == [0.1, 0.2, 0.3]
    assert line["observation"]["camera"]["intrinsics"]["width_px"] == 40
    assert line["timings"] == {"look_s": 0.1, "plan_s": 0.2, "act_s": 0.3}


def test_lifting_a_recorded_command_again_gives_the_same_point_to_the_last_bit(recorder):
    observation = make_observation()
    command = parse(f"grasp(0.500, 0.500, {observation.depth_m[15, 20]:.3f})")
    grounded = ground(command, observation, "look-1")
    line = recorder.record(make_step(grounded=grounded))
    episode = read_episode(recorder.directory)
    seen = replace(observation, image=episode.image(0), depth_m=episode.depth_m(0))
    again = ground(parse(episode.lines[0]["command"]), seen, "look-1")
    assert [list(point) for point in again.points_in_world_m] == line["grounded"]["points_in_world_m"]


def test_a_robot_without_depth_leaves_no_depth_map(recorder):
    recorder.record(make_step(observation=make_observation(depth=False)))
    assert read_episode(recorder.directory).depth_m(0) is None


def test_all_wall_clock_times_are_under_one_key(recorder):
    slow, quick = make_step(timings=Timings(9.0, 9.0, 9.0)), make_step()
    lines = [recording.finite(recording.step_line(step)) for step in (slow, quick)]
    assert lines[0] != lines[1]
    assert without_times(lines[0]) == without_times(lines[1])


def test_a_torn_last_line_is_left_out(recorder):
    recorder.record(make_step(0))
    recorder.record(make_step(1))
    path = recorder.directory / "episode.jsonl"
    whole = path.read_bytes()
    for length in (len(whole) - 1, len(whole) - 40, whole.index(b"\n") + 2):
        path.write_bytes(whole[:length])
        assert len(read_episode(recorder.directory).lines) == 1


@pytest.mark.parametrize("broken", [b"{not json}\n", b"[]\n", b'{"index": 7}\n'])
def test_a_broken_line_is_refused_with_its_number(recorder, broken):
    recorder.record(make_step())
    with (recorder.directory / "episode.jsonl").open("ab") as file:
        file.write(broken)
    with pytest.raises(EpisodeError, match="line 2"):
        read_episode(recorder.directory)


def test_text_that_is_not_unicode_and_numbers_that_are_not_finite_can_be_recorded(recorder):
    text = "rubbish \udc80 \u2028 \x00 🙂"
    measured = Measured((float("nan"), 0.0, float("inf")), 0.04, True, 1.5)
    bad = Decision(None, (Reply(text),), "no command")
    recorder.record(make_step(decision=bad, result=Result("failed", Reason.BLOCKED, "felt", measured)))
    line = read_episode(recorder.directory).lines[0]
    assert line["replies"][0]["text"] == text
    assert line["result"]["measured"]["gripper_in_world_m"] == [None, 0.0, None]
    assert line["result"]["reason"] == "blocked"


def test_costs_are_summed_and_unknown_as_soon_as_one_is(recorder):
    recorder.record(make_step(0))
    recorder.record(make_step(1))
    assert (recorder.prompt_tokens, recorder.reply_tokens, recorder.cost_usd) == (200, 20, 0.5)
    recorder.record(make_step(2, decision=Decision(parse("done()"), (Reply("done()"),))))
    assert recorder.cost_usd is None


def test_an_earlier_episode_is_replaced_and_nothing_else(recorder):
    recorder.record(make_step())
    (recorder.directory / "notes.txt").write_text("mine")
    Recorder(recorder.directory, CONFIGURATION).close()
    assert read_episode(recorder.directory).lines == ()
    assert not list(recorder.directory.glob("images/*"))
    assert (recorder.directory / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["thesis.tex", "config.json"])
def test_a_directory_that_is_no_episode_is_refused_and_left_alone(tmp_path, name):
    (tmp_path / name).write_text('{"format": "something else"}')
    with pytest.raises(EpisodeError, match="not an episode"):
        Recorder(tmp_path, CONFIGURATION)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_directory_that_cannot_be_made_is_an_error_with_its_name(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EpisodeError, match="file"):
        Recorder(tmp_path / "file" / "episode", CONFIGURATION)


def test_a_full_disk_is_an_error_and_leaves_what_was_written(recorder, monkeypatch):
    recorder.record(make_step(0))

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EpisodeError, match="No space left"):
        recorder.record(make_step(1))
    assert len(read_episode(recorder.directory).lines) == 1
    assert not [path for path in recorder.directory.rglob(".*")], "unfinished files are removed"


@pytest.mark.parametrize("content", ["", "{", '{"format": "embodied-episode/1"}', "[]"])
def test_a_broken_configuration_is_an_error_with_its_file(tmp_path: Path, content):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(EpisodeError, match=r"config\.json"):
        read_episode(tmp_path)


def test_a_directory_without_an_episode_is_an_error(tmp_path):
    with pytest.raises(EpisodeError, match="is not an episode"):
        read_episode(tmp_path)


def test_a_missing_or_broken_picture_is_an_error_with_its_name(recorder):
    recorder.record(make_step())
    (recorder.directory / "images/000.png").write_bytes(b"not a picture")
    (recorder.directory / "depth/000.npz").write_bytes(b"not an archive")
    episode = read_episode(recorder.directory)
    with pytest.raises(EpisodeError, match=r"000\.png"):
        episode.image(0)
    with pytest.raises(EpisodeError, match=r"000\.npz"):
        episode.depth_m(0)
