"""A controller over the fake Panda: a table with boxes on it, seen by a camera that casts rays."""

from __future__ import annotations

import numpy as np
from fake_panda import FakePanda
from scenery import CAMERA, block, look_at

from embodied.commands import Approach, Grasp, ImagePoint, Move
from embodied.controller import Capabilities
from embodied.geometry import Box
from embodied.grounding import GroundedCommand
from embodied.guard import Limits
from embodied.motion.controller import MotionController
from embodied.motion.eye import Eye

BRICK = block(0.5, 0.0, (0.04, 0.06, 0.06))
LIMITS = Limits(0.8, 60.0)
SOMEWHERE = ImagePoint(x=0.5, y=0.5, z=1.0)


class Kitchen(MotionController, Eye):
    """A table with boxes on it, which stay where they are, and a hand that feels a brick where there is one."""

    names = ("planning",)
    capabilities = Capabilities(
        "fake", Box((-1, -1, 0), (1, 1, 2), "workspace"), LIMITS, 0.08, names, True, "none", "software"
    )

    def __init__(self, boxes, kinematics):
        super().__init__(seed=0)
        self.boxes, self.arm, self.count = list(boxes), FakePanda(kinematics), 0
        self.arm.between_m = self._between

    def open_robot(self):
        return self.arm, self

    def look(self, name):
        return look_at(self.boxes, CAMERA, self.arm.read().time_s)

    def do(self, command, *points, timeout_s=60.0):
        observation = self.observe()
        self.count += 1
        return self.execute(GroundedCommand(str(self.count), command, points, observation.id, "measured"), timeout_s)

    def approach(self, point, **options):
        return self.do(Approach(at=SOMEWHERE), point, **options)

    def grasp(self, point, **options):
        return self.do(Grasp(at=SOMEWHERE), point, **options)

    def move(self, start, end, **options):
        return self.do(Move(start=SOMEWHERE, end=SOMEWHERE), start, end, **options)

    def _between(self, X_WG):
        """The brick's width between the pads, if the hand is around it."""
        for box in self.boxes[1:]:
            if box.contains(X_WG.translation_m, 0.005):
                return float(np.abs(X_WG.rotation[:, 1]) @ np.subtract(box.high_m, box.low_m))
        return 0.0


def tips(kitchen):
    """Where the finger tips have been."""
    return [kitchen.arm.kinematics.grasp_pose(s.positions_rad) @ np.array([0, 0, 0.01]) for s in kitchen.arm.states]
