from __future__ import annotations

import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from embodied.gym import ENVIRONMENT_ID, KINDS

pytestmark = pytest.mark.slow

SMALL = {"image_size_px": (160, 120)}


def test_gymnasiums_own_check_passes_over_the_kitchen_without_a_warning():
    environment = gymnasium.make(ENVIRONMENT_ID, **SMALL)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(environment.unwrapped)
    environment.close()


def test_two_kitchens_work_side_by_side_and_differ():
    environments = gymnasium.make_vec(f"embodied.gym:{ENVIRONMENT_ID}", 2, "async", **SMALL)
    seen, _ = environments.reset(seed=3)
    assert seen["image"].shape == (2, 120, 160, 3)
    assert (seen["image"][0] != seen["image"][1]).any()
    done = {"kind": np.array([KINDS.index("done")] * 2), "points": np.ones((2, 2, 3), np.float32)}
    _, rewards, terminated, _, _ = environments.step(done)
    environments.close()
    assert rewards.tolist() == [0.0, 0.0]
    assert terminated.tolist() == [True, True]


def test_the_same_seed_gives_the_same_kitchen():
    environment = gymnasium.make(ENVIRONMENT_ID, **SMALL)
    first, second, other = (environment.reset(seed=seed)[0] for seed in (5, 5, 6))
    environment.close()
    for name in ("image", "depth_m"):
        np.testing.assert_array_equal(first[name], second[name])
    assert (first["image"] != other["image"]).any()
