from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
import torch
from tiny import GRID, SIZES

from embodied.training.batches import collate
from embodied.training.building import build
from embodied.training.examples import texts
from embodied.training.items import Drawn, Items
from embodied.training.windows import WINDOWS, in_windows, windowed

WINDOW = (2, 3)


@pytest.fixture(scope="module")
def model_and_processor(examples):
    return build(texts(examples), SIZES, seed=0)


@pytest.fixture(scope="module")
def batch(data, examples, model_and_processor):
    processor = model_and_processor[1]
    items = Items(data, examples, processor, GRID, 12, 0, seed=0)
    return collate([items[number, 0] for number in range(3)], processor.image_token_id, 0)


def slices(window, number):
    """Rows and columns of a window, and the picture that it is of."""
    rows, columns = (slice(begin, begin + side) for begin, side in zip(window.corners[number], WINDOW, strict=True))
    return number // WINDOWS, rows, columns


@pytest.mark.parametrize("seed", range(8))
def test_window_has_the_pixels_the_owners_and_the_points_of_its_part_of_the_picture(batch, seed):
    window, size = windowed(batch, WINDOW, GRID, seed), SIZES.patch
    assert len(window.things) == len(window.owner) == 3 * WINDOWS
    for number in range(3 * WINDOWS):
        picture, rows, columns = slices(window, number)
        assert torch.equal(window.owner[number], batch.owner.view(3, *GRID)[picture, rows, columns].flatten())
        told = batch.told.view(3, *GRID, 3)[picture, rows, columns].flatten(0, 1)
        assert torch.equal(window.told[number].nan_to_num(), told.nan_to_num())
        part = [slice(side.start * size, side.stop * size) for side in (rows, columns)]
        assert torch.equal(window.pixel_values[number], batch.pixel_values[picture][:, part[0], part[1]])
        assert window.things[number] == batch.things[picture]


@pytest.mark.parametrize("seed", range(8))
def test_windows_of_a_picture_lie_around_things_one_after_the_other_in_which_they_are_read(batch, seed):
    window = windowed(batch, WINDOW, GRID, seed)
    for picture in range(3):
        read = batch.reading[batch.reading[:, 0] == picture, 1]
        things = list(dict.fromkeys(batch.owner[picture, read].tolist()))
        owners = window.owner.view(3, WINDOWS, -1)[picture].tolist()
        assert all(things[number % len(things)] in owners[number] for number in range(WINDOWS))


def test_windows_are_drawn_by_the_seed(batch):
    windows = [windowed(batch, WINDOW, GRID, seed).corners for seed in range(20)]
    assert len({tuple(corners.flatten().tolist()) for corners in windows}) > 2
    assert torch.equal(windowed(batch, WINDOW, GRID, 3).corners, windows[3])


def test_windows_of_a_picture_in_which_nothing_is_read_lie_in_it(batch):
    window = windowed(replace(batch, reading=batch.reading[:0]), WINDOW, GRID, 0)
    assert (window.corners >= 0).all()
    assert (window.corners + torch.tensor(WINDOW) <= torch.tensor(GRID)).all()


def test_tower_knows_where_in_the_picture_a_window_is(batch, model_and_processor):
    tower = model_and_processor[0].model.vision_tower
    window = windowed(batch, WINDOW, GRID, 0)
    with torch.inference_mode():
        whole = tower(batch.pixel_values).points.view(3, *GRID, 3)
        points = tower.look(window.pixel_values, window.corners).points
    for number in range(len(points)):
        picture, rows, columns = slices(window, number)
        expected = whole[picture, rows, columns].flatten(0, 1)
        torch.testing.assert_close(points[number], expected)  # nothing is shifted yet


def test_tower_tells_equal_windows_at_other_places_apart(batch, model_and_processor):
    tower = model_and_processor[0].model.vision_tower
    window = windowed(batch, WINDOW, GRID, 0)
    elsewhere = (window.corners + 1) % 2
    with torch.inference_mode():
        here, there = (
            tower.look(window.pixel_values, corners).last_hidden_state for corners in (window.corners, elsewhere)
        )
    assert not torch.isclose(here, there).all(-1).any()


def test_window_of_the_whole_picture_is_seen_as_the_picture(batch, model_and_processor):
    tower = model_and_processor[0].model.vision_tower
    window = windowed(batch, GRID, GRID, 0)
    with torch.inference_mode():
        seen = tower.look(window.pixel_values, window.corners)
        whole = tower(batch.pixel_values.repeat_interleave(WINDOWS, 0))
    assert torch.equal(seen.last_hidden_state, whole.last_hidden_state)


@pytest.mark.parametrize(("done", "shown"), [(0.0, 2 * WINDOWS), (0.85, 2 * WINDOWS), (0.95, 2)])
def test_pictures_are_whole_when_the_training_ends(data, examples, model_and_processor, done, shown):
    processor = model_and_processor[1]
    items = Items(data, examples, processor, GRID, 12, 0, seed=0)
    whole = partial(collate, image_token_id=processor.image_token_id, pad_token_id=0)
    batch = in_windows(whole, GRID)([items[Drawn(number, 0, done)] for number in range(2)])
    assert batch.owner.shape == (shown, GRID[0] * GRID[1])  # a picture that is smaller than a window is one
