"""Slid, back, undisturbed and refused: where judges are to be fooled by what merely looks as it did."""

from collections.abc import Callable

from judge_stage import COUNTER_M, SHELF_M, Case, Stage

from embodied.judge import Ending
from judge_cases.asking import PRESSED, REFUSED, SIDES, back, every, is_open, on, slid, undisturbed

AT = (0.66, 0.02)
ASIDE = (0.62, -0.2)
Act = Callable[[Stage], None]


def _set_table(stage: Stage) -> None:
    """A plate, a bottle and a mug on the counter, a bag in a drawer, and a sponge that nobody names."""
    stage.stand("plate", *AT)
    stage.stand("bottle", *ASIDE)
    stage.stand("mug", 0.62, 0.22)
    stage.stand("distractor_0", 0.85, 0.0)
    stage.in_drawer("bag", "drawer_top")
    stage.settle()
    stage.begin()


def _case(title: str, act: Act, yes: tuple = (), no: tuple = (), seconds: float = 0.35) -> Case:
    """What is said after something was done to the table."""

    def prepare(stage: Stage) -> None:
        _set_table(stage)
        act(stage)
        stage.settle(seconds)

    return Case(title, prepare, yes, no)


def _ended(ending: Ending | None) -> Case:
    def prepare(stage: Stage) -> None:
        stage.ending = ending

    yes, no = ((REFUSED,), ()) if ending == "refused" else ((), (REFUSED,))
    return Case(f"the episode ended as {ending}", prepare, yes, no)


def _refused_after(title: str, act: Act) -> Case:
    """The right word, but not without touching anything."""

    def prepare(stage: Stage) -> None:
        _set_table(stage)
        act(stage)
        stage.settle()
        stage.ending = "refused"

    return Case(title, prepare, (REFUSED,), (every(REFUSED, undisturbed()), undisturbed()))


def _slid(direction: str) -> Case:
    others = [other for other in SIDES if other != direction]
    return _case(
        f"a plate was pushed {direction}",
        lambda stage: stage.shift("plate", direction, 0.10),
        (slid("plate", direction), undisturbed("plate")),
        (*(slid("plate", other) for other in others), slid("plate", direction, at_least_m=0.12), back("plate")),
    )


def _plate_ends(title: str, act: Act, seconds: float = 0.35) -> Case:
    """Ten centimetres further left, but not as a push leaves it."""
    return _case(title, act, (), (slid("plate", "left"), back("plate"), undisturbed()), seconds)


def _upside_down(stage: Stage) -> None:
    stage.shift("plate", "left", 0.10)
    stage.over("plate", *map(float, stage.world.objects["plate"].pose_in_world.translation_m[:2]))


def _plate_on_box(stage: Stage) -> None:
    stage.shift("plate", "left", 0.10)
    x, y, _ = map(float, stage.world.objects["plate"].pose_in_world.translation_m)
    stage.stand("tea_box", x, y)
    stage.stand("plate", x, y, COUNTER_M + 0.076)


def _plate_on_the_floor(stage: Stage) -> None:
    stage.stand("plate", 0.2, 0.6, 0.0)


def _plate_moves(stage: Stage) -> None:
    stage.shift("plate", "left", 0.10)
    stage.settle(0.1)
    stage.push("plate", (0.0, 0.5, 0.0))


def _plate_under_the_hand(stage: Stage) -> None:
    stage.shift("plate", "left", 0.10)
    x, y, _ = map(float, stage.world.objects["plate"].pose_in_world.translation_m)
    stage.reach((x, y, COUNTER_M + 0.012))
    stage.fingers(0.0)
    stage.settle(0.3)


def _mug_held(height_m: float) -> Act:
    def act(stage: Stage) -> None:
        stage.stand("mug", -0.8, 1.5, 0.0)
        stage.stand("can", 0.62, 0.22)
        stage.settle(0.3)
        stage.begin()
        stage.grip("can", (0.62, 0.22, COUNTER_M + height_m))

    return act


def _rolled(stage: Stage) -> None:
    """An apple that lies where it was, on another side."""
    stage.stand("apple", 0.54, -0.06)
    stage.settle()
    stage.begin()
    x, y, z = map(float, stage.world.objects["apple"].pose_in_world.translation_m)
    stage.put("apple", (x, y, z + 0.002), (0.0, 0.7071, 0.0, 0.7071))
    stage.settle()


def _drawer_pulled(stage: Stage) -> None:
    """The bag goes with it."""
    stage.joint("drawer_top", 0.8)
    stage.in_drawer("bag", "drawer_top")


def _drawer_pulled_from_under(stage: Stage) -> None:
    """The bag is where it was in the world, and no more where it was in the drawer."""
    x, y, z = map(float, stage.world.objects["bag"].pose_in_world.translation_m)
    stage.joint("drawer_top", 0.5)
    stage.put("bag", (x, y, z))


def _swapped(stage: Stage) -> None:
    stage.stand("bottle", 0.62, 0.22)
    stage.stand("mug", *ASIDE)


def _in_the_place_of(thing: str) -> Act:
    """A can where the thing was, the thing on the shelf above."""

    def act(stage: Stage) -> None:
        x, y, _ = map(float, stage.world.objects[thing].pose_in_world.translation_m)
        stage.stand(thing, 0.9, -0.2, SHELF_M)
        stage.stand("can", x, y)

    return act


def _plate_in_the_place_of_the_mug(stage: Stage) -> None:
    stage.stand("plate", 0.62, 0.22)
    stage.stand("mug", 0.62, 0.22, COUNTER_M + 0.007)


