"""A path of joint positions that touches nothing: RRT-Connect by OMPL, then shortened.

Deterministic: the search is bounded by its iterations, never by time, and seeded for each query.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from ompl import base, geometric, util

from embodied.geometry import FloatArray
from embodied.motion.arm import JointLimits
from embodied.motion.trajectory import rounded_path

MAX_ITERATIONS = 3000
RANGE_RAD = 0.6
STEP_RAD = 0.05
SHORTCUTS = 30
MARGIN_RAD = 0.01
"""Paths keep so far from the ends of the joints' ranges: the arm does not follow them to the last milliradian."""
MAX_GOALS = 3

util.noOutputHandler()

Free = Callable[[FloatArray], bool]


def plan(
    start_rad: FloatArray, goals_rad: Sequence[FloatArray], free: Free, limits: JointLimits, rng: np.random.Generator
) -> FloatArray | None:
    """A free path (k, n) from ``start_rad`` to one of ``goals_rad``, nearest first; ``None`` if none was found."""
    goals = [goal for goal in goals_rad if free(goal)]
    for goal in goals:
        if _segment_free(start_rad, goal, free):
            return np.array([start_rad, goal])
    for goal in [*goals[:MAX_GOALS], *goals[:MAX_GOALS]]:
        path = _search(start_rad, goal, free, limits, rng)
        for way in () if path is None else (_shortened(path, free, rng), _shortened(path, free, rng), path):
            if _rounding_free(way, free):
                return way
    return None


def _segment_free(start: FloatArray, end: FloatArray, free: Free) -> bool:
    count = max(int(np.ceil(np.abs(end - start).max() / STEP_RAD)), 1)
    order = np.argsort([bin(i)[:1:-1] for i in range(count + 1)])  # far apart first: trouble is found sooner
    return all(free(start + (end - start) * index / count) for index in order)


def _search(
    start: FloatArray, goal: FloatArray, free: Free, limits: JointLimits, rng: np.random.Generator
) -> FloatArray | None:
    count = len(start)
    util.RNG.setSeed(int(rng.integers(1, 2**31)))
    space = base.RealVectorStateSpace(count)
    bounds = base.RealVectorBounds(count)
    for index in range(count):
        bounds.setLow(index, float(min(limits.lower_rad[index] + MARGIN_RAD, start[index], goal[index])))
        bounds.setHigh(index, float(max(limits.upper_rad[index] - MARGIN_RAD, start[index], goal[index])))
    space.setBounds(bounds)
    setup = base.SpaceInformation(space)
    setup.setStateValidityChecker(lambda state: bool(free(np.array([state[index] for index in range(count)]))))
    setup.setStateValidityCheckingResolution(STEP_RAD / space.getMaximumExtent())
    setup.setup()
    return _solve(setup, _problem(setup, space, start, goal), count)


def _problem(setup: base.SpaceInformation, space: base.StateSpace, start: FloatArray, goal: FloatArray) -> object:
    problem = base.ProblemDefinition(setup)
    first, last = space.allocState(), space.allocState()
    for index in range(len(start)):
        first[index], last[index] = float(start[index]), float(goal[index])
    problem.setStartAndGoalStates(first, last)
    return problem


def _solve(setup: base.SpaceInformation, problem: base.ProblemDefinition, count: int) -> FloatArray | None:
    planner = geometric.RRTConnect(setup)
    planner.setRange(RANGE_RAD)
    planner.setProblemDefinition(problem)
    planner.setup()
    iterations = iter(range(MAX_ITERATIONS))
    planner.solve(base.PlannerTerminationCondition(lambda: next(iterations, None) is None))
    if not problem.hasExactSolution():
        return None
    states = problem.getSolutionPath().getStates()
    return np.array([[state[index] for index in range(count)] for state in states])


def _shortened(path: FloatArray, free: Free, rng: np.random.Generator) -> FloatArray:
    """Cut corners at random where the cut is free."""
    for _ in range(SHORTCUTS):
        if len(path) < 3:
            break
        first = int(rng.integers(0, len(path) - 2))
        last = int(rng.integers(first + 2, len(path)))
        if _segment_free(path[first], path[last], free):
            path = np.concatenate([path[: first + 1], path[last:]])
    return path


def _rounding_free(path: FloatArray, free: Free) -> bool:
    """Whether the curve that the trajectory follows, which cuts the path's corners, is free as well."""
    return all(free(q) for q in rounded_path(path, STEP_RAD))
