"""Next to, left of, right of, in front of, behind: where judges are to be fooled by mirrors, slants and stacks."""

from collections.abc import Callable

from judge_stage import COUNTER_M, SHELF_M, Case, Stage

from judge_cases.asking import SIDES, Asked, next_to, sided
from sim.bearings import Direction

AT = (0.66, 0.02)
DIRECTIONS: tuple[Direction, ...] = ("left", "right", "nearer", "away")
OPPOSITE: dict[Direction, Direction] = {"left": "right", "right": "left", "nearer": "away", "away": "nearer"}
CORNERS = {"far left": (0.85, 0.2), "far right": (0.85, -0.26), "near left": (0.58, 0.24), "near right": (0.58, -0.22)}
TURN_TO: dict[Direction, Direction] = {"left": "nearer", "nearer": "right", "right": "away", "away": "left"}
"""Where one comes to from each direction, turning to the left."""


def _of(thing: str, other: str, *directions: Direction, **more: float) -> tuple[Asked, ...]:
    return tuple(sided(SIDES[direction], thing, other, **more) for direction in directions)


def _but(thing: str, other: str, *excepted: Direction) -> tuple[Asked, ...]:
    return _of(thing, other, *(direction for direction in DIRECTIONS if direction not in excepted))


def _every(thing: str = "can", other: str = "mug") -> tuple[Asked, ...]:
    return (*_of(thing, other, *DIRECTIONS), *_of(other, thing, *DIRECTIONS))


def _beside(direction: Direction) -> Case:
    """And mirrored: what is left of one has the one on its right."""

    def prepare(stage: Stage) -> None:
        stage.stand("mug", *AT)
        stage.beside("can", "mug", direction, 0.13)
        stage.settle()

    opposite = OPPOSITE[direction]
    yes = (*_of("can", "mug", direction), *_of("mug", "can", opposite), next_to("can", "mug"))
    no = (*_but("can", "mug", direction), *_but("mug", "can", opposite), next_to("can", "mug", within_m=0.02))
    return Case(f"a can stands {direction} of a mug", prepare, yes, no)


def _aslant(direction: Direction, turn_deg: float) -> Case:
    """Just on one side of the border between two directions."""

    def prepare(stage: Stage) -> None:
        stage.stand("mug", *AT)
        stage.beside("can", "mug", direction, 0.15, turn_deg)
        stage.settle()

    said = direction if turn_deg < 45.0 else TURN_TO[direction]
    title = f"a can stands {direction} of a mug, but turned by {turn_deg} degrees"
    return Case(title, prepare, _of("can", "mug", said), _but("can", "mug", said))


def _in_corner(corner: str, direction: Direction) -> Case:
    """At the edge of the picture, where the line of sight is another."""

    def prepare(stage: Stage) -> None:
        stage.stand("mug", *CORNERS[corner])
        stage.beside("can", "mug", direction, 0.09)
        stage.settle()

    return Case(
        f"a can stands {direction} of a mug, {corner}",
        prepare,
        _of("can", "mug", direction),
        _but("can", "mug", direction),
    )


def _far(direction: Direction) -> Case:
    """The middles 0.31 m apart: the surfaces just further than the 0.25 m that count."""

    def prepare(stage: Stage) -> None:
        stage.stand("tea_box", 0.72, -0.15 if direction == "left" else 0.1)
        stage.beside("can", "tea_box", direction, 0.36)
        stage.settle()

    near = _of("can", "tea_box", direction, within_m=0.32)
    return Case(f"a can stands too far {direction} of a box", prepare, near, _of("can", "tea_box", *DIRECTIONS))


def _pair(title: str, place: Callable[[Stage], None], seconds: float = 0.35, *names: str) -> Case:
    """Two things that stand in no relation at all, whatever it looks like."""

    def prepare(stage: Stage) -> None:
        place(stage)
        stage.settle(seconds)

    one, other = names or ("can", "mug")
    return Case(title, prepare, (), (*_every(one, other), next_to(one, other), next_to(other, one)))


def _gap(gap_m: float) -> Case:
    """A can and a box with a gap that is known exactly."""

    def prepare(stage: Stage) -> None:
        stage.stand("tea_box", 0.62, 0.0)
        stage.stand("can", 0.62, 0.0325 + 0.033 + gap_m)
        stage.settle()

    widths = (0.02, 0.05, 0.08, 0.12)
    yes = tuple(next_to("can", "tea_box", within_m=width) for width in widths if width > gap_m)
    no = tuple(next_to("can", "tea_box", within_m=width) for width in widths if width < gap_m)
    return Case(f"a can and a box have a gap of {gap_m} m", prepare, yes, no)


