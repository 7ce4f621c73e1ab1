"""In: where judges are to be fooled by edges, rims, lids, the neighbour and what is only above."""

from collections.abc import Callable

from judge_stage import COUNTER_M, MICROWAVE_TOP_M, Case, Stage

from judge_cases.asking import held, inside, on

AT = (0.62, 0.0)
DRAWERS = ("drawer_top", "drawer_middle", "drawer_bottom")
BAG_IN_TOP = inside("bag", "drawer_top")


def _in_drawer(name: str) -> Case:
    def prepare(stage: Stage) -> None:
        stage.joint(name, 0.9)
        stage.in_drawer("bag", name)
        stage.settle()

    others = tuple(ask("bag", other) for other in DRAWERS if other != name for ask in (inside, on))
    return Case(f"a bag lies in {name}", prepare, (inside("bag", name),), (*others, on("bag", "counter")))


def _at_drawer(title: str, place: Callable[[Stage], None], seconds: float, *no: dict) -> Case:
    """A bag somewhere about the open top drawer, but not in it."""

    def prepare(stage: Stage) -> None:
        stage.joint("drawer_top", 0.9)
        place(stage)
        stage.settle(seconds)

    return Case(title, prepare, (), (BAG_IN_TOP, on("bag", "drawer_top"), *no))


def _shut_in(stage: Stage) -> None:
    stage.in_drawer("bag", "drawer_top")
    stage.settle()


def _over_the_front(stage: Stage) -> None:
    """Its middle over the drawer's front board, where it rests."""
    x, y, z = map(float, stage.world.regions["drawer_top"].pose_in_world @ [0.01, 0.0, 0.08])
    stage.stand("bag", x, y, z)


def _held_in_drawer(stage: Stage) -> None:
    stage.joint("drawer_top", 0.9)
    x, y, z = map(float, stage.world.regions["drawer_top"].pose_in_world @ [0.1, 0.0, 0.0])
    stage.grip("bag", (x, y, z))


def _touched_in_drawer(stage: Stage) -> None:
    stage.joint("drawer_top", 0.9)
    stage.in_drawer("bag", "drawer_top")
    x, y, z = map(float, stage.world.objects["bag"].pose_in_world.translation_m)
    stage.reach((x, y, z + 0.01))
    stage.drive_fingers(0.0)
    stage.settle(0.4)


def _bag_on_plate_in_drawer(stage: Stage) -> None:
    stage.joint("drawer_top", 0.9)
    stage.in_drawer("plate", "drawer_top")
    stage.settle(0.2)
    x, y, z = map(float, stage.world.objects["plate"].pose_in_world.translation_m)
    stage.stand("bag", x, y, z + 0.012)
    stage.settle()


def _under_the_drawer(stage: Stage) -> None:
    stage.joint("drawer_top", 0.9)
    stage.stand("bag", 0.4, -0.3, 0.0)
    stage.settle()


def _in_next_drawer_below(stage: Stage) -> None:
    """Under the open top drawer, in the middle one that is open too."""
    stage.joint("drawer_top", 0.9)
    stage.joint("drawer_middle", 0.95)
    stage.in_drawer("bag", "drawer_middle")
    stage.settle()


def _in_bowl(stage: Stage, thing: str, aside_m: float = 0.0, up_m: float = 0.015) -> None:
    stage.stand("bowl", *AT)
    stage.stand(thing, AT[0] - aside_m, AT[1], COUNTER_M + up_m)
    stage.settle(1.0)


def _falls_into_bowl(stage: Stage) -> None:
    stage.stand("bowl", *AT)
    stage.stand("apple", *AT, COUNTER_M + 0.2)
    stage.settle(0.05)


def _rolls_in_bowl(stage: Stage) -> None:
    stage.stand("bowl", *AT)
    stage.stand("apple", *AT, COUNTER_M + 0.015)
    stage.settle(0.3)
    stage.push("apple", (0.35, 0.0, 0.0))


