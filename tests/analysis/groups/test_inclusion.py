"""The mean reaction of a kind of event under other rules of which events count."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from analysis.engine.dependence import PairCorrelations
from analysis.groups.inclusion import (
    CURATED,
    KNOWN_HOUR,
    MAXIMUM_LEFT_OUT,
    MECHANICAL,
    NOT_MASKED,
    Inclusion,
    InclusionRule,
    select_events,
    trace_inclusion,
)
from analysis.groups.plan import GroupPlan, GroupSpecification, plan_groups
from analysis.groups.rows import measure_groups
from analysis.tape.markets import StudyMarkets
from tests.analysis.single.simulated_markets import make_series, simulate_returns
from tests.builders import make_rows
from warehouse.tables.news import EVENT
from warehouse.tables.studies import EXCLUSION, INCLUSION, STUDY_RESULT

SPECIFICATION = GroupSpecification("groups", (24.0,), 240.0, 120.0, 24.0, ("BTC",))
N_EVENTS = 12
N_BARS = 400 + 180 * N_EVENTS


def make_event(number: int, at: datetime, **changes: object) -> dict[str, object]:
    given: dict[str, object] = {
        "event_id": f"e{number:02}",
        "category": "outage",
        "earliest_at_utc": at,
        "best_at_utc": at,
        "latest_at_utc": at,
        "time_precision": "minute",
        "severity": 1 + number % 4,
        "n_outlets": 1 + number % 3,
        "origin": "ledger" if number % 2 else "detected",
        "status": "confirmed",
        "selected_from": "news",
    }
    return {**given, **changes}


def make_group() -> tuple[GroupPlan, pl.DataFrame, StudyMarkets]:
    """Twelve events of two tokens on hourly bars; curated ones move tokens by +20 %, mechanical ones by nothing."""
    rng = np.random.default_rng(3)
    token, benchmark = simulate_returns(rng, N_BARS)
    other = token + rng.normal(0, 0.003, N_BARS)
    places = [400 + 170 * number for number in range(N_EVENTS)]
    for number, place in enumerate(places):
        token[place] += 0.2 * (number % 2)
        other[place] += 0.2 * (number % 2)
    names = ("okx:TAO/USDT", "okx:FET/USDT")
    own = {
        name: (replace(make_series(values, benchmark, 1.0), market_id=name),)
        for name, values in zip(names, (token, other), strict=True)
    }
    markets = StudyMarkets(own, dict(zip(names, ("TAO", "FET"), strict=True)), {"TAO": (), "FET": ()}, {})
    closes = own[names[0]][0].close_us
    at = [datetime.fromtimestamp(int(closes[place]) / 1e6, tz=UTC) - timedelta(minutes=30) for place in places]
    events = make_rows(EVENT, *(make_event(number, time) for number, time in enumerate(at)))
    return plan_groups(SPECIFICATION, events, events, markets), events, markets


def test_the_main_rule_is_the_mean_and_interval_of_the_group() -> None:
    plan, events, markets = make_group()
    outcome = measure_groups(SPECIFICATION, plan, STUDY_RESULT.empty(), EXCLUSION.empty(), events, markets)
    caar = outcome.results.filter(pl.col("statistic") == "caar").row(0, named=True)
    rows = Inclusion(SPECIFICATION, plan.groups, events, INCLUSION.empty()).rows({})
    main = rows.filter("is_headline").row(0, named=True)
    assert (main["n_events"], main["n_pairs"]) == (N_EVENTS, caar["n"])
    for column in ("estimate", "standard_error", "lower_95", "upper_95"):
        assert main[column] == pytest.approx(caar[column], rel=1e-10)


def test_curated_events_carry_the_effect_that_was_planted_on_them() -> None:
    plan, events, _ = make_group()
    rows = trace_inclusion(SPECIFICATION, plan.groups[0], events)
    alone = {"least_severity": 1, "least_outlets": 1, "precision": "any", "days_apart": 0.0}
    found = rows.filter(*(pl.col(name) == value for name, value in alone.items()), pl.col("masking") != NOT_MASKED)
    means = dict(found.filter(pl.col("left_out_event_id").is_null()).select("origin", "estimate").iter_rows())
    assert means[CURATED] - means[MECHANICAL] == pytest.approx(0.2, abs=0.05)
    assert means[MECHANICAL] < means["all"] < means[CURATED]


def test_leaving_an_event_out_gives_the_mean_of_the_others() -> None:
    plan, events, _ = make_group()
    rows = trace_inclusion(SPECIFICATION, plan.groups[0], events)
    left_out = rows.filter(pl.col("left_out_event_id").is_not_null())
    assert left_out.height == min(N_EVENTS, MAXIMUM_LEFT_OUT)
    assert set(left_out["n_events"]) == {N_EVENTS - 1}
    # The mean over all equals the mean of the means without one, because each event has two pairs.
    logs = np.log1p(left_out["estimate"].to_numpy())
    main = rows.filter("is_headline").row(0, named=True)
    assert logs.mean() == pytest.approx(np.log1p(main["estimate"]), rel=1e-9)


@pytest.mark.parametrize(("n_grave", "is_drawn"), [(5, True), (4, False)])
def test_a_rule_that_leaves_five_events_has_a_mean_and_one_that_leaves_four_has_none(
    n_grave: int, is_drawn: bool
) -> None:
    plan, events, _ = make_group()
    graded = events.sort("event_id").with_columns(
        severity=pl.when(pl.int_range(pl.len()) < n_grave).then(4).otherwise(1)
    )
    rows = trace_inclusion(SPECIFICATION, plan.groups[0], graded)
    assert (n_grave in rows["n_events"].to_list()) is is_drawn


def test_rules_that_keep_the_same_events_are_one_and_few_events_are_none() -> None:
    plan, events, _ = make_group()
    rows = trace_inclusion(SPECIFICATION, plan.groups[0], events)
    # Every time has a minute: to ask for the hour leaves the same events, and the simpler rule stands.
    assert set(rows["precision"]) == {"any"}
    assert rows["rule_id"].is_unique().all()
    assert rows["n_events"].to_numpy().min() >= 5
    assert rows["rank"].sort().to_list() == list(range(1, rows.height + 1))


def test_each_choice_keeps_what_it_says() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    events = make_rows(
        EVENT,
        make_event(0, at, severity=None, n_outlets=None, origin="incident"),
        make_event(1, at + timedelta(days=2), severity=3, n_outlets=2, origin="user", time_precision="upper_bound"),
        make_event(2, at + timedelta(days=4), severity=4, n_outlets=1, origin="ledger", time_precision="hour"),
    )

    def kept(**choices: object) -> list[str]:
        rule = replace(InclusionRule(), **choices)  # type: ignore[arg-type]
        return events.filter(pl.Series(select_events([rule], events)[0]))["event_id"].to_list()

    assert kept() == ["e00", "e01", "e02"]
    assert kept(least_severity=3) == ["e01", "e02"]
    assert kept(least_outlets=2) == ["e01"]
    assert kept(precision=KNOWN_HOUR) == ["e00", "e02"]
    assert kept(origin=CURATED) == ["e01", "e02"]
    assert kept(origin=MECHANICAL) == ["e00"]
    # e01 is two days after e00 and falls; e02 is four days after e00, which is what counts then.
    assert kept(days_apart=3.0) == ["e00", "e02"]
    assert kept(days_apart=2.0) == ["e00", "e01", "e02"]
    assert kept(left_out_event_id="e01") == ["e00", "e02"]


def test_a_group_whose_events_and_bars_are_as_before_keeps_its_rows() -> None:
    plan, events, _ = make_group()
    rows = Inclusion(SPECIFICATION, plan.groups, events, INCLUSION.empty()).rows({})
    marked = rows.with_columns(estimate=pl.lit(7.0))
    assert set(Inclusion(SPECIFICATION, plan.groups, events, marked).rows({})["estimate"]) == {7.0}
    changed = events.with_columns(severity=pl.lit(5, dtype=pl.Int64))
    assert 7.0 not in set(Inclusion(SPECIFICATION, plan.groups, changed, marked).rows({})["estimate"])


def test_a_group_traced_from_the_fits_of_its_test_has_the_rows_of_one_that_is_fitted_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan, events, markets = make_group()
    watched, alone = (Inclusion(SPECIFICATION, plan.groups, events, INCLUSION.empty()) for _ in range(2))
    given = (SPECIFICATION, plan, STUDY_RESULT.empty(), EXCLUSION.empty(), events, markets)
    followed = measure_groups(*given, watched.follow).followed
    wanted = alone.rows({})
    monkeypatch.delattr("analysis.groups.inclusion.trace_inclusion")  # what was watched is traced by now
    assert wanted.height > MAXIMUM_LEFT_OUT / 2
    assert_frame_equal(watched.rows(followed), wanted, check_exact=True)


def test_means_of_many_sets_at_once_are_those_of_each_alone() -> None:
    rng = np.random.default_rng(1)
    matrix = rng.uniform(-0.2, 0.6, (9, 9))
    matrix = (matrix + matrix.T) / 2.0
    matrix[rng.random((9, 9)) < 0.2] = np.nan
    matrix = np.where(np.isnan(matrix.T), np.nan, matrix)
    np.fill_diagonal(matrix, np.nan)
    first = np.sort(rng.integers(0, 40, 9))
    last = first + rng.integers(5, 20, 9)
    sets = rng.random((30, 9)) < 0.6
    pairs = PairCorrelations(matrix)
    for members, found in zip(sets, pairs.overlap_means(sets, first, last), strict=True):
        wanted = pairs.overlap_mean(np.flatnonzero(members), first, last) if members.sum() > 1 else 0.0
        assert found == (None if wanted is None else pytest.approx(wanted, abs=1e-12))
