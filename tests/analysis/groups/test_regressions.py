"""What the regressions of all groups are fed: which sign a direction has, and which series stands for an asset."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from analysis.engine.regressions.characteristics import regress_cars
from analysis.engine.regressions.terms import Term, absent_term
from analysis.engine.study import EstimationSpecification, fit_events
from analysis.groups.plan import GroupSpecification, plan_groups
from analysis.groups.regressions import (
    CHARACTERISTICS,
    PROJECTION_BAR_HOURS,
    _cars,
    _characteristics,
    _longest,
    _numbers,
    plan_regressions,
)
from analysis.tape.markets import StudyMarkets
from analysis.tape.series import AlignedSeries, cut_series
from tests.analysis.single.simulated_markets import make_series, simulate_returns
from tests.builders import make_rows
from warehouse.tables.news import EVENT

AT = datetime(2026, 1, 1, tzinfo=UTC)
DIRECTIONS = ("restricts", "enables", "none", None)


def event(number: int, **changes: object) -> dict[str, object]:
    given: dict[str, object] = {
        "event_id": f"e{number}",
        "category": "outage",
        "best_at_utc": AT + timedelta(days=31 * number),
        "ended_at_utc": None,
        "severity": 1 + number % 5,
        "direction": DIRECTIONS[number % 4],
        "n_outlets": None,
        "status": "detected",
    }
    return {**given, **changes}


@pytest.mark.parametrize("planted", ["restricts", "enables"])
def test_a_direction_has_the_effect_that_was_planted_on_it(planted: str) -> None:
    """Every event of that direction moves tokens by −7 %; the coefficient with its name says so, and no other."""
    rng = np.random.default_rng(1)
    events = make_rows(
        EVENT,
        *(
            event(
                i,
                n_outlets=int(rng.integers(0, 9)),
                ended_at_utc=AT + timedelta(days=31 * i, hours=int(rng.integers(1, 9))),
            )
            for i in range(80)
        ),
    )
    known = _characteristics(events)
    moves = np.where(known[planted].to_numpy() == 1.0, -0.07, 0.0) + rng.normal(0, 0.002, known.height)
    frame = known.with_columns(
        car=moves,
        prior_volatility=rng.uniform(1.0, 3.0, known.height),
        asset_id=np.resize(["TAO", "FET", "NEAR", "WLD", "RENDER"], known.height),
    )
    terms = {term.name: term for term in regress_cars(frame, "car", CHARACTERISTICS, clusters=("month", "asset_id"))}
    other = "enables" if planted == "restricts" else "restricts"
    assert terms[planted].estimate == pytest.approx(-0.07, abs=0.003)
    assert terms[other].estimate == pytest.approx(0.0, abs=0.003)


def test_what_is_not_known_of_an_event_is_no_direction_no_duration_and_no_attention() -> None:
    rows = _characteristics(
        make_rows(EVENT, event(3), event(0, ended_at_utc=AT + timedelta(minutes=90), n_outlets=3))
    ).rows(named=True)
    assert (rows[0]["restricts"], rows[0]["enables"], rows[0]["duration_days"], rows[0]["attention"]) == (0, 0, 0, 0)
    assert (rows[1]["restricts"], rows[1]["enables"], rows[1]["duration_days"]) == (1, 0, 1.5 / 24)
    assert rows[1]["attention"] == pytest.approx(np.log(4))
    assert rows[1]["month"] == "2026-01"


def make_markets(*series: tuple[str, AlignedSeries]) -> StudyMarkets:
    own = {name: (replace(bars, market_id=name),) for name, bars in series}
    return StudyMarkets(own, dict.fromkeys(own, "TAO"), {"TAO": ()}, {})


def test_the_longest_record_on_the_bars_of_projections_stands_for_an_asset() -> None:
    token, benchmark = simulate_returns(np.random.default_rng(2), 900)
    slow = make_series(token, benchmark, PROJECTION_BAR_HOURS)
    short, hourly = cut_series(slow, 0, 400), make_series(token, benchmark, 1.0)
    names = ("okx:TAO/USDT", "kraken:TAO/USD", "binance:TAO/USDT")
    for order in (((names[0], short), (names[1], slow)), ((names[1], slow), (names[0], short))):
        found = _longest(make_markets(*order, (names[2], hourly)), "TAO")
        assert found is not None
        assert found.market_id == "kraken:TAO/USD"
    assert _longest(make_markets((names[2], hourly)), "TAO") is None
    assert _longest(make_markets((names[0], cut_series(slow, 0, 90))), "TAO") is None


def test_terms_in_log_points_are_stored_as_fractions_like_every_return() -> None:
    term = Term("car", "hc3", np.log(1.1), 0.02, np.log(0.9), np.log(1.3), 4.0, 0.01, 50, "")
    found = _numbers(term)
    assert (found.estimate, found.lower_95, found.upper_95) == pytest.approx((0.1, -0.1, 0.3))
    assert found.standard_error == pytest.approx(1.1 * 0.02)
    assert (found.value, found.p_value) == (4.0, 0.01)
    absent = _numbers(absent_term("car", "hc3", 3, "", "too few"))
    assert (absent.estimate, absent.standard_error, absent.reason) == (None, None, "too few")


def test_no_two_regressions_share_a_fingerprint_though_nothing_tells_them_apart_but_their_names() -> None:
    token, benchmark = simulate_returns(np.random.default_rng(2), 900)
    bars = make_series(token, benchmark, PROJECTION_BAR_HOURS)
    markets = make_markets(("okx:TAO/USDT", bars))
    at = [datetime.fromtimestamp(int(bars.close_us[place]) / 1e6, tz=UTC) for place in (400, 600)]
    late = [datetime.fromtimestamp(int(bars.close_us[-1]) / 1e6, tz=UTC) + timedelta(days=number) for number in (9, 10)]
    kinds = ("outage", "outage", "regulation_legislation", "executive_order")
    times = [{"earliest_at_utc": time, "best_at_utc": time, "latest_at_utc": time} for time in (*at, *late)]
    events = make_rows(EVENT, *(event(number, category=kind, **times[number]) for number, kind in enumerate(kinds)))
    specification = GroupSpecification("groups", (24.0,), 240.0, 120.0, 24.0, ("BTC",))
    planned = plan_regressions(specification, plan_groups(specification, events, events, markets), events, markets)
    told = {
        item.group_id: item.sha256 for item in planned if ":leads_lags:" in item.group_id or ":proj" in item.group_id
    }
    assert len(told) >= 6
    assert len(set(told.values())) == len(told)


def test_the_cars_that_are_explained_are_those_of_the_pairs_one_by_one() -> None:
    """Bars near other events are left out, the constant is not carried forward, pairs without every bar have none."""
    rng = np.random.default_rng(3)
    token, benchmark = simulate_returns(rng, 2_000)
    token += 0.001 * np.sin(np.arange(2_000) / 90.0)
    whole = make_series(token, benchmark, 1.0)
    bars = replace(whole, asset=np.where(np.arange(2_000) == 1_505, np.nan, whole.asset))
    times = [datetime.fromtimestamp(int(bars.close_us[place]) / 1e6, tz=UTC) for place in (90, 400, 410, 1_200, 1_500)]
    events = make_rows(
        EVENT, *(event(n, earliest_at_utc=at, best_at_utc=at, latest_at_utc=at) for n, at in enumerate(times))
    )
    specification = GroupSpecification("groups", (24.0,), 240.0, 120.0, 24.0, ("BTC",))
    markets = make_markets(("okx:TAO/USDT", bars))
    [group] = plan_groups(specification, events, events, markets).groups
    fits = fit_events(group.read(), EstimationSpecification(minimum_estimation=120))
    known = [fit for fit in fits if not fit.reason]
    assert [fit.source.event_id for fit in known] == ["e1", "e2", "e3"]
    found = _cars(specification, [group], markets)
    assert found["event_id"].to_list() == ["e1", "e2", "e3"]
    models = [fit.require_fit() for fit in known]
    cars = [fit.ar.sum() + 24 * fit.alpha for fit in models]
    assert found["car"].to_list() == pytest.approx(cars, rel=1e-10)
    assert found["prior_volatility"].to_list() == pytest.approx(
        [100 * 24**0.5 * fit.sigma for fit in models], rel=1e-10
    )
