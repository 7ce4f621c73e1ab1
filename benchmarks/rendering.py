"""How fast and how true the simulated cameras are; run with --help for the choices.

Prints, for one scene and image size: an observation against the bare renderer call, the light arm against the
untouched one, the cost of a time step and of building a world, and how far lifted pixels lie from where rays hit.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable
from unittest import mock

import numpy as np
import pybullet as p  # noqa: TID251 - what is measured

from sim import fixtures, panda, rendering
from sim.scene import load_scene, scene_names
from sim.world import World


def main() -> None:
    """Parse the arguments, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scene", default="counter", choices=scene_names(), help="which scene (default: counter)")
    parser.add_argument("--size", type=int, nargs=2, default=(336, 336), metavar=("WIDTH", "HEIGHT"), help="pixels")
    parser.add_argument("--rounds", type=int, default=15, help="how often each thing is timed (default: 15)")
    parser.add_argument("--seed", type=int, default=0, help="of the scene (default: 0)")
    arguments = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, pybullet {_version()}")
    _report(arguments)


def _report(arguments: argparse.Namespace) -> None:
    start = time.perf_counter()
    world = _build(arguments)
    print(f"world built in {time.perf_counter() - start:.2f} s, {len(world.objects)} objects")
    with world:
        look_ms, bare_ms = _together(world.look, lambda: _bare(world), arguments.rounds)
        print(f"observation {look_ms:.1f} ms, bare call {bare_ms:.1f} ms, ratio {look_ms / bare_ms:.3f}")
        print(f"time step {_step_ms(world):.3f} ms")
        median_mm, p99_mm = _grounding_mm(world)
        print(f"grounding error: median {median_mm:.4f} mm, p99 {p99_mm:.2f} mm")
        _compare_arms(world, arguments)


def _compare_arms(light: World, arguments: argparse.Namespace) -> None:
    with mock.patch.object(fixtures, "panda_urdf", panda.untouched_urdf), _build(arguments) as heavy:
        light_ms, heavy_ms = _together(light.look, heavy.look, arguments.rounds)
    print(f"kitchen with light arm {light_ms:.1f} ms, with untouched arm {heavy_ms:.1f} ms: {heavy_ms / light_ms:.2f}x")
    alone = [_arm_alone_ms(light, path, arguments.rounds) for path in (panda.panda_urdf(), panda.untouched_urdf())]
    print(f"arm alone: light {alone[0]:.1f} ms, untouched {alone[1]:.1f} ms: {alone[1] / alone[0]:.2f}x")


def _arm_alone_ms(world: World, urdf: object, rounds: int) -> float:
    client = p.connect(p.DIRECT)
    try:
        with mock.patch.object(fixtures, "panda_urdf", return_value=urdf):
            fixtures.load_robot(client, world.scene.kitchen.robot)
        return _ms(lambda: rendering.shoot(client, world.camera(), world.variation.light), rounds)
    finally:
        p.disconnect(client)


def _build(arguments: argparse.Namespace) -> World:
    rng = np.random.default_rng(arguments.seed)
    return World.build(load_scene(arguments.scene), rng, image_size_px=tuple(arguments.size))


def _bare(world: World) -> None:
    camera = world.camera()
    matrices, k, light = rendering.Matrices.of(camera, "tiny"), camera.intrinsics, world.variation.light
    p.getCameraImage(
        k.width_px,
        k.height_px,
        matrices.view,
        matrices.projection,
        lightDirection=light.direction,
        shadow=int(light.shadows),
        renderer=p.ER_TINY_RENDERER,
        flags=p.ER_NO_SEGMENTATION_MASK,
        physicsClientId=world.client,
    )


def _together(one: Callable[[], object], other: Callable[[], object], rounds: int) -> tuple[float, float]:
    pairs = [(_ms(one, 1), _ms(other, 1)) for _ in range(rounds)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def _ms(action: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        times.append(1000.0 * (time.perf_counter() - start))
    return statistics.median(times)


def _step_ms(world: World) -> float:
    return _ms(lambda: _run(world, 100), 10) / 100.0


def _run(world: World, steps: int) -> None:
    for _ in range(steps):
        world.step()


def _grounding_mm(world: World, count: int = 4000) -> tuple[float, float]:
    _, depth_m, camera = world.look()
    k, rng = camera.intrinsics, np.random.default_rng(0)
    u, v = rng.integers(0, k.width_px, count), rng.integers(0, k.height_px, count)
    x, y = (u + 0.5) / k.width_px, (v + 0.5) / k.height_px
    ends = [camera.lift(a, b, 4.0).tolist() for a, b in zip(x, y, strict=True)]
    starts = [camera.pose_in_world.translation_m.tolist()] * count
    hits = p.rayTestBatch(starts, ends, physicsClientId=world.client)
    body, link = world.shown(camera)
    same = np.array([h[0] == body[j, i] and h[1] == link[j, i] for h, i, j in zip(hits, u, v, strict=True)])
    furniture = same & np.isin([h[0] for h in hits], [world.fixed, world.furniture])
    error_m = np.linalg.norm(camera.points(depth_m)[v, u] - np.array([h[3] for h in hits]), axis=1)[furniture]
    return 1000.0 * float(np.median(error_m)), 1000.0 * float(np.percentile(error_m, 99))


def _version() -> str:
    from importlib.metadata import version

    return version("pybullet")


if __name__ == "__main__":
    main()
