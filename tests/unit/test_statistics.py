import pytest

from embodied.statistics import wilson_interval


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_published_intervals_are_met(successes: int, trials: int, low: float, high: float) -> None:
    # Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998), table I.
    assert wilson_interval(successes, trials) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("trials", [1, 7, 100, 10_000])
def test_none_and_all_touch_the_ends_exactly_and_mirror_each_other(trials: int) -> None:
    low, high = wilson_interval(0, trials)
    assert low == 0.0
    assert wilson_interval(trials, trials) == pytest.approx((1.0 - high, 1.0))
    assert wilson_interval(trials, trials)[1] == 1.0


def test_every_interval_holds_its_share_and_stays_within_zero_and_one() -> None:
    for trials in range(1, 60):
        for successes in range(trials + 1):
            low, high = wilson_interval(successes, trials)
            assert 0.0 <= low <= successes / trials <= high <= 1.0
            assert low < high


def test_more_trials_and_less_confidence_make_it_narrower() -> None:
    def width(successes: int, trials: int, confidence: float = 0.95) -> float:
        low, high = wilson_interval(successes, trials, confidence)
        return high - low

    assert width(95, 100) < width(19, 20)
    assert width(95, 100, 0.8) < width(95, 100)


def test_its_ends_are_the_shares_whose_own_spread_just_reaches_the_count() -> None:
    # What defines it: |share - end| = z * sqrt(end * (1 - end) / n).
    for end in wilson_interval(95, 100):
        assert abs(0.95 - end) == pytest.approx(1.959964 * (end * (1.0 - end) / 100) ** 0.5, rel=1e-6)


def test_no_trials_say_nothing() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("confidence", [0.0, 1.0, -0.5, float("nan")])
def test_a_confidence_that_is_none_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        wilson_interval(1, 2, confidence)


@pytest.mark.parametrize(("successes", "trials"), [(3, 2), (-1, 2), (0, -1)])
def test_counts_that_cannot_be_are_refused(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="share"):
        wilson_interval(successes, trials)
