"""Who presses on what: the contacts of small objects at one instant, as PyBullet reports them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pybullet as p

from sim.things import Thing

Seat = tuple[int, int]
"""Body and link of what carries something, as PyBullet numbers them."""
BELOW_SHARE = 0.5
"""A force carries if at least this share of it points up."""


@dataclass(frozen=True)
class Contact:
    """One place where something presses on a small object at one instant.

    Attributes:
        thing: Name of the object.
        body, link: What presses on it, as PyBullet numbers them.
        point_in_world_m: Where.
        force_n: How strongly, along the normal.
        up: The normal's share along the vertical; 1 where the object is pressed straight up.
    """

    thing: str
    body: int
    link: int
    point_in_world_m: tuple[float, float, float]
    force_n: float
    up: float

    @property
    def carries(self) -> bool:
        """Whether it presses from below."""
        return self.up > BELOW_SHARE


def contacts_on(thing: Thing) -> Iterator[Contact]:
    """Everything that presses on ``thing`` at this instant."""
    for row in p.getContactPoints(bodyA=thing.body, physicsClientId=thing.client):
        if row[9] > 0.0:
            yield Contact(thing.name, row[2], row[4], tuple(row[5]), row[9], row[7][2])


def seat_among(contacts: list[Contact]) -> Seat | None:
    """What carries most, of what is known to press on one object; ``None`` for what is in the air."""
    carried: dict[Seat, float] = {}
    for each in contacts:
        if each.carries:
            seat = (each.body, each.link)
            carried[seat] = carried.get(seat, 0.0) + each.force_n * each.up
    return max(carried, key=lambda seat: carried[seat]) if carried else None
