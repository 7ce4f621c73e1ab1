"""Two suites, episode by episode: whether one planner does better than the other in the same kitchens."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from embodied.errors import UsageError
from embodied.statistics import mcnemar_p
from embodied.suite.record import Record
from embodied.suite.results import Results


@dataclass(frozen=True)
class Paired:
    """Some pairs of episodes, counted.

    Attributes:
        both, only_first, only_second, neither: In how many pairs which of the two succeeded.
    """

    both: int
    only_first: int
    only_second: int
    neither: int

    @property
    def n(self) -> int:
        """How many pairs."""
        return self.both + self.only_first + self.only_second + self.neither

    @property
    def first_share(self) -> float:
        """The share of successes of the first."""
        return (self.both + self.only_first) / self.n

    @property
    def second_share(self) -> float:
        """The share of successes of the second."""
        return (self.both + self.only_second) / self.n

    @property
    def p(self) -> float:
        """How often chance alone would give a difference at least as large (McNemar, exact, two-sided)."""
        return mcnemar_p(self.only_first, self.only_second)


@dataclass(frozen=True)
class SuiteComparison:
    """What came of comparing two suites.

    Attributes:
        total: All pairs.
        families: By family.
        tasks: By task.
        unpaired: How many episodes have no partner of the same task and seed.
        spoilt: How many pairs were left out because something else than robot and planner spoilt one of the two.
        remarks: What the two do not have in common, besides what is to be compared.
    """

    total: Paired
    families: dict[str, Paired]
    tasks: dict[str, Paired]
    unpaired: int
    spoilt: int
    remarks: tuple[str, ...]


Pair = tuple[Record, Record]


def compare(first: Results, second: Results) -> SuiteComparison:
    """Pair the episodes by task and seed.

    Raises:
        UsageError: If no episode of one has a partner in the other.
    """
    left, right = ({(record.task, record.seed): record for record in each.episodes} for each in (first, second))
    pairs = [(left[key], right[key]) for key in sorted(left.keys() & right.keys())]
    counted = [pair for pair in pairs if "infrastructure" not in (pair[0].verdict, pair[1].verdict)]
    if not counted:
        raise UsageError(
            "nothing can be compared: no episode of the one has the task and the seed of one of the other "
            f"({len(left)} and {len(right)} episodes, {len(pairs)} pairs spoilt); run both with the same --seeds"
        )
    return SuiteComparison(
        total=_paired(counted),
        families=_groups(counted, lambda record: record.family),
        tasks=_groups(counted, lambda record: record.task),
        unpaired=len(left) + len(right) - 2 * len(pairs),
        spoilt=len(pairs) - len(counted),
        remarks=tuple(_remarks(first, second, counted)),
    )


def _paired(pairs: Iterable[Pair]) -> Paired:
    outcomes = [(first.verdict == "success", second.verdict == "success") for first, second in pairs]
    return Paired(*(outcomes.count(each) for each in ((True, True), (True, False), (False, True), (False, False))))


def _groups(pairs: Iterable[Pair], of: Callable[[Record], str]) -> dict[str, Paired]:
    found: dict[str, list[Pair]] = {}
    for pair in pairs:
        found.setdefault(of(pair[0]), []).append(pair)
    return {name: _paired(each) for name, each in sorted(found.items())}


def _remarks(first: Results, second: Results, pairs: list[Pair]) -> Iterable[str]:
    if first.tier != second.tier:
        yield f"tiers {first.tier} and {second.tier}: one of the two could see what the other could not"
    if first.disturbed != second.disturbed:
        yield "only one of the two was disturbed"
    reworded = sum(one.instruction != other.instruction for one, other in pairs)
    if reworded:
        yield f"{reworded} of {len(pairs)} pairs were asked in other words"
    changed = [
        f"{name} {first.versions.get(name)} and {second.versions.get(name)}"
        for name in sorted(first.versions.keys() | second.versions.keys())
        if first.versions.get(name) != second.versions.get(name)
    ]
    if changed:
        yield f"versions differ: {', '.join(changed)}"
