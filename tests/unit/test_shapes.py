from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from embodied.resources import scenes_dir
from sim import shapes
from sim.kinds import MAX_GRASP_M, Kind
from sim.meshes import Mesh, Moments, corner_normals
from sim.parts import Lathe, Prism
from sim.scene import kind_names
from sim.tables import read_table
from sim.thinning import thinned

LENGTHS = st.floats(0.01, 0.2)


def _kind(name: str) -> Kind:
    return read_table(scenes_dir() / "objects" / f"{name}.toml", Kind)


def _watertight(mesh: Mesh) -> bool:
    _, numbers = np.unique(np.round(mesh.vertices_m, 7), axis=0, return_inverse=True)
    faces = numbers.ravel()[mesh.faces]
    edges = Counter((int(face[i]), int(face[(i + 1) % 3])) for face in faces for i in range(3))
    return all(edges[b, a] == count for (a, b), count in edges.items())


@pytest.mark.parametrize("name", kind_names())
def test_every_part_of_every_kind_is_watertight_and_turned_outwards(name: str) -> None:
    for part in _kind(name).parts:
        surface = part.surface
        assert _watertight(surface), part
        assert Moments.of(surface).volume_m3 > 0, part


@pytest.mark.parametrize("name", kind_names())
def test_every_kind_stands_on_zero_and_fits_a_kitchen(name: str) -> None:
    kind = _kind(name)
    points = np.concatenate(kind.hulls())
    assert points[:, 2].min() == pytest.approx(0.0, abs=0.004)
    assert np.ptp(points, axis=0).max() < 0.30
    density = kind.mass_kg / kind.moments().volume_m3
    assert 50 < density < 8000


@pytest.mark.parametrize("name", kind_names())
def test_every_kind_has_a_place_that_the_gripper_can_take(name: str) -> None:
    kind = _kind(name)
    wholes = [*kind.hulls(), np.concatenate(kind.hulls())]
    extents = np.concatenate([np.ptp(hull, axis=0) for hull in wholes])
    assert np.abs(extents - kind.grasp_m).min() < 0.008
    assert kind.grasp_m <= MAX_GRASP_M


@given(size=st.tuples(LENGTHS, LENGTHS, LENGTHS))
def test_a_block_has_the_volume_of_a_block(size: tuple[float, float, float]) -> None:
    moments = Moments.of(shapes.block(size))
    assert moments.volume_m3 == pytest.approx(np.prod(size))
    x, y, z = size
    assert moments.inertia_kg_m2(3.0) == pytest.approx([(y * y + z * z) / 4, (x * x + z * z) / 4, (x * x + y * y) / 4])


@given(radii=st.tuples(LENGTHS, LENGTHS, LENGTHS))
def test_an_ellipsoid_is_watertight_and_nearly_full(radii: tuple[float, float, float]) -> None:
    mesh = shapes.ellipsoid(radii, 24)
    assert _watertight(mesh)
    assert Moments.of(mesh).volume_m3 == pytest.approx(4 / 3 * np.pi * np.prod(radii), rel=0.06)


@pytest.mark.parametrize("name", ["mug", "bowl", "cup", "plate", "pan", "wine_glass"])
def test_hollow_things_are_hollow_to_the_touch(name: str) -> None:
    kind = _kind(name)
    part = next(part for part in kind.parts if isinstance(part, Lathe) and part.wall_m)
    inside = part.pose @ np.array([0.0, 0.0, part.floor_m + 0.6 * (part.outline_m[-1][1] - part.floor_m)])
    for hull in kind.hulls():
        low, high = hull.min(axis=0), hull.max(axis=0)
        assert not ((inside > low + 1e-4) & (inside < high - 1e-4)).all()


def test_normals_are_sharp_on_a_box_and_smooth_on_a_ball() -> None:
    box = corner_normals(shapes.block((1.0, 1.0, 1.0)))
    assert np.allclose(np.abs(box).max(axis=1), 1.0)
    ball = shapes.ellipsoid((1.0, 1.0, 1.0), 24)
    corners = ball.vertices_m[ball.faces.ravel()]
    assert np.einsum("ij,ij->i", corner_normals(ball), corners).min() > 0.97


def test_thinning_keeps_size_and_volume_and_is_the_same_twice() -> None:
    ball = shapes.ellipsoid((0.1, 0.1, 0.1), 80)
    light = thinned(ball, 300)
    assert len(light.faces) <= 300
    assert Moments.of(light).volume_m3 == pytest.approx(Moments.of(ball).volume_m3, rel=0.05)
    assert np.array_equal(light.vertices_m, thinned(ball, 300).vertices_m)


def test_a_prism_that_is_not_convex_is_refused() -> None:
    dented = ((0.0, 0.0), (1.0, 0.0), (0.5, 0.2), (1.0, 1.0), (0.0, 1.0))
    with pytest.raises(ValidationError, match="must be convex"):
        Prism(shape="prism", outline_m=dented, height_m=0.1)


def test_a_hollow_part_without_a_floor_is_refused() -> None:
    with pytest.raises(ValidationError, match="floor_m"):
        Lathe(shape="lathe", outline_m=((0.03, 0.0), (0.04, 0.1)), wall_m=0.004)
