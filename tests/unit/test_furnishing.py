import numpy as np
import pytest

from sim.furnishing import Furnishing, mirrored
from sim.kitchen import Kitchen
from sim.meshes import Moments
from sim.scene import load_scene
from sim.teaching.plans import draw_plan


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


def test_kitchen_in_a_mirror_has_everything_on_the_other_side() -> None:
    galley = load_scene("galley").kitchen
    fields = {name: getattr(galley, name) for name in Kitchen.model_fields}
    turned = Kitchen.model_validate(fields | {"mirrored": True})
    for box, other in zip(galley.site[1], turned.site[1], strict=True):
        assert other.name == box.name
        assert (other.low_m[1], other.high_m[1]) == pytest.approx((-box.high_m[1], -box.low_m[1]))
        assert (other.low_m[2], other.high_m[2]) == pytest.approx((box.low_m[2], box.high_m[2]))


def test_drawn_plans_keep_what_every_kitchen_has_and_put_half_of_it_elsewhere() -> None:
    galley = load_scene("galley").kitchen
    plans = [draw_plan(galley, np.random.default_rng(seed)) for seed in range(40)]
    assert 10 < sum(plan.mirrored for plan in plans) < 30
    for plan in plans:
        assert plan.furnishing.region_names == galley.furnishing.region_names
        assert (plan.planning_camera.eye_m[1] > 0.0) == plan.mirrored, "the camera stays on the drawers' side"
    assert len({plan.furnishing.moving[0].handle_m for plan in plans}) == len(plans)
    assert galley == load_scene("galley").kitchen
