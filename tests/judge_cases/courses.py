"""Then, initially and count, and goals put together: where judges are to be fooled by the order and the number."""

from collections.abc import Callable

from judge_stage import COUNTER_M, Case, Stage

from judge_cases.asking import (
    PRESSED,
    Asked,
    closed,
    count,
    either,
    every,
    held,
    initially,
    inside,
    is_open,
    none,
    on,
    then,
)

Act = Callable[[Stage], None]
PLACE = "burner_front"
STOVE_M = COUNTER_M + 0.008
THERE = {"can": (0.60, 0.49), "mug": (0.69, 0.49)}
THINGS = ("apple", "mug", "can")
WAITING = {"apple": (0.56, -0.2), "mug": (0.72, -0.2), "can": (0.62, 0.25)}
TOP, MIDDLE = "drawer_top", "drawer_middle"
CAN_THEN_MUG = then(on("can", PLACE), on("mug", PLACE))
ONCE_OPEN = then(is_open(TOP), closed(TOP))
FETCHED = then(is_open(TOP), on("bag", "counter"), closed(TOP))
TOGGLED = either(every(initially(closed(TOP)), is_open(TOP)), every(initially(is_open(TOP)), closed(TOP)))
"""Whatever the drawer was at the start, it is to be the other."""


def _set_table(stage: Stage) -> None:
    for thing, at in WAITING.items():
        stage.stand(thing, *at)
    stage.in_drawer("bag", TOP)
    stage.settle()


def _course(title: str, acts: tuple[Act, ...], yes: tuple[Asked, ...] = (), no: tuple[Asked, ...] = ()) -> Case:
    """The table at the start; each act is what a command did."""

    def prepare(stage: Stage) -> None:
        _set_table(stage)
        stage.begin()
        stage.note()
        for act in acts:
            act(stage)
            stage.settle(0.4)
            stage.note()

    return Case(title, prepare, yes, no)


def _began(title: str, begin: Act, acts: tuple[Act, ...], yes: tuple[Asked, ...], no: tuple[Asked, ...]) -> Case:
    """A start of its own."""

    def prepare(stage: Stage) -> None:
        _set_table(stage)
        begin(stage)
        stage.settle(0.4)
        for act in (lambda stage: stage.begin(), *acts):
            act(stage)
            stage.settle(0.3)
            stage.note()

    return Case(title, prepare, yes, no)


def _to_place(*things: str) -> Act:
    def act(stage: Stage) -> None:
        for thing in things:
            stage.stand(thing, *THERE[thing], STOVE_M)

    return act


def _away(*things: str) -> Act:
    def act(stage: Stage) -> None:
        for thing in things:
            stage.stand(thing, *WAITING[thing])

    return act


def _joint(name: str, share: float) -> Act:
    def act(stage: Stage) -> None:
        inside_before = stage.world.regions[name].contains(stage.world.objects["bag"].pose_in_world.translation_m)
        stage.joint(name, share)
        if inside_before:
            stage.in_drawer("bag", name)

    return act


def _bag_out(stage: Stage) -> None:
    stage.stand("bag", 0.58, -0.05)


def _bag_in(stage: Stage) -> None:
    stage.in_drawer("bag", TOP)


def _press(stage: Stage) -> None:
    stage.joint("stove_button", 1.0)


def _nothing(stage: Stage) -> None:
    """A command that failed."""


def _hold_can(stage: Stage) -> None:
    stage.grip("can", (*WAITING["can"], COUNTER_M + 0.15))


OPEN_TOP, SHUT_TOP, OPEN_MIDDLE = _joint(TOP, 0.9), _joint(TOP, 0.0), _joint(MIDDLE, 0.9)


