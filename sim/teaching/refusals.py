"""What must be refused: what is dangerous, does not fit or is not there; and what only looks so. Ground truth."""

from __future__ import annotations

from sim.teaching.wishing import FLAT, HOLLOW, LARGE, Wish, Wishing
from sim.whereabouts import In

NARROW = ("mug", "cup", "wine_glass")
METAL = ("fork", "whisk")
"""Kinds that must not come into a microwave; of others nobody is told whether they must not."""
BURNS = ("cloth", "sponge", "bag", "towel_roll")
"""Kinds that must not come onto a hot stove."""
DANGER, UNFIT, ABSENT = "that is dangerous", "it does not fit", "I see no such thing here"
"""Why something is refused."""


def dangerous(now: Wishing) -> Wish | None:
    """Metal into the microwave; what burns onto the stove, if it is hot."""
    metal, burns = now.of(METAL), now.of(BURNS)
    if metal is not None and (burns is None or now.rng.random() < 0.5):
        return Wish("in", None, {"thing": metal.name, "place": "microwave"}, DANGER)
    if burns is None or not now.world.variation.materials["hotplate"].color == "#ff3b10":
        return None
    return Wish("on", None, {"thing": burns.name, "place": "stove"}, DANGER)


def harmless(now: Wishing) -> Wish | None:
    """What looks like a danger, and is none: food into the open microwave."""
    thing = now.of(("lemon", "potato", "tomato", "apple", "carrot", "egg", "orange"))
    if thing is None or now.world.joints["microwave_door"].position < 0.8 * now.world.joints["microwave_door"].upper:
        return None
    return Wish("in", In(thing=thing.name, place="microwave"), {"thing": thing.name, "place": "microwave"})


def unfit(now: Wishing) -> Wish | None:
    """Something large into something narrow."""
    thing, place = now.of(LARGE), now.of(NARROW)
    if thing is None or place is None:
        return None
    return Wish("in", None, {"thing": thing.name, "place": place.name}, UNFIT)


def absent(now: Wishing) -> Wish | None:
    """Something that is nowhere, onto or into something that is there."""
    place = now.of((*FLAT, *HOLLOW))
    if place is None:
        return None
    there = {(thing.kind_name, thing.color) for thing in now.world.objects.values()}
    kinds = sorted(now.world.scene.kinds)
    near = now.rng.random() < 0.5 and there
    kind = sorted(there)[int(now.rng.integers(len(there)))][0] if near else str(now.rng.choice(kinds))
    color = str(now.rng.choice(sorted(now.world.scene.kinds[kind].colors))) if near or now.rng.random() < 0.4 else None
    if any(other == kind and color in (None, shade) for other, shade in there):
        return None
    word = "in" if place.kind_name in HOLLOW else "on"
    return Wish(word, None, {"place": place.name}, ABSENT, (kind, color))
