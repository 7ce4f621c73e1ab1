"""A robot without a robot: it looks at a flat world, moves in straight lines and keeps the whole contract."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable
from typing import cast

import numpy as np

from embodied.commands import Approach, Grasp
from embodied.controller import Capabilities, Controller, StopReport
from embodied.geometry import Box
from embodied.grounding import GroundedCommand, Point
from embodied.guard import Limits
from embodied.judge import Ending, Judgement
from embodied.observation import GripperState, Observation
from embodied.result import Measured, Reason, Result
from embodied.testing.flat_world import CAMERA, WORKSPACE, FlatWorld

OPEN_M = 0.08
STAND_OFF_M = 0.10
HOME: Point = (0.0, 0.0, 0.40)
_CYCLE_S = 0.01
_NAME = "fake"


class _InterruptedError(Exception):
    """A motion was broken off, for this reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class FakeController(Controller):
    """A gripper over a table, for tests of everything that stands above a robot.

    Attributes:
        world: The table; tests may look into it and rearrange it.
        motions: How many commands have been begun.
        gripper_in_world_m: Where the gripper is.
        held: Name of the thing in the hand.
    """

    def __init__(
        self,
        world: FlatWorld | None = None,
        *,
        results: Iterable[Result] = (),
        goal: tuple[str, Box] | None = None,
        pace: float = 0.0,
        has_depth: bool = True,
        speed_m_s: float = 0.5,
    ) -> None:
        """Stand at home over ``world``.

        Args:
            world: What lies on the table; two cubes if not given.
            results: Answers to give, one a command, before the robot begins to act by itself.
            goal: The thing, and the box in W where its base must rest, for ``judge()``.
            pace: Wall seconds that a second on the robot's clock takes; 0 is as fast as it goes.
            has_depth: Whether observations have a depth map.
            speed_m_s: How fast the gripper moves.
        """
        super().__init__()
        self.world = world or FlatWorld()
        self.motions, self.held, self.gripper_in_world_m = 0, cast("str | None", None), HOME
        self._results_to_give, self._goal, self._pace = deque(results), goal, pace
        self._has_depth, self._speed_m_s = has_depth, speed_m_s
        self._time_s, self._deadline_s, self._width_m = 0.0, 0.0, OPEN_M
        self._still = threading.Event()
        self._still.set()

    @property
    def capabilities(self) -> Capabilities:
        """A simulated gripper without a watchdog."""
        limits = Limits(speed_m_s=self._speed_m_s, force_n=20.0)
        return Capabilities(
            _NAME, WORKSPACE, limits, OPEN_M, (CAMERA.name,), self._has_depth, watchdog="none", emergency_stop="none"
        )

    def sense(self, observation_id: int) -> Observation:
        """Render the flat world."""
        image, depth_m = self.world.render()
        gripper = GripperState(self._width_m, self.held is not None)
        return Observation(observation_id, self._time_s, image, depth_m if self._has_depth else None, CAMERA, gripper)

    def perform(self, grounded: GroundedCommand, timeout_s: float) -> Result:
        """Give the next scripted result, or act."""
        if not all(WORKSPACE.contains(point) for point in grounded.points_in_world_m):
            return Result("rejected", Reason.OUT_OF_WORKSPACE, "the gripper cannot reach beyond the table")
        self.motions += 1
        if self._results_to_give:
            return self._results_to_give.popleft()
        begun_s, self._deadline_s = self._time_s, self._time_s + timeout_s
        self._still.clear()
        try:
            return self._act(grounded, begun_s)
        except _InterruptedError as interruption:
            return self._failed(interruption.reason, "the motion was broken off", begun_s)
        finally:
            self._still.set()

    def halt(self) -> StopReport:
        """Wait a moment for the motion to notice; it stands where it is."""
        return StopReport(standstill_measured=self._still.wait(timeout=1.0))

    def judge(self, ending: Ending) -> Judgement | None:
        """Whether the thing of the goal rests in its box, let go."""
        if self._goal is None:
            return None
        name, box = self._goal
        inside, free = box.contains(self.world.thing(name).base_in_world_m), self.held != name
        return Judgement(inside and free, ((f"{name} in {box.name or 'box'}", inside), (f"{name} let go", free)))

    def _act(self, grounded: GroundedCommand, begun_s: float) -> Result:
        start, end = grounded.points_in_world_m[0], grounded.points_in_world_m[-1]
        if isinstance(grounded.command, Approach | Grasp) and self.held is not None:
            return Result("rejected", Reason.HAND_FULL, f"the hand already holds the {self.held}")
        if isinstance(grounded.command, Approach):
            return self._approach(start, begun_s)
        if isinstance(grounded.command, Grasp):
            return self._grasp(start, begun_s)
        return self._carry(end, begun_s) if self.held else self._push(start, end, begun_s)

    def _approach(self, point: Point, begun_s: float) -> Result:
        self._width_m = OPEN_M
        self._travel(_above(point))
        return self._succeeded("the open gripper is near the point", begun_s)

    def _grasp(self, point: Point, begun_s: float) -> Result:
        self._approach(point, begun_s)
        self._travel(point)
        thing = self.world.thing_at(point)
        self._width_m = 0.0 if thing is None else thing.size_m
        if thing is not None:
            self.held = thing.name
        self._travel(_above(point))
        if thing is None:
            return self._failed(Reason.MISSED_GRASP, "the fingers closed and held nothing", begun_s)
        return self._succeeded("something is held", begun_s)

    def _carry(self, end: Point, begun_s: float) -> Result:
        self._travel(_above(end))
        self._travel((end[0], end[1], self._width_m))
        self.held, self._width_m = None, OPEN_M
        self._travel(_above(end))
        return self._succeeded("it was set down", begun_s)

    def _push(self, start: Point, end: Point, begun_s: float) -> Result:
        self._travel(_above(start))
        if (thing := self.world.thing_at(start)) is None:
            return self._failed(Reason.NO_GRASP, "there is nothing at the first point", begun_s)
        self._travel(start)
        self._travel(end)
        self.world.place(thing.name, (end[0], end[1], 0.0))
        return self._succeeded("it was pushed", begun_s)

    def _travel(self, target: Point) -> None:
        """Go there in a straight line, carrying what is held.

        Raises:
            _InterruptedError: If somebody stops the robot, or the command's time runs out.
        """
        start = np.array(self.gripper_in_world_m)
        way = np.array(target) - start
        cycles = max(int(np.ceil(np.linalg.norm(way) / (self._speed_m_s * _CYCLE_S))), 1)
        for cycle in range(1, cycles + 1):
            self._wait_a_cycle()
            x, y, z = (start + way * cycle / cycles).tolist()
            self._put_gripper((x, y, z))

    def _wait_a_cycle(self) -> None:
        if self.stop_requested:
            raise _InterruptedError(Reason.STOPPED)
        if self._time_s + _CYCLE_S > self._deadline_s:
            raise _InterruptedError(Reason.TIMEOUT)
        self._time_s += _CYCLE_S
        if self._pace:
            time.sleep(_CYCLE_S * self._pace)

    def _put_gripper(self, point: Point) -> None:
        self.gripper_in_world_m = point
        if self.held is not None:
            self.world.place(self.held, (point[0], point[1], point[2] - self.world.thing(self.held).size_m))

    def _succeeded(self, message: str, begun_s: float) -> Result:
        return Result("succeeded", None, message, self._measured(begun_s))

    def _failed(self, reason: Reason, message: str, begun_s: float) -> Result:
        return Result("failed", reason, message, self._measured(begun_s))

    def _measured(self, begun_s: float) -> Measured:
        holding, duration_s = self.held is not None, self._time_s - begun_s
        return Measured(self.gripper_in_world_m, self._width_m, holding, duration_s, self._speed_m_s, 0.0)


def _above(point: Point) -> Point:
    return point[0], point[1], point[2] + STAND_OFF_M
