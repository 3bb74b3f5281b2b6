"""Every view keeps its contract, shows its times alike to everybody, and says why a number is absent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.warehouse.store.rows import AT, make_row
from warehouse.store.connection import Warehouse, open_writer
from warehouse.store.migrate import view_files
from warehouse.tables.choice import MARKET_CHOICE
from warehouse.tables.news import EVENT, INCIDENT
from warehouse.tables.press import PRESS_CLAIM, PRESS_VERDICT
from warehouse.tables.prices import ASSET, CANDLE, MARKET, REFERENCE_PRICE
from warehouse.tables.studies import EXCLUSION, STUDY_RESULT
from warehouse.tables.views import load_views


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with open_writer(tmp_path / "warehouse.duckdb", 1) as writer:
        yield writer


@pytest.mark.parametrize("name", load_views())
def test_a_view_has_the_columns_types_and_comments_of_its_contract(warehouse: Warehouse, name: str) -> None:
    view = load_views()[name]
    schema, thing = name.split(".")
    found = warehouse.sql(
        "select column_name, lower(data_type) as data_type, comment from duckdb_columns() "
        f"where schema_name = '{schema}' and table_name = '{thing}' order by column_index"
    )
    assert found.rows() == [(c.name, c.sql_type, c.comment) for c in view.columns]
    assert set(view.key) <= {c.name for c in view.columns}


def test_every_view_file_of_the_people_has_a_contract() -> None:
    for_people = {f"out.{name.removesuffix('.sql')}" for name in view_files()} - {"out.coin_candle"}
    assert for_people == set(load_views())


def test_times_of_views_are_the_same_in_every_session_zone(warehouse: Warehouse) -> None:
    warehouse.merge(INCIDENT, make_row(INCIDENT, started_at_utc=AT, resolved_at_utc=AT))
    shown = []
    for zone in ("UTC", "America/New_York", "Asia/Kolkata"):
        warehouse.connection.execute(f"set TimeZone = '{zone}'")
        shown.append(warehouse.sql("select cast(started_at_utc as varchar) as t from out.outage")["t"].item())
    assert shown == ["2026-06-12 23:56:41"] * 3


def test_days_of_views_are_utc_days_in_every_session_zone(warehouse: Warehouse) -> None:
    warehouse.merge(MARKET, make_row(MARKET, market_id="a:B/C"))
    late = datetime(2026, 6, 12, 23, tzinfo=UTC)
    warehouse.merge(CANDLE, make_row(CANDLE, market_id="a:B/C", timeframe="1h", open_time_utc=late))
    warehouse.connection.execute("set TimeZone = 'Asia/Kolkata'")
    rows = warehouse.sql("select cast(day_utc as varchar) as d, n_present, n_of_day from out.coverage_by_day").rows()
    assert rows == [("2026-06-12", 1, 24)]


def test_the_last_close_of_a_day_is_that_of_its_utc_day_in_every_session_zone(warehouse: Warehouse) -> None:
    warehouse.merge(MARKET, make_row(MARKET, market_id="a:B/C"))
    for hour, close in ((22, 1.0), (23, 2.0), (24, 3.0)):
        at = datetime(2026, 6, 12, tzinfo=UTC) + timedelta(hours=hour)
        row = make_row(CANDLE, market_id="a:B/C", timeframe="1h", open_time_utc=at, close_quote=close)
        warehouse.merge(CANDLE, row)
    for zone in ("UTC", "Asia/Kolkata", "America/New_York"):
        warehouse.connection.execute(f"set TimeZone = '{zone}'")
        found = warehouse.query("daily_closes").select(pl.col("day_utc").dt.convert_time_zone("UTC"), "close_quote")
        assert [(f"{day:%Y-%m-%d %H:%M}", close) for day, close in found.rows()] == [
            ("2026-06-12 00:00", 2.0),
            ("2026-06-13 00:00", 3.0),
        ]


def test_an_outage_without_an_end_or_of_one_instant_has_no_length(warehouse: Warehouse) -> None:
    for name, end in (("a", None), ("b", AT), ("c", AT.replace(hour=23, minute=59, second=41))):
        warehouse.merge(INCIDENT, make_row(INCIDENT, incident_id=name, resolved_at_utc=end))
    rows = warehouse.sql("select incident_id, duration_hours, reason_code from out.outage order by 1").rows()
    assert rows == [("a", None, "no_end"), ("b", None, "one_instant"), ("c", 0.05, None)]


def fill_reaction(warehouse: Warehouse) -> None:
    for asset, role in (("TAO", "ai_token"), ("FET", "ai_token"), ("ICP", "ai_token"), ("BTC", "benchmark")):
        warehouse.merge(ASSET, make_row(ASSET, asset_id=asset, role=role))
        warehouse.merge(MARKET, make_row(MARKET, market_id=f"a:{asset}/USD", asset_id=asset))
    for event, status, origin in (
        ("e", "confirmed", "ledger"),
        ("r", "rejected", "detected"),
        ("o", "detected", "incident"),
    ):
        warehouse.merge(EVENT, make_row(EVENT, event_id=event, status=status, origin=origin))
    for asset in ("TAO", "BTC"):
        warehouse.merge(
            MARKET_CHOICE,
            make_row(
                MARKET_CHOICE,
                asset_id=asset,
                purpose="reaction",
                event_id="e",
                timeframe="1h",
                market_id=f"a:{asset}/USD",
            ),
        )
    for number, (market, statistic, values) in enumerate(
        (
            ("a:TAO/USD", "raw_return", {"estimate": 0.2}),
            ("a:TAO/USD", "car", {"reason": "a bar of the benchmark is missing inside the window"}),
            ("a:TAO/USD", "placebo_rank", {"value": 3.0, "n": 92}),
            ("b:TAO/USD", "raw_return", {"estimate": 0.9}),
            ("a:BTC/USD", "raw_return", {"estimate": 0.1}),
        )
    ):
        row = make_row(
            STUDY_RESULT,
            result_id=str(number),
            study_id="reaction",
            group_id="event",
            event_id="e",
            market_id=market,
            window_start_hours=0.0,
            window_end_hours=24.0,
            statistic=statistic,
            **values,
        )
        warehouse.merge(STUDY_RESULT, row)
    ended = "a:FET/USD 1h ends before the event: fetch or import later bars"
    warehouse.merge(
        EXCLUSION, make_row(EXCLUSION, study_id="reaction", event_id="e", market_id="a:FET/USD", reason=ended)
    )


def test_every_event_and_token_has_a_row_and_an_absent_number_a_reason(warehouse: Warehouse) -> None:
    fill_reaction(warehouse)
    rows = warehouse.sql(
        "select event_id, asset_id, raw_return, abnormal_return, n_as_large, n_placebo, reason_code "
        "from out.event_reaction order by all"
    ).rows()
    assert rows == [
        ("e", "FET", None, None, None, None, "record_ends_before_event"),
        ("e", "ICP", None, None, None, None, "not_studied"),
        ("e", "TAO", 0.2, None, 3, 92, "bar_missing"),
        ("o", "FET", None, None, None, None, "studied_by_kind"),
        ("o", "ICP", None, None, None, None, "studied_by_kind"),
        ("o", "TAO", None, None, None, None, "studied_by_kind"),
    ]


@pytest.mark.parametrize("bars", ["", "hourly ", "4-hour "])
def test_a_window_past_the_end_has_its_code_whichever_bars_end(warehouse: Warehouse, bars: str) -> None:
    fill_reaction(warehouse)
    row = make_row(
        STUDY_RESULT,
        result_id="week",
        study_id="reaction",
        group_id="event",
        event_id="e",
        market_id="a:TAO/USD",
        window_start_hours=0.0,
        window_end_hours=168.0,
        statistic="raw_return",
        reason=f"the {bars}record ends at 2026-06-21 00:00 UTC, before the window does: fetch or import later bars",
    )
    warehouse.merge(STUDY_RESULT, row)
    asked = (
        "select reason_code from out.event_reaction where event_id = 'e' and asset_id = 'TAO' and window_hours = 168"
    )
    assert warehouse.sql(asked).rows() == [("record_ends_in_window",)]


def test_the_move_of_a_day_needs_the_day_before(warehouse: Warehouse) -> None:
    for day, price in ((10, 100.0), (11, 110.0), (13, 121.0)):
        opened = datetime(2026, 6, day, tzinfo=UTC)
        row = make_row(REFERENCE_PRICE, asset_id="TAO", timeframe="1d", open_time_utc=opened, reference_quote=price)
        warehouse.merge(REFERENCE_PRICE, row)
    moves = warehouse.sql("select raw_return from out.price_by_day order by day_utc")["raw_return"].to_list()
    assert moves == [None, pytest.approx(0.1), None]


def test_prices_around_an_event_are_per_coin_and_name_the_bar_it_fell_in(warehouse: Warehouse) -> None:
    warehouse.merge(EVENT, make_row(EVENT, event_id="e", best_at_utc=AT))
    warehouse.merge(MARKET, make_row(MARKET, market_id="a:B", asset_id="TAO", contract_multiplier=1000.0))
    choice = {"asset_id": "TAO", "purpose": "reaction", "event_id": "e", "timeframe": "1h", "market_id": "a:B"}
    warehouse.merge(MARKET_CHOICE, make_row(MARKET_CHOICE, **choice))
    for hour in (22, 23):
        bar = datetime(2026, 6, 12, hour, tzinfo=UTC)
        row = make_row(CANDLE, market_id="a:B", timeframe="1h", open_time_utc=bar, close_quote=2000.0, volume_base=3.0)
        warehouse.merge(CANDLE, row)
    rows = warehouse.sql(
        "select close_quote, volume_base, is_event_bar, round(close_hours_after_event, 3) "
        "from out.price_around_event order by open_time_utc"
    ).rows()
    assert rows == [(2.0, 3000.0, False, -0.945), (2.0, 3000.0, True, 0.055)]


def test_a_headline_that_was_not_judged_says_why(warehouse: Warehouse) -> None:
    for name, is_sure in (("a", True), ("b", False), ("c", True)):
        warehouse.merge(PRESS_CLAIM, make_row(PRESS_CLAIM, press_claim_id=name, is_sure=is_sure))
    warehouse.merge(PRESS_VERDICT, make_row(PRESS_VERDICT, press_claim_id="a", verdict="overstated"))
    rows = warehouse.sql("select press_claim_id, verdict_code, reason_code from out.press order by 1").rows()
    assert rows == [("a", "overstated", None), ("b", None, "reading_not_sure"), ("c", None, "not_judged")]
