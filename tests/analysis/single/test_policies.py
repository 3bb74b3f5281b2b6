"""Which bars, assets and starts count: each choice around one event breaks here when it is turned round."""

import gc
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from weakref import ReferenceType, ref

import numpy as np
import polars as pl
import pytest

from analysis.single import measure
from analysis.single.beside.cross_section import rank_pair_in_space, usable_donors
from analysis.single.beside.space import rank_in_space
from analysis.single.study import PlannedEvent, choose_pair, plan_events, planner
from analysis.single.timing.band import trace_timing_band
from analysis.single.window.pair import EventTime, Pair, prepare_pair
from analysis.single.window.paths import trace_path
from analysis.single.window.score import WindowScore
from analysis.single.window.windows import WindowStudy, study_window
from analysis.tape.donors import Donors
from analysis.tape.markets import StudyMarkets
from analysis.tape.stretches import digest_stretches
from tests.analysis.single.simulated_markets import (
    FIRST_OPEN,
    TOKEN,
    make_event,
    make_pair,
    make_series,
    make_specification,
    simulate_returns,
)
from warehouse.tables.news import EVENT as EVENT_TABLE
from warehouse.tables.studies import STUDY_RESULT
from warehouse.tables.units import iso_minute

N_BARS, EVENT = 700, 600


def make_quiet_pair(seed: int = 1, n_bars: int = N_BARS, event: int = EVENT) -> Pair:
    return make_pair(*simulate_returns(np.random.default_rng(seed), n_bars), event)


def place_placebos(pair: Pair, hours: float) -> WindowScore:
    studied = study_window(pair, hours)
    assert isinstance(studied, WindowStudy)
    return studied.placebos


def make_donors(pair: Pair, returns: np.ndarray) -> Donors:
    names = tuple(f"D{k}" for k in range(returns.shape[0]))
    return Donors(1.0, int(pair.series.close_us[0]), names, returns)


def test_a_path_is_summed_both_ways_from_the_last_close_before() -> None:
    pair = make_quiet_pair()
    path = pl.DataFrame(dict(trace_path(pair, None).columns))
    abnormal = pair.abnormal
    after, before = abnormal[pair.index : pair.index + 5], abnormal[pair.index - 4 : pair.index]
    car = path["car"].to_numpy()
    base = int(np.flatnonzero(path["hours_after_event"].to_numpy() <= 0)[-1])
    assert car[base] == 0.0
    assert car[base + 1 : base + 6] == pytest.approx(np.cumsum(after), abs=1e-12)
    assert car[base - 4 : base] == pytest.approx(-np.cumsum(before[::-1])[::-1], abs=1e-12)


def test_a_band_holds_the_scaled_paths_of_the_placebos() -> None:
    pair = make_quiet_pair()
    placebos = place_placebos(pair, 24)
    path = pl.DataFrame(dict(trace_path(pair, placebos).columns))
    at_six = path.filter((path["hours_after_event"] > 5) & (path["hours_after_event"] < 6))
    starts = placebos.starts.indices
    sums = [
        float(np.sum(pair.series.asset[s : s + 6] - beta * pair.series.benchmark[s : s + 6])) * scale
        for s, beta, scale, car in zip(starts, placebos.beta, placebos.at_event, placebos.measures.car, strict=True)
        if np.isfinite(scale * car)
    ]
    assert at_six["band_95_lower"][0] == pytest.approx(np.quantile(sums, 0.025), rel=1e-9)
    assert at_six["band_80_upper"][0] == pytest.approx(np.quantile(sums, 0.90), rel=1e-9)


def test_placebos_are_scaled_to_the_event_and_blind_to_it() -> None:
    token, benchmark = simulate_returns(np.random.default_rng(2), 430)
    token[380:] *= 3.0
    calm, moved = token.copy(), token.copy()
    moved[400:] += 0.5  # a record so short that the bars after a placebo complete its model
    pairs = [make_pair(returns, benchmark, 400) for returns in (calm, moved)]
    placebos = [place_placebos(pair, 24) for pair in pairs]
    np.testing.assert_array_equal(placebos[0].measures.car, placebos[1].measures.car)
    np.testing.assert_array_equal(placebos[0].at_event, placebos[1].at_event)
    assert placebos[0].starts.indices.max() + 24 <= 400
    early = placebos[0].at_event[placebos[0].starts.indices < 350]
    assert np.nanmedian(early) > 1.5  # restless at the event: ordinary moves are scaled up


