"""Descriptions of things that fit one of them alone, among all that a picture shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from embodied.learning.phrasebook import Phrasebook
from embodied.learning.sights import Sight
from embodied.learning.teacher import Thing

APART = 0.03
"""Of the picture's width: so much further left than all others is the leftmost."""
NEARER_M = 0.06


@dataclass(frozen=True)
class Namer:
    """Describes what one picture shows.

    Attributes:
        book: Its words.
        seen: What is seen, plainly or not.
    """

    book: Phrasebook
    seen: tuple[Sight, ...]

    def name(self, thing: Thing) -> str:
        """What answers call a thing: colour and first noun."""
        if not thing.movable:
            return self.book.fixed[thing.name][0]
        return self._say("colored", self.book.nouns_of(thing.kind)[0], color=self._color(thing), first=True)

    def noun(self, thing: Thing) -> str:
        """Its first noun alone."""
        return self.book.nouns_of(thing.kind)[0]

    def describe(self, sight: Sight, rng: np.random.Generator, without: Sequence[str] = ()) -> str | None:
        """Words that fit this thing alone, drawn from all that do; ``None`` if none do.

        Args:
            sight: The thing.
            rng: Draws them.
            without: Ways to describe that are not to be used, such as "colored" where the colour is asked for.
        """
        thing = sight.thing
        if not thing.movable:
            names = self.book.fixed.get(thing.name)
            return None if names is None else str(rng.choice(names))
        ways = [(way, noun) for way, noun in self._fitting(sight) if way not in without]
        if not ways:
            return None
        way, noun = ways[int(rng.integers(len(ways)))]
        return self._said(way, noun, sight, rng)

    def absent(self, kind: str, color: str | None, rng: np.random.Generator) -> str:
        """Words for something that is not there."""
        noun = str(rng.choice(self.book.nouns_of(kind)[:1]))
        if color is None:
            return noun
        return self._say("colored", noun, color=self.book.colors[color], rng=rng)

    def called(self, noun: str) -> list[Sight]:
        """All movable things that a noun fits, seen plainly or not."""
        return [each for each in self.seen if each.thing.movable and noun in self.book.nouns_of(each.thing.kind)]

    def _fitting(self, sight: Sight) -> Iterator[tuple[str, str]]:
        thing = sight.thing
        for noun in self.book.nouns_of(thing.kind):
            others = [each for each in self.called(noun) if each is not sight]
            if not others:
                yield "bare", noun
            if all(each.thing.color != thing.color for each in others):
                yield "colored", noun
            if thing.label is not None and all(each.thing.label != thing.label for each in others):
                yield "labelled", noun
            if others:
                yield from ((way, noun) for way in _extremes(sight, others))
            if thing.held and not any(each.thing.held for each in others):
                yield "held", noun
            if self._place(thing) and all(each.thing.place != thing.place for each in others):
                yield "on" if self._is_on(thing) else "in", noun

    def _said(self, way: str, noun: str, sight: Sight, rng: np.random.Generator) -> str:
        thing = sight.thing
        return self._say(way, noun, color=self._color(thing), label=thing.label, place=self._place(thing), rng=rng)

    def _say(
        self,
        way: str,
        noun: str,
        color: str | None = None,
        label: str | None = None,
        place: str | None = None,
        rng: np.random.Generator | None = None,
        first: bool = False,
    ) -> str:
        forms = self.book.describe[way]
        form = forms[0] if first or rng is None else str(rng.choice(forms))
        return form.format(noun=noun, color=color, label=label, place=place)

    def place_words(self, thing: Thing) -> str | None:
        """Where it is, as an answer says it."""
        if thing.held:
            return self.book.words["held"]
        place = self._place(thing)
        return self.book.words["on" if self._is_on(thing) else "in"].format(place=place) if place else None

    def _place(self, thing: Thing) -> str | None:
        """A word for what a thing is on or in; ``None`` for what has none, or one that does not tell it from others."""
        if thing.place is None:
            return None
        if thing.place in self.book.fixed:
            return self.book.fixed[thing.place][0]
        below = next((each for each in self.seen if each.thing.name == thing.place), None)
        return None if below is None else self.noun(below.thing)

    def _is_on(self, thing: Thing) -> bool:
        below = next((each.thing for each in self.seen if each.thing.name == thing.place), None)
        return thing.place in ON if below is None or not below.movable else below.kind not in HOLLOW

    def _color(self, thing: Thing) -> str:
        return self.book.colors[thing.color or ""]


ON = ("counter", "stove", "shelf", "burner_front", "burner_back")
"""Furniture that things are on; they are in all other."""
HOLLOW = ("bowl", "fruit_bowl", "cup", "mug", "tray", "basket", "ramekin", "pan")
"""Kinds that things are in."""


def _extremes(sight: Sight, others: list[Sight]) -> Iterator[str]:
    x, xs = sight.middle[0], [each.middle[0] for each in others]
    if x < min(xs) - APART:
        yield "leftmost"
    if x > max(xs) + APART:
        yield "rightmost"
    depths = [each.point.z for each in others if each.point is not None]
    together = all(each.thing.place == sight.thing.place for each in others)
    if sight.point is not None and together and len(depths) == len(others):
        if sight.point.z < min(depths) - NEARER_M:
            yield "nearest"
        if sight.point.z > max(depths) + NEARER_M:
            yield "farthest"
