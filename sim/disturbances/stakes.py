"""What of a task can be disturbed without spoiling it: which things and joints its goal makes the robot handle."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sim.agenda import pending, shut_by
from sim.changes import Back, Slid, Undisturbed
from sim.course import Refused, Then
from sim.evidence import glance
from sim.goals import Goal, Predicate
from sim.mechanisms import Closed, Open
from sim.outline import ROUND
from sim.things import FurnitureJoint, Thing
from sim.whereabouts import Upright
from sim.world import World

SHUT_SHARE = 0.05
TALL_M = 0.10
"""What is lower than this is not knocked over."""
SLENDER = 1.5
"""What falls over is higher than wide by this factor."""
LYING_M = 0.07
"""What is thicker than this cannot be taken any more when it lies."""


@dataclass(frozen=True, kw_only=True)
class Stakes:
    """Names of what may be disturbed in one episode, in the world's order.

    Attributes:
        carried: What the robot will have to carry.
        shoved: What may be slid a little before it is taken.
        moved: What may be put elsewhere.
        toppled: What may be knocked over: tall, round and slim, wanted neither upright nor as a place for others.
            Things that the robot has to carry; bystanders where there is no such.
        pulled: Shut drawers and doors that the robot will have to open.
    """

    carried: tuple[str, ...] = ()
    shoved: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    toppled: tuple[str, ...] = ()
    pulled: tuple[str, ...] = ()

    @classmethod
    def of(cls, world: World, goal: Goal | None) -> Stakes:
        """What may be disturbed on the way to ``goal``; without one, everything.

        Nothing where the robot should refuse. Where all but some must stay as it is, only those are touched. What is
        to go back to where it was at the start is not put elsewhere before: nobody could say where that is.
        """
        if goal is None:
            return cls._of(world, frozenset(world.objects), _Bounds(), world.joints)
        if any(isinstance(part, Refused) for part in goal.walk()):
            return cls()
        wanted = _wanted(world, goal)
        return cls._of(world, _carried(wanted), _Bounds.of(world, wanted, goal), _pulled(world, wanted))

    @classmethod
    def _of(cls, world: World, carried: Collection[str], bounds: _Bounds, pulled: Collection[str]) -> Stakes:
        things = [name for name in world.objects if bounds.things is None or name in bounds.things]
        shoved = tuple(name for name in things if name not in bounds.back)
        moved = tuple(name for name in shoved if name not in bounds.slid)
        slim = [name for name in world.objects if bounds.may_fall(name) and _falls_over(world.objects[name])]
        shut = (name for name, joint in world.joints.items() if name in pulled and _is_shut(joint))
        taken = tuple(name for name in things if name in carried)
        toppled = tuple(name for name in slim if name in taken) or tuple(slim)
        return cls(carried=taken, shoved=shoved, moved=moved, toppled=toppled, pulled=tuple(shut))


@dataclass(frozen=True)
class _Bounds:
    """What a goal says of what may be touched.

    Attributes:
        things: Names of those that it is about; ``None`` for all.
        others: Whether it leaves it open where the others are.
        back, slid, standing: Those that shall be where they were, be pushed, and stand.
    """

    things: frozenset[str] | None = None
    others: bool = True
    back: frozenset[str] = frozenset()
    slid: frozenset[str] = frozenset()
    standing: frozenset[str] = frozenset()

    @classmethod
    def of(cls, world: World, wanted: Collection[Predicate], goal: Goal) -> _Bounds:
        parts = [part for part in goal.walk() if isinstance(part, Predicate)]
        spared = [part.but for part in parts if isinstance(part, Undisturbed)]
        named = frozenset(world.objects).intersection(*spared, (name for part in wanted for name in _things(part)))
        back, slid = (frozenset(part.thing for part in parts if isinstance(part, kind)) for kind in (Back, Slid))
        upright = {part.thing for part in parts if isinstance(part, Upright)}
        places = {part.place for part in parts if hasattr(part, "place")}
        return cls(named, not spared, back, slid, frozenset(upright | places))

    def may_fall(self, name: str) -> bool:
        """Whether it does not matter if this thing lies or stands, and where."""
        open_to_all = self.others or self.things is None or name in self.things
        return open_to_all and name not in self.back | self.slid | self.standing


def _wanted(world: World, goal: Goal) -> list[Predicate]:
    """What has to be worked on, as things are now, with whatever comes later in an order."""
    parts = [*pending(goal, glance(world)), *(part for part in goal.walk() if isinstance(part, Then))]
    return [each for part in parts for each in part.walk() if isinstance(each, Predicate)]


def _things(part: Predicate) -> set[str]:
    """Names of all that a predicate is about, but for what it only wants to be left as it is."""
    if isinstance(part, Undisturbed):
        return set()
    return {getattr(part, field) for field in part.names}


def _carried(wanted: Collection[Predicate]) -> set[str]:
    return {part.thing for part in wanted if hasattr(part, "thing") and not isinstance(part, Slid | Upright)}


def _pulled(world: World, wanted: Collection[Predicate]) -> set[str]:
    """Names of the joints that ``wanted`` makes one open."""
    things = [world.objects[name] for part in wanted for name in _things(part) if name in world.objects]
    points = [thing.pose_in_world.translation_m for thing in things]
    places = {part.place for part in wanted if hasattr(part, "place")}
    names = {part.joint for part in wanted if isinstance(part, Open | Closed)}
    for joint in world.joints.values():
        hidden = shut_by(joint, world)
        if any(region.name in places or any(map(region.contains, points)) for region in hidden):
            names.add(joint.name)
    return names


def _is_shut(joint: FurnitureJoint) -> bool:
    return not joint.springs_back and joint.position < SHUT_SHARE * joint.upper


def _falls_over(thing: Thing) -> bool:
    """Whether it is one of those that can be taken when they lie, and has not fallen over yet."""
    width_m, depth_m, height_m = (high - low for low, high in zip(thing.low_m, thing.high_m, strict=True))
    round_and_slim = thing.kind.parts[0].shape in ROUND and max(width_m, depth_m) < LYING_M
    stands = thing.pose_in_world.rotation[2, 2] > 0.99
    return stands and round_and_slim and height_m > max(TALL_M, SLENDER * max(width_m, depth_m))
