"""Rows of leads and lags between assets known only from observations at uneven times."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl

from analysis.together.leads.leadlag import control_false_discoveries
from analysis.together.moving.pairs import BITCOIN, ETHER, TOKEN_ROLES
from analysis.together.moving.uneven import Observed, hayashi_yoshida
from warehouse.tables.bars import MICROSECONDS_PER_MINUTE
from warehouse.tables.correlation import LEAD_LAG

# Fewer observations than this are a few days of snapshots.
MIN_OBSERVATIONS = 500
# Shifts up to six hours either way, half an hour apart.
LAG_MINUTES = np.arange(-360, 361, 30, dtype=np.int64)
# A change beyond this between two observations is another coin under the same ticker (log points).
COLLISION = 0.5
_CONVENTIONS = (
    "Hayashi-Yoshida on prices as observed, shifts of 30 minutes up to 6 hours; lag and estimate: strongest shift, 0 "
    "included; p: largest difference between a lead and the same lag, over all of them; changes above 50 % between "
    "observations left out; p_adjusted: Benjamini-Yekutieli over all pairs"
)


def measure_observations(observations: pl.DataFrame, roles: Mapping[str, str]) -> pl.DataFrame:
    """Rows of out.lead_lag with method `hayashi_yoshida` for tokens, Bitcoin and Ether with enough observations.

    `observations` is core.observation. Each asset is one series over all its sources, the first price at each instant.
    """
    wanted = [asset for asset, role in roles.items() if role in TOKEN_ROLES] + [BITCOIN, ETHER]
    chosen = observations.filter(pl.col("asset_id").is_in(wanted) & (pl.col("price_quote") > 0))
    series = {
        str(asset): observed
        for (asset,), part in sorted(chosen.group_by("asset_id"), key=lambda item: str(item[0][0]))
        if (observed := _observed(part)) is not None
    }
    rows = [_row(one, other, series[one], series[other]) for one, other in combinations(series, 2)]
    if not rows:
        return LEAD_LAG.empty()
    frame = pl.DataFrame(rows, schema=LEAD_LAG.schema, orient="row").with_columns(pl.col(pl.Float64).fill_nan(None))
    return LEAD_LAG.conform(control_false_discoveries(frame))


def _observed(part: pl.DataFrame) -> Observed | None:
    """The asset's series without the observations that belong to another coin, or None when too few are left."""
    ordered = part.sort("observed_at_utc", "source_id").unique("observed_at_utc", keep="first", maintain_order=True)
    typical = pl.col("price_quote").log().rolling_median(window_size=9, center=True, min_samples=1)
    kept = ordered.filter((pl.col("price_quote").log() - typical).abs() < COLLISION)
    if kept.height < MIN_OBSERVATIONS:
        return None
    return Observed(kept["observed_at_utc"].dt.epoch("us").to_numpy(), kept["price_quote"].to_numpy())


def _row(one: str, other: str, first: Observed, second: Observed) -> dict[str, Any]:
    found = hayashi_yoshida(first, second, LAG_MINUTES * MICROSECONDS_PER_MINUTE)
    last = max(int(first.times[-1]), int(second.times[-1]))
    row: dict[str, Any] = {
        "market_id": f"observations:{one}",
        "other_market_id": f"observations:{other}",
        "asset_id": one,
        "other_asset_id": other,
        "timeframe": "uneven",
        "method": "hayashi_yoshida",
        "n": found.n,
        "n_lags_tried": LAG_MINUTES.size,
        "conventions": _CONVENTIONS,
        "data_as_of_utc": pl.Series([last]).cast(pl.Datetime("us", "UTC")).item(),
    }
    if not np.isfinite(found.correlation).any():
        return row | {"reason": "the two were not observed at the same time"}
    best = int(np.nanargmax(np.abs(found.correlation)))
    return row | {
        "lag_hours": float(LAG_MINUTES[best]) / 60.0,
        "estimate": float(found.correlation[best]),
        "band_95": 1.96 * float(found.standard_error[best]),
        "p_value": found.p_lead,
    }
