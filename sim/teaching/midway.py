"""Lessons in the middle and at the end of what was asked for: what was done is seen, and told. Ground truth.

A state that is drawn is taken for one that an instruction of one or two parts has led to. What was done for it is told
as if it had been: a thing was taken somewhere else and brought to where it is now.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from embodied.commands import Approach, Done, Move, Refuse, parse
from embodied.geometry import FloatArray, Pose
from embodied.learning.teacher import History, Lesson
from sim.arrangement import Berth
from sim.changes import Back
from sim.evidence import Evidence
from sim.goals import Goal
from sim.mechanisms import Closed
from sim.oracle import choose
from sim.pointing import Picture
from sim.teaching.deeds import Deeds, done
from sim.teaching.imagined import Imagined
from sim.teaching.standing import draw_standing, draw_upset, places_to_leave
from sim.teaching.wishes import draw_wish
from sim.teaching.wishing import HOLLOW, Wish, Wishing
from sim.tries import Tries
from sim.whereabouts import Held, In, On

BROUGHT = ("in", "on", "stack")
"""Words of what can be undone by putting a thing back."""
THIRD_SHARE = 0.3
"""So often there is a third thing."""
SHUT_AFTER_SHARE = 0.3
"""So often, where something was done with a drawer, what comes next is to shut it."""
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
        names, weights = list(sorts), np.array(list(sorts.values()))
        return {
            "finished": self._finished,
            "missed": self._missed,
            "upset": self._upset,
            "second": self._second,
            "first": self._first,
            "both": self._both,
            "leaving": self._leaving,
            "taken": self._taken,
            "returning": self._returning,
            "returned": self._returned,
        }[str(self.now.rng.choice(names, p=weights / weights.sum()))]()

    def _finished(self) -> Lesson | None:
        """What was asked for is so."""
        wish = self._standing()
        history = None if wish is None else self.deeds.of(wish)
        return None if wish is None or history is None else _lesson((wish,), "done()", history)

    def _missed(self) -> Lesson | None:
        """A thing was brought somewhere, and that is not where it was to come."""
        wish = draw_wish(self.now)
        if wish is None or wish.goal is None or "thing" not in wish.roles or wish.goal.holds(self.evidence):
            return None
        told = self.deeds.brought_here(wish) if wish.roles["thing"] in self.now.visible else None
        return None if told is None else self._next((wish,), wish.goal, told)

    def _upset(self) -> Lesson | None:
        """Something stands on what is to be put onto it."""
        wish = draw_upset(self.now)
        return None if wish is None else self._next((wish,), wish.goal, ())

    def _first(self) -> Lesson | None:
        """Two things are asked for, and the first is to be done."""
        wish = draw_wish(self.now)
        then = None if wish is None else self._then(wish)
        return None if wish is None or then is None else self._next((wish, then), wish.goal, self.held)

    def _second(self) -> Lesson | None:
        """Of two or three things that are asked for one is still to be done, or two are."""
        done = [each for each in (self._standing(), self._standing()) if each is not None]
        wishes = done[: 1 + int(self.now.rng.random() < THIRD_SHARE)]
        if not wishes or (len(wishes) == 2 and _share_roles(*wishes)):
            return None
        told = [self.deeds.of(wish) for wish in wishes]
        then = self._then(wishes[-1])
        if then is None or any(_share_roles(wish, then) and then.word != "closed" for wish in wishes):
            return None
        later = self._then(then) if len(wishes) == 1 and self.now.rng.random() < THIRD_SHARE else None
        asked = (*wishes, then) if later is None or _share_roles(wishes[0], later) else (*wishes, then, later)
        if any(each is None for each in told):
            return None
        before = tuple(step for each in told if each is not None for step in each)
        return self._next(asked, then.goal, (*before, *self.held))

    def _both(self) -> Lesson | None:
        """Two or three things are asked for, and all are done."""
        drawn = [self._standing() for _ in range(2 + int(self.now.rng.random() < THIRD_SHARE))]
        wishes = [wish for wish in drawn if wish is not None]
        told = [self.deeds.of(wish) for wish in wishes]
        apart = not any(_share_roles(one, other) for one, other in combinations(wishes, 2))
        if len(wishes) < 2 or not apart or any(each is None for each in told):
            return None
        return _lesson(tuple(wishes), "done()", tuple(step for each in told if each is not None for step in each))

    def _standing(self) -> Wish | None:
        """Something that holds."""
        return draw_standing(self.now, self.evidence)

    def _leaving(self) -> Lesson | None:
        """What is in the hand was taken out of a drawer, or off something, to be put on the counter."""
        thing, place = self.now.held, self._left()
        if thing is None or place is None:
            return None
        origin, goal = self.deeds.point_of(place), On(thing=thing.name, place="counter")
        if origin is None or self.now.is_held_back(goal):
            return None
        on_thing = self.now.world.objects.get(place)
        word = "out" if on_thing is None or on_thing.kind_name in HOLLOW else "off"
        wish = Wish(word, goal, {"thing": thing.name, "place": place})
        then = self._then(wish) if self.now.rng.random() < SHUT_AFTER_SHARE else None
        return self._next((wish, then) if then else (wish,), goal, (done(f"grasp({origin})"),))

    def _taken(self) -> Lesson | None:
        """What is in the hand was to be taken."""
        thing = self.now.held
        if thing is None or self.now.is_held_back(Held(thing=thing.name)):
            return None
        return _lesson((Wish("held", Held(thing=thing.name), {"thing": thing.name}),), "done()", self.held)

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
        back = Wish("back", Back(thing=thing.name))
        lesson = self._next((wish, back), Back(thing=thing.name), (*history, *retaken), self._began(thing.name, p_WO))
        return lesson if lesson is None or self._goes_near(lesson, p_WO) else None

    def _returned(self) -> Lesson | None:
        """Something was brought somewhere, and has come back to where it was."""
        things = [thing for name, thing in self.now.world.objects.items() if self.now.places.get(name) == "counter"]
        thing, place = self.now.pick(things), self._left()
        if thing is None or place is None:
            return None
        on_thing, there, here = self.now.world.objects.get(place), self.deeds.point_of(place), self.picture.thing(thing)
        wish = _onto(thing.name, place, on_thing is None or on_thing.kind_name in HOLLOW)
        back = Wish("back", Back(thing=thing.name))
        if place == thing.name or there is None or self._held_back(wish, back):
            return None
        steps = (f"grasp({here})", f"move({here}, {there})", f"grasp({there})", f"move({there}, {here})")
        return _lesson((wish, back), "done()", tuple(map(done, steps)))

    def _brought(self) -> Wish | None:
        """A thing and where it was brought: where it is, or where what is in the hand was taken."""
        if self.now.held is None:
            wish = self._standing()
            return None if wish is None or wish.word not in BROUGHT or self._held_back(wish) else wish
        place = self._left()
        if place is None:
            return None
        on_thing = self.now.world.objects.get(place)
        wish = _onto(self.now.held.name, place, on_thing is None or on_thing.kind_name in HOLLOW)
        return None if self._held_back(wish) else wish

    def _left(self) -> str | None:
        """Where something may have been taken: the drawer that the hand is over, or any such place that is seen."""
        places = places_to_leave(self.now)
        if self.now.grip.place is not None:
            return self.now.grip.place
        return places[int(self.now.rng.integers(len(places)))] if places else None

    def _held_back(self, *wishes: Wish) -> bool:
        """Whether a test alone may ask for one of these, or for its thing to be put back."""
        things = [wish.roles["thing"] for wish in wishes if "thing" in wish.roles]
        goals = [*(wish.goal for wish in wishes), *(Back(thing=name) for name in things)]
        return any(goal is not None and self.now.is_held_back(goal) for goal in goals)

    def _then(self, wish: Wish) -> Wish | None:
        """What else is asked for: to shut what was opened for the first, or something about other things."""
        if self.now.rng.random() < SHUT_AFTER_SHARE and (shutting := self._shutting(wish)) is not None:
            return shutting
        then = draw_wish(self.now)
        return None if then is None or then.goal is None or _share_roles(wish, then) else then

    def _shutting(self, wish: Wish) -> Wish | None:
        """To shut the drawer or door that ``wish`` is about."""
        name = wish.roles.get("place") or wish.roles.get("joint", "")
        joint = self.now.world.joints.get(name)
        if joint is None or joint.springs_back or wish.word == "closed":
            return None
        goal = Closed(joint=name)
        return None if self.now.is_held_back(goal) else Wish("closed", goal, {"joint": name})

    def _next(
        self, wishes: tuple[Wish, ...], goal: Goal | None, history: History, evidence: Evidence | None = None
    ) -> Lesson | None:
        """The oracle's next command towards ``goal``; ``None`` if it waits or knows no way."""
        if goal is None:
            return None
        evidence = evidence or self.evidence
        command = choose(Imagined(evidence.world, self.picture, evidence, goal, Tries(), self.now.grip))
        if isinstance(command, Approach | Refuse) or (isinstance(command, Done) and len(wishes) == 1):
            return None
        return _lesson(wishes, str(command), history)

    def _began(self, name: str, p_WO: FloatArray) -> Evidence:
        """As if the thing of that name had stood at that point of the counter when the episode began."""
        world, thing = copy(self.now.world), self.now.world.objects[name]
        pose = Pose(thing.pose_in_world.rotation, p_WO - [0.0, 0.0, thing.low_m[2]])
        world.start = replace(world.start, things={**world.start.things, name: Berth(pose, None, pose)})
        return replace(self.evidence, world=world)

    def _goes_near(self, lesson: Lesson, p_WO: FloatArray) -> bool:
        """Whether a move of the lesson ends near a point; anything else may be."""
        command = parse(lesson.command)
        if not isinstance(command, Move):
            return True
        return float(np.linalg.norm((self.picture.lift(command.end) - p_WO)[:2])) < BACK_M


def _onto(thing: str, place: str, hollow: bool) -> Wish:
    roles = {"thing": thing, "place": place}
    return Wish("in", In(**roles), roles) if hollow else Wish("on", On(**roles), roles)


def _share_roles(one: Wish, other: Wish) -> bool:
    return bool(set(one.roles.values()) & set(other.roles.values()))


def _lesson(wishes: tuple[Wish, ...], command: str, history: History) -> Lesson:
    first, *then = wishes
    later = tuple((wish.word, tuple(wish.roles.items())) for wish in then)
    return Lesson(first.word, tuple(first.roles.items()), command, history, then=later)


_EMPTY = {
    "finished": 3.0,
    "missed": 2.0,
    "upset": 1.0,
    "second": 4.0,
    "first": 2.0,
    "both": 1.5,
    "returning": 1.5,
    "returned": 0.7,
}
_HOLDING = {"leaving": 3.0, "second": 3.0, "first": 1.5, "taken": 0.7, "returning": 2.0}
_AT_HANDLE = {"first": 1.0, "second": 1.0}
"""How often each sort of lesson is drawn, by what is in the hand."""
