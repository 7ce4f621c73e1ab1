"""Questions about a picture with their answers, from the truth about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from embodied.learning.exchange import NOWHERE, Exchange
from embodied.learning.naming import Namer
from embodied.learning.phrasebook import Phrasebook
from embodied.learning.sights import Sight
from embodied.learning.teacher import Thing

SIDE = 0.05
"""Of the picture's width: what is less to the left is not asked about."""
TALLER = 1.3
"""So many times as high is plainly taller."""
LISTED = 8
"""So many things are named at most."""


@dataclass(frozen=True)
class Asker:
    """Asks about one picture in one language.

    Attributes:
        book: Its words.
        things: Everything that is there, seen or not.
        seen: What is seen.
        rng: Draws what is asked.
    """

    book: Phrasebook
    things: tuple[Thing, ...]
    seen: tuple[Sight, ...]
    rng: np.random.Generator

    @property
    def namer(self) -> Namer:
        """Describes what is seen."""
        return Namer(self.book, self.seen)

    @property
    def plain(self) -> list[Sight]:
        """The small things that can be asked about."""
        return [each for each in self.seen if each.plain and each.thing.movable]

    def ask(self, count: int) -> list[Exchange]:
        """``count`` different questions, or as many as the picture gives."""
        found: dict[str, Exchange] = {}
        for _ in range(4 * count):
            words, weights = list(_QUESTIONS), np.array([weight for weight, _ in _QUESTIONS.values()])
            word = str(self.rng.choice(words, p=weights / weights.sum()))
            exchange = _QUESTIONS[word][1](self)
            if exchange is not None:
                found.setdefault(exchange.question, exchange)
            if len(found) == count:
                break
        return list(found.values())

    def put(self, word: str, answer: str, about: Sequence[Sight], **values: object) -> Exchange:
        """One of the ways to ask ``word``; whoever answers looks at what it is ``about``, or nowhere."""
        question = self.pick(self.book.ask[word]).format(**values)
        return Exchange(word, question, answer, tuple(sight.number for sight in about) or (NOWHERE,))

    def pick(self, choices: Sequence[Any]) -> Any:
        """One of them."""
        return choices[int(self.rng.integers(len(choices)))]

    def some(self, among: Sequence[Sight], without: Sequence[str] = ()) -> tuple[Sight, str] | None:
        """One of the sights that can be described, and its description."""
        for index in self.rng.permutation(len(among)):
            words = self.namer.describe(among[int(index)], self.rng, without)
            if words is not None:
                return among[int(index)], words
        return None


def _where(asker: Asker) -> Exchange | None:
    furniture = [
        each for each in asker.seen if each.plain and each.thing.state is not None or each.thing.kind == "button"
    ]
    pool = furniture if asker.rng.random() < 0.25 else asker.plain
    if (found := asker.some([each for each in pool if each.point])) is None:
        return None
    return asker.put("where", f"{asker.namer.name(found[0].thing)} ({found[0].point})", found[:1], thing=found[1])


def _where_absent(asker: Asker) -> Exchange | None:
    words = _absent(asker)
    return None if words is None else asker.put("where", asker.book.words["none"], (), thing=words)


def _box(asker: Asker) -> Exchange | None:
    if (found := asker.some(asker.plain)) is None:
        return None
    box = ", ".join(f"{edge:.3f}" for edge in found[0].box)
    return asker.put("box", f"{asker.namer.name(found[0].thing)} ({box})", found[:1], thing=found[1])


def _what(asker: Asker) -> Exchange | None:
    pool = [
        each
        for each in asker.seen
        if each.plain and each.point and (each.thing.movable or each.thing.name in asker.book.fixed)
    ]
    if not pool:
        return None
    sight = asker.pick(pool)
    return asker.put("what", asker.namer.name(sight.thing), [sight], point=f"({sight.point})")


def _color(asker: Asker) -> Exchange | None:
    if (found := asker.some(asker.plain, ("colored",))) is None:
        return None
    return asker.put("color", asker.book.colors[found[0].thing.color or ""], found[:1], thing=found[1])


