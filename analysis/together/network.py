"""Which tokens move as a group: clusters and the minimum spanning tree of correlations, period by period."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from analysis.arrays import Flags, Integers
from analysis.together.leads.order import ordered_rows
from analysis.together.moving.intervals import Array
from analysis.together.moving.pairs import BITCOIN, ReturnPanel
from warehouse.tables.correlation import CORRELATION_CLUSTER, CORRELATION_NETWORK

# Tokens whose average-linkage correlation is at least this share a cluster.
CLUSTER_CORRELATION = 0.7
# A period counts for an asset with at least this many bars.
MIN_PERIOD_BARS = 60
# A tree of fewer assets says nothing.
MIN_ASSETS = 3
# The tree reads less than 1e-8 as "no edge"; two identical series must stay joined.
SMALLEST_DISTANCE = 1e-6
_TIMEFRAMES = frozenset({"1h", "4h"})


@dataclass(frozen=True, slots=True)
class Network:
    """One period: correlations, whether the tree keeps each edge, and the cluster (1 is the largest) of each asset."""

    correlation: Array
    is_in_tree: Flags
    cluster: Integers


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


def measure_network(panels: Iterable[ReturnPanel]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of out.correlation_network and out.correlation_cluster per calendar month, for tokens, Bitcoin and Ether.

    Correlations use the bars common to all assets of the month; an asset with fewer than MIN_PERIOD_BARS bars is not
    in that month's network.
    """
    edges: list[dict[str, Any]] = []
    nodes: list[dict[str, Any]] = []
    for panel in panels:
        if panel.timeframe not in _TIMEFRAMES:
            continue
        previous: set[tuple[str, str]] = set()
        for month in _months(panel):
            found = _build_month(panel, month)
            if found is not None:
                edges += _edge_rows(panel, month, found)
                nodes += _node_rows(panel, month, found, previous)
                previous = found.tree
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


@dataclass(frozen=True, slots=True)
class _Month:
    """A calendar month and its bars on the panel's grid."""

    start: datetime
    end: datetime
    span: slice


@dataclass(frozen=True, slots=True)
class _MonthNetwork:
    """The network of the grid rows that traded enough in a month; `tree` holds its edges as pairs of assets."""

    rows: list[int]
    names: list[str]
    network: Network
    n: int

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Every pair of positions."""
        return [(i, j) for i in range(len(self.rows)) for j in range(i + 1, len(self.rows))]

    @property
    def tree(self) -> set[tuple[str, str]]:
        """The edges of the spanning tree."""
        return {(self.names[i], self.names[j]) for i, j in self.pairs if self.network.is_in_tree[i, j]}


def _build_month(panel: ReturnPanel, month: _Month) -> _MonthNetwork | None:
    returns = panel.grid.returns
    rows = [row for row in ordered_rows(panel) if np.isfinite(returns[row, month.span]).sum() >= MIN_PERIOD_BARS]
    if len(rows) < MIN_ASSETS:
        return None
    values = returns[rows, month.span]
    values = values[:, np.isfinite(values).all(axis=0)]
    if values.shape[1] < MIN_PERIOD_BARS or (np.ptp(values, axis=1) == 0).any():
        return None
    network = build_network(np.asarray(np.corrcoef(values), dtype=np.float64))
    return _MonthNetwork(rows, [panel.assets[row] for row in rows], network, int(values.shape[1]))


def _edge_rows(panel: ReturnPanel, month: _Month, found: _MonthNetwork) -> list[dict[str, Any]]:
    correlation = found.network.correlation
    partial = (
        partial_correlations(correlation, found.names.index(BITCOIN))
        if BITCOIN in found.names
        else np.full(correlation.shape, np.nan)
    )
    ids = panel.grid.market_ids
    return [
        _period(panel, month)
        | {
            "market_id": ids[found.rows[i]],
            "other_market_id": ids[found.rows[j]],
            "asset_id": found.names[i],
            "other_asset_id": found.names[j],
            "correlation": float(correlation[i, j]),
            "partial_correlation": float(partial[i, j]),
            "is_in_tree": bool(found.network.is_in_tree[i, j]),
            "n": found.n,
        }
        for i, j in found.pairs
    ]


def _node_rows(
    panel: ReturnPanel, month: _Month, found: _MonthNetwork, previous: set[tuple[str, str]]
) -> list[dict[str, Any]]:
    network, tree = found.network, found.tree
    survival = len(tree & previous) / len(tree) if previous else None
    return [
        _period(panel, month)
        | {
            "market_id": panel.grid.market_ids[row],
            "asset_id": found.names[i],
            "cluster_number": int(network.cluster[i]),
            "n_in_cluster": int((network.cluster == network.cluster[i]).sum()),
            "tree_degree": int(network.is_in_tree[i].sum()),
            "mean_correlation": float(np.delete(network.correlation[i], i).mean()),
            "tree_survival": survival,
        }
        for i, row in enumerate(found.rows)
    ]


def _period(panel: ReturnPanel, month: _Month) -> dict[str, Any]:
    return {
        "timeframe": panel.timeframe,
        "period_start_utc": month.start,
        "period_end_utc": month.end,
        "data_as_of_utc": panel.grid.close_time(month.span.stop - 1),
    }


def _months(panel: ReturnPanel) -> list[_Month]:
    grid = panel.grid
    months = []
    start = grid.first_open.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while start < grid.close_time(grid.n_bars - 1):
        end = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
        first = max(-((grid.first_open - start) // grid.bar), 0)
        last = min(-((grid.first_open - end) // grid.bar), grid.n_bars)
        months.append(_Month(start, end, slice(first, last)))
        start = end
    return months