def _stepped(thing: str, by_m: float) -> Act:
    return lambda stage: stage.shift(thing, "right", by_m)


def _pressed(stage: Stage) -> None:
    stage.joint("stove_button", 1.0)


def _joint(name: str, share: float) -> Act:
    return lambda stage: stage.joint(name, share)


CHANGES: tuple[Case, ...] = (
    *map(_slid, SIDES),
    _case(
        "a plate was pushed a little left",
        lambda stage: stage.shift("plate", "left", 0.07),
        (slid("plate", "left", at_least_m=0.06),),
        (slid("plate", "left"), slid("mug", "left"), back("plate"), undisturbed()),
    ),
    _case(
        "a plate was pushed aslant",
        lambda stage: stage.shift("plate", "left", 0.14, 50.0),
        (slid("plate", "nearer"),),
        (slid("plate", "left"), slid("plate", "right"), slid("plate", "away")),
    ),
    _case(
        "nothing was pushed", lambda stage: None, (undisturbed(), back("plate"), back("bag")), (slid("plate", "left"),)
    ),
    _plate_ends("a plate lies further left, upside down", _upside_down),
    _plate_ends("a plate lies further left on a box", _plate_on_box),
    _plate_ends("a plate lies on the floor on the left", _plate_on_the_floor),
    _plate_ends("a plate still slides left", _plate_moves, 0.0),
    _plate_ends("a plate was pushed left, and the hand is still on it", _plate_under_the_hand, 0.0),
    _case(
        "a bottle was knocked over to the left",
        lambda stage: stage.lie("bottle", ASIDE[0] - 0.06, ASIDE[1] + 0.08),
        (on("bottle", "counter"),),
        (slid("bottle", "left"), back("bottle"), back("bottle", within_m=0.2), undisturbed()),
    ),
    _case(
        "a drawer was pulled, and the bag in it came along",
        _drawer_pulled,
        (back("bag"), undisturbed("drawer_top"), is_open("drawer_top")),
        (slid("bag", "nearer"), slid("bag", "left"), undisturbed("bag"), undisturbed()),
    ),
    _case(
        "a drawer was pulled away under the bag in it",
        _drawer_pulled_from_under,
        (),
        (back("bag"), undisturbed("drawer_top"), undisturbed("bag")),
    ),
    _case(
        "a mug stands a little beside its place",
        _stepped("mug", 0.05),
        (back("mug"), undisturbed("mug")),
        (back("mug", within_m=0.04), undisturbed(), undisturbed("plate")),
    ),
    _case("a mug stands beside its place", _stepped("mug", 0.07), (undisturbed("mug"),), (back("mug"), undisturbed())),
    _case("a mug stands as good as in its place", _stepped("mug", 0.01), (back("mug"), undisturbed())),
    _case(
        "a mug stands upside down in its place",
        lambda stage: stage.over("mug", 0.62, 0.22),
        (),
        (back("mug"), undisturbed(), undisturbed("plate")),
    ),
    _case(
        "a mug lies in its place",
        lambda stage: stage.lie("mug", 0.62, 0.22),
        (undisturbed("mug"),),
        (back("mug"), undisturbed()),
    ),
    _case("an apple lies in its place on another side", _rolled, (back("apple"), undisturbed())),
    _case("a can is held in its place", _mug_held(0.06), (), (back("can"), undisturbed()), 0.0),
    _case("a can is held over its place", _mug_held(0.1), (), (back("can"), undisturbed()), 0.0),
    _case(
        "a mug falls into its place",
        lambda stage: stage.stand("mug", 0.62, 0.22, COUNTER_M + 0.05),
        (),
        (back("mug"), undisturbed()),
        0.0,
    ),
    _case(
        "a plate lies in the place of the mug, and the mug on it",
        _plate_in_the_place_of_the_mug,
        (on("mug", "plate"),),
        (back("mug"), back("plate"), undisturbed(), undisturbed("mug")),
    ),
    _case(
        "a can stands in the place of the bottle",
        _in_the_place_of("bottle"),
        (),
        (back("bottle"), back("can"), undisturbed("can"), undisturbed("bottle")),
    ),
    _case(
        "a mug stands above its place, on the shelf",
        lambda stage: stage.stand("mug", 0.85, -0.1, SHELF_M),
        (),
        (back("mug"), back("mug", within_m=0.4), undisturbed()),
    ),
    _case("two things have changed places", _swapped, (), (back("mug"), back("bottle"), undisturbed("mug"))),
    _case(
        "a thing that nobody names was moved", _stepped("distractor_0", 0.04), (), (undisturbed(), undisturbed("mug"))
    ),
    _case("a drawer was opened a little", _joint("drawer_middle", 0.04), (undisturbed(),)),
    _case(
        "a drawer was opened",
        _joint("drawer_middle", 0.1),
        (undisturbed("drawer_middle"),),
        (undisturbed(), undisturbed("drawer_bottom"), undisturbed("mug")),
    ),
    _case("a door was opened", _joint("microwave_door", 0.2), (), (undisturbed(), undisturbed("cupboard_door"))),
    _case(
        "a button was pressed and has sprung back", _pressed, (PRESSED, undisturbed("stove_button")), (undisturbed(),)
    ),
    *map(_ended, ("refused", "done", "step_limit", "stopped", "limit_broken", None)),
    _refused_after("it was refused after a thing was moved", _stepped("bottle", 0.08)),
    _refused_after("it was refused after a drawer was opened", _joint("drawer_bottom", 0.5)),
    _refused_after("it was refused after the button was pressed", _pressed),
)
