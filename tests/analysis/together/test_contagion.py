"""Before and after an event: real changes are found, changes of volatility alone are refused."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from analysis.together.around.aftermath import digest_aftermath, mark_aftermath, measure_aftermath, name_rows
from analysis.together.around.contagion import compare, forbes_rigobon, rank_change
from analysis.together.around.episodes import measure_episodes
from tests.analysis.together.series import START, make_pair, make_pair_returns


def make_events(*hours, precision="second", category="executive_order"):
    return pl.DataFrame(
        {
            "event_id": [f"event-{hour}" for hour in hours],
            "best_at_utc": [START + timedelta(hours=hour, minutes=30) for hour in hours],
            "time_precision": [precision] * len(hours),
            "category": [category] * len(hours),
        }
    )


def test_forbes_rigobon_by_hand():
    # Variance of the benchmark four times larger: 0.8 / sqrt(1 + 3 (1 - 0.64)).
    assert forbes_rigobon(np.array(0.8), np.array(4.0)) == pytest.approx(0.8 / np.sqrt(2.08))
    assert forbes_rigobon(np.array(0.8), np.array(1.0)) == pytest.approx(0.8)


def test_louder_benchmark_with_the_same_link_is_refused_after_adjustment():
    generator = np.random.default_rng(1)
    raw, adjusted = 0, 0
    for _ in range(100):
        token, benchmark = make_pair_returns(generator, 400, clusters=False)
        loud = 0.03 * generator.standard_normal(200)
        after = loud + 0.01 * generator.standard_normal(200)
        found = compare(token, benchmark, after, loud, generator, n_draws=299)
        raw += found.correlation.lower > 0
        adjusted += found.p_adjusted_change < 0.05
    assert raw > 90
    assert adjusted < 12


def test_a_link_that_breaks_is_found_with_and_without_adjustment():
    generator = np.random.default_rng(2)
    token, benchmark = make_pair_returns(generator, 300, beta=1.5, noise=0.5)
    after, loud = make_pair_returns(generator, 168, beta=0.2)
    found = compare(token, benchmark, after, 2.0 * loud, generator)
    assert found.correlation.upper < 0
    assert found.adjusted.upper < 0
    assert found.beta.upper < 0
    assert found.p_adjusted_change < 0.001


def test_no_change_is_called_one_in_about_five_percent():
    generator = np.random.default_rng(3)
    calls = 0
    for _ in range(200):
        token, benchmark = make_pair_returns(generator, 336)
        found = compare(token[:168], benchmark[:168], token[168:], benchmark[168:], generator, n_draws=199)
        calls += found.correlation.lower > 0 or found.correlation.upper < 0
    assert calls / 200 < 0.11


def test_placebo_rank_is_low_only_when_the_change_is_unusual():
    token, benchmark = make_pair_returns(np.random.default_rng(4), 2000, beta=2.0)
    broken = rank_change(token, benchmark, 100, 0.9, 0.1)
    ordinary = rank_change(token, benchmark, 100, 0.90, 0.895)
    assert broken.rank == pytest.approx(1 / (1 + broken.n))
    assert ordinary.rank > 0.5
    assert broken.n_independent == (broken.n + 199) // 200


def test_placebo_needs_earlier_dates():
    token, benchmark = make_pair_returns(np.random.default_rng(5), 150)
    found = rank_change(token, benchmark, 100, 0.9, 0.1)
    assert found.n == 0
    assert np.isnan(found.rank)


def test_episode_recovers_a_break_at_the_event_and_leaves_its_bar_out():
    generator = np.random.default_rng(6)
    benchmark = 0.01 * generator.standard_normal(1200)
    noise = 0.005 * generator.standard_normal(1200)
    token = np.where(np.arange(1200) < 700, 1.8, 0.1) * benchmark + noise
    token[700] = 5.0  # the bar of the event itself
    row = measure_episodes([make_pair(token, benchmark)], make_events(700)).filter(pl.col("window_hours") == 168)
    assert row["n_before"][0] == row["n_after"][0] == 168
    assert row["before_beta_lower_95"][0] < 1.8 < row["before_beta_upper_95"][0]
    assert row["change_correlation_upper_95"][0] < -0.5
    assert row["placebo_rank"][0] < 0.01
    assert row["reason"][0] is None


def test_episode_that_the_data_do_not_cover_says_why():
    token, benchmark = make_pair_returns(np.random.default_rng(7), 400)
    rows = measure_episodes([make_pair(token, benchmark)], make_events(380))
    short = rows.filter(pl.col("window_hours") == 72)
    assert short["before_correlation"][0] is None
    assert short["reason"][0] == "72 bars before and 19 after; each side needs 80 % of 72"


def test_day_precise_and_outside_events_have_no_rows():
    pair = make_pair(*make_pair_returns(np.random.default_rng(8), 400))
    for events in (make_events(200, precision="day"), make_events(4000)):
        assert measure_episodes([pair], events).height == 0


def test_a_row_does_not_depend_on_which_others_are_computed():
    pairs = [make_pair(*make_pair_returns(np.random.default_rng(seed), 500), asset=f"A{seed}") for seed in (1, 2)]
    together = measure_episodes(pairs, make_events(200, 300))
    alone = measure_episodes(pairs[1:], make_events(300))
    kept = together.filter((pl.col("asset_id") == "A2") & (pl.col("event_id") == "event-300"))
    assert kept.equals(alone)


def test_aftermath_pools_events_and_refuses_a_change_of_volatility_alone():
    generator = np.random.default_rng(9)
    hours = list(range(300, 3900, 240))
    loud = np.ones(4000)
    for hour in hours:
        loud[hour : hour + 24] = 3.0
    benchmark = 0.01 * loud * generator.standard_normal(4000)
    token = benchmark + 0.01 * generator.standard_normal(4000)
    row = measure_aftermath([make_pair(token, benchmark)], make_events(*hours)).filter(pl.col("category") == "all")
    assert row["n_events"][0] == 15
    assert row["n_after"][0] == 15 * 24
    assert row["change_lower_95"][0] > 0.1
    assert row["p_value"][0] > 0.05
    assert row["variance_ratio"][0] > 5


def test_aftermaths_that_overlap_count_each_bar_once():
    pair = make_pair(*make_pair_returns(np.random.default_rng(10), 100))
    marked, n_events = mark_aftermath(pair, [START + timedelta(hours=h) for h in (10, 20, 500)], 24)
    assert marked.sum() == 34
    assert n_events == 2


def test_few_events_are_not_pooled_and_overlapping_ones_give_a_reason():
    pair = make_pair(*make_pair_returns(np.random.default_rng(11), 2000))
    assert measure_aftermath([pair], make_events(200, 500, 800, 1100)).height == 0
    crowded = measure_aftermath([pair], make_events(200, 201, 202, 203, 204))
    assert crowded["reason"][0] == "1972 calm and 28 aftermath bars; each side needs 96"
    assert crowded["change"][0] is None


def test_an_event_leaves_the_aftermaths_of_pairs_that_ended_before_it_as_they_are():
    generator = np.random.default_rng(12)
    ended = replace(make_pair(*make_pair_returns(generator, 2000)), market_id="x:ENDED/USDT")
    pairs = [make_pair(*make_pair_returns(generator, 4000)), ended]
    hours = [*range(300, 1900, 240)]
    before, events = make_events(*hours), make_events(*hours, 2500)
    digests = digest_aftermath(pairs, before), digest_aftermath(pairs, events)
    standing = [name for name, digest in digests[1].items() if digests[0].get(name) == digest]
    stored = measure_aftermath(pairs, before)
    kept = stored.filter(name_rows().is_in(standing))
    assert kept["market_id"].unique().to_list() == ["x:ENDED/USDT"]
    assert kept.height < stored.height
    anew, key = measure_aftermath(pairs, events), ["market_id", "category"]
    assert measure_aftermath(pairs, events, kept).sort(key).equals(anew.sort(key))


def test_whatever_an_aftermath_rests_on_changes_its_digest():
    token, benchmark = make_pair_returns(np.random.default_rng(13), 2000)
    hours = [*range(300, 1900, 240)]
    before = digest_aftermath([make_pair(token, benchmark)], make_events(*hours))
    for bar in (100, 305):  # calm, and after an event
        other = token.copy()
        other[bar] += 0.01
        assert digest_aftermath([make_pair(other, benchmark)], make_events(*hours)).items().isdisjoint(before.items())
    other_day = make_events(*hours[:-1], hours[-1] + 1)
    assert digest_aftermath([make_pair(token, benchmark)], other_day).items().isdisjoint(before.items())
