import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embodied.geometry import Pose
from sim.placing import find_room
from sim.scene import Placement
from sim.things import Region

REGION = Region(0, 0, -1, "top", (0.0, 0.0, 0.8), (0.5, 0.5, 1.0), "on")
LOW, HIGH = np.array([-0.03, -0.03, 0.0]), np.array([0.03, 0.03, 0.1])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_things_keep_the_distance_that_the_one_that_wants_more_asks_for(seed: int) -> None:
    rng = np.random.default_rng(seed)
    square = {"region": "top", "yaw_deg": (0.0, 0.0)}
    near, far = Placement(**square), Placement(**square, apart_m=0.08)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Region, "pose_in_world", Pose(np.eye(3), np.zeros(3)))
        first = find_room(near, REGION, LOW, HIGH, [], rng)
        second = find_room(far, REGION, LOW, HIGH, [first], rng)
    gap = np.abs(first.center_m - second.center_m)[:2] - 0.06
    assert gap.max() >= 0.08