def _counted(number: int) -> Case:
    """So many of three things on the floor of the middle drawer, the others on the counter."""
    goals = tuple(inside(thing, MIDDLE) for thing in THINGS)

    def prepare(stage: Stage) -> None:
        _set_table(stage)
        stage.joint(MIDDLE, 0.9)
        for index, thing in enumerate(THINGS[:number]):
            stage.in_drawer(thing, MIDDLE, -0.08, 0.1 * (index - 1))
        stage.settle()

    yes = (count(*goals, exactly=number), count(*goals, at_least=number), count(*goals, at_most=number))
    wrong = [count(*goals, exactly=other) for other in range(4) if other != number]
    wrong += [count(*goals, at_least=number + 1)] if number < 3 else []
    wrong += [count(*goals, at_most=number - 1)] if number > 0 else []
    return Case(f"{number} of three things are in a drawer", prepare, yes, (*wrong, none(yes[0])))


def _one_not_quite(title: str, place: Act, seconds: float) -> Case:
    """Two things would be right; one is there, the other only looks like it."""
    goals = tuple(on(thing, PLACE) for thing in THINGS)

    def prepare(stage: Stage) -> None:
        _set_table(stage)
        _to_place("mug")(stage)
        stage.settle(0.4)
        place(stage)
        stage.settle(seconds)

    no = (count(*goals, exactly=2), count(*goals, at_least=2), count(*goals, exactly=0), every(*goals[1:]))
    return Case(title, prepare, (count(*goals, exactly=1),), no)


def _can_over_place(stage: Stage) -> None:
    stage.stand("can", *THERE["can"], STOVE_M + 0.04)


def _can_on_mug(stage: Stage) -> None:
    x, y, _ = map(float, stage.world.objects["mug"].pose_in_world.translation_m)
    stage.stand("can", x, y, STOVE_M + 0.094)


def _can_beside_place(stage: Stage) -> None:
    stage.stand("can", 0.543, 0.49, STOVE_M)


