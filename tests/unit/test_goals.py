from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embodied.errors import SceneError
from embodied.task import load_task, task_names
from sim.composing import Count, Either, Every, Not
from sim.course import Initially, Then
from sim.goals import Goal, Vocabulary, read_goal, words
from sim.judges import PREDICATES, check_goal
from sim.mechanisms import Closed
from sim.scene import Scene, load_scene
from sim.whereabouts import On

COMPOSITIONS = {"all", "any", "not", "count", "initially", "then"}
ON = {"on": {"thing": "bag", "place": "counter"}}


@pytest.fixture(scope="module")
def scene() -> Scene:
    return load_scene("drawer_bag")


@pytest.mark.parametrize("name", task_names())
def test_every_shipped_tasks_goal_is_a_goal_in_its_scene(name: str) -> None:
    task = load_task(name)
    check_goal(load_scene(task.scene, task.initial, task.name), task.goal)


def test_a_goal_is_read_without_a_world(scene: Scene) -> None:
    assert check_goal(scene, ON) == On(thing="bag", place="counter")


def test_goals_are_put_together_with_all_any_and_not(scene: Scene) -> None:
    goal = check_goal(scene, {"all": [{"any": [ON]}, {"not": ON}]})
    part = On(thing="bag", place="counter")
    assert goal == Every((Either((part,)), Not(part)))
    assert str(goal) == "all(any(on(bag, counter)), not(on(bag, counter)))"


def test_goals_are_counted_put_in_order_and_asked_of_the_start(scene: Scene) -> None:
    on, closed = On(thing="bag", place="counter"), Closed(joint="drawer_top")
    shut = {"closed": {"joint": "drawer_top"}}
    assert check_goal(scene, {"count": {"of": [ON, shut], "exactly": 1}}) == Count((on, closed), 1, 1)
    assert check_goal(scene, {"count": {"of": [ON, shut], "at_least": 1}}) == Count((on, closed), 1, 2)
    assert check_goal(scene, {"count": {"of": [ON, shut], "at_most": 1}}) == Count((on, closed), 0, 1)
    goal = check_goal(scene, {"then": [{"initially": shut}, ON]})
    assert goal == Then((Initially(closed), on))
    assert str(goal) == "then(initially(closed(drawer_top, 0.03)), on(bag, counter))"


def test_a_goal_and_all_its_parts_can_be_walked(scene: Scene) -> None:
    goal = check_goal(scene, {"all": [{"not": ON}, {"undisturbed": {}}]})
    assert [str(part).split("(")[0] for part in goal.walk()] == ["all", "not", "on", "undisturbed"]


def test_every_predicate_has_a_word_of_its_own() -> None:
    assert len({predicate.word for predicate in PREDICATES}) == len(PREDICATES)
    assert set(words()) == {predicate.word for predicate in PREDICATES} | COMPOSITIONS


