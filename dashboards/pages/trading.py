"""How busily tokens were traded around events: volume, range and volatility beside ordinary windows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from markupsafe import Markup

from dashboards.fill import macro
from dashboards.glossary import tip
from dashboards.numbers import signed_rows, then, whole
from dashboards.shell.page import token_path
from dashboards.shell.tables import NOTHING, Cell, Head, Spanning, link, table, with_soft
from warehouse.tables.studies import STUDY_RESULT
from warehouse.tables.terms import asset_of, market_name
from warehouse.tables.units import count, hours_short, multiple, number, number_word, plural

# Statistic ids of the three measures, in the order shown, with what a reader calls them.
_MEASURES = {"abnormal_volume": "Volume", "abnormal_range": "Range", "abnormal_volatility": "Volatility"}
TRADING_STUDY = "activity"
CLEAR = 0.05


def is_trading() -> pl.Expr:
    """Rows of the three measures."""
    return (pl.col("study_id") == TRADING_STUDY) & pl.col("statistic").is_in(list(_MEASURES))


def event_trading(results: pl.DataFrame, assets: Mapping[str, str]) -> Markup:
    """Each token's trading in the day after one event; nothing where no market has the numbers.

    `results` are the event's rows of out.study_result, `assets` the asset of each market.
    """
    found = {
        (assets.get(row["market_id"], asset_of(row["market_id"])), row["statistic"]): row
        for row in signed_rows(results, STUDY_RESULT)
        if row["study_id"] == TRADING_STUDY and row["statistic"] in _MEASURES and row["estimate"] is not None
    }
    if not found:
        return NOTHING
    names = sorted({asset for asset, _ in found}, key=lambda asset: (asset != "TAO", asset))
    heads = (
        Head("Token"),
        *(Head(tip(_term(statistic), name), is_number=True, label=name) for statistic, name in _MEASURES.items()),
    )
    small = (
        "Times what Bitcoin’s own volume, range and moves would lead you to expect; one is ordinary. Beside it: how "
        "many earlier windows on the same kind of day were as far up, each predicted from the days before it; in "
        "brackets how many of all do not overlap."
    )
    return table("trading", _caption(names[0], found), small, heads, [_event_row(asset, found) for asset in names])


def _caption(asset: str, found: Mapping[tuple[str, str], Mapping[str, Any]]) -> str:
    """The first token's first measure with its rank, which claims no test."""
    statistic = next(statistic for statistic in _MEASURES if (asset, statistic) in found)
    row = found[asset, statistic]
    name, times = _MEASURES[statistic].lower(), multiple(then(row["estimate"], "times"), 1)
    if not row["n"]:
        return f"{asset} had {times} its usual {name}; there is no earlier window to compare with"
    rank = "more than in any" if not row["value"] else f"as much or more in {count(row['value'])}"
    return f"{asset} had {times} its usual {name} in the day after, {rank} of {count(row['n'])} earlier windows"


def group_trading(category: str, own: pl.DataFrame) -> Markup:
    """Mean trading over all events of a kind by window; nothing where the measures were not computed."""
    rows = own.filter(is_trading()).sort("statistic", "window_end_hours", *STUDY_RESULT.key)
    if not rows.height:
        return NOTHING
    known = rows.filter(pl.col("estimate").is_not_null())
    if not known.height:
        reasons = [row["reason"] for row in signed_rows(rows, STUDY_RESULT) if row["reason"]]
        return macro("sections", "no_trading", reasons[0] if reasons else "")
    hours = sorted(rows["window_end_hours"].unique())
    heads = (Head("Measure"), *(Head(hours_short(length), is_number=True) for length in hours))
    by_key = {(row["statistic"], row["window_end_hours"]): row for row in signed_rows(rows, STUDY_RESULT)}
    body = [
        _group_row(name, [by_key.get((statistic, length)) for length in hours]) for statistic, name in _MEASURES.items()
    ]
    clear = [row for row in signed_rows(known, STUDY_RESULT) if _is_clear(row)]
    caption = (
        f"{number_word(len({row['statistic'] for row in clear})).capitalize()} of three measures of trading stand out "
        "in some window"
        if clear
        else "No unusual volume, range or volatility could be shown"
    )
    months = max(row["n_effective"] or 0 for row in signed_rows(known, STUDY_RESULT))
    small = (
        f"Times the usual, with the 95% interval. Events of one month count once, because markets stay busy for weeks: "
        f"up to {plural(whole(months), 'month')}. To stand out, a measure needs a p below one in twenty after all "
        "tests are allowed for."
    )
    return table(f"trading-{category}", caption, small, heads, body)


def _term(statistic: str) -> str:
    return statistic.replace("_", "-")


def _is_clear(row: Mapping[str, Any]) -> bool:
    return row["p_adjusted"] is not None and row["p_adjusted"] < CLEAR


def _event_row(asset: str, found: Mapping[tuple[str, str], Mapping[str, Any]]) -> list[Cell | Spanning]:
    own = [found.get((asset, statistic)) for statistic in _MEASURES]
    first = next(row for row in own if row is not None)
    name = with_soft(link("../" + token_path(asset), asset), market_name(first["market_id"]))
    return [name, *(_event_cell(row) for row in own)]


def _event_cell(row: Mapping[str, Any] | None) -> Cell:
    if row is None:
        return "–"
    times = multiple(then(row["estimate"], "times"), 1)
    return macro("sections", "ranked", times, count(row["value"]), count(row["n"]), count(row["n_effective"]))


def _group_row(name: str, rows: list[Mapping[str, Any] | None]) -> list[Cell | Spanning]:
    cells: list[Cell | Spanning] = [name]
    for row in rows:
        if row is None or row["estimate"] is None:
            cells.append("–")
            continue
        span = f"{number(then(row['lower_95'], 'times'))} to {number(then(row['upper_95'], 'times'))}"
        cells.append(with_soft(multiple(then(row["estimate"], "times"), 2), span))
    return cells
