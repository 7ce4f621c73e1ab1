"""Hinged doors: the hand pulls towards a point and follows the arc that the hinge allows, by feel."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from embodied.commands import Grasp, ImagePoint, Move
from embodied.grounding import GroundedCommand
from embodied.registry import ControllerSetup
from sim.controller import KitchenController
from sim.things import FurnitureJoint, link_pose

pytestmark = pytest.mark.slow
SOMEWHERE = ImagePoint(x=0.5, y=0.5, z=1.0)


def do(kitchen: KitchenController, command: Grasp | Move, *points_W: np.ndarray) -> str:
    observation = kitchen.observe()
    points = tuple((float(p[0]), float(p[1]), float(p[2])) for p in points_W)
    result = kitchen.execute(
        GroundedCommand(f"look-{observation.id}", command, points, observation.id, "measured"), 60.0
    )
    return result.status


def handle_after(door: FurnitureJoint, axis_W: list[float], angle_rad: float) -> np.ndarray:
    X_WL = link_pose(door.client, door.body, door.index)
    middle = np.add(door.handle_low_m, door.handle_high_m) / 2.0
    return X_WL @ (Rotation.from_rotvec(np.array(axis_W) * angle_rad).as_matrix() @ middle)


@pytest.mark.parametrize(("name", "axis_W"), [("cupboard_door", [0, 0, -1]), ("microwave_door", [0, 0, 1])])
def test_hinged_door_is_opened_by_at_least_fifty_degrees(name: str, axis_W: list[float]) -> None:
    with KitchenController(ControllerSetup(scene="drawer_bag", seed=1)) as kitchen:
        door = kitchen.world.joints[name]
        handle = door.handle_in_world_m
        ends = [handle_after(door, axis_W, sign * 1.05) for sign in (1.0, -1.0)]
        towards_robot = min(ends, key=lambda end: float(end[0]))
        assert do(kitchen, Grasp(at=SOMEWHERE), handle - [0.006, 0.0, 0.0]) == "succeeded"
        assert do(kitchen, Move(start=SOMEWHERE, end=SOMEWHERE), handle, towards_robot) == "succeeded"
        assert door.position > np.deg2rad(50.0)
