"""Make training data: many small pieces of work, each decided by its seed alone, so many at a time."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal
from zlib import crc32

import cv2
import numpy as np

from embodied.errors import ControllerError, UsageError
from embodied.language import LANGUAGES, Language
from embodied.learning.dataset import CONVERSATIONS, SHARDS, Sample, prepare, save, write_json
from embodied.learning.demonstrations import Student, demonstrate, lecture, taught_tasks
from embodied.learning.exchange import Exchange
from embodied.learning.held_out import held_out_in
from embodied.learning.instructions import Instructor, compact_prompter
from embodied.learning.phrasebook import load_phrasebook
from embodied.learning.questions import Asker
from embodied.learning.rewording import reworded
from embodied.learning.sights import sights
from embodied.learning.strangeness import estranged
from embodied.learning.teacher import FIRST_TRAINING_SEED, View, open_teacher

VIEWS_PER_WORLD = 8
"""Building a kitchen takes as long as four pictures of it."""
QUESTIONS = 8
"""So many questions share a picture."""
ORIGIN = "origin.json"
"""Says how a data set was begun."""
PIECES_PER_PROCESS = 50
"""PyBullet keeps a little of each world: a process is replaced after so many."""
STREAM = 7
"""Of a world's seed, and of a sample's name, for what is asked: what is there is drawn from another."""


@dataclass(frozen=True)
class DataSettings:
    """What a person asks for.

    Attributes:
        out: The data set's folder; what is finished there is kept, and not made again.
        views: How many states to draw, rounded up to whole worlds.
        episodes: How many episodes an expert plays.
        practice: How many a student plays.
        student: Who that is.
        seed: The first world's number; a data set with another range of numbers has other worlds.
        workers: How many processes.
        resume: Go on with what is there.
        families: If any, episodes and practice are tasks of these alone, and no errands.
        teacher, controller: Whose world it is.
    """

    out: Path
    views: int
    episodes: int = 0
    practice: int = 0
    student: Student | None = None
    seed: int = 0
    workers: int = 1
    resume: bool = False
    families: tuple[str, ...] = ()
    teacher: str = "kitchen"
    controller: str = "kitchen"


PieceKind = Literal["view", "episode", "practice"]


@dataclass(frozen=True)
class Shard:
    """One piece of work.

    Attributes:
        kind: Some states of one world, or one episode of an expert or a student.
        number: Decides all of it.
        settings: What was asked for.
    """

    kind: PieceKind
    number: int
    settings: DataSettings

    @property
    def name(self) -> str:
        """What its samples' names begin with."""
        return f"{self.kind}-{self.number:07d}"

    @property
    def seed(self) -> int:
        """Of its world."""
        return FIRST_TRAINING_SEED + self.number

    @property
    def file(self) -> Path:
        """Says that it is finished, and what is in it."""
        return self.settings.out / SHARDS / f"{self.name}.json"


