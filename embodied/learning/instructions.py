"""What is asked for in words, with the command that is right: lessons as questions and answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embodied.commands import Done, Grasp, Move, Refuse, parse
from embodied.language import Language
from embodied.learning.exchange import NOWHERE, Exchange
from embodied.learning.mistakes import Command, Mistakes, measured
from embodied.learning.naming import Namer
from embodied.learning.phrasebook import Phrasebook
from embodied.learning.rewording import JOINED, together
from embodied.learning.sights import Sight
from embodied.learning.teacher import Lesson, Roles, Thing, View
from embodied.prompting import PastStep, Prompter
from embodied.resources import prompts_dir
from embodied.result import Reason

COMPACT = "compact"
"""The prompts that a small model is spoken to with."""
DEED_SHARE = 0.3
"""So often something was brought somewhere before."""
STUMBLE_SHARE = 0.4
"""So often the last thing that was said was wrong, and so often that was not the first time."""
STUMBLES: dict[type[Grasp | Move], tuple[tuple[str, Reason], ...]] = {
    Grasp: (
        ("rejected", Reason.DEPTH_MISMATCH),
        ("failed", Reason.NO_GRASP),
        ("failed", Reason.MISSED_GRASP),
        ("failed", Reason.UNREACHABLE),
        ("failed", Reason.NO_PATH),
    ),
    Move: (
        ("rejected", Reason.BEHIND_SURFACE),
        ("rejected", Reason.FORBIDDEN),
        ("failed", Reason.UNREACHABLE),
        ("failed", Reason.NO_PATH),
        ("failed", Reason.BLOCKED),
    ),
}
"""What wrong commands come to, so that the hand is left as it is."""


@dataclass(frozen=True)
class Instructor:
    """Puts lessons about one picture into words.

    Attributes:
        book: Its words.
        prompter: Writes what a planner would be asked with.
        view: The picture.
        seen: What is seen in it.
        rng: Draws the words.
    """

    book: Phrasebook
    prompter: Prompter
    view: View
    seen: tuple[Sight, ...]
    rng: np.random.Generator

    def exchange(self, lesson: Lesson) -> Exchange | None:
        """The lesson in words; ``None`` where no words fit its things alone."""
        instruction = self.instruction(lesson)
        if instruction is None:
            return None
        question = self.prompter.words(instruction, self._past(lesson), self.view.observation)
        about = looked_at(lesson.command, self.view) if lesson.absent is None else (NOWHERE,)
        word = JOINED.join([lesson.word, *(word for word, _ in lesson.then)])
        return Exchange(f"command:{word}", question, in_words(lesson.command, self.book), about)

    def instruction(self, lesson: Lesson) -> str | None:
        """What the lesson asks for, in words; ``None`` where none fit its things alone."""
        asked = [(lesson.word, lesson.roles, lesson.absent), *((word, roles, None) for word, roles in lesson.then)]
        return together(asked, lambda each: self._asked(*each), self.book, self.rng)

    def _asked(self, word: str, roles: Roles, absent: tuple[str, str | None] | None) -> str | None:
        values = {role: self._words(name, role) for role, name in roles}
        if absent is not None:
            values["thing"] = Namer(self.book, self.seen).absent(*absent, self.rng)
        if any(words is None for words in values.values()):
            return None
        forms = self.book.command[word]
        return forms[int(self.rng.integers(len(forms)))].format(**values)

    def _past(self, lesson: Lesson) -> list[PastStep]:
        """What was done before: what explains the hand, and at times what should change nothing, as the picture shows.

        Who has learnt of beginnings alone repeats what was refused, and takes what was done for what was wanted.
        """
        right, known = parse(lesson.command), [PastStep(*each) for each in lesson.history]
        if isinstance(right, Refuse):
            return known
        deed = [] if lesson.then else self._deed()  # of two parts a deed could be the first
        return [*deed, *known, *self._stumbles(right)]

    def _deed(self) -> list[PastStep]:
        """Something that stands where it is now was brought there."""
        shown = [each.point for each in self.seen if each.plain and each.thing.movable and each.point is not None]
        origin = measured(self.view, *self.rng.uniform(0.0, 1.0, size=2))
        if self.rng.random() >= DEED_SHARE or not shown or origin is None:
            return []
        moved = Move(start=origin, end=shown[int(self.rng.integers(len(shown)))])
        return [PastStep(str(each), "succeeded") for each in (Grasp(at=origin), moved)]

    def _stumbles(self, right: Command) -> list[PastStep]:
        """Wrong commands, each of which came to nothing."""
        mistakes, past = Mistakes(STUMBLE_SHARE, self.rng), []
        while (wrong := mistakes.instead_of(right, self.view)) is not None:
            ends = STUMBLES[Grasp if isinstance(wrong, Grasp) else Move]
            status, reason = ends[int(self.rng.integers(len(ends)))]
            past.append(PastStep(str(wrong), status, reason.value))
        return past

    def _words(self, name: str, role: str) -> str | None:
        sight = next((each for each in self.seen if each.thing.name == name), None)
        if sight is not None and (sight.plain or not sight.thing.movable):
            ways = ("on", "in") if role == "thing" else ()
            return Namer(self.book, self.seen).describe(sight, self.rng, ways)
        thing = next((each for each in self.view.things if each.name == name), None)
        return self._hidden(thing) if thing is not None else self._fixed(name)

    def _fixed(self, name: str) -> str | None:
        names = self.book.fixed.get(name)
        return None if names is None else names[int(self.rng.integers(len(names)))]

    def _hidden(self, thing: Thing) -> str | None:
        """Words for what lies in a drawer: nothing else that is called so may be there."""
        if not thing.movable:
            return self._fixed(thing.name)
        namer = Namer(self.book, self.seen)
        noun = self.book.nouns_of(thing.kind)[0]
        others = [each for each in self.view.things if each is not thing and noun in self.book.nouns_of(each.kind)]
        return None if others else namer.absent(thing.kind, thing.color if self.rng.random() < 0.5 else None, self.rng)


def compact_prompter(language: Language) -> Prompter:
    """Writes prompts as small models are trained to read them."""
    return Prompter(language, directory=prompts_dir() / COMPACT)


def looked_at(command: str, view: View) -> tuple[int, ...]:
    """What to look at when a command begins: what is seen at its first point; empty where it has none."""
    parsed = parse(command)
    if isinstance(parsed, Done | Refuse):
        return ()
    first = parsed.start if isinstance(parsed, Move) else parsed.at
    number = int(view.shown[view.observation.camera.pixel(first.x, first.y)[::-1]])
    return (number,) if number else ()


def in_words(command: str, book: Phrasebook) -> str:
    """A command as it is taught: the reason of a refusal in the language that it is asked in."""
    parsed = parse(command)
    if not isinstance(parsed, Refuse):
        return command
    return str(Refuse(reason=book.refusals.get(parsed.reason, parsed.reason)))
