"""Regimes and networks: planted breaks and blocks are found, noise is not."""

import numpy as np
import polars as pl
import pytest

from analysis.together.moving.regimes import block_correlations, find_breaks, measure_regimes
from analysis.together.network import build_network, measure_network, partial_correlations
from tests.analysis.together.series import make_pair, make_pair_returns
from tests.analysis.together.test_leadlag import make_panel


def test_a_planted_break_is_found_to_within_a_few_days():
    generator = np.random.default_rng(1)
    hits = 0
    for _ in range(40):
        benchmark = generator.standard_t(5, 300 * 24)
        link = np.where(np.arange(300 * 24) < 150 * 24, 1.0, 0.5)
        blocks = block_correlations(link * benchmark + generator.standard_t(5, 300 * 24), benchmark, 24)
        breaks = find_breaks(blocks.z)
        hits += len(breaks) == 1 and abs(breaks[0] - 150) <= 7
    assert hits >= 36


def test_changing_volatility_alone_is_not_a_break():
    generator = np.random.default_rng(2)
    false_alarms = sum(
        bool(find_breaks(block_correlations(*make_pair_returns(generator, 200 * 24), 24).z)) for _ in range(60)
    )
    assert false_alarms <= 3


def test_regime_rows_tile_the_span_and_carry_their_own_level():
    generator = np.random.default_rng(3)
    benchmark = 0.01 * generator.standard_normal(200 * 24)
    link = np.where(np.arange(200 * 24) < 120 * 24, 1.5, 0.3)
    rows = measure_regimes([make_pair(link * benchmark + 0.01 * generator.standard_normal(200 * 24), benchmark)])
    assert rows.height == 2
    assert rows["end_utc"][0] == rows["start_utc"][1]
    assert rows["beta"][0] == pytest.approx(1.5, abs=0.1)
    assert rows["beta"][1] == pytest.approx(0.3, abs=0.1)


def test_short_pairs_have_no_regimes():
    assert measure_regimes([make_pair(*make_pair_returns(np.random.default_rng(4), 648))]).height == 0


def make_blocks(generator, n=800):
    factors = generator.standard_normal((2, n))
    tokens = [factors[k // 3] + 0.4 * generator.standard_normal(n) for k in range(6)]
    return 0.01 * np.stack(tokens)


def test_two_groups_become_two_clusters_and_one_bridge_joins_them():
    network = build_network(np.corrcoef(make_blocks(np.random.default_rng(5))))
    assert network.cluster[:3].tolist() != network.cluster[3:].tolist()
    assert len(set(network.cluster[:3])) == len(set(network.cluster[3:])) == 1
    assert network.is_in_tree.sum() == 2 * 5
    assert network.is_in_tree[:3, 3:].sum() == 1


def test_identical_series_stay_joined_in_the_tree():
    returns = make_blocks(np.random.default_rng(6))
    returns[1] = returns[0]
    assert build_network(np.corrcoef(returns)).is_in_tree[0, 1]


def test_partial_correlation_takes_the_common_driver_out():
    generator = np.random.default_rng(7)
    bitcoin = generator.standard_normal(20_000)
    values = np.stack(
        [bitcoin, bitcoin + generator.standard_normal(20_000), bitcoin + generator.standard_normal(20_000)]
    )
    raw = np.corrcoef(values)
    found = partial_correlations(raw, 0)
    assert raw[1, 2] > 0.45
    assert abs(found[1, 2]) < 0.03
    assert np.isnan(found[0, 1])


def test_months_are_separate_and_a_thin_asset_is_left_out_of_its_month():
    generator = np.random.default_rng(8)
    returns = make_blocks(generator, 24 * 60)
    returns[5, : 24 * 40] = np.nan
    names = ("BTC", "ETH", "FET", "NEAR", "TAO", "WLD")
    edges, nodes = measure_network([make_panel(returns, names)])
    per_month = nodes.group_by("period_start_utc").len().sort("period_start_utc")["len"].to_list()
    assert per_month[0] == 5  # WLD has no January
    assert per_month[1] == 6
    assert (
        edges.filter("is_in_tree").group_by("period_start_utc").len().sort("period_start_utc")["len"].to_list()[0] == 4
    )
    first = nodes.filter(pl.col("period_start_utc") == nodes["period_start_utc"].min())
    assert first["tree_survival"].null_count() == first.height
