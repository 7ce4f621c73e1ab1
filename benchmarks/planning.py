"""How long a path plan takes in the kitchen, with the collision world of one look.

Each seed is a kitchen; in every second one the drawer with the bag stands open. For every thing and every handle in
sight the arm plans from home to before the grasp that it would try first, and back home; with every thing in its hand
it plans from above where it stood to places on the counter. A plan is timed as a skill has it: the goals checked, the
straight way tried, then RRT-Connect, shortened. The collision world is built before, and timed by itself.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from figures import Row, count, machine, parser, progress, quantile, show, with_interval
from kitchens import Query, open_kitchen, queries

from embodied.geometry import FloatArray
from embodied.motion.collision import CollisionWorld
from embodied.motion.mover import Mover
from embodied.motion.planning import plan

MEDIAN_MS, P95_MS = 30.0, 200.0
CHECKS = 20
"""How many joint positions of each query are checked one by one."""


@dataclass(frozen=True)
class Plan:
    """One plan.

    Attributes:
        kind: Of the query.
        way: "direct" if the straight way was free, "RRT" if it had to be searched, "none" if nothing was found.
        took_ms: Wall time.
        checks: How many joint positions were checked.
    """

    kind: str
    way: str
    took_ms: float
    checks: int


@dataclass
class Log:
    """Everything measured so far."""

    plans: list[Plan] = field(default_factory=list)
    build_ms: list[float] = field(default_factory=list)
    voxels: list[float] = field(default_factory=list)
    free_us: list[float] = field(default_factory=list)
    any_us: list[float] = field(default_factory=list)
    blocked: int = 0


def main() -> int:
    """Parse the arguments, measure and print."""
    arguments = _parse()
    print(machine(), flush=True)
    log = Log()
    try:
        _measure(arguments, log)
    except KeyboardInterrupt:
        print("NOT COMPLETE: interrupted")
    if log.plans:
        last = arguments.first + arguments.kitchens - 1
        show(f"{len(log.plans)} plans, kitchens of seeds {arguments.first} to {last}", list(_rows(log)))
    return 0


def _parse() -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--kitchens", type=count, default=20, help="how many (default: 20)")
    options.add_argument("--first", type=int, default=0, help="the first seed (default: 0)")
    return options.parse_args()


def _measure(arguments: argparse.Namespace, log: Log) -> None:
    with progress("kitchens", arguments.kitchens) as (bar, task):
        for seed in range(arguments.first, arguments.first + arguments.kitchens):
            with open_kitchen(seed, drawer_open=seed % 2 == 1) as (world, mover):
                for query in queries(world, mover, np.random.default_rng(seed)):
                    _measure_one(mover, query, log)
            bar.advance(task)


def _measure_one(mover: Mover, query: Query, log: Log) -> None:
    start = time.perf_counter()
    collisions = mover.world(query.held_G)
    log.build_ms.append(1000.0 * (time.perf_counter() - start))
    log.voxels.append(len(mover.memory.voxels()))
    if collisions.free(query.start_rad) and any(map(collisions.free, query.goals_rad)):
        log.plans.append(_planned(mover, query, collisions))
    else:
        log.blocked += 1
    _time_checks(mover, query, collisions, log)


def _planned(mover: Mover, query: Query, collisions: CollisionWorld) -> Plan:
    checks = 0

    def free(q_rad: FloatArray) -> bool:
        nonlocal checks
        checks += 1
        return collisions.free(q_rad)

    start = time.perf_counter()
    path = plan(query.start_rad, query.goals_rad, free, mover.kinematics.description.limits, mover.rng)
    took_ms = 1000.0 * (time.perf_counter() - start)
    way = "none" if path is None else "direct" if len(path) == 2 else "RRT"
    return Plan(query.kind, way, took_ms, checks)


def _time_checks(mover: Mover, query: Query, collisions: CollisionWorld, log: Log) -> None:
    """Time checks along the straight way to the first goal, and anywhere within the joints' limits."""
    limits = mover.kinematics.description.limits
    way = query.goals_rad[0] - query.start_rad
    for share in np.linspace(0.0, 1.0, CHECKS):
        is_free, took_us = _check_us(collisions, query.start_rad + share * way)
        if is_free:
            log.free_us.append(took_us)
        log.any_us.append(_check_us(collisions, mover.rng.uniform(limits.lower_rad, limits.upper_rad))[1])


def _check_us(collisions: CollisionWorld, q_rad: FloatArray) -> tuple[bool, float]:
    start = time.perf_counter()
    is_free = collisions.free(q_rad)
    return is_free, 1e6 * (time.perf_counter() - start)


def _rows(log: Log) -> Iterator[Row]:
    took_ms = [each.took_ms for each in log.plans]
    yield "plan, median", with_interval(took_ms, 0.5, "ms", 1), f"at most {MEDIAN_MS:.0f} ms"
    yield "plan, 95th percentile", with_interval(took_ms, 0.95, "ms", 1), f"at most {P95_MS:.0f} ms"
    yield "plan, longest", f"{max(took_ms):.0f} ms", ""
    for way, meaning in (("direct", "straight way free"), ("RRT", "searched by RRT-Connect"), ("none", "no path")):
        yield f"  {meaning}", _group([each for each in log.plans if each.way == way]), ""
    yield "  not a plan: start or all goals touch", f"n = {log.blocked}, not timed", ""
    for kind in sorted({each.kind for each in log.plans}):
        yield f"  {kind}", _group([each for each in log.plans if each.kind == kind]), ""
    yield "check, arm free", f"{quantile(log.free_us, 0.5):.0f} us median, n = {len(log.free_us)}", ""
    yield "check, arm anywhere", f"{quantile(log.any_us, 0.5):.0f} us median, n = {len(log.any_us)}", ""
    yield "building the collision world", f"{quantile(log.build_ms, 0.5):.1f} ms median, n = {len(log.build_ms)}", ""
    fewest, most = min(log.voxels), max(log.voxels)
    yield "voxels in it", f"{quantile(log.voxels, 0.5):.0f} median, {fewest:.0f} to {most:.0f}", ""


def _group(plans: list[Plan]) -> str:
    if not plans:
        return "n = 0"
    took_ms = [each.took_ms for each in plans]
    checks = quantile([each.checks for each in plans], 0.5)
    median, p95 = quantile(took_ms, 0.5), quantile(took_ms, 0.95)
    return f"n = {len(plans)}: median {median:.1f}, p95 {p95:.1f} ms; {checks:.0f} checks"


if __name__ == "__main__":
    sys.exit(main())