def _label(asker: Asker) -> Exchange | None:
    found = asker.some([each for each in asker.plain if each.thing.label], ("labelled",))
    return None if found is None else asker.put("label", found[0].thing.label or "", found[:1], thing=found[1])


def _count(asker: Asker) -> Exchange | None:
    if not asker.plain:
        return None
    kind = asker.pick(asker.plain).thing.kind
    index = int(asker.rng.integers(len(asker.book.nouns_of(kind))))
    counted = asker.namer.called(asker.book.nouns_of(kind)[index])
    if not all(each.plain for each in counted):
        return None
    return asker.put("count", str(len(counted)), counted, plural=asker.book.plurals_of(kind)[index])


def _side(asker: Asker) -> Exchange | None:
    found = asker.some(asker.plain, ("leftmost", "rightmost"))
    rest = [each for each in asker.plain if found is not None and abs(each.middle[0] - found[0].middle[0]) > SIDE]
    other = asker.some(rest, ("leftmost", "rightmost"))
    if found is None or other is None:
        return None
    side = "left" if found[0].middle[0] < other[0].middle[0] else "right"
    return asker.put("side", asker.book.words[side], found[:1], thing=found[1], other=other[1])


def _state(asker: Asker) -> Exchange | None:
    pool = [each for each in asker.seen if each.plain and each.thing.state in ("open", "closed")]
    wanted = "open" if asker.rng.random() < 0.5 else "closed"
    found = asker.some([each for each in pool if each.thing.state == wanted] or pool)
    if found is None:
        return None
    return asker.put("state", _yes(asker, found[0].thing.state == "open"), found[:1], joint=found[1])


def _opened(asker: Asker) -> Exchange | None:
    joints = [
        each for each in asker.things if each.name in asker.book.fixed and not each.movable and each.kind in OPENABLE
    ]
    if any(each.state is None for each in joints):
        return None
    opened = [each for each in joints if each.state == "open"]
    names = [asker.namer.name(each) for each in opened]
    seen = [each for each in asker.seen if each.thing in opened[:1]]
    exchange = asker.put("opened", asker.book.words["comma"].join(names) or asker.book.words["nothing"], seen)
    return exchange if seen or not opened else replace(exchange, about=())


def _hand(asker: Asker) -> Exchange | None:
    in_hand = [thing for thing in asker.things if thing.held]
    held = [each for each in asker.plain if each.thing in in_hand]
    if len(held) < len(in_hand) or (not held and asker.rng.random() < 0.6):
        return None  # it is a handle, or hidden by the hand; or nobody asks
    return asker.put("hand", asker.namer.name(held[0].thing) if held else asker.book.words["nothing"], held)


def _there(asker: Asker) -> Exchange | None:
    if asker.rng.random() < 0.5:
        words = _absent(asker)
        return None if words is None else asker.put("there", asker.book.words["no"], (), thing=words)
    if not asker.plain:
        return None
    thing = asker.pick(asker.plain).thing
    color = thing.color if asker.rng.random() < 0.6 else None
    meant = [each for each in asker.namer.called(asker.namer.noun(thing)) if color in (None, each.thing.color)]
    return asker.put("there", asker.book.words["yes"], meant, thing=asker.namer.absent(thing.kind, color, asker.rng))


def _place(asker: Asker) -> Exchange | None:
    found = asker.some(asker.plain, ("on", "in", "held"))
    place = None if found is None else asker.namer.place_words(found[0].thing)
    return None if found is None or place is None else asker.put("place", place, found[:1], thing=found[1])


def _contents(asker: Asker) -> Exchange | None:
    bearers = [each for each in asker.plain if any(other.thing.place == each.thing.name for other in asker.seen)]
    empty = [each for each in asker.plain if each not in bearers and each.thing.kind in BEARERS]
    found = asker.some(bearers if bearers and asker.rng.random() < 0.7 else empty)
    if found is None:
        return None
    inside = list(_ordered([each for each in asker.seen if each.thing.place == found[0].thing.name]))
    if not all(each.plain for each in inside):
        return None
    names = [asker.namer.name(each.thing) for each in inside]
    first = inside[:1] or found[:1]
    return asker.put(
        "contents", asker.book.words["comma"].join(names) or asker.book.words["nothing"], first, place=found[1]
    )


