"""A planted dose is found, none is not invented, and clusters do not count twice."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from analysis.groups.dose_response import abnormal_everywhere, estimates, measure_dose_response, read_outages
from analysis.tape.markets import pair_series
from tests.builders import make_rows
from warehouse.tables.contract import UTC as UTC_TYPE
from warehouse.tables.news import EVENT
from warehouse.tables.resilience import DOSE_RESPONSE

START = datetime(2025, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
N_BARS = 24 * 120


def candles(asset: str, returns: np.ndarray, exchange: str = "binanceusdm", first: int = 0) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "asset_id": asset,
            "market_id": f"{exchange}:{asset}/USDT:USDT",
            "timeframe": "1h",
            "open_time_utc": [START + (first + i) * HOUR for i in range(returns.size)],
            "close_quote": 100.0 * np.exp(np.cumsum(returns)),
        },
        schema_overrides={"open_time_utc": UTC_TYPE},
    )


def outage(bar: int, hours: float | None = 2.0, severity: int = 3, **keys) -> dict[str, object]:
    at = START + bar * HOUR + timedelta(minutes=20)
    return {
        "event_id": f"o{bar}-{hours}",
        "category": "outage",
        "best_at_utc": at,
        "ended_at_utc": None if hours is None else at + timedelta(hours=hours),
        "time_precision": "second",
        "status": "detected",
        "severity": severity,
        "entities": "openai",
        **keys,
    }


def market(seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    benchmark = generator.normal(0, 0.004, N_BARS)
    return 1.3 * benchmark + generator.normal(0, 0.006, N_BARS), benchmark


def measured(token: np.ndarray, benchmark: np.ndarray, events: list[dict[str, object]]) -> pl.DataFrame:
    both = pl.concat([candles("TAO", token), candles("BTC", benchmark)])
    return measure_dose_response(both, make_rows(EVENT, *events), ["TAO"], DOSE_RESPONSE.empty())


def pick(frame: pl.DataFrame, dose: str, hours: float, provider: str = "all") -> dict[str, object]:
    return frame.filter(dose=dose, window_end_hours=hours, provider=provider).row(0, named=True)


# Uneven gaps: evenly spaced events moved together would land on one another.
BARS = [700 + 80 * i + (37 * i * i) % 53 for i in range(24)]


def test_planted_growth_with_duration_is_found():
    token, benchmark = market(1)
    durations = [2.0 ** (i % 5) for i in range(len(BARS))]
    for bar, hours in zip(BARS, durations, strict=True):
        token[bar] += 0.02 * np.log2(hours)
    frame = measured(token, benchmark, [outage(b, h) for b, h in zip(BARS, durations, strict=True)])
    slope = pick(frame, "duration", 24.0)
    assert slope["lower_95"] < 0.02 < slope["upper_95"]
    assert slope["lower_95"] > 0
    assert slope["p_value"] < 0.01
    assert pick(frame, "none", 24.0)["p_value"] < 0.01
    assert pick(frame, "provider_weight", 24.0)["reason"] == "the dose is the same for all events"


def test_nothing_planted_is_an_honest_null():
    token, benchmark = market(2)
    mean = pick(measured(token, benchmark, [outage(b) for b in BARS]), "none", 24.0)
    assert mean["lower_95"] < 0 < mean["upper_95"]
    assert mean["p_value"] > 0.05
    assert mean["n_events"] == len(BARS)


def cars_of(token: np.ndarray, benchmark: np.ndarray, graves: list[int], reach: int) -> np.ndarray:
    both = pl.concat([candles("TAO", token), candles("BTC", benchmark)])
    [series] = pair_series(both, ["TAO"], ["1h"])
    return abnormal_everywhere(series, 24, np.array(graves, dtype=np.int64), reach)


def test_the_model_of_a_window_ends_a_day_before_it():
    token, benchmark = market(9)
    quiet = cars_of(token, benchmark, [], 0)
    token[1_000] += 0.5
    loud = cars_of(token, benchmark, [], 0)
    own = np.flatnonzero(np.abs(loud - quiet) > 1e-9)
    assert set(range(977, 1_001)) <= set(own)  # windows of a day that hold the jump
    assert not set(range(1_001, 1_025)) & set(own)  # begin after it, within a day: the estimation does not hold it
    assert set(range(1_025, 1_025 + 480)) <= set(own)


def test_the_week_after_a_grave_event_is_no_part_of_an_ordinary_market():
    token, benchmark = market(10)
    quiet = cars_of(token, benchmark, [1_000], 168)
    token[1_050] += 0.5
    masked, unmasked = cars_of(token, benchmark, [1_000], 168), cars_of(token, benchmark, [1_000], 0)
    later = slice(1_200, 1_400)
    assert np.abs(masked - quiet)[later] == pytest.approx(0.0, abs=1e-9)
    assert (np.abs(unmasked - quiet)[later] > 1e-6).all()


def test_few_events_give_a_reason_instead_of_a_number():
    token, benchmark = market(3)
    for n, words in ((3, "3 events"), (1, "1 event")):
        mean = pick(measured(token, benchmark, [outage(b) for b in BARS[:n]]), "none", 24.0)
        assert mean["estimate"] is None
        assert mean["reason"] == f"{words} with prices and this dose; at least 5 are needed"


def test_events_in_the_week_after_an_exceptional_one_are_left_out():
    token, benchmark = market(4)
    grave = outage(BARS[5] - 30, category="export_control_access", severity=5)
    events = [outage(b) for b in BARS]
    with_grave = pick(measured(token, benchmark, [*events, grave]), "none", 1.0)
    assert with_grave["n_events"] == len(BARS) - 2
    assert with_grave["n_excluded"] == 2


def test_an_event_whose_window_reaches_an_exceptional_one_is_left_out():
    token, benchmark = market(4)
    grave = outage(BARS[5] + 10, category="export_control_access", severity=5)
    frame = measured(token, benchmark, [*(outage(b) for b in BARS), grave])
    left_out = {hours: pick(frame, "none", hours)["n_excluded"] for hours in (1.0, 24.0)}
    assert left_out[24.0] == left_out[1.0] + 1


def test_day_dated_and_rejected_events_do_not_count():
    events = make_rows(EVENT, outage(10), outage(20, time_precision="day"), outage(30, status="rejected"))
    assert read_outages(events, "outage").event_ids == ["o10-2.0"]


def test_unknown_duration_leaves_only_that_dose_out():
    events = make_rows(EVENT, outage(10, hours=None), outage(20, hours=4.0))
    durations = read_outages(events, "outage").doses["duration"]
    assert np.isnan(durations[0])
    assert durations[1] == 2.0


def test_provider_with_enough_events_gets_its_own_row():
    token, benchmark = market(5)
    events = [outage(b, entities="openai" if i % 2 else "cohere") for i, b in enumerate(BARS)]
    frame = measured(token, benchmark, events)
    assert set(frame["provider"]) == {"all", "openai", "cohere"}
    n_each = [pick(frame, "none", 24.0, name)["n_events"] for name in ("openai", "cohere")]
    assert sum(n_each) == pick(frame, "none", 24.0)["n_events"]


def test_slope_agrees_with_least_squares():
    generator = np.random.default_rng(6)
    values, dose = generator.normal(size=(3, 20)), generator.normal(size=20)
    values[1, 4], expected = np.nan, [np.polyfit(dose, values[0], 1)[0]]
    known = np.isfinite(values[1])
    expected.append(np.polyfit(dose[known], values[1][known], 1)[0])
    assert estimates(values, dose)[:2] == pytest.approx(expected)


def test_benchmark_continues_on_another_venue():
    token, benchmark = market(7)
    both = pl.concat(
        [
            candles("TAO", token),
            candles("BTC", benchmark[:2000]),
            candles("BTC", benchmark[1990:], exchange="binance", first=1990),
        ]
    )
    [series] = pair_series(both, ["TAO"], ["1h"])
    assert series.benchmark_ids == ("binanceusdm:BTC/USDT:USDT", "binance:BTC/USDT:USDT")
    frame = measure_dose_response(both, make_rows(EVENT, *[outage(b) for b in BARS]), ["TAO"], DOSE_RESPONSE.empty())
    assert pick(frame, "none", 24.0)["n_events"] == len(BARS)


def test_finer_bars_are_taken_when_they_keep_most_of_the_history():
    token, benchmark = market(8)
    hourly = pl.concat([candles("TAO", token[:500]), candles("BTC", benchmark)])
    slow = [
        candles(name, np.zeros(N_BARS // 4)).with_columns(
            pl.lit("4h").alias("timeframe"),
            (START + pl.int_range(pl.len()) * pl.duration(hours=4)).cast(UTC_TYPE).alias("open_time_utc"),
        )
        for name in ("TAO", "BTC")
    ]
    [short] = pair_series(pl.concat([hourly, *slow]), ["TAO"], ["1h", "4h"])
    assert short.bar_words == "4h"
    whole = pl.concat([candles("TAO", token), candles("BTC", benchmark), *slow])
    [full] = pair_series(whole, ["TAO"], ["1h", "4h"])
    assert full.bar_words == "1h"


@pytest.mark.slow
def test_false_alarms_stay_nominal_although_events_cluster():
    """Bursts of outages on few days: a test that took them for independent would reject far more often."""
    alarms, n_runs = 0, 200
    bursts = [bar + extra for bar in range(700, N_BARS - 200, 240) for extra in (0, 1, 2, 5, 8, 12)]
    for seed in range(n_runs):
        token, benchmark = market(100 + seed)
        mean = pick(measured(token, benchmark, [outage(b) for b in bursts]), "none", 24.0)
        alarms += mean["p_value"] < 0.05
    assert 2 <= alarms <= 22  # 10 expected; a naive t test on these bursts gives about 60


@pytest.mark.slow
def test_intervals_cover_planted_effects_as_often_as_they_say():
    n_runs, n_events = 1000, 60
    covered = {"none": 0, "duration": 0}
    for seed in range(n_runs):
        generator = np.random.default_rng(5000 + seed)
        token, benchmark = market(5000 + seed)
        bars = np.sort(generator.choice(np.arange(520, N_BARS - 30), n_events, replace=False)).tolist()
        doublings = generator.integers(0, 5, n_events)
        token[bars] += 0.004 + 0.002 * doublings
        events = [outage(bar, 2.0**d) for bar, d in zip(bars, doublings.tolist(), strict=True)]
        frame = measured(token, benchmark, events)
        for dose, truth in (("none", 0.004 + 0.002 * doublings.mean()), ("duration", 0.002)):
            row = pick(frame, dose, 1.0)
            covered[dose] += row["lower_95"] <= truth <= row["upper_95"]
    assert all(930 <= count <= 970 for count in covered.values()), covered


def test_rows_stay_as_stored_until_prices_or_events_of_their_kind_change() -> None:
    token, benchmark = market(5)
    both = pl.concat([candles("TAO", token), candles("BTC", benchmark)])
    events = [outage(bar) for bar in BARS]
    first = measure_dose_response(both, make_rows(EVENT, *events), ["TAO"], DOSE_RESPONSE.empty())
    marked = first.with_columns(conventions=pl.lit("as stored"))
    other = outage(700, event_id="another kind", category="regulation")
    again = measure_dose_response(both, make_rows(EVENT, *events, other), ["TAO"], marked)
    assert again.equals(marked)
    more = measure_dose_response(both, make_rows(EVENT, *events, outage(701)), ["TAO"], marked)
    assert not more["conventions"].is_in(["as stored"]).any()
    assert more["spec_sha256"].n_unique() == first["spec_sha256"].n_unique()
    dearer = both.with_columns(close_quote=pl.when(pl.int_range(pl.len()) == 9).then(99.0).otherwise("close_quote"))
    moved = measure_dose_response(dearer, make_rows(EVENT, *events), ["TAO"], marked)
    assert not moved["conventions"].is_in(["as stored"]).any()
