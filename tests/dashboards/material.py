"""Frames for page tests: real June 2026 prices, measured by a plain market model, in the shape of the contracts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from dashboards.shell.frames import Frames
from tests.dashboards.rows import (
    EVENT_AT,
    EVENT_ID,
    SPEC,
    claim_rows,
    episode_rows,
    event_row,
    inclusion_row,
    market_id,
    reading_rows,
    size_row,
    source_rows,
    verdict_rows,
)
from tests.paths import PROJECT
from warehouse.tables.claims import CLAIM, CLAIM_READING, CLAIM_VERDICT
from warehouse.tables.contract import Table
from warehouse.tables.correlation import CORRELATION_EPISODE
from warehouse.tables.news import CONFOUNDER, EVENT, EVENT_SOURCE, FEED
from warehouse.tables.ops import CHECK_RESULT
from warehouse.tables.prices import ASSET, COVERAGE, MARKET
from warehouse.tables.size import SINGLE_SIZE, TEST_SIZE
from warehouse.tables.studies import INCLUSION, PLACEBO, STUDY_PATH, STUDY_RESULT

NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)
HORIZONS = (12, 24, 168)
QUIET_AT = datetime(2026, 6, 2, 16, 23, tzinfo=UTC)
ASSETS = ("TAO", "FET", "NEAR", "WLD", "BTC", "ETH")
BAND_PERCENTILES = {
    "50_lower": 25,
    "50_upper": 75,
    "80_lower": 10,
    "80_upper": 90,
    "95_lower": 2.5,
    "95_upper": 97.5,
}
LEAST_PLACEBOS = 50
PLAIN: dict[Any, Any] = {
    pl.String: "plain",
    pl.Float64: 0.0,
    pl.Int64: 0,
    pl.Boolean: False,
    pl.Datetime("us", "UTC"): EVENT_AT,
}


def frame_of(table: Table, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows as a frame that matches the contract; a required column that is left out gets a plain value of its type."""
    if not rows:
        return table.empty()
    filled = [
        {
            column.name: row.get(column.name, None if column.is_nullable else PLAIN[column.dtype])
            for column in table.columns
        }
        for row in rows
    ]
    unknown = {name for row in rows for name in row} - set(table.column_names)
    assert not unknown, f"{table.name} has no {unknown}"
    return table.conform(pl.DataFrame(filled, schema=table.schema))


@cache
def closes(timeframe: str) -> dict[str, pl.DataFrame]:
    """Close time and close by asset, from the bundled record."""
    frame = pl.read_csv(PROJECT / "ingest" / "bundle" / f"candles_{timeframe}.csv", try_parse_dates=True)
    hours = {"1h": 1, "4h": 4}[timeframe]
    frame = frame.with_columns(
        (pl.col("open_time_utc").cast(pl.Datetime("us", "UTC")) + timedelta(hours=hours)).alias("close_time_utc"),
        pl.col("symbol").str.split("/").list.first().alias("asset_id"),
    )
    parts = frame.select("asset_id", "close_time_utc", "close").partition_by("asset_id", as_dict=True)
    return {str(key[0]): part.sort("close_time_utc") for key, part in parts.items()}


def measure(
    asset_id: str, timeframe: str, event_id: str = EVENT_ID, at: datetime = EVENT_AT, venue: str = "binanceusdm"
) -> dict[str, list[dict[str, Any]]]:
    """Results, path and placebos of one market by a market model on all bars before the event."""
    hours = {"1h": 1, "4h": 4}[timeframe]
    token, bench = closes(timeframe)[asset_id], closes(timeframe)["BTC"]
    times = token["close_time_utc"].to_list()
    prices = token["close"].to_numpy()
    r = np.diff(np.log(prices))
    b = np.diff(np.log(bench["close"].to_numpy()))
    base = max(i for i, moment in enumerate(times) if moment <= at)
    beta = float(np.cov(r[:base], b[:base])[0, 1] / np.var(b[:base], ddof=1)) if asset_id != "BTC" else 0.0
    ar = r - beta * b
    sigma = float(np.std(ar[:base], ddof=2))
    key = {"study_id": "reaction", "spec_sha256": SPEC, "event_id": event_id, "market_id": market_id(asset_id, venue)}
    out: dict[str, list[dict[str, Any]]] = {"results": [], "path": [], "placebos": []}
    bands = {
        window // hours: np.array([ar[s : s + window // hours].sum() for s in range(base - window // hours)])
        for window in range(hours, 169, hours)
    }
    for window in HORIZONS:
        n = window // hours
        car, raw = float(ar[base : base + n].sum()), float(prices[base + n] / prices[base] - 1)
        shared = {
            **key,
            "group_id": "event",
            "window_start_hours": 0.0,
            "window_end_hours": float(window),
            "n_estimation": base,
            "benchmark": "BTC",
            "conventions": "market model, log returns, first public evidence",
            "data_as_of_utc": times[-1],
        }
        rows = _result_rows(car, raw, 1.96 * sigma * np.sqrt(n), bands[n], n)
        if len(bands[n]) >= LEAST_PLACEBOS:
            out["placebos"] += [
                {
                    **key,
                    "window_end_hours": float(window),
                    "placebo_start_utc": times[s],
                    "car": float(placebo),
                    "car_scaled": float(placebo),
                }
                for s, placebo in enumerate(bands[n])
            ]
        out["results"] += [
            {**shared, **row, "result_id": f"{event_id}-{asset_id}-{venue}-{window}-{row['statistic']}"} for row in rows
        ]
    out["path"] = [
        {**key, "hours_after_event": (row["close_time_utc"] - at) / timedelta(hours=1), **row}
        for row in _path_rows(times, prices, ar, base, hours, bands)
    ]
    return out


