"""What the return after an event goes with, and whether prices had moved before the news."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from markupsafe import Markup

from dashboards.numbers import signed_rows
from dashboards.shell.tables import Cell, Head, Spanning, empty_table, strong, table
from warehouse.tables.studies import STUDY_RESULT
from warehouse.tables.units import count, listing, percent, probability

_PREFIX = "regression:"
CHARACTERISTICS, ALL_LEADS_LAGS = f"{_PREFIX}characteristics", f"{_PREFIX}leads_lags:all"
# Errors that allow for several tokens per event and several events per token; the plain ones where they are absent.
CLUSTERED, PLAIN = "two_way_clustered:", "hc3:"
_LEVEL = 0.05
# Regressors in words, with what one unit of each is.
_WORDS = {
    "severity": ("Severity", "one step of five"),
    "restricts": ("Restricts central AI", "yes instead of no"),
    "enables": ("Enables central AI", "yes instead of no"),
    "duration_days": ("Duration", "one day"),
    "prior_volatility": ("Volatility before", "one point of daily log volatility"),
    "attention": ("Attention", "2.7 times as many outlets"),
}


def characteristics_table(results: pl.DataFrame) -> Markup:
    """What the size of the reaction goes with, of all events together."""
    rows = results.filter(pl.col("group_id") == CHARACTERISTICS)
    found = {row["statistic"]: row for row in signed_rows(rows, STUDY_RESULT)}
    chosen = [(name, _choose(found, name)) for name in _WORDS]
    known = [row for _, row in chosen if row is not None and row["estimate"] is not None]
    if not known:
        reason = rows["reason"].drop_nulls()
        why = f"The regression cannot be estimated: {reason[0]}." if reason.len() else "No regression has been run yet."
        return empty_table(why, "Import or backfill prices around more events, then run again.")
    n, n_events = known[0]["n"], known[0]["n_effective"]
    small = (
        f"Least squares of the 24-hour return beyond the benchmark on all of these together: {count(n)} reactions to "
        f"{count(n_events)} events; errors {_errors(known)}. An association, not a cause."
    )
    heads = (
        Head("Characteristic"),
        Head("For"),
        Head("Change in return", is_number=True),
        Head("95% interval", is_number=True),
        Head("p", is_number=True),
    )
    return table("characteristics", _caption(chosen), small, heads, [_row(name, row) for name, row in chosen])


def _caption(chosen: Sequence[tuple[str, Mapping[str, Any] | None]]) -> str:
    """What goes with the size of the reaction, as far as errors that allow for shared events can tell."""
    if not any(row is not None and _is_clustered(row) and row["estimate"] is not None for _, row in chosen):
        return "Too few months and tokens to say what the return goes with"
    clear = [_WORDS[name][0].lower() for name, row in chosen if row is not None and _is_clear(row)]
    if not clear:
        return "No link between what is known of an event and the return can be shown"
    return f"The return goes with {listing(clear)}"


def _errors(known: Sequence[Mapping[str, Any]]) -> str:
    if any(_is_clustered(row) for row in known):
        return "clustered by month and token; bold where p < 0.05, adjusted for all of them"
    return "HC3, which take every reaction for independent and are too small"


def _choose(found: Mapping[str, Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    """The clustered coefficient where it exists, else the plain one, else whatever gives the reason."""
    candidates = [found.get(f"{kind}{name}") for kind in (CLUSTERED, PLAIN)]
    rows = [row for row in candidates if row is not None]
    return next((row for row in rows if row["estimate"] is not None), rows[0] if rows else None)


def _is_clustered(row: Mapping[str, Any]) -> bool:
    return str(row["statistic"]).startswith(CLUSTERED)


def _is_clear(row: Mapping[str, Any]) -> bool:
    return _is_clustered(row) and row["p_adjusted"] is not None and row["p_adjusted"] < _LEVEL


def _row(name: str, row: Mapping[str, Any] | None) -> list[Cell | Spanning]:
    words, unit = _WORDS[name]
    if row is None or row["estimate"] is None:
        return [words, Spanning(f"Not estimated – {row['reason'] if row else 'not part of the regression'}")]
    estimate, (lower, upper) = percent(row["estimate"], 2), (row["lower_95"], row["upper_95"])
    interval = f"{percent(lower, 2)} to {percent(upper, 2)}" if lower is not None else "–"
    shown: Cell = strong(estimate) if _is_clear(row) else estimate
    p = "–" if row["p_value"] is None else probability(row["p_value"])
    return [words, unit, shown, interval, p]
