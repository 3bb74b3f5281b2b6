"""The last 24 hours of each token against its own earlier windows."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from analysis.arrays import Floats
from analysis.engine.kernel import fit_line
from analysis.portable import expm1, log
from analysis.tape.choice import Candidate, Preference, order_benchmarks
from warehouse.tables.bars import LENGTHS, bar_length, parse_bar
from warehouse.tables.moves import LATEST_MOVE
from warehouse.tables.units import iso_minute

_BENCHMARK = "BTC"
_WINDOW = timedelta(hours=24)
_RECENT = timedelta(days=7)
# Fewer earlier 24-hour windows than ten days' worth of independent ones give no range worth printing.
MIN_INDEPENDENT = 10
# A series whose last bar is older than this beside the newest of all is not "today".
MAX_LAG = timedelta(hours=24)
MAX_CLOSES = 60


def measure_latest_moves(candles: pl.DataFrame) -> pl.DataFrame:
    """One row per asset in the shape of out.latest_move, largest abnormal move first.

    `candles` holds asset_id, name, market_id, timeframe, open_time_utc, close_quote. The market that stands for
    the asset is chosen among those with its latest close. Windows that touch a missing bar are left out, never filled.
    """
    if not candles.height:
        return LATEST_MOVE.empty()
    length = pl.col("timeframe").replace_strict(LENGTHS, return_dtype=pl.Duration("us"))
    closed = candles.with_columns((pl.col("open_time_utc") + length).alias("close_time_utc"))
    newest: datetime = closed["close_time_utc"].max()  # type: ignore[assignment] # candles is not empty
    parts = {
        (str(key[0]), str(key[1])): part
        for key, part in closed.partition_by(["market_id", "timeframe"], as_dict=True).items()
    }
    rows = []
    series_of_all = _series_of(closed)
    benchmarks = series_of_all.filter(pl.col("asset_id") == _BENCHMARK)
    for series in _best_series(series_of_all.filter(pl.col("asset_id") != _BENCHMARK)):
        timeframe = series["timeframe"]
        own = parts[series["market_id"], timeframe].sort("close_time_utc")
        beside = benchmarks.filter(pl.col("timeframe") == timeframe)["market_id"].to_list()
        ordered = order_benchmarks(beside, series["market_id"])
        benchmark = parts[ordered[0], timeframe] if ordered else None
        rows.append(_measure(series, own, benchmark, newest))
    rows.sort(key=lambda row: (row["abnormal_return"] is None, -abs(row["abnormal_return"] or 0.0), row["asset_id"]))
    return LATEST_MOVE.conform(pl.DataFrame(rows, schema=LATEST_MOVE.schema))


def _series_of(closed: pl.DataFrame) -> pl.DataFrame:
    return closed.group_by("asset_id", "name", "market_id", "timeframe").agg(
        pl.col("close_time_utc").max().alias("last_utc"), pl.len().alias("n")
    )


def _best_series(series: pl.DataFrame) -> list[dict[str, Any]]:
    """The series that stands for each asset; one covers the last day when no other of the asset closed later."""
    found = []
    for part in series.partition_by("asset_id"):
        newest = part["last_utc"].max()
        found.append(min(part.iter_rows(named=True), key=lambda row: _as_candidate(row, row["last_utc"] == newest)))
    return found


def _as_candidate(row: dict[str, Any], is_covering: bool) -> Preference:
    return Candidate(row["market_id"], parse_bar(row["timeframe"]).hours, row["n"], is_covering).preference


def _measure(
    series: dict[str, Any], own: pl.DataFrame, benchmark: pl.DataFrame | None, newest: datetime
) -> dict[str, Any]:
    last = own.row(-1, named=True)
    recent = own.filter(pl.col("close_time_utc") > last["close_time_utc"] - _RECENT)["close_quote"]
    row: dict[str, Any] = {
        **dict.fromkeys(LATEST_MOVE.column_names),
        "asset_id": series["asset_id"],
        "name": series["name"],
        "market_id": series["market_id"],
        "timeframe": series["timeframe"],
        "close_quote": last["close_quote"],
        "recent_closes_json": json.dumps(recent.gather_every(max(-(-recent.len() // MAX_CLOSES), 1)).to_list()),
        "data_as_of_utc": last["close_time_utc"],
    }
    if newest - last["close_time_utc"] > MAX_LAG:
        return {
            **row,
            "reason": f"last bar closed {iso_minute(last['close_time_utc'])} UTC, more than a day before the newest",
        }
    before = own.filter(pl.col("close_time_utc") == last["close_time_utc"] - _WINDOW)["close_quote"]
    if not before.len():
        return {**row, "reason": "no bar closed exactly 24 hours before the last one"}
    row["raw_return"] = last["close_quote"] / before[0] - 1
    if benchmark is None:
        return {**row, "reason": "no Bitcoin bars of the same length"}
    return {**row, **_against_past(own, benchmark, bar_length(series["timeframe"]))}


def _against_past(own: pl.DataFrame, benchmark: pl.DataFrame, bar: timedelta) -> dict[str, Any]:
    joined = own.select("close_time_utc", "close_quote").join(
        benchmark.select("close_time_utc", pl.col("close_quote").alias("benchmark_quote")),
        on="close_time_utc",
        how="inner",
        validate="1:1",
    )
    # An upsampled grid has nulls where a bar is missing, so no return spans a gap.
    grid = joined.sort("close_time_utc").upsample("close_time_utc", every=bar)
    token = np.diff(log(grid["close_quote"].to_numpy()))
    market = np.diff(log(grid["benchmark_quote"].to_numpy()))
    n_bars = int(_WINDOW / bar)
    earlier = slice(0, max(len(token) - n_bars, 0))
    known = np.isfinite(token[earlier]) & np.isfinite(market[earlier])
    if known.sum() < MIN_INDEPENDENT * n_bars:
        return {"reason": f"{int(known.sum())} earlier bars; {MIN_INDEPENDENT * n_bars} needed"}
    # A benchmark that stood still explains nothing.
    beta = float(np.nan_to_num(fit_line(token[earlier], market[earlier]).beta[0]))
    windows = _window_sums(token - beta * market, n_bars)
    now, past = windows[-1], windows[: len(windows) - n_bars]
    past = past[np.isfinite(past)]
    if not np.isfinite(now):
        return {"beta": beta, "reason": "a bar is missing in the last 24 hours"}
    if len(past) < MIN_INDEPENDENT * n_bars:
        return {"beta": beta, "reason": f"{len(past)} earlier windows; {MIN_INDEPENDENT * n_bars} needed"}
    lower, upper = np.quantile(past, [0.025, 0.975])
    return {
        "abnormal_return": float(expm1(now)),
        "ordinary_lower": float(expm1(lower)),
        "ordinary_upper": float(expm1(upper)),
        "beta": beta,
        "n_as_large": int((np.abs(past) >= abs(now)).sum()),
        "n_windows": len(past),
        "n_independent": len(past) // n_bars,
    }


def _window_sums(values: Floats, n_bars: int) -> Floats:
    # A window with a missing bar sums to NaN.
    return np.convolve(values, np.ones(n_bars), mode="valid")
