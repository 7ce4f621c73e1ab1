"""What was tried, and what is tried next."""

import numpy as np

from sim.tries import Tries, cheapest_elsewhere

ROW = np.array([[0.1 * k, 0.0, 0.8] for k in range(5)])
COSTS = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
NOWHERE = np.empty((0, 3))


def test_each_try_counts_the_ones_before_it() -> None:
    tries = Tries()
    assert [tries.another("grasp mug") for _ in range(3)] == [0, 1, 2]
    assert tries.count("grasp mug") == 3
    assert tries.count("grasp bowl") == 0


def test_the_cheapest_point_comes_first() -> None:
    assert cheapest_elsewhere(ROW, COSTS, NOWHERE, 0.15) == 0


def test_a_new_try_keeps_away_from_the_old_ones() -> None:
    assert cheapest_elsewhere(ROW, COSTS, ROW[[0]], 0.15) == 2
    assert cheapest_elsewhere(ROW, COSTS, ROW[[0, 2]], 0.15) == 4


def test_where_everything_was_tried_the_furthest_point_from_the_last_one_is_next() -> None:
    assert cheapest_elsewhere(ROW, COSTS, ROW[[1]], 9.0) == 4
    assert cheapest_elsewhere(ROW, COSTS, ROW[[1, 4]], 9.0) == 0


def test_what_was_tried_least_comes_before_what_was_tried_often() -> None:
    assert cheapest_elsewhere(ROW, COSTS, ROW[[0, 2, 4, 4, 4]], 0.05) == 1
    assert cheapest_elsewhere(ROW, COSTS, ROW[[0, 1, 2, 3, 4, 4, 0]], 0.05) == 3


def test_a_point_that_does_not_do_is_never_chosen() -> None:
    assert cheapest_elsewhere(ROW, np.array([np.inf, 1.0, np.inf, np.inf, np.inf]), ROW[[1]], 9.0) == 1
    assert cheapest_elsewhere(ROW, np.full(5, np.inf), NOWHERE, 0.1) is None
    assert cheapest_elsewhere(NOWHERE, np.empty(0), NOWHERE, 0.1) is None
