"""Short ways to state goals."""

from judge_stage import Asked


def held(thing: str) -> Asked:
    return {"held": {"thing": thing}}


def on(thing: str, place: str) -> Asked:
    return {"on": {"thing": thing, "place": place}}


def inside(thing: str, place: str) -> Asked:
    return {"in": {"thing": thing, "place": place}}


def upright(thing: str, **more: float) -> Asked:
    return {"upright": {"thing": thing, **more}}


def next_to(thing: str, other: str, **more: float) -> Asked:
    return {"next_to": {"thing": thing, "other": other, **more}}


def sided(word: str, thing: str, other: str, **more: float) -> Asked:
    return {word: {"thing": thing, "other": other, **more}}


def is_open(joint: str, **more: float) -> Asked:
    return {"open": {"joint": joint, **more}}


def closed(joint: str, **more: float) -> Asked:
    return {"closed": {"joint": joint, **more}}


def slid(thing: str, direction: str, **more: float) -> Asked:
    return {"slid": {"thing": thing, "direction": direction, **more}}


def back(thing: str, **more: float) -> Asked:
    return {"back": {"thing": thing, **more}}


def undisturbed(*but: str) -> Asked:
    return {"undisturbed": {"but": list(but)}}


def initially(goal: Asked) -> Asked:
    return {"initially": goal}


def every(*goals: Asked) -> Asked:
    return {"all": list(goals)}


def either(*goals: Asked) -> Asked:
    return {"any": list(goals)}


def none(goal: Asked) -> Asked:
    return {"not": goal}


def then(*goals: Asked) -> Asked:
    return {"then": list(goals)}


def count(*goals: Asked, **bounds: int) -> Asked:
    return {"count": {"of": list(goals), **bounds}}


PRESSED: Asked = {"pressed": {"button": "stove_button"}}
REFUSED: Asked = {"refused": {}}
SIDES = {"left": "left_of", "right": "right_of", "nearer": "in_front_of", "away": "behind"}
"""Directions, and the words for what stands there."""
