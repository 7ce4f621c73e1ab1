"""What ``check_arm`` catches: one fault at a time, in an arm that is otherwise right."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from embodied.errors import ControllerError
from embodied.testing import check_arm

sys.path.append(str(Path(__file__).parents[1] / "plugins" / "toy_robot"))
from toy_robot.arm import DESCRIPTION, LIMITS, ToyArm


def described(**changes):
    class Described(ToyArm):
        @property
        def description(self):
            return replace(DESCRIPTION, **changes)

    return Described()


class GoesThrough(ToyArm):
    def follow(self, trajectory, monitor):
        self.description.limits.admit(trajectory)
        return super().follow(trajectory, lambda state: bool(monitor(state)) and False)


class NeverStops(ToyArm):
    def stop(self):
        return True


class TakesAnything(ToyArm):
    def follow(self, trajectory, monitor):
        self._positions_rad = trajectory.positions_rad[-1]
        return self.read()


class FallsShort(ToyArm):
    def follow(self, trajectory, monitor):
        super().follow(trajectory, monitor)
        self._positions_rad = self._positions_rad - 0.05
        return self.read()


class ReadsNoNumber(ToyArm):
    def read(self):
        return replace(super().read(), torques_nm=np.array([0.0, np.nan, 0.0]))


class DropsOnLeaving(ToyArm):
    def disconnect(self):
        self._positions_rad = self._positions_rad + 0.1


class GripsDeaf(ToyArm):
    def set_gripper(self, width_m, force_n, monitor):
        return super().set_gripper(width_m, force_n, lambda state: False)


class GripsHalfway(ToyArm):
    def set_gripper(self, width_m, force_n, monitor):
        return super().set_gripper(max(width_m, 0.02), force_n, monitor)


@pytest.mark.parametrize(
    ("arm", "says"),
    [
        (described(joint_names=("turn", "lift", "lift")), "name each once"),
        (described(joint_names=("turn", "lift", "twist")), r"no joint \['twist'\].*use one of"),
        (described(grasp_link="palm"), r"no link \['palm'\]"),
        (described(urdf=Path("/nowhere.urdf")), "give the path"),
        (described(home_rad=np.array([0.0, 3.0, 0.0])), "choose another home"),
        (described(home_rad=np.zeros(4)), "3 numbers, one a joint"),
        (described(limits=replace(LIMITS, lower_rad=LIMITS.upper_rad)), "swap them"),
        (described(limits=replace(LIMITS, jerk_rad_s3=np.full(3, np.inf))), "finite limits"),
        (described(gripper=replace(DESCRIPTION.gripper, max_force_n=0.0)), r"gripper\.max_force_n is 0"),
        (GoesThrough(), "went on when the monitor returned True"),
        (NeverStops(), r"went on after stop\(\)"),
        (TakesAnything(), r"begin with description\.limits\.admit"),
        (FallsShort(), "hold the end"),
        (ReadsNoNumber(), "torques_nm is not finite"),
        (DropsOnLeaving(), "hold still"),
        (GripsDeaf(), "fingers went on"),
        (GripsHalfway(), "fingers are .* off"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, ToyArm) else None,
)
def test_broken_arm_is_told_which_promise_it_breaks(arm, says):
    with pytest.raises(ControllerError, match=says) as caught:
        check_arm(arm)
    assert "To mend it: " in str(caught.value)
