"""Responses to attention: planted ones are recovered, calendars, prices and chance are refused."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from analysis.together.attention.forecast import try_forecast
from analysis.together.attention.reactions import (
    digest_subjects,
    hourly_markets,
    measure_forecasts,
    measure_responses,
)
from analysis.together.attention.response import (
    accumulate,
    distribute_lags,
    own_past,
    remove_profile,
    trace_response,
)
from tests.analysis.together.series import START, make_pair
from tests.builders import make_rows
from warehouse.tables.attention import ATTENTION

HORIZONS = (0, 1, 3, 6, 24)


def make_shocks(generator, n):
    return generator.gamma(0.3, 1.0, n)


def project(shock, outcome, controls=None, accumulation="sum"):
    given = own_past(outcome) if controls is None else controls
    return trace_response(shock, outcome, given, HORIZONS, accumulation, 24, 168)


def test_accumulation_by_hand_never_includes_the_bar_itself():
    outcome = np.array([1.0, 2.0, 3.0, np.nan, 5.0])
    assert accumulate(outcome, 0, "sum").tolist()[:3] == [1.0, 2.0, 3.0]
    assert accumulate(outcome, 2, "sum")[0] == 5.0
    assert accumulate(outcome, 2, "mean")[0] == 2.5
    assert np.isnan(accumulate(outcome, 2, "sum")[1:]).all()


def test_a_response_that_begins_three_bars_later_is_recovered_at_the_right_horizons():
    generator = np.random.default_rng(1)
    shock = make_shocks(generator, 8000)
    returns = 0.01 * generator.standard_t(4, 8000)
    returns[3:] += 0.002 * shock[:-3] / shock.std()
    found = project(shock, returns)
    lower = found.estimate - 1.96 * found.standard_error
    assert np.all(lower[:2] < 0)
    assert found.estimate[2] == pytest.approx(0.002, abs=0.0007)
    assert found.p_placebo[2] == pytest.approx(1 / (1 + found.n_placebo))
    spread = distribute_lags(shock, returns, np.empty((0, 8000)), HORIZONS)
    assert spread.estimate[2] == pytest.approx(found.estimate[2], abs=0.0005)


def test_unrelated_shocks_are_called_about_five_percent_of_the_time():
    generator = np.random.default_rng(2)
    robust, placebo = [], []
    for _ in range(60):
        found = project(make_shocks(generator, 3000), 0.01 * generator.standard_t(4, 3000))
        robust.append(found.p_value < 0.05)
        placebo.append(found.p_placebo < 0.05)
    assert np.mean(robust) < 0.12
    assert np.mean(placebo) < 0.12


def test_a_shared_daily_rhythm_is_refused_once_the_profile_is_out():
    generator = np.random.default_rng(3)
    hour = np.arange(6000) % 168
    rhythm = 1.0 + np.sin(2 * np.pi * hour / 24)
    shock = rhythm + make_shocks(generator, 6000)
    activity = 2.0 * rhythm + generator.standard_normal(6000)
    naive = trace_response(shock, activity, np.empty((0, 6000)), (1,), "mean", 24, 168)
    fair = trace_response(
        remove_profile(shock, 168, 0), remove_profile(activity, 168, 0), np.empty((0, 6000)), (1,), "mean", 24, 168
    )
    assert naive.p_value[0] < 1e-10
    assert naive.p_placebo[0] > 0.05  # whole-day shifts keep the rhythm, so the placebos see through it
    assert fair.p_value[0] > 0.01


def test_few_shocks_or_bars_give_no_response():
    generator = np.random.default_rng(4)
    rare = np.zeros(5000)
    rare[[100, 2000, 4000]] = 1.0
    assert project(rare, generator.standard_normal(5000)) is None
    assert project(make_shocks(generator, 500), generator.standard_normal(500)) is None


def test_absent_bars_are_left_out_and_counted():
    generator = np.random.default_rng(5)
    returns = generator.standard_normal(5000)
    returns[1000:1400] = np.nan
    found = project(make_shocks(generator, 5000), returns, np.empty((0, 5000)))
    assert found.n < 4600


def test_clark_west_finds_what_helps_and_refuses_what_does_not():
    generator = np.random.default_rng(6)
    n = 6000
    signal = make_shocks(generator, n)
    returns = 0.01 * generator.standard_t(4, n)
    nothing = np.empty((0, n))
    empty_handed = try_forecast(returns, nothing, signal[None], 1, is_return=True, bars_per_year=8760)
    assert empty_handed.p_value > 0.01
    assert empty_handed.r2_out_of_sample < 0.002
    assert empty_handed.gain_per_year < 0.2
    returns[1:] += 0.004 * (signal[:-1] - signal.mean()) / signal.std()
    helped = try_forecast(returns, nothing, signal[None], 1, is_return=True, bars_per_year=8760)
    assert helped.p_value < 1e-4
    assert helped.r2_out_of_sample > 0.02
    assert helped.gain_per_year > 0


def test_forecasts_use_only_outcomes_that_were_complete():
    generator = np.random.default_rng(7)
    n = 5000
    returns = generator.standard_normal(n)
    peek = accumulate(returns, 24, "sum")  # a predictor that is the answer, one day late
    late = np.concatenate([np.full(24, np.nan), peek[:-24]])
    found = try_forecast(returns, np.empty((0, n)), late[None], 24, is_return=True, bars_per_year=8760)
    assert found.r2_out_of_sample < 0.05


def test_clark_west_size_is_about_nominal():
    generator = np.random.default_rng(8)
    calls = [
        try_forecast(
            generator.standard_t(4, 4500),
            np.empty((0, 4500)),
            make_shocks(generator, 4500)[None],
            1,
            is_return=True,
            bars_per_year=8760,
        ).p_value
        < 0.05
        for _ in range(60)
    ]
    assert np.mean(calls) < 0.15


def make_attention(counts, subject="all", *, kind="all", is_outcome=False, expected=1.0):
    return make_rows(
        ATTENTION,
        *(
            {
                "frequency": "hourly",
                "kind": kind,
                "subject_id": subject,
                "start_utc": START + timedelta(hours=hour),
                "n_headlines": int(count),
                "expected_headlines": expected,
                "is_outcome": is_outcome,
            }
            for hour, count in enumerate(counts)
        ),
    )


def make_world(generator, n=5000):
    """A market whose volatility answers policy headlines two hours later, and price headlines that follow big moves."""
    policy = generator.poisson(np.where(generator.random(n) < 0.03, 8.0, 0.8))
    burst = np.concatenate([[0, 0], policy[:-2]])
    benchmark = 0.005 * generator.standard_normal(n)
    own = 0.004 * (1.0 + 0.4 * np.clip(burst - 2, 0, None)) * generator.standard_normal(n)
    commentary = generator.poisson(0.5 + 200 * np.concatenate([[0.0], np.abs(own)[:-1]]))
    pair = make_pair(benchmark + own, benchmark, volume=np.exp(generator.standard_normal(n)))
    return pair, policy, commentary


def test_market_rows_find_the_planted_answers_and_never_use_price_commentary_as_a_cause():
    pair, policy, commentary = make_world(np.random.default_rng(9))
    attention = pl.concat(
        [
            make_attention(policy),
            make_attention(commentary, "token_price_commentary", kind="category", is_outcome=True),
        ]
    )
    rows = measure_responses(hourly_markets([pair]), attention)
    causes = rows.filter(pl.col("direction") == "news_to_market")
    assert causes["subject_id"].unique().to_list() == ["all"]
    later = causes.filter(
        (pl.col("outcome") == "volatility") & (pl.col("horizon_bars") == 3) & (pl.col("method") == "local_projection")
    )
    assert later["p_adjusted"][0] < 0.01
    assert later["p_placebo"][0] < 0.01
    signed = causes.filter(pl.col("outcome") == "abnormal_return")
    assert signed["p_adjusted"].min() > 0.05
    answers = rows.filter(
        (pl.col("direction") == "market_to_news") & (pl.col("outcome") == "volatility") & (pl.col("horizon_bars") == 1)
    ).sort("subject_id")
    assert answers["subject_id"].to_list() == ["all", "token_price_commentary"]
    assert answers["p_adjusted"][0] > 0.05
    assert answers["p_adjusted"][1] < 0.01


def test_forecast_rows_say_what_is_beaten_and_leave_price_commentary_out():
    pair, policy, commentary = make_world(np.random.default_rng(10))
    attention = pl.concat(
        [make_attention(policy), make_attention(commentary, "token_price_commentary", kind="category", is_outcome=True)]
    )
    rows = measure_forecasts(hourly_markets([pair]), attention)
    assert rows["subject_id"].unique().to_list() == ["all"]
    assert rows.filter(pl.col("outcome") == "volatility")["benchmark"][0].startswith("last hour")
    assert rows.height == 6


def test_subjects_that_keep_their_rows_stand_beside_new_ones_as_if_all_were_measured():
    """Rows of a subject rest on its own attention; p is adjusted over the rows of all."""
    pair, policy, commentary = make_world(np.random.default_rng(13), 3000)
    markets = hourly_markets([pair])
    told = [make_attention(policy), make_attention(commentary, "courts", kind="category", is_outcome=False)]
    before = pl.concat(told)
    after = pl.concat([told[0], told[1].with_columns(pl.col("n_headlines") + 3 * (pl.col("n_headlines") > 1))])
    digests, others = digest_subjects(markets, before), digest_subjects(markets, after)
    assert digests["all"] == others["all"]
    assert digests["courts"] != others["courts"]
    beyond = before.with_columns(pl.col("start_utc") + timedelta(days=400))
    assert digest_subjects(markets, pl.concat([before, beyond])) == digests
    assert digest_subjects([], before) == {}
    is_kept = pl.col("subject_id") == "all"
    for measure in (measure_responses, measure_forecasts):
        kept = measure(markets, before).filter(is_kept).with_columns(p_adjusted=pl.lit(0.5))
        found, key = measure(markets, after.filter(~is_kept), kept), ["subject_id", "outcome", "horizon_bars"]
        assert found.height > kept.height
        again = measure(markets, after)
        key += [name for name in ("direction", "method") if name in again.columns]
        assert found.sort(key).equals(again.sort(key))


def test_a_market_with_too_few_bars_is_not_measured():
    pair, _, _ = make_world(np.random.default_rng(11), 1500)
    assert hourly_markets([pair]) == []


def test_a_token_that_ended_long_ago_is_left_out_of_the_family_of_tests():
    living, _, _ = make_world(np.random.default_rng(12), 9000)
    ended = make_pair(living.asset[:2500], living.benchmark[:2500], asset="OCEAN")
    assert [market.pair.asset_id for market in hourly_markets([ended, living])] == ["TAO"]
