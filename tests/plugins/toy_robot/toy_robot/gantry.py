"""The first door: a robot with a motion stack of its own is a ``Controller``."""

from __future__ import annotations

import threading

import numpy as np

from embodied.commands import Approach, Grasp
from embodied.controller import Capabilities, Controller, StopReport
from embodied.geometry import Box, FloatArray
from embodied.grounding import GroundedCommand
from embodied.guard import Limits
from embodied.judge import Ending, Judgement
from embodied.observation import GripperState, Observation
from embodied.registry import ControllerSetup
from embodied.result import Measured, Reason, Result
from toy_robot.machine import CYCLE_S, OPEN_M, SPEED_M_S, Machine
from toy_robot.table import CAMERA, Table

STAND_OFF_M = np.array([0.0, 0.0, 0.12])
WORKSPACE = Box((-0.40, -0.30, -0.01), (0.40, 0.30, 0.40), "under the gantry")


def open_controller(setup: ControllerSetup) -> Controller:
    """What the entry point names; a real robot would read its address from its own settings file here."""
    return Gantry(Table())


class _BrokenOffError(Exception):
    """A motion ended early."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Gantry(Controller):
    """A gripper over a table with blocks."""

    def __init__(self, table: Table) -> None:
        """Keep the machine; nothing is opened and nothing moves."""
        super().__init__()
        self._table, self._machine = table, Machine(table)
        self._deadline_s = 0.0
        self._standing = threading.Event()
        self._standing.set()

    @property
    def capabilities(self) -> Capabilities:
        """What it promises, before anybody connects."""
        return Capabilities(
            name="toy_robot",
            workspace=WORKSPACE,
            limits=Limits(speed_m_s=SPEED_M_S + 0.01, force_n=15.0),
            gripper_width_m=OPEN_M,
            cameras=(CAMERA.name,),
            has_depth=True,
            watchdog="none",
            emergency_stop="none",
        )

    def sense(self, observation_id: int) -> Observation:
        """One look: picture, depth, camera and gripper of the same instant."""
        image, depth_m = self._table.render(self._machine.looks())
        gripper = GripperState(self._machine.width_m, self._machine.held is not None)
        return Observation(observation_id, self._machine.time_s, image, depth_m, CAMERA, gripper)

    def perform(self, grounded: GroundedCommand, timeout_s: float) -> Result:
        """Do it; what goes wrong on the way is a result, not an exception."""
        points = [np.array(point) for point in grounded.points_in_world_m]
        if not all(WORKSPACE.contains(point) for point in points):
            return Result("rejected", Reason.OUT_OF_WORKSPACE, "the gantry does not reach there")
        begun_s = self._machine.time_s
        self._deadline_s = begun_s + timeout_s
        self._standing.clear()
        try:
            return self._skill(grounded, points[0], points[-1], begun_s)
        except _BrokenOffError as broken_off:
            return self._result(broken_off.reason, f"the motion was broken off: {broken_off}", begun_s)
        finally:
            self._standing.set()

    def halt(self) -> StopReport:
        """The motion polls ``stop_requested`` every cycle: wait until it has noticed."""
        return StopReport(standstill_measured=self._standing.wait(timeout=1.0))

    def _skill(self, grounded: GroundedCommand, start: FloatArray, end: FloatArray, begun_s: float) -> Result:
        if not isinstance(grounded.command, Approach | Grasp):
            return self._carry(end, begun_s) if self._machine.held else self._push(start, end, begun_s)
        if self._machine.held:
            return Result("rejected", Reason.HAND_FULL, f"the hand already holds the {self._machine.held.name}")
        self._go(start + STAND_OFF_M)
        return (
            self._grasp(start, begun_s) if isinstance(grounded.command, Grasp) else self._result(None, "near", begun_s)
        )

    def _grasp(self, point: FloatArray, begun_s: float) -> Result:
        self._go(point)
        self._machine.close_fingers()
        self._go(point + STAND_OFF_M)
        if self._machine.held is None:
            self._machine.open_fingers()
            return self._result(Reason.MISSED_GRASP, "the fingers closed and held nothing", begun_s)
        return self._result(None, f"something {1000 * self._machine.width_m:.0f} mm wide is held", begun_s)

    def _carry(self, end: FloatArray, begun_s: float) -> Result:
        self._go(end + 2 * STAND_OFF_M)
        self._go(end + np.array([0.0, 0.0, OPEN_M]))
        self._machine.open_fingers()
        self._go(end + 2 * STAND_OFF_M)
        return self._result(None, "it was set down", begun_s)

    def _push(self, start: FloatArray, end: FloatArray, begun_s: float) -> Result:
        self._go(start + STAND_OFF_M)
        self._go(start)
        self._machine.close_fingers()
        pushed = self._machine.held is not None
        self._go(np.array([end[0], end[1], start[2]]))
        self._machine.open_fingers()
        self._go(self._machine.position_m + STAND_OFF_M)
        reason = None if pushed else Reason.NO_GRASP
        return self._result(reason, "it was pushed" if pushed else "there is nothing to push", begun_s)

    def _go(self, target_m: FloatArray) -> None:
        """Every motion goes through here, and so every motion can be stopped and runs out of time."""
        arrived = False
        while not arrived:
            if self.stop_requested:
                raise _BrokenOffError(Reason.STOPPED)
            if self._machine.time_s + CYCLE_S > self._deadline_s:
                raise _BrokenOffError(Reason.TIMEOUT)
            arrived = self._machine.step_towards(target_m)

    def _result(self, reason: Reason | None, message: str, begun_s: float) -> Result:
        machine = self._machine
        x, y, z = machine.position_m.tolist()
        measured = Measured(
            (x, y, z), machine.width_m, machine.held is not None, machine.time_s - begun_s, max_speed_m_s=SPEED_M_S
        )
        return Result("failed" if reason else "succeeded", reason, message, measured)

    def judge(self, ending: Ending) -> Judgement:
        """Only a simulated robot can: whether the red block lies on the plate, let go."""
        red, plate = self._table.blocks[0], self._table.plate
        on = bool(np.abs(red.base_m - plate.base_m)[:2].max() < 0.07 and abs(red.base_m[2] - plate.high_m[2]) < 1e-6)
        free = self._machine.held is not red
        return Judgement(on and free, (("red block on plate", on), ("red block let go", free)))