@pytest.mark.parametrize(
    ("goal", "message"),
    [
        ({}, r"goal is \{\}; it must have exactly one of: all, any, back"),
        ({**ON, "closed": {"joint": "drawer_top"}}, "exactly one of"),
        ({"over": {}}, "goal has 'over'; there are: all, any, back"),
        ({"on": {"thing": "bagg", "place": "counter"}}, "goal.on.thing is 'bagg'; there are: bag$"),
        ({"on": {"thing": "bag", "place": "table"}}, "goal.on.place is 'table'; there are: .*counter"),
        ({"on": {"thing": "bag"}}, "goal.on.place: Field required"),
        ({"on": {"thing": "bag", "place": "counter", "how": 1}}, "goal.on.how is 1: Extra inputs"),
        ({"on": {"thing": 3, "place": "counter"}}, "goal.on.thing is 3: "),
        ({"on": "bag"}, "goal.on is 'bag': "),
        ({"open": {"joint": "drawer_tpo"}}, "goal.open.joint is 'drawer_tpo'; there are: .*drawer_top"),
        ({"open": {"joint": "stove_button"}}, "goal.open.joint is 'stove_button'"),
        ({"pressed": {"button": "drawer_top"}}, "goal.pressed.button is 'drawer_top'; there are: stove_button"),
        ({"open": {"joint": "drawer_top", "share": 1.5}}, "goal.open.share is 1.5"),
        ({"open": {"joint": "drawer_top", "share": 0.0}}, "goal.open.share is 0.0"),
        ({"open": {"joint": "drawer_top", "share": float("nan")}}, "goal.open.share is nan"),
        ({"all": []}, r"goal.all is \[\]; it must be a list"),
        ({"all": [ON, {"not": {"on": {"thing": "bag", "place": "x"}}}]}, "goal.all.1.not.on.place is 'x'"),
        ({"all": [ON] * 41}, "list of 1 to 40 goals"),
        ({"any": {"on": 1}}, "goal.any is .*it must be a list"),
        ({"count": {"of": [ON]}}, "goal.count must have either exactly, or at_least or at_most or both"),
        ({"count": {"of": [ON], "exactly": 1, "at_most": 1}}, "goal.count must have either exactly, or"),
        ({"count": {"of": [ON], "exactly": 2}}, "goal.count asks for 2 to 2 of 1 goals"),
        ({"count": {"of": [ON], "at_least": 1, "at_most": 0}}, "goal.count asks for 1 to 0 of 1 goals"),
        ({"count": {"of": [], "exactly": 0}}, r"goal.count.of is \[\]; it must be a list"),
        ({"count": {"of": [{"on": 1}], "exactly": 0}}, "goal.count.of.0.on is 1"),
        ({"count": {"of": [ON], "exactly": -1}}, "goal.count.exactly is -1"),
        ({"count": {"exactly": 1}}, "goal.count.of: Field required"),
        ({"then": [ON]}, "goal.then is .*it must be a list of 2 to 40 goals"),
        ({"initially": [ON]}, "goal.initially is .*it must have exactly one of"),
        ({"left_of": {"thing": "bag", "other": "counter"}}, "goal.left_of.other is 'counter'; there are: bag$"),
        ({"behind": {"thing": "bag", "other": "bag", "within_m": 0.0}}, "goal.behind.within_m is 0.0"),
        ({"slid": {"thing": "bag", "direction": "up"}}, "goal.slid.direction is 'up': .*'left', 'right', 'nearer' or"),
        ({"back": {"thing": "mug"}}, "goal.back.thing is 'mug'; there are: bag$"),
        ({"undisturbed": {"but": ["bag", "lid"]}}, "goal.undisturbed.but is 'lid'; there are: bag, .*drawer_top"),
        ({"refused": {"why": "no"}}, "goal.refused.why is 'no': Extra inputs"),
    ],
)
def test_a_broken_goal_says_what_is_wrong_and_what_would_be_valid(
    scene: Scene, goal: dict[str, object], message: str
) -> None:
    with pytest.raises(SceneError, match=message):
        check_goal(scene, goal)


def test_a_goal_nested_without_end_is_refused(scene: Scene) -> None:
    goal = ON
    for _ in range(500):
        goal = {"not": goal}
    with pytest.raises(SceneError, match="nested deeper than 8"):
        check_goal(scene, goal)


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*words(), "thing", "place"]), inner, max_size=2)
    ),
    max_leaves=8,
)


VOCABULARY = Vocabulary(*map(frozenset, (["bag"], ["counter"], ["drawer_top"], ["stove_button"])))


@settings(max_examples=300, deadline=None)
@given(fields=st.dictionaries(st.sampled_from(words()), VALUES, max_size=2))
def test_any_table_is_a_goal_or_a_scene_error(fields: dict[str, object]) -> None:
    with suppress(SceneError):
        assert isinstance(read_goal(fields, VOCABULARY), Goal)
