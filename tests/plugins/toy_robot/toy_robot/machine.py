"""What the maker of a gantry would ship: it knows nothing of this project. You have this already."""

from __future__ import annotations

import numpy as np

from embodied.geometry import FloatArray
from toy_robot.table import Brick, Table

SPEED_M_S = 0.30
CYCLE_S = 0.01
OPEN_M = 0.08
HOME_M = (0.30, 0.20, 0.35)


class Machine:
    """A gripper that hangs from a gantry; here it is simulated.

    Attributes:
        time_s: The machine's clock.
        position_m: Where the point between the fingers is, in W.
        width_m: How far the fingers are apart.
        held: The block between them.
    """

    def __init__(self, table: Table) -> None:
        """Hang over ``table``, open."""
        self.table = table
        self.time_s = 0.0
        self.position_m = np.array(HOME_M)
        self.width_m = OPEN_M
        self.held: Brick | None = None

    def step_towards(self, target_m: FloatArray) -> bool:
        """Move for one cycle; whether the target has been reached."""
        way = target_m - self.position_m
        share = min(1.0, SPEED_M_S * CYCLE_S / max(float(np.linalg.norm(way)), 1e-9))
        self._shift(way * share)
        self.time_s += CYCLE_S
        return share == 1.0

    def _shift(self, way_m: FloatArray) -> None:
        self.position_m = self.position_m + way_m
        if self.held is not None:
            self.held.base_m = self.held.base_m + way_m

    def close_fingers(self) -> None:
        """Close until something is felt, or nothing is left to close on."""
        self.held = self.table.block_at(self.position_m)
        self.width_m = 0.0 if self.held is None else self.held.size_m[1]

    def open_fingers(self) -> None:
        """Let go; what was held falls on what is below."""
        if self.held is not None:
            self.held.base_m[2] = self.table.surface_below(self.held.base_m, self.held)
        self.held, self.width_m = None, OPEN_M

    def looks(self) -> list[Brick]:
        """The gripper, as boxes for the picture."""
        tips = [self.position_m + np.array([0.0, side * (self.width_m / 2 + 0.006), -0.01]) for side in (-1, 1)]
        fingers = [Brick("finger", tip, (0.016, 0.012, 0.06), (90, 95, 105)) for tip in tips]
        palm = Brick("palm", self.position_m + np.array([0.0, 0.0, 0.05]), (0.04, 0.12, 0.03), (60, 65, 75))
        return [*fingers, palm]
