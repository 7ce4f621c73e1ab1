"""How many episodes a suite needs: arithmetic alone, in three tables of Markdown for docs/suites-in-ci.md.

The first says how many of n episodes must succeed to show a share: so many put the lower end of their Wilson interval
(95 %) there. The second says how often a robot shows 90 % so, by its true share; the third, how often a suite with a
threshold is red although nothing has changed, where every run draws its luck anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from figures import parser
from scipy.stats import binom

from embodied.statistics import wilson_interval

SIZES = (20, 40, 60, 100, 200, 500, 1200)
SHOWN = (0.8, 0.9, 0.95, 0.98)
TRUE = (0.9, 0.93, 0.95, 0.97, 0.98, 0.99)
TO_SHOW = 0.9
THRESHOLDS = ((0.85, 20), (0.85, 100), (0.9, 20), (0.9, 100), (0.95, 100), (0.95, 500))


def fewest(trials: int, share: float) -> int | None:
    """The fewest successes of ``trials`` that show ``share``; ``None`` if not even all of them do."""
    return next((k for k in range(trials + 1) if wilson_interval(k, trials)[0] >= share), None)


def shown(trials: int, true: float) -> float:
    """How often a robot whose true share is ``true`` shows ``TO_SHOW``."""
    wanted = fewest(trials, TO_SHOW)
    return 0.0 if wanted is None else float(binom.sf(wanted - 1, trials, true))


def red(trials: int, threshold: float, true: float) -> float:
    """How often such a robot's suite is red with ``--min-success`` at ``threshold``."""
    wanted = next(k for k in range(trials + 1) if k / trials >= threshold)
    return float(binom.cdf(wanted - 1, trials, true))


def tables() -> Iterator[str]:
    """The three tables, line by line."""
    yield from _table("to show", map(_whole, SHOWN))
    for n in SIZES:
        yield _row([f"n = {n}", *(_successes(n, share) for share in SHOWN)])
    yield ""
    yield from _table("true share", map(_whole, TRUE))
    for n in SIZES:
        yield _row([f"n = {n}", *(_tenth(shown(n, true)) for true in TRUE)])
    yield ""
    yield from _table("true share", map(_whole, TRUE))
    for threshold, n in THRESHOLDS:
        yield _row([f"`--min-success {threshold}`, n = {n}", *(_tenth(red(n, threshold, true)) for true in TRUE)])


def _table(first: str, columns: Iterable[str]) -> Iterator[str]:
    names = [first, *columns]
    yield _row(names)
    yield "|" + "---|" * len(names)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _successes(trials: int, share: float) -> str:
    wanted = fewest(trials, share)
    return "never" if wanted is None else f"{wanted} ({_tenth(wanted / trials)})"


def _whole(share: float) -> str:
    return f"{100 * share:.0f} %"


def _tenth(share: float) -> str:
    return f"{100 * share:.1f} %"


if __name__ == "__main__":
    parser(__doc__).parse_args()
    print("\n".join(tables()))
