"""Open, closed and pressed: where judges are to be fooled by nearly, still moving, and the wrong drawer."""

from collections.abc import Callable

from judge_stage import Case, Stage

from judge_cases.asking import PRESSED, Asked, closed, is_open, none

JOINTS = ("drawer_top", "drawer_middle", "drawer_bottom", "microwave_door", "cupboard_door")


def _at(joint: str, share: float, yes: tuple[Asked, ...], no: tuple[Asked, ...]) -> Case:
    return Case(f"{joint} is at {share:.1%} of its travel", lambda stage: stage.joint(joint, share), yes, no)


def _others(joint: str) -> tuple[str, ...]:
    return tuple(other for other in JOINTS if other != joint)


def _positions(joint: str) -> tuple[Case, ...]:
    """Just beyond and just within each limit; every other drawer and door is closed."""
    wrong = tuple(map(is_open, _others(joint)))
    return (
        _at(joint, 0.0, (closed(joint),), (is_open(joint), is_open(joint, share=0.01))),
        _at(joint, 0.02, (closed(joint),), (is_open(joint),)),
        _at(joint, 0.05, (closed(joint, share=0.06),), (closed(joint), is_open(joint), closed(joint, share=0.04))),
        _at(joint, 0.57, (is_open(joint, share=0.5),), (is_open(joint), closed(joint), closed(joint, share=0.5))),
        _at(joint, 0.63, (is_open(joint), *map(none, wrong[:1])), (closed(joint), is_open(joint, share=0.7), *wrong)),
    )


def _moving(joint: str, share: float, speed: float) -> Case:
    def prepare(stage: Stage) -> None:
        stage.joint(joint, share, speed)

    no = (is_open(joint, share=0.05), closed(joint), closed(joint, share=0.95))
    return Case(f"{joint} is on its way at {speed} from {share:.0%}", prepare, (), no)


def _presses(*shares: float) -> Callable[[Stage], None]:
    """The button at each of these shares of its travel, one after the other."""

    def prepare(stage: Stage) -> None:
        for share in shares:
            stage.joint("stove_button", share)
            stage.world.step()

    return prepare


def _pressed_before(stage: Stage) -> None:
    """The episode begins after the click."""
    _presses(1.0)(stage)
    stage.settle(0.1)
    stage.world.presses.clear()
    stage.begin()


def _touched_beside(stage: Stage) -> None:
    stage.stand("can", 0.55, 0.44, 0.809)
    stage.settle()


MECHANISMS: tuple[Case, ...] = (
    *(case for joint in (JOINTS[0], *JOINTS[3:]) for case in _positions(joint)),
    *(_at(joint, 0.63, (is_open(joint),), tuple(map(is_open, _others(joint)))) for joint in JOINTS[1:3]),
    *(_moving(joint, 0.9, -1.0) for joint in JOINTS[:3]),
    _moving("microwave_door", 0.5, 4.0),
    _moving("cupboard_door", 0.9, -4.0),
    Case("nobody has touched the button", lambda stage: stage.settle(0.1), (), (PRESSED,)),
    Case("the button was pressed half way", _presses(0.3, 0.5, 0.55, 0.3), (), (PRESSED,)),
    Case("the button has clicked", _presses(0.3, 0.9, 0.3, 0.0), (PRESSED,), (none(PRESSED),)),
    Case("the button is held down", _presses(1.0, 1.0), (PRESSED,)),
    Case("the button clicked before the episode began", _pressed_before, (), (PRESSED,)),
    Case("a can stands beside the button", _touched_beside, (), (PRESSED,)),
    Case("the button stands short of its click", lambda stage: stage.joint("stove_button", 0.55), (), (PRESSED,)),
)