COURSES: tuple[Case, ...] = (
    _course(
        "the can was put on the burner, then the mug",
        (_to_place("can"), _to_place("mug")),
        (CAN_THEN_MUG, count(on("can", PLACE), on("mug", PLACE), on("apple", PLACE), exactly=2)),
        (
            then(on("mug", PLACE), on("can", PLACE)),
            then(on("can", PLACE), on("apple", PLACE)),
            none(CAN_THEN_MUG),
        ),
    ),
    _course("the mug was put on the burner, then the can", (_to_place("mug"), _to_place("can")), (), (CAN_THEN_MUG,)),
    _course(
        "both were put on the burner at once",
        (_to_place("can", "mug"),),
        (every(on("can", PLACE), on("mug", PLACE)),),
        (CAN_THEN_MUG, then(on("mug", PLACE), on("can", PLACE))),
    ),
    _course(
        "only the can was put on the burner",
        (_to_place("can"), _nothing),
        (on("can", PLACE),),
        (CAN_THEN_MUG, then(on("mug", PLACE), on("can", PLACE))),
    ),
    _course(
        "the mug was put on the burner in its turn, and taken off again",
        (_to_place("can"), _to_place("mug"), _away("mug")),
        (on("can", PLACE),),
        (CAN_THEN_MUG,),
    ),
    _course(
        "the mug was too early, and was put on the burner again in its turn",
        (_to_place("mug"), _to_place("can"), _away("mug"), _to_place("mug")),
        (CAN_THEN_MUG,),
    ),
    _course(
        "the can was taken off before the mug was put on",
        (_to_place("can"), _away("can"), _to_place("mug")),
        (CAN_THEN_MUG,),
        (on("can", PLACE), then(on("mug", PLACE), on("can", PLACE))),
    ),
    _course(
        "a drawer was opened and closed",
        (OPEN_TOP, SHUT_TOP),
        (ONCE_OPEN,),
        (none(ONCE_OPEN), then(closed(TOP), is_open(TOP))),
    ),
    _course("a drawer was never opened", (_nothing, _nothing), (closed(TOP),), (ONCE_OPEN,)),
    _course("a drawer was opened and left open", (OPEN_TOP, _nothing), (is_open(TOP),), (ONCE_OPEN,)),
    _course("a drawer was opened too little, and closed", (_joint(TOP, 0.4), SHUT_TOP), (closed(TOP),), (ONCE_OPEN,)),
    _course(
        "a drawer was opened, closed and opened",
        (OPEN_TOP, SHUT_TOP, OPEN_TOP),
        (then(is_open(TOP), closed(TOP), is_open(TOP)),),
        (ONCE_OPEN,),
    ),
    _course("the wrong drawer was opened and closed", (OPEN_MIDDLE, _joint(MIDDLE, 0.0)), (), (ONCE_OPEN, FETCHED)),
    _course("a bag was fetched from the drawer", (OPEN_TOP, _bag_out, SHUT_TOP), (FETCHED, ONCE_OPEN)),
    _course(
        "a bag was fetched, the drawer left open", (OPEN_TOP, _bag_out), (on("bag", "counter"),), (FETCHED, ONCE_OPEN)
    ),
    _course(
        "a bag was fetched, and put back before the drawer was closed",
        (OPEN_TOP, _bag_out, _bag_in, SHUT_TOP),
        (FETCHED, inside("bag", TOP)),
        (on("bag", "counter"), then(is_open(TOP), closed(TOP), on("bag", "counter"))),
    ),
    _course(
        "a bag appeared out of the closed drawer", (_bag_out, _nothing), (on("bag", "counter"),), (FETCHED, ONCE_OPEN)
    ),
    _course(
        "a button was pressed before the drawer was opened",
        (_press, OPEN_TOP),
        (then(PRESSED, is_open(TOP)),),
        (then(is_open(TOP), PRESSED), then(PRESSED, closed(TOP))),
    ),
    _course(
        "the can is held, but the mug was not put away before",
        (_hold_can,),
        (held("can"),),
        (then(on("mug", PLACE), held("can")), then(held("can"), on("can", "counter"))),
    ),
    _course(
        "a closed drawer was opened",
        (OPEN_TOP,),
        (TOGGLED, initially(closed(TOP))),
        (initially(is_open(TOP)), none(initially(closed(TOP))), every(initially(is_open(TOP)), is_open(TOP))),
    ),
    _course(
        "a closed drawer was left closed", (_nothing,), (initially(closed(TOP)),), (TOGGLED, initially(is_open(TOP)))
    ),
    _course(
        "a closed drawer was opened and closed again", (OPEN_TOP, SHUT_TOP), (), (TOGGLED, initially(is_open(TOP)))
    ),
    _began(
        "an open drawer was closed",
        OPEN_TOP,
        (SHUT_TOP,),
        (TOGGLED, initially(is_open(TOP)), ONCE_OPEN),
        (initially(closed(TOP)), then(closed(TOP), is_open(TOP))),
    ),
    _began("an open drawer was left open", OPEN_TOP, (_nothing,), (initially(is_open(TOP)),), (TOGGLED, ONCE_OPEN)),
    _began(
        "a can stood on the burner and was taken away",
        _to_place("can"),
        (_away("can"),),
        (initially(on("can", PLACE)), then(on("can", PLACE), on("can", "counter"))),
        (on("can", PLACE), initially(on("can", "counter")), initially(on("mug", PLACE))),
    ),
    _began(
        "everything was so from the start",
        _to_place("can", "mug"),
        (_nothing,),
        (initially(every(on("can", PLACE), on("mug", PLACE))),),
        (CAN_THEN_MUG, then(on("mug", PLACE), on("can", PLACE)), none(initially(on("can", PLACE)))),
    ),
    *map(_counted, range(4)),
    _one_not_quite("the second thing falls onto the burner", _can_over_place, 0.0),
    _one_not_quite("the second thing stands on the first", _can_on_mug, 0.6),
    _one_not_quite("the second thing stands beside the burner", _can_beside_place, 0.4),
    _one_not_quite(
        "the second thing is held over the burner", lambda stage: stage.grip("can", (*THERE["can"], STOVE_M + 0.1)), 0.0
    ),
)
