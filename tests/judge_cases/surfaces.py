"""On, held and upright: where judges are to be fooled by things in the air, in the hand, aslant and beside."""

import numpy as np
from judge_stage import COUNTER_M, MICROWAVE_TOP_M, SHELF_M, Case, Point, Stage

from judge_cases.asking import held, next_to, on, upright

AT = (0.62, 0.0)
ON_COUNTER = on("bag", "counter")


def _falling(height_m: float) -> Case:
    def prepare(stage: Stage) -> None:
        stage.stand("bag", *AT, COUNTER_M + height_m)

    return Case(f"a bag falls from {height_m} m", prepare, no=(ON_COUNTER, on("bag", "work_area"), upright("bag")))


def _moving(title: str, velocity_m_s: Point, turning_rad_s: Point = (0.0, 0.0, 0.0), thing: str = "bag") -> Case:
    def prepare(stage: Stage) -> None:
        stage.stand(thing, *AT)
        stage.settle()
        stage.push(thing, velocity_m_s, turning_rad_s)

    return Case(title, prepare, no=(on(thing, "counter"), upright(thing)))


def _standing(title: str, thing: str, at: Point, yes: tuple[str, ...], no: tuple[str, ...]) -> Case:
    """A thing that stands somewhere is on this and not on that."""

    def prepare(stage: Stage) -> None:
        stage.stand(thing, *at)
        stage.settle()

    return Case(title, prepare, tuple(on(thing, place) for place in yes), tuple(on(thing, place) for place in no))


def _held_in_the_air(stage: Stage) -> None:
    stage.grip("bag", (*AT, 1.0))


def _held_over_a_plate(stage: Stage) -> None:
    stage.stand("plate", *AT)
    stage.grip("bag", (*AT, COUNTER_M + 0.05))


def _held_on_the_counter(stage: Stage) -> None:
    stage.grip("bag", (*AT, COUNTER_M + 0.021))


def _can_held_upright(stage: Stage) -> None:
    stage.grip("can", (*AT, 1.0))


def _let_go_in_the_air(stage: Stage) -> None:
    stage.grip("bag", (*AT, 1.2))
    stage.drive_fingers(0.04)
    stage.settle(0.15)


def _beside_the_open_hand(stage: Stage) -> None:
    stage.reach((*AT, COUNTER_M + 0.03))
    stage.stand("bag", *AT)
    stage.settle()


def _under_the_closed_hand(stage: Stage) -> None:
    stage.reach((*AT, COUNTER_M + 0.052))
    stage.fingers(0.0)
    stage.stand("bag", *AT)
    stage.settle()


def _against_one_finger(stage: Stage) -> None:
    stage.reach((*AT, COUNTER_M + 0.085))
    stage.fingers(0.0)
    stage.stand("can", AT[0], AT[1] + 0.033 + 0.03)
    stage.settle(0.1)
    stage.push("can", (0.0, -0.3, 0.0))
    stage.settle(0.2)


def _apple_on(place: str) -> Case:
    def prepare(stage: Stage) -> None:
        stage.stand(place, *AT)
        stage.stand("apple", *AT, COUNTER_M + 0.015)
        stage.settle(1.0)

    wrong = (on("apple", "counter"), on(place, "apple"), next_to("apple", place), held("apple"))
    return Case(f"an apple lies in the middle of a {place}", prepare, (on("apple", place), on(place, "counter")), wrong)


def _apple_against_a_plate(stage: Stage) -> None:
    stage.stand("plate", *AT)
    stage.stand("apple", AT[0] - 0.088 - 0.030, AT[1])
    stage.settle(1.0)


def _plate_on_a_box(stage: Stage) -> None:
    stage.stand("tea_box", *AT)
    stage.stand("plate", *AT, COUNTER_M + 0.076)
    stage.settle()


def _half_over_the_edge(stage: Stage) -> None:
    stage.stand("plate", 0.51, 0.0)
    stage.settle()


def _tipping_over_the_edge(stage: Stage) -> None:
    stage.stand("plate", 0.455, 0.0)
    stage.settle(0.1)


def _bottle_lies(stage: Stage) -> None:
    stage.lie("bottle", *AT)
    stage.settle(1.0)


def _bottle_rocks(stage: Stage) -> None:
    half_rad = np.deg2rad(5.0)
    stage.put("bottle", (*AT, COUNTER_M + 0.096), (0.0, float(np.sin(half_rad)), 0.0, float(np.cos(half_rad))))


def _bottle_falls_over(stage: Stage) -> None:
    stage.stand("bottle", *AT)
    stage.settle(0.1)
    stage.push("bottle", (0.4, 0.0, 0.0), (0.0, 4.0, 0.0))


def _upside_down(stage: Stage) -> None:
    for thing, y_m in (("mug", -0.2), ("bowl", -0.05), ("can", 0.08), ("plate", 0.22)):
        stage.over(thing, AT[0], y_m)
    stage.settle()


def _mug_lies_in_the_bowl(stage: Stage) -> None:
    stage.stand("bowl", *AT)
    stage.lie("mug", *AT, COUNTER_M + 0.04)
    stage.settle(1.0)


