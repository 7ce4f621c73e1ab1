"""Ways to take things of known shape, from what a camera sees of them."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fake_panda import PANDA
from scenery import TABLE, block, points_of

from embodied.geometry import Box, Pose
from embodied.motion.grasping import CLEARANCE_M, flipped, grasp_candidates
from embodied.motion.things import thing_at

GRIPPER = PANDA.gripper
FORWARD = np.array([1.0, 0.0, 0.0])
BRICK = block(0.5, 0.0, (0.04, 0.06, 0.04))
PANEL = Box((0.60, -0.5, 0.2), (0.62, 0.5, 0.78), "panel")
BAR = Box((0.543, -0.07, 0.594), (0.555, 0.07, 0.606), "bar")
"""A handle: 12 mm thick, 4.5 cm before the panel."""
REPEAT = """
import sys
sys.path.insert(0, {folder!r})
from test_grasping import digest
print(digest())
"""


def candidates(boxes, target, gripper=GRIPPER):
    return grasp_candidates(thing_at(np.array(target), points_of(boxes), gripper.max_width_m), gripper, FORWARD)


def digest():
    found = candidates([TABLE, BRICK], [0.5, 0.0, 0.84])
    numbers = [np.concatenate([c.pose.matrix.ravel(), [c.opening_m, c.score]]) for c in found]
    return hashlib.sha256(np.array(numbers).tobytes()).hexdigest()


def fingers_of(candidate):
    """Low and high corners in G of both fingers, as they go in."""
    inner, outer = candidate.opening_m / 2, candidate.opening_m / 2 + GRIPPER.finger_thickness_m
    half, tip = GRIPPER.pad_width_m / 2, GRIPPER.tip_to_grasp_m
    back = tip - GRIPPER.finger_length_m
    yield np.array([-half, inner, back]), np.array([half, outer, tip])
    yield np.array([-half, -outer, back]), np.array([half, -inner, tip])


def points_in_fingers(candidate, points_W):
    p_GP = candidate.pose.inverse() @ points_W
    return sum(int(((p_GP > low) & (p_GP < high)).all(axis=1).sum()) for low, high in fingers_of(candidate))


def between_pads(candidate, points_W):
    """The extent along the closing direction of the points that the pads will meet."""
    p_GP = candidate.pose.inverse() @ points_W
    tip = GRIPPER.tip_to_grasp_m
    in_front = (np.abs(p_GP[:, 0]) < GRIPPER.pad_width_m / 2) & (p_GP[:, 2] < tip) & (p_GP[:, 2] > tip - 0.045)
    return p_GP[in_front & (np.abs(p_GP[:, 1]) < candidate.opening_m / 2), 1]


@pytest.fixture(scope="module")
def for_brick():
    return candidates([TABLE, BRICK], [0.5, 0.0, 0.84])


@pytest.fixture(scope="module")
def for_bar():
    return candidates([PANEL, BAR], [0.543, 0.0, 0.603])


def test_brick_on_a_table_can_be_taken_in_many_ways_best_first(for_brick):
    assert len(for_brick) > 10
    scores = [candidate.score for candidate in for_brick]
    assert scores == sorted(scores, reverse=True)


def test_best_way_to_take_a_brick_closes_on_it_between_the_pads(for_brick):
    best = for_brick[0]
    extent = between_pads(best, points_of([BRICK]))
    assert len(extent) > 10
    assert extent.max() < best.opening_m / 2
    assert extent.min() > -best.opening_m / 2
    assert np.ptp(extent) > 0.02
    assert best.opening_m <= GRIPPER.max_width_m


def test_best_way_to_take_a_brick_comes_from_above(for_brick):
    assert for_brick[0].pose.rotation[2, 2] < -0.8


def test_brick_too_wide_one_way_is_taken_across_the_other():
    plank = block(0.5, 0.0, (0.03, 0.15, 0.04))
    for candidate in candidates([TABLE, plank], [0.5, 0.0, 0.84])[:5]:
        assert abs(candidate.pose.rotation[0, 1]) > 0.8  # closes along the short side, x


def test_fingers_and_table_do_not_meet(for_brick):
    seen = points_of([TABLE])
    for candidate in for_brick:
        assert points_in_fingers(candidate, seen) <= 30, candidate
        tips = [candidate.pose @ np.array([0.0, side * candidate.opening_m / 2, 0.010]) for side in (-1, 1)]
        assert min(tip[2] for tip in tips) > TABLE.high_m[2] - 0.004


def test_neighbour_closer_than_a_finger_is_not_run_into():
    neighbour = block(0.5, 0.045, (0.04, 0.04, 0.06))  # 5 mm beside the brick, and taller
    boxes = [TABLE, block(0.5, 0.0, (0.04, 0.04, 0.04)), neighbour]
    seen = points_of(boxes)
    for candidate in candidates(boxes, [0.5, -0.005, 0.84]):
        assert points_in_fingers(candidate, seen) <= 30


def test_bar_before_a_panel_is_taken_square_to_the_panel_and_across_the_bar(for_bar):
    assert for_bar
    for candidate in for_bar[:5]:
        approach, closing = candidate.pose.rotation[:, 2], candidate.pose.rotation[:, 1]
        assert approach @ [1.0, 0.0, 0.0] > np.cos(np.deg2rad(40))
        assert abs(closing[1]) < 0.5  # the bar lies along y
        assert abs(closing[2]) > 0.7


def test_finger_tips_at_a_bar_stay_before_the_panel(for_bar):
    for candidate in for_bar:
        for side in (-1, 1):
            tip = candidate.pose @ np.array([0.0, side * candidate.opening_m / 2, GRIPPER.tip_to_grasp_m])
            assert tip[0] < PANEL.low_m[0] + 0.002


def test_nothing_seen_cannot_be_taken():
    thing = thing_at(np.array([0.5, 0.0, 0.8]), np.empty((0, 3)), GRIPPER.max_width_m)
    assert len(thing.cluster_W) == 0
    assert grasp_candidates(thing, GRIPPER, FORWARD) == []


def test_between_two_walls_the_fingers_open_only_as_far_as_there_is_room():
    walls = [block(0.5, side * 0.070, (0.16, 0.04, 0.03)) for side in (-1, 1)]  # free from -5 to 5 cm
    fin = block(0.5, 0.0, (0.10, 0.012, 0.05))
    found = candidates([TABLE, fin, *walls], [0.5, 0.0, 0.85])
    assert found
    for candidate in found[:5]:
        assert candidate.opening_m < 0.06
        assert points_in_fingers(candidate, points_of([*walls, fin])) <= 30


def test_opening_is_no_more_than_the_gripper_s_and_leaves_room_beside_the_thing(for_brick):
    seen = points_of([BRICK])
    for candidate in for_brick:
        extent = between_pads(candidate, seen)
        assert np.ptp(extent) < candidate.opening_m <= GRIPPER.max_width_m
        assert candidate.opening_m > np.ptp(extent) + CLEARANCE_M or candidate.opening_m == GRIPPER.max_width_m


def test_thing_knows_what_is_around_it():
    thing = thing_at(np.array([0.5, 0.0, 0.84]), points_of([TABLE, BRICK]), GRIPPER.max_width_m)
    assert (thing.cluster_W[:, 2] > 0.80).all()
    assert thing.cluster_W[:, 2].max() == pytest.approx(0.84, abs=0.005)
    assert (np.abs(thing.others_W[:, 2] - 0.80) < 0.006).mean() > 0.9


def test_candidates_are_the_same_in_another_process():
    script = REPEAT.format(folder=str(Path(__file__).parent))
    other = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert digest() == digest() == other.stdout.strip()


def test_what_has_no_room_where_it_is_best_taken_can_be_taken_further_along_it():
    long = block(0.5, 0.0, (0.16, 0.03, 0.03))
    thing = thing_at(np.array([0.5, 0.0, 0.83]), points_of([TABLE, long]), GRIPPER.max_width_m)
    best, beside = (grasp_candidates(thing, GRIPPER, FORWARD, each) for each in (False, True))
    across = [each for each in beside if np.allclose(each.pose.rotation, best[0].pose.rotation)]
    along_m = {round(float(each.pose.translation_m[0] - best[0].pose.translation_m[0]), 3) for each in across}
    assert min(along_m) < -0.01
    assert max(along_m) > 0.01
    assert [each.score for each in beside] == sorted((each.score for each in beside), reverse=True)
    points = points_of([TABLE, long])
    assert all(points_in_fingers(each, points) <= 1 for each in across)


def test_fingers_do_not_close_on_the_edge_of_the_table_with_what_lies_on_it():
    rim = Box((0.43, -0.05, 0.800), (0.55, 0.05, 0.812), "rim")
    slab = Box((0.45, -0.5, 0.77), (0.95, 0.5, 0.80), "slab")
    thing = thing_at(np.array([0.44, 0.0, 0.81]), points_of([slab, rim]), GRIPPER.max_width_m)
    best = grasp_candidates(thing, GRIPPER, FORWARD)[0]
    others = best.pose.inverse() @ thing.others_W
    tip = GRIPPER.tip_to_grasp_m - CLEARANCE_M
    inside = (np.abs(others[:, 0]) < GRIPPER.pad_width_m / 2) & (np.abs(others[:, 1]) < best.opening_m / 2)
    assert (inside & (others[:, 2] < tip)).sum() <= 1


def test_flipped_is_half_a_turn_about_the_approach():
    pose = Pose.looking_at((0.1, 0.2, 1.0), (0.5, 0.0, 0.8))
    turned = flipped(pose)
    np.testing.assert_allclose(turned.rotation[:, 2], pose.rotation[:, 2])
    np.testing.assert_allclose(turned.rotation[:, :2], -pose.rotation[:, :2])
    np.testing.assert_array_equal(turned.translation_m, pose.translation_m)
    np.testing.assert_allclose(flipped(turned).matrix, pose.matrix)
