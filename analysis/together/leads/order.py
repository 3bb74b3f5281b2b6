"""Rows of who moves first: cross-correlations at all lags and Granger tests of every pair of a panel."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations, permutations
from typing import Any

import numpy as np
import polars as pl

from analysis.threads import one_blas_thread
from analysis.together.leads.granger import MAX_LAGS, MIN_BARS_GRANGER, try_granger
from analysis.together.leads.leadlag import LagPath, control_false_discoveries, lag_matrices, lag_path
from analysis.together.moving.pairs import BITCOIN, ETHER, TOKEN_ROLES, ReturnPanel
from warehouse.tables.bars import HOUR
from warehouse.tables.correlation import LEAD_LAG, LEAD_LAG_PATH

# Longest lead or lag in bars, by bar length: two days, two days, a week.
MAX_LAG_BARS = {"1h": 48, "4h": 12, "1d": 7}
CROSS_CONVENTIONS = (
    "log returns of the longest market of each asset; strongest non-zero lag; band and p cover all lags tried (Sidak) "
    "and allow for autocorrelation and shared volatility; p_adjusted: Benjamini-Yekutieli over all pairs"
)
GRANGER_CONVENTIONS = (
    f"VAR equation with 1-{MAX_LAGS} lags by BIC, lags of Bitcoin added where it is neither side, Newey-West Wald "
    "test; p_adjusted: Benjamini-Yekutieli over all directed pairs"
)


def measure_order(panels: Iterable[ReturnPanel]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of out.lead_lag and out.lead_lag_path for every pair of tokens, Bitcoin and Ether in each panel.

    False discoveries are controlled within a method over all pairs and bar lengths together.
    """
    summaries: list[dict[str, Any]] = []
    paths: list[pl.DataFrame] = []
    for panel in panels:
        rows = ordered_rows(panel)
        if panel.timeframe in MAX_LAG_BARS and len(rows) > 1:
            cross, found = _cross_correlate(panel, rows)
            summaries += [*cross, *_granger(panel, rows)]
            paths += found
    if not summaries:
        return LEAD_LAG.empty(), LEAD_LAG_PATH.empty()
    frame = pl.DataFrame(summaries, schema=LEAD_LAG.schema, orient="row").with_columns(
        pl.col(pl.Float64).fill_nan(None)
    )
    adjusted = [control_false_discoveries(part) for part in frame.partition_by("method", maintain_order=True)]
    return LEAD_LAG.conform(pl.concat(adjusted)), LEAD_LAG_PATH.conform(pl.concat(paths))


def ordered_rows(panel: ReturnPanel) -> list[int]:
    """Grid rows of the tokens' longest markets, then Bitcoin's and Ether's."""
    rows = panel.one_row_per_asset(TOKEN_ROLES)
    return rows + [row for asset in (BITCOIN, ETHER) if (row := panel.longest_row(asset)) is not None]


def _cross_correlate(panel: ReturnPanel, rows: list[int]) -> tuple[list[dict[str, Any]], list[pl.DataFrame]]:
    matrices = lag_matrices(panel.grid.returns[rows], MAX_LAG_BARS[panel.timeframe])
    summaries, paths = [], []
    for first, second in combinations(range(len(rows)), 2):
        path = lag_path(matrices, first, second)
        if not np.isfinite(path.correlation).any():
            continue
        labels = _labels(panel, rows[first], rows[second])
        summaries.append(_summary(panel, labels, path))
        paths.append(_path_rows(panel, labels, path))
    return summaries, paths


def _summary(panel: ReturnPanel, labels: dict[str, str], path: LagPath) -> dict[str, Any]:
    best = int(np.flatnonzero(path.lags == path.best_lag)[0])
    return {
        **labels,
        "method": "cross_correlation",
        "lag_hours": path.best_lag * _bar_hours(panel),
        "estimate": float(path.correlation[best]),
        "band_95": float(path.band_simultaneous[best]),
        "p_value": path.p_value,
        "n": int(path.n[best]),
        "n_lags_tried": path.lags.size - 1,
        "conventions": CROSS_CONVENTIONS,
        "data_as_of_utc": panel.grid.close_time(panel.grid.n_bars - 1),
    }


def _path_rows(panel: ReturnPanel, labels: dict[str, str], path: LagPath) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "lag_hours": path.lags * _bar_hours(panel),
            "correlation": path.correlation,
            "band_pointwise_95": path.band_pointwise,
            "band_simultaneous_95": path.band_simultaneous,
            "n": path.n,
        }
    ).filter(pl.col("correlation").is_finite() & pl.col("band_pointwise_95").is_finite())
    return frame.select(*(pl.lit(value).alias(name) for name, value in labels.items()), pl.all())


def _granger(panel: ReturnPanel, rows: list[int]) -> list[dict[str, Any]]:
    bitcoin = panel.longest_row(BITCOIN)
    with one_blas_thread():
        return [_granger_row(panel, cause, effect, bitcoin) for cause, effect in permutations(rows, 2)]


def _granger_row(panel: ReturnPanel, cause: int, effect: int, bitcoin: int | None) -> dict[str, Any]:
    returns = panel.grid.returns
    control = returns[bitcoin] if bitcoin is not None and bitcoin not in (cause, effect) else None
    found = try_granger(returns[cause], returns[effect], control)
    n_common = int((np.isfinite(returns[cause]) & np.isfinite(returns[effect])).sum())
    row: dict[str, Any] = {
        **_labels(panel, cause, effect),
        "method": "granger",
        "n": n_common,
        "n_lags_tried": MAX_LAGS,
        "conventions": GRANGER_CONVENTIONS,
        "data_as_of_utc": panel.grid.close_time(panel.grid.n_bars - 1),
    }
    if found is None:
        return row | {"reason": f"{n_common} common bars; the test needs {MIN_BARS_GRANGER} complete ones"}
    return row | {
        "lag_hours": found.n_lags * _bar_hours(panel),
        "estimate": found.added_r2,
        "p_value": found.p_value,
        "n": found.n,
    }


def _labels(panel: ReturnPanel, first: int, second: int) -> dict[str, str]:
    ids = panel.grid.market_ids
    return {
        "market_id": ids[first],
        "other_market_id": ids[second],
        "asset_id": panel.assets[first],
        "other_asset_id": panel.assets[second],
        "timeframe": panel.timeframe,
    }


def _bar_hours(panel: ReturnPanel) -> float:
    return panel.grid.bar / HOUR
