from __future__ import annotations

import pytest
import torch
from tiny import GRID, SIZES

from embodied.errors import UsageError
from embodied.training.batches import Items, collate
from embodied.training.building import build
from embodied.training.examples import texts
from embodied.training.loop import Schedule
from embodied.training.running import StageSettings, run_stage
from embodied.training.windows import windowed

WINDOW = (2, 3)


@pytest.fixture(scope="module")
def model_and_processor(examples):
    return build(texts(examples), SIZES, seed=0)


@pytest.fixture(scope="module")
def batch(data, examples, model_and_processor):
    processor = model_and_processor[1]
    items = Items(data, examples, processor, GRID, 0, seed=0)
    return collate([items[number, 0] for number in range(3)], processor.image_token_id, 0)


@pytest.mark.parametrize("seed", range(8))
def test_window_has_the_pixels_the_owners_and_the_points_of_its_part_of_the_picture(batch, seed):
    window = windowed(batch, WINDOW, GRID, seed)
    rows, columns = (slice(begin, begin + side) for begin, side in zip(window.corner, WINDOW, strict=True))
    assert torch.equal(window.owner, batch.owner.view(3, *GRID)[:, rows, columns].flatten(1))
    told = batch.told.view(3, *GRID, 3)[:, rows, columns].flatten(1, 2)
    assert torch.equal(window.told.nan_to_num(), told.nan_to_num())
    size = SIZES.patch
    pixels = batch.pixel_values[..., rows.start * size : rows.stop * size, columns.start * size : columns.stop * size]
    assert torch.equal(window.pixel_values, pixels)


def test_window_is_always_around_something_and_not_always_the_same(batch):
    windows = [windowed(batch, WINDOW, GRID, seed) for seed in range(20)]
    assert all((window.owner >= 0).any() for window in windows)
    assert len({window.corner for window in windows}) > 2
    assert windowed(batch, WINDOW, GRID, 3).corner == windows[3].corner


def test_tower_knows_where_in_the_picture_a_window_is(batch, model_and_processor):
    tower = model_and_processor[0].model.vision_tower
    with torch.inference_mode():
        whole = tower(batch.pixel_values).points.view(3, *GRID, 3)
        for seed in range(4):
            window = windowed(batch, WINDOW, GRID, seed)
            rows, columns = (slice(begin, begin + side) for begin, side in zip(window.corner, WINDOW, strict=True))
            points = tower(window.pixel_values, corner=window.corner).points
            torch.testing.assert_close(points, whole[:, rows, columns].flatten(1, 2))  # nothing is shifted yet


def test_window_of_the_whole_picture_is_seen_as_the_picture(batch, model_and_processor):
    tower = model_and_processor[0].model.vision_tower
    window = windowed(batch, GRID, GRID, 0)
    with torch.inference_mode():
        seen, whole = tower(window.pixel_values, corner=window.corner), tower(batch.pixel_values)
    assert torch.equal(seen.last_hidden_state, whole.last_hidden_state)


def test_window_larger_than_the_picture_is_refused(data, tmp_path):
    schedule = Schedule(steps=1, batch_size=2, learning_rate=1e-3)
    settings = StageSettings("tower", data, tmp_path, None, schedule, SIZES, window=(2, 9))
    with pytest.raises(UsageError, match=r"2 by 9 patches .* 3 by 4"):
        run_stage(settings, lambda progress: None)