def _egg_on_apple_in_bowl(stage: Stage) -> None:
    """Between the apple and the steep wall, hardly carried by the bowl."""
    stage.stand("bowl", *AT)
    stage.stand("apple", AT[0] - 0.026, AT[1], COUNTER_M + 0.02)
    stage.put("egg", (AT[0] + 0.032, AT[1], COUNTER_M + 0.06), (0.0, 0.0, 2**-0.5, 2**-0.5))
    stage.settle(1.5)


def _egg_under_bowl(stage: Stage) -> None:
    stage.stand("egg", *AT)
    stage.over("bowl", *AT)
    stage.settle()


def _held_in_bowl(stage: Stage) -> None:
    stage.stand("bowl", *AT)
    stage.grip("apple", (*AT, COUNTER_M + 0.052))


def _on_inverted_bowl(stage: Stage) -> None:
    stage.over("bowl", *AT)
    stage.stand("bag", *AT, COUNTER_M + 0.058)
    stage.settle()


def _plate_on_bowl(stage: Stage) -> None:
    stage.stand("bowl", *AT)
    stage.stand("plate", *AT, COUNTER_M + 0.058)
    stage.settle()


def _apple_on_plate_on_bowl(stage: Stage) -> None:
    _plate_on_bowl(stage)
    stage.stand("apple", *AT, COUNTER_M + 0.07)
    stage.settle(1.0)


def _box_on_mug(stage: Stage) -> None:
    stage.stand("mug", *AT)
    stage.stand("tea_box", *AT, COUNTER_M + 0.093)
    stage.settle()


def _placed(thing: str, x_m: float, y_m: float, foot_m: float, *joints: str) -> Callable[[Stage], None]:
    def prepare(stage: Stage) -> None:
        for joint in joints:
            stage.joint(joint, 1.0)
        stage.stand(thing, x_m, y_m, foot_m)
        stage.settle()

    return prepare