def _taller(asker: Asker) -> Exchange | None:
    found = asker.some(asker.plain)
    if found is None:
        return None
    height_m = found[0].thing.height_m
    rest = [each for each in asker.plain if not height_m / TALLER < each.thing.height_m < height_m * TALLER]
    if (other := asker.some(rest)) is None:
        return None
    taller = max(found[0], other[0], key=lambda sight: sight.thing.height_m)
    return asker.put("taller", asker.namer.name(taller.thing), [taller], thing=found[1], other=other[1])


def _is_color(asker: Asker) -> Exchange | None:
    found = asker.some(asker.plain, ("colored",))
    if found is None:
        return None
    truth = asker.rng.random() < 0.5
    others = [each.thing.color for each in asker.plain if each.thing.color != found[0].thing.color]
    color = found[0].thing.color if truth or not others else asker.pick(others)
    answer = _yes(asker, color == found[0].thing.color)
    return asker.put("is_color", answer, found[:1], thing=found[1], color=asker.book.colors[color or ""])


def _caption(asker: Asker) -> Exchange | None:
    ordered = list(_ordered(asker.plain))
    if not 0 < len(ordered) <= LISTED:
        return None
    names = [asker.namer.name(each.thing) for each in ordered]
    return asker.put("caption", asker.book.words["comma"].join(names), ordered[:1])


def _lit(asker: Asker) -> Exchange | None:
    stove = next((each for each in asker.seen if each.thing.state in ("on", "off") and each.plain), None)
    if stove is None or (stove.thing.state == "off" and asker.rng.random() < 0.8):
        return None
    return asker.put("lit", _yes(asker, stove.thing.state == "on"), [stove])


def _absent(asker: Asker) -> str | None:
    """Words for something that is nowhere in this world: another colour of what is there, or another kind."""
    there = [each for each in asker.things if each.movable]
    if there and asker.rng.random() < 0.6:
        thing = asker.pick(there)
        nouns = asker.book.nouns_of(thing.kind)[:1]
        taken = {each.color for each in there if set(nouns) & set(asker.book.nouns_of(each.kind))}
        colors = [color for color in PLAUSIBLE if color not in taken]
        return asker.namer.absent(thing.kind, asker.pick(colors), asker.rng)
    nouns_there = {noun for each in there for noun in asker.book.nouns_of(each.kind)}
    kinds = [kind for kind in asker.book.nouns if asker.book.nouns_of(kind)[0] not in nouns_there]
    color = asker.pick(PLAUSIBLE) if asker.rng.random() < 0.3 else None
    return asker.namer.absent(asker.pick(kinds), color, asker.rng)


def _ordered(those: Sequence[Sight]) -> Iterator[Sight]:
    """From left to right."""
    return iter(sorted(those, key=lambda sight: sight.middle[0]))


def _yes(asker: Asker, truth: bool) -> str:
    return asker.book.words["yes" if truth else "no"]


OPENABLE = ("drawer", "microwave door", "cupboard door")
BEARERS = ("plate", "bowl", "fruit_bowl", "tray", "cutting_board")
PLAUSIBLE = ("red", "green", "blue", "yellow", "purple", "white", "black", "orange", "pink")
_QUESTIONS: dict[str, tuple[float, Callable[[Asker], Exchange | None]]] = {
    "where": (6.0, _where),
    "where_absent": (1.0, _where_absent),
    "box": (1.0, _box),
    "what": (3.0, _what),
    "color": (1.5, _color),
    "label": (2.0, _label),
    "count": (1.0, _count),
    "side": (1.0, _side),
    "state": (1.5, _state),
    "opened": (0.7, _opened),
    "hand": (1.2, _hand),
    "there": (1.5, _there),
    "place": (1.0, _place),
    "contents": (1.0, _contents),
    "taller": (0.7, _taller),
    "is_color": (0.7, _is_color),
    "caption": (1.0, _caption),
    "lit": (0.5, _lit),
}
"""For each kind of question how often it is asked, and how."""