def test_the_timing_band_spans_the_interval_of_every_start() -> None:
    pair = make_quiet_pair(3)
    hour = 3_600_000_000
    event = replace(pair.event, earliest_us=pair.event.best_us - 3 * hour, latest_us=pair.event.best_us + 2 * hour)
    frame, rows = trace_timing_band(replace(pair, event=event), 24.0, place_placebos(pair, 24.0).interval)
    assert frame.height == 6
    assert frame["is_best"].to_list() == [False, False, False, True, False, False]
    [envelope] = rows
    assert envelope.numbers.lower_95 == frame["lower_95"].min()
    assert envelope.numbers.upper_95 == frame["upper_95"].max()
    assert frame["lower_95"].min() < frame["lower_95"].max()


def test_a_tie_in_space_counts_as_as_large() -> None:
    found = rank_in_space(2.0, np.array([-2.0, 1.0, np.nan, 3.0]))
    assert found is not None
    assert (found.n_as_large, found.n, found.p_value) == (2, 3, 0.75)


def test_the_crowd_in_space_leaves_out_who_is_excluded_and_who_has_a_gap() -> None:
    pair = make_quiet_pair(4)
    rng = np.random.default_rng(5)
    returns = pair.series.benchmark + rng.normal(0, 0.01, (12, pair.series.asset.size))
    returns[0, pair.index : pair.index + 24] += 0.2  # would be the largest
    returns[1, pair.index + 3] = np.nan
    donors = make_donors(pair, returns)
    found = rank_pair_in_space(pair, donors, 24, ["D0"])
    everybody = rank_pair_in_space(pair, donors, 24, [])
    assert found is not None
    assert everybody is not None
    assert (found.n, everybody.n) == (10, 11)
    assert abs(found.largest_other) < 10 < everybody.largest_other
    assert everybody.n_as_large == found.n_as_large + 1


def test_the_window_is_no_part_of_a_crowd_model() -> None:
    pair = make_quiet_pair(6)
    rng = np.random.default_rng(7)
    returns = pair.series.benchmark + rng.normal(0, 0.01, (3, pair.series.asset.size))
    returns[2, pair.index - 1] = 0.3  # the last bar of the estimation widens its own error
    calm = returns.copy()
    calm[2, pair.index - 1] = 0.0
    later = returns.copy()
    later[:, pair.index + 24 :] += 9.0
    sizes = [rank_pair_in_space(pair, make_donors(pair, rows), 24, ["D0", "D1"]) for rows in (returns, calm, later)]
    wide, narrow, unseen = (size.largest_other if size else np.nan for size in sizes)
    assert abs(wide) != pytest.approx(abs(narrow), rel=0.05)
    assert unseen == wide


def test_a_donor_has_every_bar_after_the_event_and_most_before() -> None:
    pair = make_quiet_pair(8)
    first, last = pair.index - 100, pair.index + 24
    returns = np.random.default_rng(9).normal(0, 0.01, (5, pair.series.asset.size))
    returns[1, pair.index + 5] = np.nan
    returns[2, first : first + 10] = np.nan
    returns[3, first : first + 11] = np.nan
    names, mixed = usable_donors(pair, make_donors(pair, returns), first, last, ["D4"])
    assert names == ("D0", "D2")
    assert mixed.shape == (124, 2)


@pytest.mark.parametrize(("hours", "bars"), [(1.0, "hourly"), (4.0, "4-hour")])
def test_a_window_past_the_end_names_the_bars_whose_record_ends(hours: float, bars: str) -> None:
    """Another bar length of the token may reach further: "the record ends" would be wrong of it."""
    event = make_event(FIRST_OPEN + timedelta(hours=hours * EVENT))
    series = make_series(*simulate_returns(np.random.default_rng(1), EVENT + 5), hours=hours)
    pair = prepare_pair(make_specification(), event, series, ())
    assert isinstance(pair, Pair)
    rows = study_window(pair, 168.0)
    assert isinstance(rows, tuple)
    ended = iso_minute(FIRST_OPEN + timedelta(hours=hours * (EVENT + 5)))
    said = f"the {bars} record ends at {ended} UTC, before the window does: fetch or import later bars"
    assert {row.numbers.reason for row in rows} == {said}