SURFACES: tuple[Case, ...] = (
    _standing(
        "a bag lies on the counter",
        "bag",
        (*AT, COUNTER_M),
        ("counter", "work_area"),
        ("burner_front", "shelf", "plate", "drawer_top"),
    ),
    _standing("a bag lies on the microwave", "bag", (0.8, -0.6, MICROWAVE_TOP_M), (), ("counter", "microwave")),
    _standing("a bag lies on the floor", "bag", (0.2, 0.5, 0.0), (), ("counter", "work_area", "drawer_bottom")),
    _standing("a can stands on the shelf", "can", (0.9, -0.2, SHELF_M), ("shelf",), ("counter", "cupboard")),
    _standing(
        "a can stands below the shelf", "can", (0.9, -0.2, COUNTER_M), ("counter",), ("shelf", "work_area", "sink")
    ),
    _standing(
        "a mug stands on the front burner",
        "mug",
        (0.64, 0.49, COUNTER_M + 0.008),
        ("burner_front",),
        ("burner_back", "counter", "work_area"),
    ),
    _standing(
        "a can stands between the burners",
        "can",
        (0.74, 0.49, COUNTER_M + 0.008),
        (),
        ("burner_front", "burner_back", "counter"),
    ),
    _standing("a can stands just inside the work area", "can", (0.71, 0.0, COUNTER_M), ("work_area", "counter"), ()),
    _standing("a can stands just outside the work area", "can", (0.73, 0.0, COUNTER_M), ("counter",), ("work_area",)),
    _standing("a can stands just left of the work area", "can", (0.6, 0.31, COUNTER_M), ("counter",), ("work_area",)),
    _standing("a can stands beyond the free counter", "can", (0.6, -0.36, COUNTER_M), (), ("counter", "work_area")),
    *map(_falling, (0.01, 0.1, 0.3)),
    _moving("a bag slides", (0.3, 0.0, 0.0)),
    _moving("a bag spins on the spot", (0.0, 0.0, 0.0), (0.0, 0.0, 3.0)),
    _moving("an apple rolls", (0.0, 0.3, 0.0), (-9.0, 0.0, 0.0), "apple"),
    _moving("a can hops", (0.0, 0.0, 1.0), thing="can"),
    Case(
        "a bag is held in the air",
        _held_in_the_air,
        (held("bag"),),
        (ON_COUNTER, on("bag", "work_area"), upright("bag"), held("apple"), held("can")),
    ),
    Case(
        "a bag is held just over a plate",
        _held_over_a_plate,
        (held("bag"),),
        (ON_COUNTER, on("bag", "plate"), next_to("bag", "plate"), held("plate")),
    ),
    Case(
        "a bag on the counter is still held",
        _held_on_the_counter,
        (),
        (ON_COUNTER, on("bag", "work_area"), held("bag"), upright("bag")),
    ),
    Case("a can is held upright", _can_held_upright, (held("can"),), (upright("can"), on("can", "counter"))),
    Case("a bag has just been let go in the air", _let_go_in_the_air, (), (held("bag"), ON_COUNTER, upright("bag"))),
    Case("a bag lies between open fingers", _beside_the_open_hand, (ON_COUNTER, upright("bag")), (held("bag"),)),
    Case("a closed hand rests on a bag", _under_the_closed_hand, (), (ON_COUNTER, held("bag"), upright("bag"))),
    Case("a can stands against the closed fingers", _against_one_finger, (), (held("can"),)),
    *map(_apple_on, ("plate", "bowl")),
    Case(
        "an apple lies against a plate's rim",
        _apple_against_a_plate,
        (on("apple", "counter"), next_to("apple", "plate")),
        (on("apple", "plate"), on("plate", "apple"), held("apple")),
    ),
    Case(
        "a plate stands on a box",
        _plate_on_a_box,
        (on("plate", "tea_box"), on("tea_box", "counter"), upright("plate")),
        (on("plate", "counter"), on("tea_box", "plate"), next_to("plate", "tea_box")),
    ),
    Case(
        "a plate hangs over the counter's edge, but stays",
        _half_over_the_edge,
        (on("plate", "counter"), on("plate", "work_area")),
        (on("plate", "shelf"),),
    ),
    Case(
        "a plate tips over the counter's edge", _tipping_over_the_edge, (), (on("plate", "counter"), upright("plate"))
    ),
    Case(
        "a bottle lies",
        _bottle_lies,
        (on("bottle", "counter"),),
        (upright("bottle"), upright("bottle", within_deg=80.0)),
    ),
    Case("a bottle rocks", _bottle_rocks, (), (upright("bottle"), on("bottle", "counter"))),
    Case("a bottle falls over", _bottle_falls_over, (), (upright("bottle"), on("bottle", "counter"))),
    Case(
        "things stand upside down",
        _upside_down,
        (on("mug", "counter"), on("bowl", "counter"), on("can", "counter"), on("plate", "counter")),
        tuple(upright(thing, within_deg=90.0) for thing in ("mug", "bowl", "can", "plate")),
    ),
    Case(
        "a mug lies in a bowl",
        _mug_lies_in_the_bowl,
        (on("mug", "bowl"),),
        (upright("mug"), on("mug", "counter"), on("bowl", "mug"), next_to("mug", "bowl")),
    ),
)
