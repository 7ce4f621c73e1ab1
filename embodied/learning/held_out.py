"""What must not occur in training text: the phrasings that tasks keep to measure with."""

from __future__ import annotations

from functools import lru_cache

from embodied.task import load_task, normal, task_names


@lru_cache(maxsize=1)
def held_out_phrases() -> frozenset[str]:
    """Every unseen phrasing of every task, as ``normal`` writes it."""
    unseen = (load_task(name).unseen_phrasings for name in task_names())
    return frozenset(normal(phrase) for phrasings in unseen for phrase in (*phrasings.en, *phrasings.zh))


def held_out_in(text: str) -> str | None:
    """A line of ``text`` that is a phrasing which is held out, if any is: whole, as seen ones may hold a short one."""
    return next((line for line in text.splitlines() if normal(line) in held_out_phrases()), None)