def _result_rows(car: float, raw: float, half: float, placebo: Any, n: int) -> list[dict[str, Any]]:
    """The move, what was expected, the excess with its interval and, with enough placebos, its rank."""
    rows = [
        {"statistic": "raw_return", "estimate": raw},
        {"statistic": "expected_return", "estimate": (1 + raw) / float(np.exp(car)) - 1},
        {
            "statistic": "car",
            "estimate": car,
            "lower_95": car - half,
            "upper_95": car + half,
            "standard_error": half / 1.96,
        },
    ]
    if len(placebo) >= LEAST_PLACEBOS:
        rank = int((np.abs(placebo) >= abs(car)).sum())
        rows.append(
            {
                "statistic": "placebo_rank",
                "value": float(rank),
                "n": len(placebo),
                "n_effective": len(placebo) / n,
                "p_value": (rank + 1) / (len(placebo) + 1),
                **{
                    name: float(np.quantile(np.expm1(placebo), q))
                    for name, q in (("lower_95", 0.025), ("upper_95", 0.975))
                },
            }
        )
    return rows


def _path_rows(
    times: list[datetime], prices: Any, ar: Any, base: int, hours: int, bands: dict[int, Any]
) -> list[dict[str, Any]]:
    """Close by close from 72 bars before the base to a week after it, with bands where placebos are enough."""
    rows = []
    cumulative = np.concatenate([[0.0], np.cumsum(ar)])
    for i in range(max(base - 72, 0), min(base + 168 // hours + 1, len(times))):
        row = {
            "close_time_utc": times[i],
            "close_quote": float(prices[i]),
            "raw_return": float(prices[i] / prices[base] - 1),
            "car": float(cumulative[i] - cumulative[base]),
        }
        row["expected_return"] = (1 + row["raw_return"]) / float(np.exp(row["car"])) - 1
        placebo = bands.get(i - base, ())
        if len(placebo) >= LEAST_PLACEBOS:
            row |= {f"band_{name}": float(np.percentile(placebo, q)) for name, q in BAND_PERCENTILES.items()}
        rows.append(row)
    return rows


def make_tables(venue: str = "binanceusdm") -> dict[Table, pl.DataFrame]:
    """The June 2026 episode with three further events, as the pipeline would store it; a new dictionary each time."""
    return dict(_make_tables(venue))


def _events() -> list[dict[str, Any]]:
    """The June event, a signed order, one known to the day, and one with hostile text."""
    return [
        event_row(),
        event_row(
            "2026-06-02-order",
            title="Executive order on model review is signed",
            category="executive_order",
            best_at_utc=QUIET_AT,
            earliest_at_utc=QUIET_AT,
            latest_at_utc=QUIET_AT,
            time_precision="minute",
        ),
        event_row(
            "2026-06-16-omnibus",
            title="Parliament adopts an omnibus",
            category="regulation_legislation",
            best_at_utc=datetime(2026, 6, 16, 12, tzinfo=UTC),
            earliest_at_utc=datetime(2026, 6, 16, tzinfo=UTC),
            latest_at_utc=datetime(2026, 6, 17, tzinfo=UTC),
            time_precision="day",
            time_basis="date_only",
        ),
        event_row(
            "2026-07-01-restored",
            title='<img src=x onerror=alert(1)> "access" returns & more</script>',
            category="export_control_access",
            best_at_utc=datetime(2026, 7, 1, 19, 26, tzinfo=UTC),
            earliest_at_utc=datetime(2026, 7, 1, 19, tzinfo=UTC),
            latest_at_utc=datetime(2026, 7, 1, 20, tzinfo=UTC),
            time_precision="minute",
            source_url="javascript:alert(1)",
        ),
    ]


def _registry_rows() -> dict[Table, list[dict[str, Any]]]:
    """Assets, markets and their coverage; one market has a gap."""
    return {
        ASSET: [
            {"asset_id": a, "name": a.title(), "role": "benchmark" if a in ("BTC", "ETH") else "ai_token"}
            for a in ASSETS
        ],
        MARKET: [
            {
                "market_id": market_id(a),
                "asset_id": a,
                "exchange": "binanceusdm",
                "symbol": f"{a}/USDT:USDT",
                "kind": "perpetual",
                "quote": "USDT",
                "contract_multiplier": 1.0,
                "is_registered": True,
            }
            for a in ASSETS
        ],
        COVERAGE: [
            {
                "market_id": market_id(a),
                "timeframe": "4h",
                "asset_id": a,
                "first_open_utc": datetime(2026, 5, 5, tzinfo=UTC),
                "last_open_utc": datetime(2026, 6, 30, 20, tzinfo=UTC),
                "n_expected": 342,
                "n_present": 342 - 3 * (a == "WLD"),
                "n_missing": 3 * (a == "WLD"),
                "n_gaps": int(a == "WLD"),
                "longest_gap_hours": 12.0 * (a == "WLD"),
                "n_zero_volume": 0,
                "n_revised": 0,
                "source_ids": "bundle",
            }
            for a in ASSETS
        ],
    }


def _sizes_of_single_events() -> list[dict[str, Any]]:
    """Coverage in calm, and how often the comparisons with other assets reject."""
    return [
        {
            "scenario": "donors alike" if method else "calm",
            "window_hours": 24.0,
            "measure": f"rejects_{method}" if method else "covers",
            "estimate": 0.0431,
            "lower_95": 0.0287,
            "upper_95": 0.0644,
            "n_replications": 500,
            "seed": 1,
        }
        for method in ("", "synthetic_control", "synthetic_did", "augmented_synthetic_control")
    ]


@cache
def _make_tables(venue: str) -> dict[Table, pl.DataFrame]:
    measured = [measure("TAO", "1h", venue=venue)]
    measured += [measure(asset, "4h", venue=venue) for asset in ("FET", "NEAR", "WLD", "BTC", "ETH")]
    measured.append(measure("TAO", "4h", "2026-06-02-order", QUIET_AT, venue))
    tables: dict[Table, list[dict[str, Any]]] = {
        STUDY_RESULT: [row for item in measured for row in item["results"]],
        STUDY_PATH: [row for item in measured for row in item["path"]],
        PLACEBO: [row for item in measured for row in item["placebos"]],
        EVENT: _events(),
        EVENT_SOURCE: source_rows(),
        CONFOUNDER: [
            {
                "event_id": EVENT_ID,
                "confounder_number": 1,
                "kind": "market_move",
                "at_utc": datetime(2026, 6, 14, 20, tzinfo=UTC),
                "offset_hours": 44.1,
                "detail": "A market-wide rally mixes with everything later",
            }
        ],
        CLAIM: claim_rows(),
        CLAIM_VERDICT: verdict_rows(),
        CLAIM_READING: reading_rows(),
        CORRELATION_EPISODE: episode_rows(),
        **_registry_rows(),
        INCLUSION: [
            inclusion_row(place, estimate, group_id="category:executive_order", **changes)
            for place, estimate, changes in (
                (1, 0.0101, {}),
                (2, 0.0312, {"origin": "curated"}),
                (3, -0.0023, {"days_apart": 7.0, "least_severity": 3}),
                (4, 0.0087, {"left_out_event_id": EVENT_ID}),
                (5, 0.0204, {"standard_error": None, "p_value": None, "is_significant": None}),
            )
        ],
        SINGLE_SIZE: _sizes_of_single_events(),
        FEED: [
            {
                "feed_id": "lab",
                "title": "A lab",
                "kind": "rss",
                "category": "lab",
                "url": "https://example.org/feed",
                "language": "en",
                "clock": "publisher",
                "confidence": "high",
                "interval_minutes": 60,
            }
        ],
        CHECK_RESULT: [
            {"check_id": "event_key_is_unique", "description": "Event ids are unique", "n_offending": 0, "run_id": "r1"}
        ],
    }
    tables[TEST_SIZE] = [
        size_row(scenario, statistic, rejection, dependence=dependence)
        for scenario, naive in (("normal", 0.05), ("clustered 0.1", 0.34), ("event variance x4", 0.33))
        for statistic, dependence, rejection in (("patell", "independent", naive), ("kp_bmp", "adjusted", 0.06))
    ]
    return {table: frame_of(table, rows) for table, rows in tables.items()}


def make_frames(tables: dict[Table, pl.DataFrame] | None = None) -> Frames:
    """The tables as pages receive them."""
    return Frames({table.name: frame for table, frame in (tables or make_tables()).items()})
