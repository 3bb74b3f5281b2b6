"""Rank and distance dependence against brute force, with intervals that hold for returns."""

import numpy as np
import polars as pl
import pytest

from analysis.together.moving.dependence import (
    DEPENDENCE_MEASURES,
    measure_distance,
    measure_kendall,
    measure_with_interval,
)
from analysis.together.moving.spans import measure_spans
from tests.analysis.together.series import make_pair, make_pair_returns


def brute_force_distance(x, y):
    """Szekely and Rizzo 2014, straight from U-centred matrices."""

    def centre(values):
        n = values.size
        d = np.abs(values[:, None] - values)
        rows = d.sum(axis=1)
        out = d - rows[:, None] / (n - 2) - rows[None, :] / (n - 2) + d.sum() / ((n - 1) * (n - 2))
        np.fill_diagonal(out, 0.0)
        return out

    a, b = centre(x), centre(y)
    squared = (a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum())
    return np.sign(squared) * np.sqrt(abs(squared))


@pytest.mark.parametrize("n", [12, 37, 64, 201])
def test_distance_correlation_matches_brute_force(n):
    generator = np.random.default_rng(n)
    x = generator.standard_normal(n)
    y = np.round(x**2 + generator.standard_normal(n), 1)  # rounded, so that there are ties
    assert measure_distance(x, y) == pytest.approx(brute_force_distance(x, y), abs=1e-10)


def test_distance_correlation_sees_a_link_that_correlation_cannot():
    generator = np.random.default_rng(1)
    x = generator.standard_normal(1000)
    y = np.abs(x) + 0.3 * generator.standard_normal(1000)
    assert abs(DEPENDENCE_MEASURES["spearman"](x, y, ())[0]) < 0.1
    assert measure_distance(x, y) > 0.4


def test_distance_correlation_of_independent_series_centres_on_zero():
    generator = np.random.default_rng(2)
    found = [measure_distance(*generator.standard_normal((2, 80))) for _ in range(200)]
    assert abs(np.mean(np.sign(found) * np.square(found))) < 0.01


def test_rank_measures_by_hand():
    x, y = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 3.0, 2.0, 4.0])
    assert DEPENDENCE_MEASURES["spearman"](x, y, ())[0] == pytest.approx(0.8)
    assert measure_kendall(x, y) == pytest.approx(4 / 6)  # five concordant pairs, one discordant


def test_one_wild_bar_moves_pearson_and_not_the_ranks():
    token, benchmark = make_pair_returns(np.random.default_rng(3), 500, clusters=False)
    token[100], benchmark[100] = 0.5, -0.5
    rows = measure_spans([make_pair(token, benchmark)])
    values = dict(rows.select("measure", "estimate").iter_rows())
    assert values["pearson"] < 0
    assert values["spearman"] > 0.6


@pytest.mark.parametrize(("name", "truth"), [("spearman", 0.69), ("kendall", 0.5)])
def test_jackknife_interval_covers_the_truth(name, truth):
    generator = np.random.default_rng(4)
    hits = 0
    for _ in range(80):
        token, benchmark = make_pair_returns(generator, 400, clusters=False)
        found = measure_with_interval(token, benchmark, DEPENDENCE_MEASURES[name])
        hits += found.lower < truth < found.upper
    assert hits / 80 > 0.87


def test_long_pairs_have_every_measure_over_the_last_ninety_days_only():
    rows = measure_spans([make_pair(*make_pair_returns(np.random.default_rng(5), 3000))])
    spans = rows.group_by("span_id").agg(pl.col("measure").sort(), pl.col("n").first()).sort("span_id")
    assert spans["measure"].to_list() == [
        ["beta", "pearson", "spearman"],
        ["beta", "distance", "kendall", "pearson", "spearman"],
    ]
    assert spans["n"].to_list() == [3000, 2160]


def test_a_price_that_never_moved_has_a_reason_instead_of_a_number():
    rows = measure_spans([make_pair(np.zeros(200), np.random.default_rng(6).standard_normal(200))])
    assert rows["estimate"].null_count() == rows.height
    assert "never moved" in rows["reason"][0]
