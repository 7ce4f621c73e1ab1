"""Judges say yes where a goal holds, and no where it only looks like it."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from judge_cases import CASES
from judge_stage import COUNTER_M, GRASP_M, Case, Stage

from sim.evidence import between_fingers, glance
from sim.fixtures import HAND_LINK
from sim.goals import words
from sim.judges import PREDICATES, check_goal, judge
from sim.things import link_pose

pytestmark = pytest.mark.slow

ON_COUNTER = {"on": {"thing": "bag", "place": "counter"}}
LEAST_CASES = 200


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    built = Stage()
    with built.world:
        yield built


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_judges_are_right_when(stage: Stage, case: Case) -> None:
    assert [(goal, says) for goal, right, says in stage.answers(case) if says is not right] == []


def test_there_are_cases_enough_and_no_two_alike() -> None:
    assert sum(len(case.no) for case in CASES) >= LEAST_CASES
    assert len({case.title for case in CASES}) == len(CASES)


@pytest.mark.parametrize("word", words())
def test_every_word_has_to_say_yes_and_no(word: str) -> None:
    yes = Counter(next(iter(goal)) for case in CASES for goal in case.yes)
    no = Counter(next(iter(goal)) for case in CASES for goal in case.no)
    assert yes[word] >= 1
    assert no[word] >= (5 if word in {predicate.word for predicate in PREDICATES} else 1)


@pytest.mark.parametrize("at", [(0.6, 0.2), (0.85, 0.2), (0.85, -0.25), (0.6, -0.2)])
@pytest.mark.parametrize("word", ["left_of", "right_of", "in_front_of", "behind"])
def test_sides_are_those_of_the_picture(stage: Stage, word: str, at: tuple[float, float]) -> None:
    """In the picture: further left or right, or else nearer to the camera or further away."""
    stage.clear()
    camera, goal = stage.world.camera(), {word: {"thing": "can", "other": "mug"}}
    stage.stand("mug", *at)
    p_CM = camera.pose_in_world.inverse() @ stage.world.objects["mug"].pose_in_world.translation_m
    for turn_rad in np.linspace(0.0, 2.0 * np.pi, 16, endpoint=False):
        stage.stand("can", at[0] + 0.1 * float(np.cos(turn_rad)), at[1] + 0.1 * float(np.sin(turn_rad)))
        stage.settle(0.05)
        p_CC = camera.pose_in_world.inverse() @ stage.world.objects["can"].pose_in_world.translation_m
        right = p_CC[0] / p_CC[2] > p_CM[0] / p_CM[2]
        nearer = np.linalg.norm(p_CC) < np.linalg.norm(p_CM)
        if check_goal(stage.scene, goal).holds(glance(stage.world)):
            assert {"left_of": not right, "right_of": right, "in_front_of": nearer, "behind": not nearer}[word]


def test_the_trace_has_every_parts_answer_in_order(stage: Stage) -> None:
    stage.clear()
    stage.joint("drawer_top", 0.9)
    goal = {"all": [{"not": {"held": {"thing": "bag"}}}, {"open": {"joint": "drawer_top"}}]}
    judgement = judge(stage.world, check_goal(stage.scene, goal))
    assert judgement.trace == (
        ("held(bag)", False),
        ("not(held(bag))", True),
        ("open(drawer_top, 0.6)", True),
        ("all(not(held(bag)), open(drawer_top, 0.6))", True),
    )
    assert judgement.success


def test_a_glance_lets_no_time_pass_and_agrees_with_a_watch_of_what_rests(stage: Stage) -> None:
    stage.clear()
    stage.stand("bag", 0.6, 0.0)
    stage.settle()
    goal, time_s = check_goal(stage.scene, ON_COUNTER), stage.world.time_s
    assert goal.holds(glance(stage.world))
    assert stage.world.time_s == time_s
    assert judge(stage.world, goal).success
    assert stage.world.time_s == pytest.approx(time_s + 0.5)


def test_the_hand_is_where_the_tests_put_it_and_holds_what_they_put_in_it(stage: Stage) -> None:
    stage.clear()
    stage.grip("bag", (0.6, 0.0, COUNTER_M + 0.2))
    middle = link_pose(stage.world.client, stage.world.robot, HAND_LINK) @ np.array([0.0, 0.0, GRASP_M])
    assert np.allclose(middle, (0.6, 0.0, COUNTER_M + 0.2), atol=0.003)
    assert between_fingers(stage.world) == {(stage.world.objects["bag"].body, -1)}
