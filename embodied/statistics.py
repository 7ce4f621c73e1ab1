"""How far a share that was counted can be trusted."""

from __future__ import annotations

from math import comb, sqrt
from statistics import NormalDist


def wilson_interval(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """The interval (low, high) in which the true share of successes lies with about this confidence.

    The score interval of E. B. Wilson, Probable inference, the law of succession, and statistical inference, Journal of
    the American Statistical Association 22 (1927), 209-212; without continuity correction. It keeps its word for few
    trials and for shares near 0 and 1, where the textbook's normal interval does not.

    Args:
        successes: How many trials succeeded.
        trials: How many there were; none at all say nothing, and give (0, 1).
        confidence: Between 0 and 1.

    Raises:
        ValueError: If the counts are not possible, or the confidence does not lie between 0 and 1.
    """
    if not (0 <= successes <= trials and 0.0 < confidence < 1.0):
        raise ValueError(f"{successes} of {trials} at confidence {confidence} is not a share that can be counted")
    if trials == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1.0 + confidence) / 2.0)
    share, weight = successes / trials, z * z / trials
    middle = (share + weight / 2.0) / (1.0 + weight)
    half = z * sqrt(share * (1.0 - share) / trials + weight / (4.0 * trials)) / (1.0 + weight)
    low = 0.0 if successes == 0 else middle - half
    high = 1.0 if successes == trials else middle + half
    return low, high


def mcnemar_p(only_first: int, only_second: int) -> float:
    """How often chance alone gives two paired shares that differ at least so much: exact, two-sided.

    The test of Q. McNemar, Psychometrika 12 (1947), 153-157, by the binomial distribution: of the pairs in which only
    one of the two succeeded, each is as likely to be the one's as the other's.

    Args:
        only_first: In how many pairs the first succeeded and the second did not.
        only_second: The other way round.

    Raises:
        ValueError: If a count is negative.
    """
    if only_first < 0 or only_second < 0:
        raise ValueError(f"{only_first} and {only_second} are not numbers of pairs")
    n = only_first + only_second
    tail = sum(comb(n, k) for k in range(min(only_first, only_second) + 1))
    return min(1.0, 2 * tail / (1 << n))
