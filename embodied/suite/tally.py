"""What comes of many records: counts, shares, and how far they can be trusted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median

from pydantic import BaseModel, ConfigDict

from embodied.statistics import wilson_interval
from embodied.suite.record import Record


class Tally(BaseModel):
    """Some episodes, counted.

    Attributes:
        n: How many came to their end; those that count.
        successes: How many of them succeeded.
        low, high: Where the true share of successes lies, with 95 % confidence (Wilson).
        steps: Turns of the loop, median.
        simulated_s: On the robot's clock, median.
        wall_s: Seconds that an episode took, median.
        failures: How many failed, by reason, the most frequent first.
        infrastructure: How many were spoilt by something else than robot and planner, by reason; they are not in ``n``.
        limits_broken: In how many the robot broke a limit of speed or force.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    n: int
    successes: int
    low: float
    high: float
    steps: float | None
    simulated_s: float | None
    wall_s: float | None
    failures: dict[str, int]
    infrastructure: dict[str, int]
    limits_broken: int

    @property
    def share(self) -> float:
        """The share of successes among those that count; 0 if none does."""
        return self.successes / self.n if self.n else 0.0

    @property
    def spoilt(self) -> int:
        """How many were spoilt by something else than robot and planner."""
        return sum(self.infrastructure.values())


def tally(records: Iterable[Record]) -> Tally:
    """Count ``records``."""
    everything = list(records)
    counted = [record for record in everything if record.verdict != "infrastructure"]
    successes = sum(record.verdict == "success" for record in counted)
    low, high = wilson_interval(successes, len(counted))
    return Tally(
        n=len(counted),
        successes=successes,
        low=round(low, 6),
        high=round(high, 6),
        steps=_median([float(record.steps) for record in counted]),
        simulated_s=_median([record.simulated_s for record in counted]),
        wall_s=_median([record.wall_s for record in counted]),
        failures=_reasons(record for record in counted if record.verdict == "failure"),
        infrastructure=_reasons(record for record in everything if record.verdict == "infrastructure"),
        limits_broken=sum(record.limit_broken for record in everything),
    )


def _median(values: Sequence[float]) -> float | None:
    return round(median(values), 3) if values else None


def _reasons(records: Iterable[Record]) -> dict[str, int]:
    counts = Counter(record.reason for record in records)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