def shards_of(settings: DataSettings) -> list[Shard]:
    """All work that is to be done: episodes spread evenly among states, so that an early end has some of each."""
    worlds = -(-settings.views // VIEWS_PER_WORLD)
    counts: tuple[tuple[PieceKind, int], ...] = (
        ("view", worlds),
        ("episode", settings.episodes),
        ("practice", settings.practice),
    )
    shards = [
        (index / number, Shard(kind, settings.seed + index, settings))
        for kind, number in counts
        for index in range(number)
    ]
    return [shard for _, shard in sorted(shards, key=lambda pair: pair[0])]


def generate(settings: DataSettings, on_shard: Callable[[Shard, int], None] = lambda shard, samples: None) -> int:
    """Make what is missing of a data set, then write its ``conversations.json``; how many samples it has.

    Args:
        settings: What to make.
        on_shard: Is told of each piece of work that is finished, also earlier, and how many samples came of it.

    Raises:
        UsageError: If there is a data set already that is not to be gone on with, or one that was begun otherwise,
            nobody is there to practise.
        UnknownNameError: If there is no task to be trained on in one of the families.
        KeyboardInterrupt: If it was interrupted; what is finished is kept, and is in ``conversations.json``.
    """
    _claim(settings)
    try:
        for shard, samples in _finished(shards_of(settings), settings.workers):
            on_shard(shard, samples)
    finally:
        count = gather(settings.out)
    return count


def _claim(settings: DataSettings) -> None:
    """Begin a data set, or see that it is the one that was begun."""
    if settings.practice and settings.student is None:
        raise UsageError("say who practises: --student with a checkpoint")
    taught_tasks(settings.families)  # or raise before anything is written
    path, origin = settings.out / ORIGIN, {"seed": settings.seed, "teacher": settings.teacher}
    if path.exists() and not settings.resume:
        raise UsageError(f"{settings.out} has a data set already: go on with it by --resume, or choose another --out")
    if path.exists() and (begun := json.loads(path.read_text(encoding="utf-8"))) != origin:
        raise UsageError(f"{settings.out} was begun with {begun}, not {origin}; choose another --out")
    prepare(settings.out)
    write_json(path, origin)


def gather(folder: Path) -> int:
    """Write ``conversations.json`` from all that is finished, in today's words; how many samples that are."""
    entries: list[dict[str, Any]] = []
    for path in sorted((folder / SHARDS).glob("*.json")):
        for entry in json.loads(path.read_text(encoding="utf-8")):
            rng = np.random.default_rng([STREAM, crc32(entry["id"].encode())])
            entries.append(estranged(reworded(entry, rng), rng))
    write_json(folder / CONVERSATIONS, entries)
    return len(entries)


def make(shard: Shard) -> int:
    """Do one piece of work, in this process; how many samples came of it."""
    rng = np.random.default_rng(np.random.SeedSequence(shard.seed, spawn_key=(STREAM,)))
    samples = _views(shard, rng) if shard.kind == "view" else _steps(shard, rng)
    entries = [save(shard.settings.out, _without_held_out(sample)) for sample in samples]
    write_json(shard.file, entries)
    return len(entries)


def _views(shard: Shard, rng: np.random.Generator) -> Iterator[Sample]:
    for index, view in enumerate(open_teacher(shard.settings.teacher).views(shard.seed, VIEWS_PER_WORLD)):
        language = LANGUAGES[int(rng.integers(len(LANGUAGES)))]
        exchanges = tuple(_exchanges(view, language, rng))
        yield Sample(f"{shard.name}-{index}", "view", view, exchanges, language, shard.seed)


def _steps(shard: Shard, rng: np.random.Generator) -> Iterator[Sample]:
    teacher = open_teacher(shard.settings.teacher)
    settings = shard.settings
    what = lecture(shard.number, shard.seed, teacher, settings.controller, rng, settings.families)
    if what is None:
        return iter(())
    student = settings.student if shard.kind == "practice" else None
    return demonstrate(shard.name, what, teacher, compact_prompter(what.language), rng, student)


def _without_held_out(sample: Sample) -> Sample:
    """The sample without what a held-out phrasing occurs in."""
    kept = tuple(each for each in sample.exchanges if held_out_in(each.question) is None)
    return replace(sample, exchanges=kept)


def _exchanges(view: View, language: Language, rng: np.random.Generator) -> Iterator[Exchange]:
    book, seen = load_phrasebook(language), sights(view)
    instructor = Instructor(book, compact_prompter(language), view, seen, rng)
    yield from filter(None, map(instructor.exchange, view.lessons))
    yield from Asker(book, view.things, seen, rng).ask(QUESTIONS)


def _finished(shards: list[Shard], workers: int) -> Iterator[tuple[Shard, int]]:
    """Each piece of work once it is finished, and how many samples came of it."""
    waiting = [shard for shard in shards if not shard.file.exists()]
    for shard in shards:
        if shard.file.exists():
            yield shard, len(json.loads(shard.file.read_text(encoding="utf-8")))
    batch = workers * PIECES_PER_PROCESS
    for first in range(0, len(waiting), batch):
        yield from _worked(waiting[first : first + batch], workers)


def _worked(shards: list[Shard], workers: int) -> Iterator[tuple[Shard, int]]:
    with ProcessPoolExecutor(workers, get_context("spawn"), _settle_in) as pool:
        futures = {pool.submit(make, shard): shard for shard in shards}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BrokenProcessPool as error:
            raise ControllerError("a process died at its work; see whether --resume gets past it") from error
        finally:
            for future in futures:
                future.cancel()


def _settle_in() -> None:
    """A worker has a core: more threads only wait for each other."""
    cv2.setNumThreads(1)
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before a student brings torch
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it is interrupted, and lets it finish its piece
