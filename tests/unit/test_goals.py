import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embodied.errors import SceneError
from embodied.task import load_task, task_names
from sim.goals import Either, Every, Not, Vocabulary, read_goal, words
from sim.judges import PREDICATES, On, check_goal
from sim.scene import Scene, load_scene

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


def test_every_predicate_has_a_word_of_its_own() -> None:
    assert len({predicate.word for predicate in PREDICATES}) == len(PREDICATES)
    assert set(words()) == {predicate.word for predicate in PREDICATES} | {"all", "any", "not"}


@pytest.mark.parametrize(
    ("goal", "message"),
    [
        ({}, r"goal is \{\}; it must have exactly one of: all, any, closed"),
        ({**ON, "closed": {"joint": "drawer_top"}}, "exactly one of"),
        ({"over": {}}, "goal has 'over'; there are: all, any, closed"),
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
    with pytest.raises(SceneError):
        read_goal(fields, VOCABULARY)
