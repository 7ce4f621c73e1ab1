"""The mission's own example, from the instruction to a robot that has done it."""

from pathlib import Path

import pytest

from embodied.running import RunSettings, run_episode

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("seed", "instruction"),
    [
        (0, "take the green bag out of the drawer"),
        (1, "把抽屉里的绿色包装袋拿出来"),
        (2, "Get the green bag out of the drawer and put it on the counter."),
    ],
)
def test_the_green_bag_is_taken_out_of_the_closed_drawer(tmp_path: Path, seed: int, instruction: str) -> None:
    outcome = run_episode(RunSettings(instruction=instruction, planner="oracle", seed=seed, out=tmp_path, video=False))
    assert outcome.success, outcome.message
    assert (outcome.ended, outcome.task, outcome.tier) == ("done", "bag_out_of_drawer", "oracle")
    assert [answer.predicate for answer in outcome.judge] == ["on(bag, counter)"]
    assert (outcome.course[0], outcome.course[-1]) == ((), ("on(bag, counter)",))


@pytest.mark.parametrize("task", ["open_top_drawer", "press_stove_button"])
def test_the_oracle_does_other_tasks_by_the_same_rules(tmp_path: Path, task: str) -> None:
    outcome = run_episode(RunSettings(task=task, planner="oracle", seed=1, out=tmp_path, video=False))
    assert outcome.success, outcome.message
