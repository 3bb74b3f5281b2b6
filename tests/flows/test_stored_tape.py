"""The stored tape: prices per unit of the asset, bars joined from finer ones, each read once a run."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from analysis.claims.verdicts import judge
from flows.checking.evidence import load_market
from flows.context import RunContext
from flows.settings import load_settings
from flows.steps.claims import load_evidence, update_claims
from flows.study_registry import read_study
from flows.tape import StoredTape
from tests.analysis.claims.claim_builders import make_claim
from tests.builders import make_rows
from warehouse.store.connection import Reader, Warehouse, open_writer
from warehouse.tables.bars import bar_length
from warehouse.tables.news import EVENT
from warehouse.tables.prices import ASSET, CANDLE, MARKET

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
PEPE = "binanceusdm:1000PEPE/USDT:USDT"


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with open_writer(tmp_path / "warehouse.duckdb", 1) as writer:
        yield writer


def make_bars(timeframe: str, n: int, market_id: str = "okx:TAO/USDT", **more: Any) -> pl.DataFrame:
    """Bar i closes at i + 1, between a low of i and a high of i + 2, on a volume of 1."""
    length = bar_length(timeframe)
    rows = [
        {
            "market_id": market_id,
            "timeframe": timeframe,
            "open_time_utc": MONDAY + i * length,
            "open_quote": i + 1.0,
            "high_quote": i + 2.0,
            "low_quote": float(i),
            "close_quote": i + 1.0,
            "volume_base": 1.0,
        }
        | more
        for i in range(n)
    ]
    return make_rows(CANDLE, *rows)


@pytest.mark.parametrize(
    ("stored", "wanted", "n_each"),
    [
        ("5m", "15m", 3),
        ("1m", "15m", 15),
        ("5m", "30m", 6),
        ("1h", "4h", 4),
        ("4h", "8h", 2),
        ("1h", "8h", 8),
        ("1d", "1w", 7),
    ],
)
def test_bars_are_joined_from_whole_stretches_of_finer_ones(
    warehouse: Warehouse, stored: str, wanted: str, n_each: int
) -> None:
    warehouse.merge(CANDLE, make_bars(stored, 2 * n_each + 1))
    bars = StoredTape(warehouse).candles(wanted)
    assert bars["open_time_utc"].to_list() == [MONDAY, MONDAY + bar_length(wanted)]
    assert bars["close_quote"].to_list() == [n_each, 2.0 * n_each]
    assert bars["high_quote"].to_list() == [n_each + 1, 2.0 * n_each + 1]
    assert bars["low_quote"].to_list() == [0.0, float(n_each)]
    assert bars["volume_base"].to_list() == [n_each, n_each]


def test_a_stretch_with_a_missing_bar_gives_no_bar(warehouse: Warehouse) -> None:
    warehouse.merge(CANDLE, make_bars("1h", 16).filter(pl.col("open_time_utc") != MONDAY + timedelta(hours=2)))
    assert StoredTape(warehouse).candles("8h")["open_time_utc"].to_list() == [MONDAY + timedelta(hours=8)]


def test_a_volume_is_summed_in_order_and_is_absent_where_no_bar_has_one(warehouse: Warehouse) -> None:
    volumes = [1e16, 1.0, 1.0, 1.0, None, 2.0, None, 3.0, *[None] * 4]
    bars = make_bars("1h", 12).with_columns(pl.Series("volume_base", volumes, dtype=pl.Float64))
    warehouse.merge(CANDLE, bars)
    assert StoredTape(warehouse).candles("4h")["volume_base"].to_list() == [1e16, 5.0, None]


def test_a_life_ends_within_a_joined_bar_and_none_begins_after_it(warehouse: Warehouse) -> None:
    ended = {"market_id": "okx:TAO/USDT", "asset_id": "TAO", "delisted_at_utc": MONDAY + timedelta(hours=6)}
    warehouse.merge(MARKET, make_rows(MARKET, ended))
    warehouse.merge(CANDLE, make_bars("1h", 16))
    tape = StoredTape(warehouse)
    assert tape.candles("1h").height == 6
    assert tape.candles("4h")["close_quote"].to_list() == [4.0, 8.0]


def test_a_whole_grid_has_every_stored_bar_of_registered_markets_and_none_joined(warehouse: Warehouse) -> None:
    market = {"market_id": "okx:TAO/USDT", "asset_id": "TAO"}
    warehouse.merge(MARKET, make_rows(MARKET, market))
    warehouse.merge(CANDLE, make_bars("1h", 16))
    tape = StoredTape(warehouse)
    assert tape.whole_grid("1h") is tape.grid("1h")
    assert (tape.whole_grid("4h"), tape.whole_grid("1d")) == (None, None)
    ended = make_rows(MARKET, market | {"delisted_at_utc": MONDAY + timedelta(hours=6)})
    warehouse.merge(MARKET, ended)
    whole, alive = tape.whole_grid("1h"), tape.grid("1h")
    assert whole is not None
    assert alive is not None
    assert (whole.n_bars, alive.n_bars) == (16, 6)
    warehouse.merge(CANDLE, make_bars("1h", 20, "okx:XYZ/USDT"))
    strange = tape.whole_grid("1h")
    assert strange is not None
    assert (strange.market_ids, strange.n_bars) == (whole.market_ids, 16)
    warehouse.merge(MARKET, make_rows(MARKET, market))
    alone = tape.whole_grid("1h")
    assert alone is not None
    assert alone.market_ids == whole.market_ids


def test_a_stored_bar_wins_over_a_joined_one_and_a_long_source_over_a_short_one(warehouse: Warehouse) -> None:
    warehouse.merge(CANDLE, make_bars("1h", 8))
    warehouse.merge(CANDLE, make_bars("4h", 2, close_quote=99.0))
    tape = StoredTape(warehouse)
    assert tape.candles("4h")["close_quote"].to_list() == [99.0, 99.0]
    assert tape.candles("8h")["close_quote"].to_list() == [99.0]


def test_candles_are_read_once_until_something_is_written(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.merge(CANDLE, make_bars("1h", 5))
    asked: list[str] = []
    query = Reader.query

    def noting(self: Reader, name: str, **parameters: Any) -> pl.DataFrame:
        asked.append(name)
        return query(self, name, **parameters)

    monkeypatch.setattr(Reader, "query", noting)
    monkeypatch.setenv("AFTERSHOCK_HOME", "/nowhere")
    context = RunContext(load_settings(), warehouse, "run", MONDAY, lambda _line: None)
    study = read_study(warehouse, Path("/nowhere"), "reaction")
    assert context.tape.markets(study) is context.tape.markets(study)
    assert context.tape.grids(study)[0] is context.tape.grid("1h")
    # Hours twice: what lies after the end of a life is of use to the bar of four hours that it ends in.
    assert asked.count("study_candles") == len(study.timeframes) + 1
    warehouse.merge(CANDLE, make_bars("1h", 9))
    assert context.tape.candles("1h").height == 9


def test_claims_are_judged_with_the_memory_of_the_tape(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse.merge(CANDLE, make_bars("1h", 5))
    monkeypatch.setenv("AFTERSHOCK_HOME", "/nowhere")
    context = RunContext(load_settings(), warehouse, "run", MONDAY, lambda _line: None)
    held = context.tape.candles("1h")
    assert context.tape.candles("1h") is held
    update_claims(context)
    assert context.tape.candles("1h") is not held
    assert context.tape.candles("1h").equals(held)


def test_1000pepe_counts_as_pepe_for_studies_and_claims(warehouse: Warehouse) -> None:
    warehouse.merge(ASSET, make_rows(ASSET, {"asset_id": "PEPE", "role": "basket"}))
    market = {"market_id": PEPE, "asset_id": "PEPE", "exchange": "binanceusdm", "contract_multiplier": 1000.0}
    warehouse.merge(MARKET, make_rows(MARKET, market))
    warehouse.merge(CANDLE, make_bars("1h", 40, PEPE, low_quote=0.009, high_quote=0.013, close_quote=0.01))
    at = MONDAY + timedelta(hours=20)
    times = dict.fromkeys(("earliest_at_utc", "best_at_utc", "latest_at_utc"), at)
    warehouse.merge(EVENT, make_rows(EVENT, {"event_id": "e", "status": "confirmed", **times}))

    bars = StoredTape(warehouse).candles("1h")
    assert bars["close_quote"].to_list() == pytest.approx([0.00001] * 40)
    assert bars["volume_base"].to_list() == [1000.0] * 40

    claims = [make_claim(kind="level", asset="PEPE", event="e", price=0.000012, hours=12)]
    verdicts, readings, _ = judge(claims, load_evidence(warehouse, claims))
    assert readings["value"][0] == pytest.approx(0.000013)
    assert verdicts["verdict"].to_list() == ["supported"]


def test_an_unregistered_thousand_of_a_coin_counts_as_the_coin_for_claims(warehouse: Warehouse) -> None:
    market_id = "binanceusdm:1000SHIB/USDT:USDT"
    market = {"market_id": market_id, "asset_id": "1000SHIB", "exchange": "binanceusdm", "is_registered": False}
    warehouse.merge(MARKET, make_rows(MARKET, {**market, "contract_multiplier": 1.0}))
    warehouse.merge(CANDLE, make_bars("1h", 3, market_id, low_quote=0.009, high_quote=0.013, close_quote=0.01))
    [series] = load_market(warehouse).of_asset("SHIB")
    assert series.market_id == market_id
    assert series.closes.tolist() == pytest.approx([0.00001] * 3)
    assert series.highs.tolist() == pytest.approx([0.000013] * 3)


def test_only_the_prices_of_named_assets_are_loaded_and_the_last_price_is_that_of_all(warehouse: Warehouse) -> None:
    for asset, n_hours in (("TAO", 3), ("BTC", 5)):
        market = {"market_id": f"okx:{asset}/USDT", "asset_id": asset, "exchange": "okx", "is_registered": True}
        warehouse.merge(MARKET, make_rows(MARKET, {**market, "contract_multiplier": 1.0}))
        warehouse.merge(CANDLE, make_bars("1h", n_hours, f"okx:{asset}/USDT"))
    everything, named, group = load_market(warehouse), load_market(warehouse, ["TAO"]), load_market(warehouse, ["ALTS"])
    assert set(everything.series) == {"TAO", "BTC"}
    assert set(named.series) == {"TAO"}
    assert set(load_market(warehouse, ["MARKET"]).series) == {"TAO", "BTC"}
    assert not group.series
    assert named.data_as_of == group.data_as_of == everything.data_as_of