@pytest.mark.parametrize(("n_after", "bar_hours"), [(24, 1.0), (23, 4.0)])
def test_the_finest_bars_that_just_hold_the_main_window_are_taken(n_after: int, bar_hours: float) -> None:
    token, benchmark = simulate_returns(np.random.default_rng(1), 2_000)
    event_bar = 1_500
    hourly = make_series(token[: event_bar + n_after], benchmark[: event_bar + n_after])
    slow = make_series(token, benchmark, hours=4.0)
    at = FIRST_OPEN + timedelta(hours=event_bar, minutes=10)
    candidates = [(series, digest_stretches(series)) for series in (hourly, slow)]
    found = choose_pair(make_specification(main_window_hours=24.0), make_event(at), candidates, (), {})
    assert isinstance(found, Pair)
    assert found.series.bar_hours == bar_hours


def test_where_rows_cannot_be_handed_over_nobody_measures_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "EVENTS_AT_ONCE", 1)
    series = make_series(*simulate_returns(np.random.default_rng(1), N_BARS))
    markets = StudyMarkets({TOKEN: (series,)}, {TOKEN: "TOKEN"}, {}, {})
    specification = make_specification()
    plan = planner(specification, EVENT_TABLE.empty(), markets)
    closed = []

    def share(
        do: Callable[[measure.EventPart], measure.TableRows], parts: Sequence[measure.EventPart]
    ) -> Generator[measure.TableRows, None, None]:
        try:
            yield from map(do, parts)
        finally:
            closed.append(len(parts))

    def refuse(rows: measure.TableRows, event_ids: frozenset[str]) -> None:
        assert not closed
        raise OSError("no room left")

    # What is raised holds on to every frame that it passed, so that nothing ends by itself.
    with pytest.raises(OSError, match="no room") as raised:
        measure.measure_events(
            specification, plan, [make_event(FIRST_OPEN + timedelta(hours=EVENT))], [], {}, markets, refuse, share
        )
    assert raised.tb is not None
    assert closed == [1]


def test_no_plan_is_held_while_events_are_measured_here_and_elsewhere() -> None:
    """Each plan holds bars of every market: of many events hundreds of megabytes."""
    series = make_series(*simulate_returns(np.random.default_rng(1), N_BARS))
    markets = StudyMarkets({TOKEN: (series,)}, {TOKEN: "TOKEN"}, {}, {})
    specification = make_specification()
    first = make_event(FIRST_OPEN + timedelta(hours=EVENT))
    events = [replace(first, event_id=f"event-{number}") for number in range(12)]
    pairs: list[ReferenceType[Pair]] = []

    def plan(asked: Iterable[EventTime]) -> Iterator[PlannedEvent]:
        for item in plan_events(specification, asked, EVENT_TABLE.empty(), markets):
            pairs.extend(map(ref, item.pairs))
            yield item

    def share(
        do: Callable[[measure.EventPart], measure.TableRows], parts: Sequence[measure.EventPart]
    ) -> Generator[measure.TableRows, None, None]:
        gc.collect()
        held.append(sum(pair() is not None for pair in pairs))
        yield do(parts[0])
        gc.collect()
        held.append(sum(pair() is not None for pair in pairs))
        yield measure.measure_planned(plan_events(specification, parts[1], EVENT_TABLE.empty(), markets), markets)

    held: list[int] = []
    outcome = measure.measure_events(specification, plan, events, [], {}, markets, None, share)
    assert held == [0, 0]
    assert len(pairs) == 12 + measure.EVENTS_OF_A_PART
    assert set(outcome.rows[STUDY_RESULT.name]["event_id"]) == {event.event_id for event in events}
