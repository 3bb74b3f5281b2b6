"""Change points: the best of all partitions, and the numbers of another program."""

from itertools import combinations

import numpy as np
import pytest

from analysis.together.moving.change_points import find_change_points

# By seed of `make_levels`: kernel change points (linear kernel, spans of 7 or more, penalty 0.4) of ruptures 1.1.10.
BREAKS_OF_RUPTURES = {
    0: [79, 104, 186],
    1: [39],
    2: [115],
    3: [],
    4: [40, 53],
    5: [84, 95, 149],
    6: [35, 103, 111],
    7: [15, 129, 229],
    8: [53],
    9: [20, 39, 90],
    10: [73, 160, 187],
    11: [],
    12: [201],
    13: [72, 100, 174, 191],
    14: [8, 57],
    15: [216],
    16: [43, 87],
    17: [7, 97],
    18: [24],
    19: [25],
    20: [],
    21: [17, 90],
    22: [198],
    23: [13, 36],
}


def make_levels(seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    n = int(generator.integers(80, 300))
    levels = generator.normal(0, 0.2, n)
    for at in generator.integers(0, n, int(generator.integers(0, 5))):
        levels[at:] += generator.normal(0, 0.5)
    return levels


def cost_of(values: np.ndarray, breaks: tuple[int, ...], penalty: float) -> float:
    spans = np.split(values, list(breaks))
    return sum(float(np.sum((span - span.mean()) ** 2)) for span in spans) + penalty * len(breaks)


@pytest.mark.parametrize("seed", BREAKS_OF_RUPTURES)
def test_breaks_are_those_of_an_independent_program(seed: int) -> None:
    assert find_change_points(make_levels(seed), 0.4, 7) == BREAKS_OF_RUPTURES[seed]


@pytest.mark.parametrize("seed", range(20))
def test_no_partition_is_cheaper(seed: int) -> None:
    generator = np.random.default_rng(seed)
    values, penalty = generator.normal(0, 1, 12) + np.repeat(generator.normal(0, 2, 3), 4), 1.5
    found = tuple(find_change_points(values, penalty, 2))
    every = [
        breaks
        for count in range(6)
        for breaks in combinations(range(1, 12), count)
        if np.diff([0, *breaks, 12]).min() >= 2
    ]
    assert found in every
    assert cost_of(values, found, penalty) == pytest.approx(min(cost_of(values, b, penalty) for b in every), abs=1e-12)


def test_a_break_must_pay_its_penalty() -> None:
    values = np.repeat([0.0, 1.0], 5)  # one level costs 2.5, two cost the penalty
    assert find_change_points(values, 2.4, 2) == [5]
    assert find_change_points(values, 2.6, 2) == []


def test_a_level_lasts_at_least_the_minimum() -> None:
    values = np.repeat([0.0, 9.0, 0.0], [10, 3, 10])
    assert find_change_points(values, 0.1, 3) == [10, 13]
    assert all(np.diff([0, *find_change_points(values, 0.1, 4), 23]) >= 4)
    assert find_change_points(values[:7], 0.0, 4) == []
