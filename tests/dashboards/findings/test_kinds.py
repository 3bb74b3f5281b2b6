"""A kind's mean is that of its events' pages, one event is no average, and a heading agrees with its tests."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest

from dashboards.figures.heat_map import draw_heat_map
from dashboards.figures.kind_average import draw_kind_average
from dashboards.findings.moves import later_in_move
from dashboards.findings.superlatives import interval_words
from dashboards.marks import bare
from dashboards.pages.correlations import correlations_title, order_sentence
from dashboards.pages.event_tables import MAX_SOURCES, facts_of, sources_table
from tests.dashboards.material import frame_of, make_frames
from tests.dashboards.rows import EVENT_AT, EVENT_ID, event_row, source_rows
from warehouse.tables.correlation import CORRELATION_NETWORK, CORRELATION_PAIR, LEAD_LAG
from warehouse.tables.moves import REACTION_TOTAL, SHARED_MOVE
from warehouse.tables.news import EVENT_SOURCE


def make_totals(n_measured: int, mean: float = -0.06) -> pl.DataFrame:
    row: dict[str, Any] = {
        "scope": "category",
        "subject_id": "outage",
        "window_end_hours": 24.0,
        "n_events": 16,
        "n_measured": n_measured,
        "n_pairs": 4 * n_measured,
        "mean_car": mean,
        "smallest_car": -0.1,
        "largest_car": 0.2,
        "data_as_of_utc": EVENT_AT,
    }
    return frame_of(REACTION_TOTAL, [row])


def test_one_event_on_four_tokens_is_no_average() -> None:
    figure = draw_kind_average("outage", make_totals(1))
    assert bare(figure.title) == "Outage: −6.0% after 24 h in the one measured event"
    assert figure.plot is None
    assert figure.why_empty is not None
    assert figure.why_empty[0] == "One event is no average."


def test_a_mean_says_how_many_events_and_pairs_stand_behind_it() -> None:
    figure = draw_kind_average("outage", make_totals(16))
    assert bare(figure.title) == "Outage: −6.0% after 24 h, the mean of 16 events"
    assert "n = 16 events, 64 event–token pairs" in bare(str(figure.note))
    assert figure.plot is not None
    assert draw_kind_average("outage", make_totals(0)).title == "Outage: no event is measured"


def test_the_row_of_a_mean_names_its_horizon_in_full() -> None:
    plot = draw_kind_average("outage", make_totals(16)).plot
    assert plot is not None
    assert plot.layout["yaxis"]["ticktext"] == ["after 24 h"]
    assert plot.narrow["layout.yaxis.ticktext"] == ["after 24 h"]


@pytest.mark.parametrize(
    ("lower", "upper", "words"),
    [
        (-0.18, 6.25, "−18.0% to +625.0%: too wide to say anything"),
        (-0.1, 0.2, "−10.0% to +20.0%"),
        (None, 0.2, "–"),
    ],
)
def test_an_interval_that_says_nothing_says_that(lower: float | None, upper: float | None, words: str) -> None:
    assert interval_words(lower, upper) == words


def test_the_heading_of_correlations_agrees_with_the_tests_of_order() -> None:
    pair = {
        "asset_id": "TAO",
        "other_asset_id": "BTC",
        "measure": "pearson",
        "span_id": "all",
        "estimate": 0.61,
    }
    pairs = frame_of(CORRELATION_PAIR, [pair])
    none = frame_of(LEAD_LAG, [{"method": f"m{n}", "p_adjusted": 0.3} for n in range(54)])
    assert bare(correlations_title(pairs, none)) == (
        "TAO moves with Bitcoin (correlation 0.61); none of 54 tests finds one token reliably moving before another"
    )
    one = frame_of(LEAD_LAG, [{"method": "a", "p_adjusted": 0.01}, {"method": "b", "p_adjusted": None}])
    assert bare(order_sentence(one)) == "1 of 2 tests finds one token moving before another"
    assert "follows" not in correlations_title(pairs, none)


def test_an_ended_event_keeps_its_evidence_line() -> None:
    words = str(facts_of(event_row()))
    assert "Ended" in words
    assert "3 outlets, confirmed" in words
    assert "1 outlet, confirmed" in str(facts_of(event_row(n_outlets=1)))


def test_the_first_ten_sources_are_shown_and_the_rest_fold() -> None:
    row = source_rows()[1]
    sources = frame_of(EVENT_SOURCE, [{**row, "source_number": n, "title": f"Source {n}"} for n in range(1, 14)])
    shown, folded = str(sources_table(sources)).split("<details", 1)
    assert shown.count('<th scope="row"') == MAX_SOURCES
    assert "Source 11" in folded
    assert "13 sources" in bare(shown)
    one = bare(str(sources_table(frame_of(EVENT_SOURCE, [row]))))
    assert "1 source, each with both clocks" in one
    assert "<details" not in one


def test_of_events_that_share_a_move_only_the_first_public_one_stands_on_a_tokens_page() -> None:
    rows = [
        {"event_id": event_id, "asset_id": asset_id, "move_id": move_id}
        for event_id, asset_id, move_id in (
            (EVENT_ID, "TAO", "m"),
            ("later", "TAO", "m"),
            ("alone", "TAO", "alone"),
            ("x", "NEAR", "m"),
        )
    ]
    frames = make_frames({SHARED_MOVE: frame_of(SHARED_MOVE, rows)})
    assert later_in_move(frames, "TAO") == {EVENT_ID: 1, "later": -1}


def test_each_period_of_the_matrix_is_titled_by_its_own_closest_pair() -> None:
    month = timedelta(days=30)
    rows = [
        {"timeframe": "4h", "market_id": f"v:{asset}", "other_market_id": f"v:{other}", "n": 100}
        | {"asset_id": asset, "other_asset_id": other, "correlation": correlation}
        | {"period_start_utc": EVENT_AT + n * month, "period_end_utc": EVENT_AT + (n + 1) * month}
        for n, correlations in enumerate([(0.9, 0.2), (0.1, 0.8)])
        for (asset, other), correlation in zip([("BTC", "ETH"), ("FET", "TAO")], correlations, strict=True)
    ]
    figure = draw_heat_map(frame_of(CORRELATION_NETWORK, rows))
    assert figure.plot is not None
    first, last = (bare(frame["title"]) for frame in figure.plot.frames)
    assert first.startswith("BTC and ETH moved together most (0.90), 12 Jun 2026")
    assert last == bare(figure.title)
    assert last.startswith("FET and TAO moved together most (0.80), 12 Jul 2026")


def make_network(
    n_days: int, *pairs: tuple[str, str], begin: datetime = EVENT_AT, n: int = 100
) -> list[dict[str, Any]]:
    return [
        {"timeframe": "4h", "market_id": f"v:{asset}", "other_market_id": f"v:{other}", "n": n, "correlation": 0.5}
        | {"asset_id": asset, "other_asset_id": other, "period_start_utc": begin}
        | {"period_end_utc": begin + timedelta(days=30), "data_as_of_utc": begin + timedelta(days=n_days)}
        for asset, other in pairs
    ]


def test_the_matrix_leaves_out_a_token_without_data_in_the_period_and_ends_with_its_bars() -> None:
    later = EVENT_AT + timedelta(days=30)
    rows = [
        *make_network(30, ("BTC", "ETH"), ("BTC", "RNDR"), ("ETH", "RNDR")),
        *make_network(7, ("BTC", "ETH"), ("BTC", "TAO"), begin=later),
    ]
    figure = draw_heat_map(frame_of(CORRELATION_NETWORK, rows))
    assert figure.plot is not None
    assert sorted(figure.plot.data[0]["x"]) == ["BTC", "ETH", "TAO"]
    assert sorted(figure.plot.frames[0]["patch"]["data.0.x"]) == ["BTC", "ETH", "RNDR"]
    printed = [text for row in figure.plot.data[0]["text"] for text in row if text]
    assert printed == ["0.50"] * 4
    assert bare(figure.title).endswith("12 Jul 2026 to 19 Jul 2026")
    assert bare(figure.note).startswith("n = 100 4-hour bars a pair")
