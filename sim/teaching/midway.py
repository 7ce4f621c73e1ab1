"""Lessons in the middle and at the end of what was asked for: what was done is seen, and told. Ground truth.

A state that is drawn is taken for one that an instruction of one to three parts has led to. What was done for it is
told as if it had been: a thing was taken somewhere else and brought to where it is now.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from embodied.commands import Approach, Done, ImagePoint, Move, Refuse, parse
from embodied.geometry import FloatArray, Pose
from embodied.learning.teacher import History, Lesson
from sim.arrangement import Berth
from sim.changes import Back
from sim.evidence import Evidence
from sim.goals import Goal
from sim.oracle import choose
from sim.pointing import Picture
from sim.teaching.deeds import Deeds, done
from sim.teaching.imagined import Imagined
from sim.teaching.standing import draw_standing, draw_upset, places_to_leave
from sim.teaching.wishes import draw_wish
from sim.teaching.wishing import Wish, Wishing, is_hollow, shutting
from sim.things import Thing
from sim.tries import Tries
from sim.whereabouts import Held, In, On

BROUGHT = ("in", "on", "stack")
"""Words of what can be undone by putting a thing back."""
THIRD_SHARE = 0.3
"""So often there is a third thing."""
SHUT_AFTER_SHARE = 0.3
"""So often, where something was done with a drawer, what comes next is to shut it."""
MISSES = 5
"""Of so many wishes that which was missed most narrowly is taken."""
ELSEWHERE_M, BACK_M = 0.10, 0.05
"""A thing that is not back yet is at least so far from where it was, and one that is, or is to be, at most so far."""


@dataclass(frozen=True, eq=False)
class Midway:
    """Draws lessons in the middle or at the end of something.

    Attributes:
        now: What wishes are drawn from.
        picture: What is seen.
        evidence: Who carries whom, apart from what is in the hand.
        deeds: Tells how things came about.
        held: How the hand came to hold what it holds.
    """

    now: Wishing
    picture: Picture
    evidence: Evidence
    deeds: Deeds
    held: History

    def draw(self) -> Lesson | None:
        """A lesson; ``None`` if the one that was drawn cannot be taught here."""
        sorts = _AT_HANDLE if self.now.grip.joint else _HOLDING if self.now.held else _EMPTY
        weights = np.array([weight for weight, _ in sorts])
        return sorts[int(self.now.rng.choice(len(sorts), p=weights / weights.sum()))][1](self)

    def _finished(self) -> Lesson | None:
        """What was asked for is so."""
        wishes = self._standing(1)
        history = self._told(wishes)
        return None if history is None else _lesson(wishes, str(Done()), history)

    def _missed(self) -> Lesson | None:
        """A thing was brought somewhere, near to where it was to come rather than far away."""
        drawn = [wish for wish in (draw_wish(self.now) for _ in range(MISSES)) if wish is not None]
        aside = [(self._aside_m(wish), index) for index, wish in enumerate(drawn)]
        wish = drawn[min(aside)[1]] if aside and np.isfinite(min(aside)[0]) else None
        told = None if wish is None else self.deeds.brought_here(wish)
        return None if wish is None or told is None else self._next((wish,), told)

    def _aside_m(self, wish: Wish) -> float:
        """How far a thing that is seen is from what it is to be on, in or beside; infinite where it is already."""
        thing = self.now.world.objects.get(wish.roles.get("thing", ""))
        other = self.now.world.objects.get(wish.roles.get("place") or wish.roles.get("other", ""))
        if thing is None or other is None or thing.name not in self.now.visible:
            return float("inf")
        if wish.goal is None or wish.goal.holds(self.evidence):
            return float("inf")
        way_m = thing.pose_in_world.translation_m - other.pose_in_world.translation_m
        return float(np.linalg.norm(way_m[:2]))

    def _upset(self) -> Lesson | None:
        """Something stands on what is to be put onto it."""
        wish = draw_upset(self.now)
        return None if wish is None else self._next((wish,), ())

    def _first(self) -> Lesson | None:
        """Two things are asked for, and the first is to be done."""
        wish = draw_wish(self.now)
        then = None if wish is None else self._then(wish)
        return None if wish is None or then is None else self._next((wish, then), self.held)

    def _second(self) -> Lesson | None:
        """Of two or three things that are asked for one is still to be done, or two are."""
        third = self.now.rng.random() < THIRD_SHARE
        wishes = self._standing(int(self.now.rng.integers(1, 3)) if third else 1)
        history = self._told(wishes)
        then = self._then(wishes[-1]) if wishes else None
        if history is None or then is None or any(_share_roles(wish, then) for wish in wishes[:-1]):
            return None
        later = self._then(then) if third and len(wishes) == 1 else None
        rest = (then,) if later is None or _share_roles(wishes[0], later) else (then, later)
        return self._next((*wishes, *rest), (*history, *self.held))

    def _both(self) -> Lesson | None:
        """Two or three things are asked for, and all are done."""
        wishes = self._standing(2 + int(self.now.rng.random() < THIRD_SHARE))
        history = self._told(wishes)
        return None if history is None else _lesson(wishes, str(Done()), history)

    def _standing(self, count: int) -> tuple[Wish, ...]:
        """So many wishes that hold, about different things; none if they were not found."""
        drawn = [draw_standing(self.now, self.evidence) for _ in range(count)]
        wishes = tuple(wish for wish in drawn if wish is not None)
        apart = not any(_share_roles(one, other) for one, other in combinations(wishes, 2))
        return wishes if len(wishes) == count and apart else ()

    def _told(self, wishes: tuple[Wish, ...]) -> History | None:
        """How all of them came true, one after the other; ``None`` if there are none, or that cannot be told."""
        told = [history for wish in wishes if (history := self.deeds.of(wish)) is not None]
        return tuple(step for history in told for step in history) if wishes and len(told) == len(wishes) else None

    def _leaving(self) -> Lesson | None:
        """What is in the hand was taken out of a drawer, or off something, to be put on the counter."""
        thing, place = self.now.held, self._left()
        if thing is None or place is None:
            return None
        origin, goal = self.deeds.point_of(place), On(thing=thing.name, place="counter")
        if origin is None or self.now.is_held_back(goal):
            return None
        word = "out" if is_hollow(place, self.now.world) else "off"
        wish = Wish(word, goal, {"thing": thing.name, "place": place})
        then = self._then(wish) if self.now.rng.random() < SHUT_AFTER_SHARE else None
        return self._next((wish, then) if then else (wish,), (done(f"grasp({origin})"),))

    def _taken(self) -> Lesson | None:
        """What is in the hand was to be taken."""
        thing = self.now.held
        if thing is None or self.now.is_held_back(Held(thing=thing.name)):
            return None
        return _lesson((Wish("held", Held(thing=thing.name), {"thing": thing.name}),), str(Done()), self.held)

    def _returning(self) -> Lesson | None:
        """Something was brought somewhere, and is to come back to where it was."""
        wish = self._brought()
        thing = None if wish is None else self.now.world.objects[wish.roles["thing"]]
        origin = self.deeds.spot()
        if wish is None or thing is None or origin is None:
            return None
        point, p_WO = origin
        place = self.deeds.point_of(wish.roles["place"]) if thing is self.now.held else self.picture.thing(thing)
        if place is None or np.linalg.norm((thing.pose_in_world.translation_m - p_WO)[:2]) < ELSEWHERE_M:
            return None
        history = (done(f"grasp({point})"), done(f"move({point}, {place})"))
        retaken = (done(f"grasp({place})"),) if thing is self.now.held else ()
        goal = Back(thing=thing.name)
        lesson = self._towards(goal, (wish, Wish("back", goal)), (*history, *retaken), self._began(thing.name, p_WO))
        return None if lesson is None else self._ended_at(point, p_WO, lesson)

    def _returned(self) -> Lesson | None:
        """Something was brought somewhere, and has come back to where it was."""
        things = [thing for name, thing in self.now.world.objects.items() if self.now.places.get(name) == "counter"]
        thing, place = self.now.pick(things), self._left()
        if thing is None or place is None:
            return None
        there, here = self.deeds.point_of(place), self.picture.thing(thing)
        wish = self._onto(thing, place)
        back = Wish("back", Back(thing=thing.name))
        if place == thing.name or there is None or self._held_back(wish, back):
            return None
        steps = (f"grasp({here})", f"move({here}, {there})", f"grasp({there})", f"move({there}, {here})")
        return _lesson((wish, back), str(Done()), tuple(map(done, steps)))

    def _brought(self) -> Wish | None:
        """A thing and where it was brought: where it is, or where what is in the hand was taken."""
        if self.now.held is None:
            wish = draw_standing(self.now, self.evidence)
            return None if wish is None or wish.word not in BROUGHT or self._held_back(wish) else wish
        place = self._left()
        if place is None:
            return None
        wish = self._onto(self.now.held, place)
        return None if self._held_back(wish) else wish

    def _onto(self, thing: Thing, place: str) -> Wish:
        """A thing onto a place, or into it."""
        roles = {"thing": thing.name, "place": place}
        return Wish("in", In(**roles), roles) if is_hollow(place, self.now.world) else Wish("on", On(**roles), roles)

    def _left(self) -> str | None:
        """Where something may have been taken: the drawer that the hand is over, or any such place that is seen."""
        if self.now.grip.place is not None:
            return self.now.grip.place
        places = places_to_leave(self.now)
        return places[int(self.now.rng.integers(len(places)))] if places else None

    def _held_back(self, *wishes: Wish) -> bool:
        """Whether a test alone may ask for one of these, or for its thing to be put back."""
        things = [wish.roles["thing"] for wish in wishes if "thing" in wish.roles]
        goals = [*(wish.goal for wish in wishes), *(Back(thing=name) for name in things)]
        return any(goal is not None and self.now.is_held_back(goal) for goal in goals)

    def _then(self, wish: Wish) -> Wish | None:
        """What else is asked for: to shut what was opened for the first, or something about other things."""
        if self.now.rng.random() < SHUT_AFTER_SHARE and (last := shutting(wish, self.now)) is not None:
            return last
        then = draw_wish(self.now)
        return None if then is None or then.goal is None or _share_roles(wish, then) else then

    def _next(self, wishes: tuple[Wish, ...], history: History) -> Lesson | None:
        """The oracle's next command towards the first wish that is not true yet; the end where all are."""
        if any(wish.goal is None for wish in wishes):
            return None  # what is to be refused is no part of anything
        goals = [wish.goal for wish in wishes if wish.goal is not None and not wish.goal.holds(self.evidence)]
        if goals:
            return self._towards(goals[0], wishes, history, self.evidence)
        empty = self.now.held is None and self.now.grip.joint is None
        return _lesson(wishes, str(Done()), history) if empty else None

    def _towards(self, goal: Goal, wishes: tuple[Wish, ...], history: History, evidence: Evidence) -> Lesson | None:
        """The oracle's next command towards ``goal``; ``None`` if it waits, sees nothing to do or knows no way."""
        command = choose(Imagined(evidence.world, self.picture, evidence, goal, Tries(), self.now.grip))
        return None if isinstance(command, Approach | Refuse | Done) else _lesson(wishes, str(command), history)

    def _began(self, name: str, p_WO: FloatArray) -> Evidence:
        """As if the thing of that name had stood at that point of the counter when the episode began."""
        world, thing = copy(self.now.world), self.now.world.objects[name]
        pose = Pose(thing.pose_in_world.rotation, p_WO - [0.0, 0.0, thing.low_m[2]])
        world.start = replace(world.start, things={**world.start.things, name: Berth(pose, None, pose)})
        return replace(self.evidence, world=world)

    def _ended_at(self, point: ImagePoint, p_WO: FloatArray, lesson: Lesson) -> Lesson | None:
        """The lesson, where it moves something with that very end; ``None`` if it moves it somewhere else."""
        command = parse(lesson.command)
        if not isinstance(command, Move):
            return lesson
        near = np.linalg.norm((self.picture.lift(command.end) - p_WO)[:2]) < BACK_M
        return replace(lesson, command=str(command.model_copy(update={"end": point}))) if near else None


def _share_roles(one: Wish, other: Wish) -> bool:
    return bool(set(one.roles.values()) & set(other.roles.values()))


def _lesson(wishes: tuple[Wish, ...], command: str, history: History) -> Lesson:
    first, *then = wishes
    later = tuple((wish.word, tuple(wish.roles.items())) for wish in then)
    return Lesson(first.word, tuple(first.roles.items()), command, history, then=later)


Sorts = tuple[tuple[float, Callable[[Midway], Lesson | None]], ...]
_EMPTY: Sorts = (
    (2.0, Midway._finished),
    (3.0, Midway._missed),
    (1.0, Midway._upset),
    (4.0, Midway._second),
    (2.0, Midway._first),
    (1.0, Midway._both),
    (2.5, Midway._returning),
    (0.7, Midway._returned),
)
_HOLDING: Sorts = (
    (3.0, Midway._leaving),
    (3.0, Midway._second),
    (1.5, Midway._first),
    (0.7, Midway._taken),
    (3.0, Midway._returning),
)
_AT_HANDLE: Sorts = ((1.0, Midway._first), (1.0, Midway._second))
"""How often each sort of lesson is drawn, by what is in the hand."""
