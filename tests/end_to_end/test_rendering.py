"""Pictures and depth maps agree with the camera that they come with."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pybullet as p  # noqa: TID251 - casts rays
import pytest

from embodied.camera import Camera
from embodied.errors import UsageError
from embodied.geometry import FloatArray
from sim import rendering
from sim.scene import load_scene
from sim.world import World

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=[(448, 336), (225, 160)])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with World.build(load_scene("drawer_bag"), np.random.default_rng(1), image_size_px=request.param) as made:
        yield made


def _rays(camera: Camera, u: FloatArray, v: FloatArray) -> FloatArray:
    k = camera.intrinsics
    x, y = (u + 0.5) / k.width_px, (v + 0.5) / k.height_px
    ends = [camera.lift(a, b, 4.0) for a, b in zip(x, y, strict=True)]
    return np.array(ends)


@pytest.mark.parametrize("name", ["planning", "wrist"])
def test_lifted_pixels_lie_where_rays_hit_furniture(world: World, name: str) -> None:
    _, depth_m, camera = world.look(name)
    height, width = depth_m.shape
    rng = np.random.default_rng(0)
    u, v = rng.integers(0, width, 1500), rng.integers(0, height, 1500)
    eye = camera.pose_in_world.translation_m
    starts = [eye.tolist()] * len(u)
    if name == "wrist":
        starts = (eye + 0.03 * (_rays(camera, u, v) - eye)).tolist()
    hits = p.rayTestBatch(starts, _rays(camera, u, v).tolist(), physicsClientId=world.client)
    body, link = world.shown(camera)
    same = [h[0] == body[j, i] and h[1] == link[j, i] for h, i, j in zip(hits, u, v, strict=True)]
    fixed = np.array(same) & np.isin([h[0] for h in hits], [world.fixed, world.furniture])
    error_m = np.linalg.norm(camera.points(depth_m)[v, u] - np.array([h[3] for h in hits]), axis=1)[fixed]
    assert fixed.sum() > 500
    assert np.median(error_m) < 0.0005
    assert np.percentile(error_m, 99) < 0.005


def test_projecting_a_lifted_point_gives_its_pixel_back(world: World) -> None:
    _, depth_m, camera = world.look()
    height, width = depth_m.shape
    projected = camera.project(camera.points(depth_m))
    u, v = np.meshgrid(np.arange(width), np.arange(height))
    seen = ~np.isnan(depth_m)
    assert np.allclose(projected[..., 0][seen] * width - 0.5, u[seen], atol=1e-3)
    assert np.allclose(projected[..., 1][seen] * height - 0.5, v[seen], atol=1e-3)


def test_arrays_have_the_types_of_an_observation(world: World) -> None:
    image, depth_m, camera = world.look()
    size = (camera.intrinsics.height_px, camera.intrinsics.width_px)
    assert (image.dtype, image.shape) == (np.uint8, (*size, 3))
    assert (depth_m.dtype, depth_m.shape) == (np.float32, size)
    assert np.nanmin(depth_m) > 0.3
    assert not np.isinf(depth_m).any()


def test_far_away_is_no_reading(world: World) -> None:
    camera = world.camera()
    turned = replace(camera, pose_in_world=camera.pose_in_world.looking_at((-0.3, 0.0, 1.5), (-3.0, -1.0, 3.0)))
    depth_m = rendering.shoot(world.client, turned, world.variation.light).depth_m
    assert np.isnan(depth_m).mean() > 0.9


def test_the_planning_camera_sees_counter_drawers_and_hand(world: World) -> None:
    body, link = world.shown(world.camera())
    assert ((body == world.robot) & (link >= 8)).sum() > 50
    for name in ("drawer_top", "drawer_middle", "stove_button", "cupboard_door", "microwave_door"):
        assert ((body == world.furniture) & (link == world.joints[name].index)).sum() > 3, name
    assert (body == world.fixed).mean() > 0.2


def test_the_wrist_camera_moves_with_the_hand(world: World) -> None:
    before = world.camera("wrist").pose_in_world
    q = p.getJointState(world.robot, 0, physicsClientId=world.client)[0]
    p.resetJointState(world.robot, 0, q + 0.3, physicsClientId=world.client)
    after = world.camera("wrist").pose_in_world
    p.resetJointState(world.robot, 0, q, physicsClientId=world.client)
    assert np.linalg.norm(after.translation_m - before.translation_m) > 0.05


def test_a_renderer_that_cannot_be_loaded_says_what_to_use_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="renderer='tiny'"):
        World.build(load_scene("counter"), np.random.default_rng(0), renderer="egl")