CONTAINERS: tuple[Case, ...] = (
    *map(_in_drawer, DRAWERS),
    Case("a bag lies in the drawer that was shut", _shut_in, (BAG_IN_TOP,), (on("bag", "counter"), held("bag"))),
    _at_drawer("a bag falls into a drawer", lambda stage: stage.in_drawer("bag", "drawer_top", up_m=0.08), 0.0),
    _at_drawer("a bag hangs over the drawer's front", _over_the_front, 0.3),
    _at_drawer(
        "a bag lies on the counter over the drawer",
        lambda stage: stage.stand("bag", 0.6, -0.25),
        0.5,
        inside("bag", "drawer_middle"),
    ),
    Case("a bag is held inside a drawer", _held_in_drawer, (held("bag"),), (BAG_IN_TOP, on("bag", "drawer_top"))),
    Case(
        "a bag on a drawer's floor is still between the fingers",
        _touched_in_drawer,
        (),
        (BAG_IN_TOP, on("bag", "drawer_top"), held("bag")),
    ),
    Case(
        "a bag lies on a plate in a drawer",
        _bag_on_plate_in_drawer,
        (BAG_IN_TOP, inside("plate", "drawer_top"), on("bag", "plate")),
        (on("bag", "drawer_top"), inside("plate", "bag")),
    ),
    Case(
        "a bag lies on the floor below a drawer",
        _under_the_drawer,
        (),
        (BAG_IN_TOP, inside("bag", "drawer_bottom"), on("bag", "drawer_top")),
    ),
    Case(
        "a bag lies in the drawer below",
        _in_next_drawer_below,
        (inside("bag", "drawer_middle"),),
        (BAG_IN_TOP, on("bag", "drawer_top"), inside("bag", "drawer_bottom")),
    ),
    Case(
        "an apple lies in a bowl",
        lambda stage: _in_bowl(stage, "apple"),
        (inside("apple", "bowl"),),
        (inside("bowl", "apple"), inside("apple", "plate"), inside("apple", "mug"), inside("apple", "sink")),
    ),
    Case(
        "an egg lies in a bowl, beside an apple",
        _egg_on_apple_in_bowl,
        (inside("egg", "bowl"), inside("apple", "bowl")),
        (inside("egg", "apple"), inside("apple", "egg"), on("egg", "counter")),
    ),
    Case(
        "a bowl covers an egg",
        _egg_under_bowl,
        (on("egg", "counter"),),
        (inside("egg", "bowl"), on("egg", "bowl"), inside("bowl", "egg")),
    ),
    Case(
        "an apple lies against a bowl",
        lambda stage: _in_bowl(stage, "apple", 0.098, 0.0),
        (on("apple", "counter"),),
        (inside("apple", "bowl"), on("apple", "bowl")),
    ),
    Case("an apple falls into a bowl", _falls_into_bowl, (), (inside("apple", "bowl"), on("apple", "bowl"))),
    Case("an apple still rolls in a bowl", _rolls_in_bowl, (), (inside("apple", "bowl"), on("apple", "bowl"))),
    Case("an apple is held in a bowl", _held_in_bowl, (), (inside("apple", "bowl"), on("apple", "bowl"))),
    Case("a bag lies on a bowl that is upside down", _on_inverted_bowl, (on("bag", "bowl"),), (inside("bag", "bowl"),)),
    Case(
        "a plate covers a bowl",
        _plate_on_bowl,
        (on("plate", "bowl"),),
        (inside("plate", "bowl"), inside("bowl", "plate")),
    ),
    Case(
        "an apple lies on a plate that covers a bowl",
        _apple_on_plate_on_bowl,
        (on("apple", "plate"),),
        (inside("apple", "bowl"), on("apple", "bowl")),
    ),
    Case(
        "a box stands on a mug's rim",
        _box_on_mug,
        (on("tea_box", "mug"),),
        (inside("tea_box", "mug"), inside("mug", "tea_box")),
    ),
    Case(
        "a mug stands in the cupboard",
        _placed("mug", 0.88, 0.25, 1.165, "cupboard_door"),
        (inside("mug", "cupboard"),),
        (on("mug", "shelf"), inside("mug", "microwave"), on("mug", "counter")),
    ),
    Case(
        "a mug stands on top of the cupboard",
        _placed("mug", 0.88, 0.25, 1.52),
        (),
        (inside("mug", "cupboard"), on("mug", "cupboard")),
    ),
    Case(
        "a mug stands below the cupboard",
        _placed("mug", 0.88, 0.25, COUNTER_M),
        (on("mug", "counter"),),
        (inside("mug", "cupboard"),),
    ),
    Case(
        "a mug stands in the microwave",
        _placed("mug", 0.8, -0.66, 0.82, "microwave_door"),
        (inside("mug", "microwave"),),
        (inside("mug", "cupboard"), on("mug", "counter")),
    ),
    Case(
        "a plate stands half in the microwave",
        _placed("plate", 0.69, -0.64, 0.82, "microwave_door"),
        (),
        (inside("plate", "microwave"), on("plate", "counter")),
    ),
    Case(
        "a mug stands on the microwave",
        _placed("mug", 0.8, -0.66, MICROWAVE_TOP_M),
        (),
        (inside("mug", "microwave"), on("mug", "microwave")),
    ),
    Case(
        "a mug stands before the microwave",
        _placed("mug", 0.55, -0.6, COUNTER_M, "microwave_door"),
        (),
        (inside("mug", "microwave"), on("mug", "microwave")),
    ),
    Case(
        "an apple lies in the sink",
        _placed("apple", 0.7, 0.79, 0.655),
        (inside("apple", "sink"),),
        (on("apple", "counter"), inside("apple", "drawer_top")),
    ),
    Case(
        "a mug stands beside the sink",
        _placed("mug", 0.52, 0.79, COUNTER_M),
        (),
        (inside("mug", "sink"), on("mug", "work_area")),
    ),
)