def _can_on_plate(stage: Stage) -> None:
    """Left of its middle, but on it."""
    stage.stand("plate", *AT)
    stage.beside("can", "plate", "left", 0.03)
    stage.stand("can", *map(float, stage.world.objects["can"].pose_in_world.translation_m[:2]), COUNTER_M + 0.007)


def _can_on_box(stage: Stage) -> None:
    stage.stand("tea_box", *AT)
    stage.stand("can", AT[0] - 0.02, AT[1], COUNTER_M + 0.076)


def _can_held(stage: Stage) -> None:
    stage.stand("mug", *AT)
    stage.grip("can", (AT[0] - 0.12, AT[1], COUNTER_M + 0.075))


def _can_held_on_the_counter(stage: Stage) -> None:
    stage.stand("mug", *AT)
    stage.grip("can", (AT[0] - 0.12, AT[1], COUNTER_M + 0.058))


def _other_held(stage: Stage) -> None:
    stage.stand("mug", AT[0] - 0.12, AT[1])
    stage.grip("can", (*AT, COUNTER_M + 0.058))


def _can_falls(stage: Stage) -> None:
    stage.stand("mug", *AT)
    stage.beside("can", "mug", "left", 0.12)
    x, y, _ = map(float, stage.world.objects["can"].pose_in_world.translation_m)
    stage.stand("can", x, y, COUNTER_M + 0.06)


def _can_slides_past(stage: Stage) -> None:
    stage.stand("mug", *AT)
    stage.beside("can", "mug", "left", 0.12)
    stage.settle(0.1)
    stage.push("can", (0.4, 0.0, 0.0))


def _mug_rocks(stage: Stage) -> None:
    """The can rests, but what it stands beside is still on its way."""
    stage.stand("mug", *AT)
    stage.beside("can", "mug", "left", 0.14)
    stage.settle(0.1)
    stage.push("mug", (0.3, 0.0, 0.0))


def _can_in_drawer(stage: Stage) -> None:
    """Just below the counter's edge, at which the mug stands."""
    stage.joint("drawer_top", 1.0)
    stage.stand("mug", 0.53, -0.3)
    stage.in_drawer("can", "drawer_top", 0.08)


def _can_on_shelf(stage: Stage) -> None:
    stage.stand("bottle", 0.9, -0.2)
    stage.stand("can", 0.9, -0.12, SHELF_M)


def _can_on_floor(stage: Stage) -> None:
    stage.stand("mug", 0.5, 0.0)
    stage.stand("can", 0.4, 0.0, 0.0)


def _itself(stage: Stage) -> None:
    stage.stand("can", *AT)


SIDED: tuple[Case, ...] = (
    *map(_beside, DIRECTIONS),
    *(_aslant(direction, turn_deg) for direction in DIRECTIONS for turn_deg in (40.0, 50.0)),
    *(_in_corner(corner, direction) for corner, direction in zip(CORNERS, DIRECTIONS, strict=True)),
    *(_in_corner(corner, "left") for corner in list(CORNERS)[1:]),
    *map(_far, ("left", "right")),
    *map(_gap, (0.01, 0.03, 0.07, 0.09)),
    _pair("a can stands on the left of a plate", _can_on_plate, 0.5, "can", "plate"),
    _pair("a can stands on a box", _can_on_box, 0.5, "can", "tea_box"),
    _pair("a can is held beside a mug", _can_held, 0.0),
    _pair("a can on the counter beside a mug is still held", _can_held_on_the_counter, 0.0),
    _pair("a mug stands beside a can that is still held", _other_held, 0.0, "mug", "can"),
    _pair("a can falls beside a mug", _can_falls, 0.0),
    _pair("a can slides past a mug", _can_slides_past, 0.0),
    _pair("a mug slides away from a can", _mug_rocks, 0.0),
    _pair("a can stands in a drawer below a mug", _can_in_drawer),
    _pair("a can stands on the shelf above a bottle", _can_on_shelf, 0.5, "can", "bottle"),
    _pair("a can stands on the floor before a mug", _can_on_floor),
    _pair("a can stands alone", _itself, 0.1, "can", "can"),
)
