from __future__ import annotations

import numpy as np
import pytest

from embodied.training.examples import Picture, Thing
from embodied.training.patches import coverage, owners
from embodied.training.telling import points_told, telling

GRID = (6, 8)
PATCH_PX = 10
COUNTER = Thing(number=1, kind="counter", title_en="counter", title_zh="台面", point=(0.5, 0.75, 1.5))
CUP = Thing(number=2, kind="cup", title_en="cup", title_zh="杯子", point=(0.3, 0.6, 1.2))
THINGS = (COUNTER, CUP)


@pytest.fixture
def labels():
    """A counter over the lower half, and a cup that covers two patches of it."""
    labels = np.zeros((GRID[0] * PATCH_PX, GRID[1] * PATCH_PX), np.int64)
    labels[30:] = 1
    labels[30:40, 20:40] = 2
    return labels


@pytest.fixture
def depth_m(labels):
    """The counter comes nearer from row to row."""
    return np.repeat(np.linspace(2.0, 1.0, labels.shape[0], dtype=np.float32)[:, None], labels.shape[1], 1)


def told_of(labels, depth_m):
    shares = coverage(labels, GRID)
    owner = owners(shares, [1, 2]) - 1
    return owner, points_told(
        Picture(np.zeros((*labels.shape, 3), np.uint8), depth_m, labels), THINGS, owner, shares, GRID
    )


def test_every_token_of_a_small_thing_tells_where_to_point_at_it(labels, depth_m):
    owner, told = told_of(labels, depth_m)
    assert (owner == 1).sum() == 2
    np.testing.assert_allclose(told[owner == 1], [CUP.point] * 2)


def test_every_token_of_a_wide_thing_tells_its_own_place_and_the_depth_measured_there(labels, depth_m):
    owner, told = told_of(labels, depth_m)
    row, column = np.divmod(np.flatnonzero(owner == 0), GRID[1])
    np.testing.assert_allclose(told[owner == 0, 0], (column + 0.5) / GRID[1], atol=1e-6)
    np.testing.assert_allclose(told[owner == 0, 1], (row + 0.5) / GRID[0], atol=1e-6)
    np.testing.assert_allclose(told[owner == 0, 2], depth_m[row * PATCH_PX + 4, 0], atol=0.02)


def test_nothing_is_told_of_a_place_whose_depth_was_not_measured(labels, depth_m):
    depth_m[-PATCH_PX:] = np.nan
    owner, told = told_of(labels, depth_m)
    assert np.isnan(told[-GRID[1] :]).all()
    assert not np.isnan(told[3 * GRID[1] : 5 * GRID[1]]).any()
    assert np.isnan(told[owner < 0]).all()


def test_place_on_a_wide_thing_is_looked_for_at_the_token_of_it_that_is_nearest(labels, depth_m):
    owner, told = told_of(labels, depth_m)
    beside_the_cup = telling(told, owner == 0, 0.52, 0.55, GRID)
    assert np.flatnonzero(beside_the_cup).tolist() == [3 * GRID[1] + 4]
    under_the_cup = np.flatnonzero(telling(told, owner == 0, 0.3, 0.6, GRID))
    assert (owner[under_the_cup] == 0).all()


def test_small_thing_is_looked_for_at_all_its_tokens_wherever_on_it_is_pointed(labels, depth_m):
    owner, told = told_of(labels, depth_m)
    for x in (0.26, 0.49):
        assert (telling(told, owner == 1, x, 0.52, GRID) == (owner == 1)).all()


def test_point_is_looked_for_where_it_lies_if_no_token_tells_any():
    nothing = np.full((48, 3), np.nan, np.float32)
    assert np.flatnonzero(telling(nothing, np.ones(48, np.bool_), 0.99, 0.01, GRID)).tolist() == [GRID[1] - 1]
