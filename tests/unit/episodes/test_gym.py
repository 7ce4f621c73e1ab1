from __future__ import annotations

import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given, settings
from hypothesis import strategies as st

from embodied.commands import ImagePoint, Move, parse
from embodied.errors import CommandError, ControllerError, UsageError
from embodied.gym import ENVIRONMENT_ID, KINDS, action_of, action_space, command_of

TASK = 'scene = "table"\ngoal = {}\nmax_steps = 4\ninstructions = { en = ["tidy up"], zh = ["收拾"] }\n'
GRASP, CARRY = "grasp(0.313, 0.417, 0.950)", "move(0.313, 0.417, 0.850, 0.688, 0.333, 0.950)"
units = st.floats(0, 1, width=32)
depths = st.floats(0.25, 10, width=32)
points = st.builds(ImagePoint, x=units, y=units, z=depths)


@pytest.fixture
def options(plugins, tmp_path):
    path = tmp_path / "tidy.toml"
    path.write_text(TASK, encoding="utf-8")
    return {"task": str(path), "controller": "flat", "image_size_px": (160, 120)}


@pytest.fixture
def environment(options):
    environment = gymnasium.make(ENVIRONMENT_ID, **options)
    yield environment
    environment.close()


def act(environment, text):
    return environment.step(action_of(parse(text)))


def test_gymnasiums_own_check_passes_without_a_warning(environment):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(environment.unwrapped)


def test_an_episode_that_the_judge_approves_is_rewarded_when_done_is_said(environment):
    environment.reset(seed=1)
    rewards = [act(environment, text)[1] for text in (GRASP, CARRY)]
    _, reward, terminated, truncated, said = act(environment, "done()")
    assert rewards == [0.0, 0.0]
    assert (reward, terminated, truncated, said["command"]) == (1.0, True, False, "done()")


@pytest.mark.parametrize("text", ["done()", 'refuse("no")'])
def test_giving_up_ends_the_episode_without_a_reward(environment, text):
    environment.reset(seed=1)
    assert act(environment, text)[1:4] == (0.0, True, False)


def test_an_episode_is_truncated_at_the_limit_of_steps(environment):
    environment.reset(seed=1)
    ends = [act(environment, "approach(0.9, 0.9, 1.0)")[2:4] for _ in range(4)]
    assert ends == [(False, False)] * 3 + [(False, True)]


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        ({"kind": 1, "points": np.full((2, 3), np.nan, np.float32)}, "planner_invalid"),
        ({"kind": 7, "points": np.ones((2, 3), np.float32)}, "planner_invalid"),
        ({"kind": 0, "points": np.full((2, 3), 0.5, np.float32)}, "depth_mismatch"),
    ],
)
def test_a_command_that_is_none_or_has_no_place_moves_nothing_and_is_reported(environment, action, reason):
    before, _ = environment.reset(seed=1)
    seen, reward, terminated, _, said = environment.step(action)
    assert (said["status"], said["reason"], reward, terminated) == ("rejected", reason, 0.0, False)
    np.testing.assert_array_equal(seen["image"], before["image"])


def test_the_instruction_is_told_at_reset(environment):
    assert environment.reset(seed=1)[1] == {"instruction": "tidy up"}


def test_two_environments_work_side_by_side_in_processes_of_their_own(options):
    environments = gymnasium.make_vec(f"embodied.gym:{ENVIRONMENT_ID}", 2, "async", **options)
    seen, _ = environments.reset(seed=3)
    assert seen["image"].shape == (2, 120, 160, 3)
    actions = {"kind": np.array([KINDS.index("grasp"), KINDS.index("done")]), "points": np.ones((2, 2, 3), np.float32)}
    actions["points"][:, 0] = (0.313, 0.417, 0.95)
    _, rewards, terminated, _, said = environments.step(actions)
    environments.close()
    assert rewards.tolist() == [0.0, 0.0]
    assert terminated.tolist() == [False, True]
    assert said["status"].tolist() == ["succeeded", ""]


@settings(deadline=None)
@given(points, points)
def test_a_command_survives_the_way_to_an_action_and_back(start, end):
    command = Move(start=start, end=end)
    assert action_space().contains(action_of(command))
    assert command_of(action_of(command)) == command


@settings(deadline=None)
@given(st.integers(-3, 9), st.lists(st.floats(width=32), min_size=6, max_size=6))
def test_no_action_raises_anything_but_a_command_error(kind, numbers):
    action = {"kind": kind, "points": np.array(numbers, dtype=np.float32).reshape(2, 3)}
    try:
        assert command_of(action).kind in KINDS
    except CommandError:
        pass


def test_every_sampled_action_is_a_command():
    space = action_space()
    space.seed(5)
    assert {command_of(space.sample()).kind for _ in range(100)} == set(KINDS)


def test_a_step_before_the_first_reset_is_an_error(environment):
    with pytest.raises(ControllerError, match="reset"):
        environment.unwrapped.step(action_of(parse("done()")))


def test_an_image_of_another_size_than_asked_for_is_an_error(options):
    environment = gymnasium.make(ENVIRONMENT_ID, **{**options, "image_size_px": (64, 48)})
    with pytest.raises(ControllerError, match="64 x 48"):
        environment.reset()
    environment.close()


def test_an_unknown_task_is_an_error_that_lists_the_tasks(options):
    with pytest.raises(UsageError, match="no task is called"):
        gymnasium.make(ENVIRONMENT_ID, **{**options, "task": "nothing"})


def test_the_last_picture_can_be_rendered(options):
    environment = gymnasium.make(ENVIRONMENT_ID, render_mode="rgb_array", **options)
    seen, _ = environment.reset(seed=1)
    np.testing.assert_array_equal(environment.render(), seen["image"])
    environment.close()
