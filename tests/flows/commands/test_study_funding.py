"""Studies and claims after funding: the row says by how much, and unknown funding is a reason."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analysis.single.window.funding import add_funding
from analysis.tape.funding import funding_records
from analysis.tape.markets import align_markets
from analysis.tape.returns import build_return_grid
from flows.context import RunContext
from flows.settings import Settings
from flows.steps.bundle import update_bundle
from flows.steps.studies import measure_one_event
from flows.study_registry import load_studies
from tests.builders import make_rows
from warehouse.store.connection import Warehouse, open_writer
from warehouse.tables.bars import HOUR
from warehouse.tables.prices import FUNDING

EPISODE = "2026-06-12-fable-mythos-access-restriction"
TAO = "binanceusdm:TAO/USDT:USDT"
FROM, UNTIL = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 14, tzinfo=UTC)
SEEN = datetime(2026, 7, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    home = tmp_path_factory.mktemp("home")
    with open_writer(home / "warehouse.duckdb", 1) as opened:
        update_bundle(RunContext(Settings(home, None, True, 1, None, None), opened, "run", SEEN, lambda _line: None))
        times = [FROM + 8 * HOUR * n for n in range((UNTIL - FROM) // (8 * HOUR) + 1)]
        rates = [{"market_id": TAO, "funding_time_utc": at, "funding_rate": 0.001} for at in times]
        opened.merge(FUNDING, make_rows(FUNDING, *({**row, "first_seen_at_utc": SEEN} for row in rates)))
        yield opened


@pytest.fixture(scope="module")
def before(warehouse: Warehouse) -> pl.DataFrame:
    return measure(warehouse, is_after_funding=False)[0]


@pytest.fixture(scope="module")
def after(warehouse: Warehouse) -> tuple[pl.DataFrame, pl.DataFrame]:
    return measure(warehouse, is_after_funding=True)


def measure(warehouse: Warehouse, *, is_after_funding: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Two tokens, two windows, and no other methods beside them."""
    [study] = load_studies(Path("no-config"))
    short = {"asset_ids": ("TAO", "FET"), "windows_hours": (24.0, 72.0), "specification_asset_ids": ()}
    declared = study.model_copy(update={**short, "examined_origins": (), "main_window_hours": 24.0})
    return measure_one_event(warehouse, declared, EPISODE, None, is_after_funding=is_after_funding)


def raw(results: pl.DataFrame, market_id: str, hours: float) -> dict[str, object]:
    is_it = (pl.col("market_id") == market_id) & (pl.col("window_end_hours") == hours)
    [row] = results.filter(is_it, pl.col("statistic") == "raw_return").to_dicts()
    return row


def test_a_return_after_funding_is_the_return_less_the_payments_and_says_how_much(
    before: pl.DataFrame, after: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    plain, paid = raw(before, TAO, 24.0), raw(after[0], TAO, 24.0)
    # Three payments of a tenth of a percent in any 24 hours.
    assert paid["funding_return"] == pytest.approx(0.999**3 - 1)
    assert 1 + float(str(paid["estimate"])) == pytest.approx((1 + float(str(plain["estimate"]))) * 0.999**3)
    assert "after funding, which added −0.300% to a long position" in str(paid["conventions"])
    assert "funding" not in str(plain["conventions"])


def test_a_window_beyond_the_stored_rates_has_a_reason_and_no_number(after: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    row = raw(after[0], TAO, 72.0)
    assert row["estimate"] is None
    assert row["funding_return"] is None
    assert "funding is not known over the whole window" in str(row["reason"])
    assert "2026-06-14 00:00" in str(row["reason"])


def test_a_perpetual_without_rates_is_left_out_with_a_reason(after: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    fet = "binanceusdm:FET/USDT:USDT"
    assert after[0].filter(pl.col("market_id") == fet).is_empty()
    [reason] = after[1].filter(pl.col("market_id") == fet)["reason"]
    assert reason.startswith(f"no funding rates of {fet} are stored")


def test_spot_and_benchmark_stay_as_they_are() -> None:
    start = datetime(2026, 6, 1, tzinfo=UTC)
    ids = (TAO, "okx:TAO/USDT", "binanceusdm:BTC/USDT:USDT")
    bars = [
        {"market_id": name, "open_time_utc": start + hour * HOUR, "close_quote": 100.0 + hour}
        for name in ids
        for hour in range(20)
    ]
    grid = build_return_grid(pl.DataFrame(bars), HOUR)
    assets = pl.DataFrame({"market_id": ids, "asset_id": ["TAO", "TAO", "BTC"]})
    wanted = {"asset_ids": ["TAO"], "benchmark_asset_ids": ["BTC"], "benchmark_exchanges": ["binanceusdm"]}
    plain = align_markets([grid], assets, **wanted)
    rates = [
        {"market_id": name, "funding_time_utc": start + hour * HOUR, "funding_rate": 0.01}
        for name in (TAO, "binanceusdm:BTC/USDT:USDT")
        for hour in (0, 8, 16, 24)
    ]
    paid = add_funding(plain, funding_records(make_rows(FUNDING, *rates)))
    assert paid.series["okx:TAO/USDT"] == plain.series["okx:TAO/USDT"]
    [adjusted], [unadjusted] = paid.series[TAO], plain.series[TAO]
    changed = np.flatnonzero(~np.isclose(adjusted.asset, unadjusted.asset, equal_nan=True))
    assert changed.tolist() == [7, 15]  # the bars that close at 08:00 and at 16:00
    assert adjusted.asset[7] - unadjusted.asset[7] == pytest.approx(math.log(0.99))
    assert np.array_equal(adjusted.benchmark, unadjusted.benchmark, equal_nan=True)
