"""Which tokens move as a group: clusters and the minimum spanning tree of correlations, period by period."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analysis.correlation.intervals import Array
from analysis.correlation.order import ordered_rows
from analysis.correlation.pairs import BITCOIN, Panel
from warehouse.tables.correlation import CORRELATION_CLUSTER, CORRELATION_NETWORK

# Tokens whose average-linkage correlation is at least this share a cluster.
CLUSTER_CORRELATION = 0.7
# A period counts for an asset with at least this many bars.
MIN_PERIOD_BARS = 60
# A tree of fewer assets says nothing.
MIN_ASSETS = 3
# The tree reads less than 1e-8 as "no edge"; two identical series must stay joined.
SMALLEST_DISTANCE = 1e-6
TIMEFRAMES = frozenset({"1h", "4h"})


@dataclass(frozen=True, slots=True)
class Network:
    """One period: correlations, whether the tree keeps each edge, and the cluster (1 is the largest) of each asset."""

    correlation: Array
    is_in_tree: NDArray[np.bool_]
    cluster: NDArray[np.int64]


def build_network(correlation: Array) -> Network:
    """Tree and clusters of a correlation matrix on the distance sqrt(2 (1 - r)) (Mantegna 1999)."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.sparse.csgraph import minimum_spanning_tree
    from scipy.spatial.distance import squareform

    distance = np.maximum(np.sqrt(2.0 * np.clip(1.0 - correlation, 0.0, 2.0)), SMALLEST_DISTANCE)
    np.fill_diagonal(distance, 0.0)
    tree = minimum_spanning_tree(distance).toarray() > 0
    cut = np.sqrt(2.0 * (1.0 - CLUSTER_CORRELATION))
    numbers = fcluster(linkage(squareform(distance, checks=False), method="average"), t=cut, criterion="distance")
    found, counts = np.unique(numbers, return_counts=True)
    rank = {int(found[k]): position + 1 for position, k in enumerate(np.argsort(-counts, kind="stable"))}
    cluster = np.array([rank[int(number)] for number in numbers], dtype=np.int64)
    return Network(correlation, tree | tree.T, cluster)


def measure_network(panels: Iterable[Panel]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of out.correlation_network and out.correlation_cluster per calendar month, for tokens, Bitcoin and Ether.

    Correlations use the bars common to all assets of the month; an asset with fewer than MIN_PERIOD_BARS bars is not
    in that month's network.
    """
    edges: list[dict[str, Any]] = []
    nodes: list[dict[str, Any]] = []
    for panel in panels:
        if panel.timeframe in TIMEFRAMES:
            previous: set[tuple[str, str]] = set()
            for start, end, span in _months(panel):
                previous = _measure_month(panel, start, end, span, previous, edges, nodes)
    if not edges:
        return CORRELATION_NETWORK.empty(), CORRELATION_CLUSTER.empty()
    edge_frame = pl.DataFrame(edges, schema=CORRELATION_NETWORK.schema, orient="row")
    return (
        CORRELATION_NETWORK.conform(edge_frame.with_columns(pl.col(pl.Float64).fill_nan(None))),
        CORRELATION_CLUSTER.conform(pl.DataFrame(nodes, schema=CORRELATION_CLUSTER.schema, orient="row")),
    )


def partial_correlations(correlation: Array, control: int) -> Array:
    """Correlation of every pair after a linear control for column `control`; NaN in its own row and column."""
    r = correlation[:, control]
    with np.errstate(divide="ignore", invalid="ignore"):
        out = (correlation - np.outer(r, r)) / np.sqrt(np.outer(1.0 - r**2, 1.0 - r**2))
    out[control, :] = out[:, control] = np.nan
    return np.asarray(out)


def _measure_month(
    panel: Panel,
    start: datetime,
    end: datetime,
    span: slice,
    previous: set[tuple[str, str]],
    edges: list[dict[str, Any]],
    nodes: list[dict[str, Any]],
) -> set[tuple[str, str]]:
    returns = panel.grid.returns
    rows = [row for row in ordered_rows(panel) if np.isfinite(returns[row, span]).sum() >= MIN_PERIOD_BARS]
    common = np.isfinite(returns[rows, span]).all(axis=0) if rows else np.zeros(0, dtype=bool)
    if len(rows) < MIN_ASSETS or common.sum() < MIN_PERIOD_BARS:
        return previous
    values = returns[rows, span][:, common]
    if (np.ptp(values, axis=1) == 0).any():
        return previous
    network = build_network(np.asarray(np.corrcoef(values), dtype=np.float64))
    names = [panel.assets[row] for row in rows]
    partial = (
        partial_correlations(network.correlation, names.index(BITCOIN))
        if BITCOIN in names
        else np.full(network.correlation.shape, np.nan)
    )
    period = {
        "timeframe": panel.timeframe,
        "period_start_utc": start,
        "period_end_utc": end,
        "data_as_of_utc": panel.grid.close_time(span.stop - 1),
    }
    upper = [(i, j) for i in range(len(rows)) for j in range(i + 1, len(rows))]
    tree = {(names[i], names[j]) for i, j in upper if network.is_in_tree[i, j]}
    survival = len(tree & previous) / len(tree) if previous else None
    ids = panel.grid.market_ids
    for i, j in upper:
        edges.append(
            period
            | {
                "market_id": ids[rows[i]],
                "other_market_id": ids[rows[j]],
                "asset_id": names[i],
                "other_asset_id": names[j],
                "correlation": float(network.correlation[i, j]),
                "partial_correlation": float(partial[i, j]),
                "is_in_tree": bool(network.is_in_tree[i, j]),
                "n": int(common.sum()),
            }
        )
    for i, row in enumerate(rows):
        others = np.delete(network.correlation[i], i)
        nodes.append(
            period
            | {
                "market_id": ids[row],
                "asset_id": names[i],
                "cluster_number": int(network.cluster[i]),
                "n_in_cluster": int((network.cluster == network.cluster[i]).sum()),
                "tree_degree": int(network.is_in_tree[i].sum()),
                "mean_correlation": float(others.mean()),
                "tree_survival": survival,
            }
        )
    return tree


def _months(panel: Panel) -> list[tuple[datetime, datetime, slice]]:
    grid = panel.grid
    months = []
    start = grid.first_open.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while start < grid.close_time(grid.n_bars - 1):
        end = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
        first = max(-((grid.first_open - start) // grid.bar), 0)
        last = min(-((grid.first_open - end) // grid.bar), grid.n_bars)
        months.append((start, end, slice(first, last)))
        start = end
    return months
