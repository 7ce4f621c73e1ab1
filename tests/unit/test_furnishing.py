import numpy as np
import pytest

from sim.furnishing import Furnishing, mirrored
from sim.meshes import Moments
from sim.scene import load_scene


def _microwave(kitchen: str) -> Furnishing:
    furniture = load_scene(kitchen).kitchen.furniture
    return next(piece for piece in furniture if piece.type == "microwave").furnish()


def test_mirrored_twice_is_as_before() -> None:
    kitchen = load_scene("galley").kitchen.furnishing
    twice = mirrored(mirrored(kitchen, 0.3), 0.3)
    for before, after in zip(kitchen.cuboids, twice.cuboids, strict=True):
        assert after.low_m == pytest.approx(before.low_m)
        assert after.high_m == pytest.approx(before.high_m)
    for door, same in zip(kitchen.moving, twice.moving, strict=True):
        assert same.axis == door.axis
        assert same.at_m == pytest.approx(door.at_m)
        assert np.allclose(same.handle_m, door.handle_m)


def test_mirrored_surfaces_are_still_seen_from_outside() -> None:
    for ornament in mirrored(_microwave("galley"), 0.0).ornaments:
        assert Moments.of(ornament.mesh).volume_m3 > 0.0


@pytest.mark.parametrize(("kitchen", "side"), [("galley", 1.0), ("loft", -1.0)])
def test_door_swings_out_about_its_hinge_whichever_side_that_is_on(kitchen: str, side: float) -> None:
    (door,) = _microwave(kitchen).moving
    handle = np.mean(door.handle_m, axis=0)
    opening = np.cross(door.axis, handle)
    assert np.sign(handle[1]) == side
    assert opening[0] < -0.2
