"""What outages and restrictions did to tokens over all events of a kind, and what holding a token as a hedge cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl
from markupsafe import Markup

from dashboards.figures.figure import Figure, FigureColumn
from dashboards.figures.forest import ForestRow, plot_forest
from dashboards.fill import fill
from dashboards.findings.findings import as_of_words
from dashboards.findings.readings import simple_return
from dashboards.numbers import StoredRow, StoredRows, counted, signed_rows
from dashboards.shell.frames import Frames, newest
from dashboards.shell.page import Canvas, Page
from dashboards.shell.tables import NOTHING, Cell, Head, Spanning, empty_table, limits, strong, table
from warehouse.tables.resilience import DOSE_RESPONSE, HEDGE
from warehouse.tables.terms import is_simulated_market
from warehouse.tables.units import (
    close_moment,
    count,
    day,
    hours_short,
    listing,
    number,
    number_word,
    p_value,
    percent,
    plural,
    probability,
    share,
)

_HEADLINE_HOURS = 24.0
HEADLINE_WEIGHT = 0.10
_CASH = "cash"
# Stored as log points.
_LOGS = ("estimate", "lower_95", "upper_95")
DOSE_WORDS = {
    "none": "mean move after an outage",
    "duration": "per doubling of the duration",
    "severity": "per step of severity",
    "provider_weight": "per step of the provider’s weight",
}
NO_PRICES = "Needs prices around at least five dated outages: backfill or import candles, then `aftershock run`."


def compose_resilience(frames: Frames) -> Page:
    """The mean reaction to outages, its growth with the dose, and gains and costs of a hedge."""
    canvas = Canvas("resilience.html")
    logs, hedges = frames.get(DOSE_RESPONSE), frames.get(HEDGE)
    responses = logs.with_columns(simple_return(name) for name in _LOGS)
    title = resilience_title(responses)
    body = fill(
        "resilience.html.jinja",
        title=title,
        means=canvas.draw(_draw_means(responses)),
        doses=_dose_table(responses),
        weight=share(HEADLINE_WEIGHT),
        gains=_gain_table(hedges),
        costs=_cost_table(hedges),
        limits=limits("What we cannot know", _limits(responses, hedges)),
    )
    as_of = max(filter(None, (newest(responses, "data_as_of_utc"), newest(hedges, "data_as_of_utc"))), default=None)
    return Page(
        canvas.path,
        "Resilience",
        "Outages, restrictions and tokens",
        f"{title}.",
        body,
        as_of=as_of_words(as_of),
        files=canvas.files,
    )


def resilience_title(responses: pl.DataFrame) -> str:
    """How many tokens gained reliably in the day after an outage."""
    known = _means(responses).filter(pl.col("estimate").is_not_null() & pl.col("lower_95").is_not_null())
    if not known.height:
        return "Whether tokens gain when central AI fails cannot be told yet"
    gained = known.filter(pl.col("lower_95") > 0)["asset_id"].to_list()
    if not gained:
        return "No token reliably gains when central AI fails"
    of_all = f"{number_word(len(gained)).capitalize()} of {number_word(known.height)} tokens"
    return f"{of_all} gained in the day after an outage: {', '.join(gained)}"


def _signed(responses: pl.DataFrame) -> Iterator[StoredRow]:
    """Rows whose log points `simple_return` has turned into returns, which their origin says."""
    return signed_rows(responses, DOSE_RESPONSE, simple=_LOGS)


def _means(responses: pl.DataFrame) -> pl.DataFrame:
    return responses.filter(
        pl.col("provider") == "all", pl.col("dose") == "none", pl.col("window_end_hours") == _HEADLINE_HOURS
    ).sort("asset_id")


def _draw_means(responses: pl.DataFrame) -> Figure:
    columns = (
        FigureColumn("asset_id", "Token", str, is_number=False),
        FigureColumn("estimate", "Mean beyond Bitcoin", lambda value: percent(value, 2)),
        FigureColumn("lower_95", "lower 95%", lambda value: percent(value, 2)),
        FigureColumn("upper_95", "upper 95%", lambda value: percent(value, 2)),
        FigureColumn("p_value", "p", p_value),
        FigureColumn("n_events", "Outages", count),
        FigureColumn("n_days", "Days", count),
    )
    known = _means(responses).filter(pl.col("estimate").is_not_null())
    source = StoredRows(DOSE_RESPONSE, _LOGS)
    frame = source.select(known, [column.name for column in columns])
    subtitle = "Mean return beyond Bitcoin in the 24 hours after an outage, with its 95% interval."
    if not known.height:
        return Figure(
            "outage-means",
            "Outages: not measured",
            subtitle,
            "",
            "",
            frame,
            columns,
            why_empty=("No token has prices around enough outages.", NO_PRICES.replace("`", "")),
        )
    rows = list(_signed(known))
    n_events = sorted(row["n_events"] for row in rows)
    return Figure(
        figure_id="outage-means",
        title=resilience_title(responses),
        subtitle=subtitle,
        summary=" ".join(f"{row['asset_id']} {percent(row['estimate'], 2)}." for row in rows),
        note=f"n = {count(n_events[0])} to {count(n_events[-1])} outages, "
        f"{day(min(row['first_event_utc'] for row in rows))} to {day(max(row['last_event_utc'] for row in rows))} · "
        "benchmark: Bitcoin · interval: placebo calendars. "
        f"Source: stored candles and incidents. As of {close_moment(max(row['data_as_of_utc'] for row in rows))}.",
        frame=frame,
        columns=columns,
        plot=plot_forest(
            [
                ForestRow(row["asset_id"], row["estimate"], row["lower_95"], row["upper_95"], f"n = {row['n_events']}")
                for row in rows
            ],
            "Mean return beyond Bitcoin, 24 hours",
            90,
        ),
        is_simulated=any(is_simulated_market(name) for name in known["market_id"]),
        source=source,
    )


def _dose_table(responses: pl.DataFrame) -> Markup:
    rows = responses.filter(pl.col("provider") == "all").sort("asset_id", "window_end_hours", "dose")
    tested = rows.filter(pl.col("p_value").is_not_null())
    if not tested.height:
        # Without any mean either, the figure above has said why.
        is_said = not _means(responses)["estimate"].drop_nulls().len()
        return NOTHING if is_said else empty_table("No reaction to outages can be tested.", NO_PRICES)
    n_clear = tested.filter(pl.col("p_value") < 0.05).height
    n_tested = counted(tested.height, DOSE_RESPONSE, "count(p_value)", provider="all")
    n_absent = counted(rows.height - tested.height, DOSE_RESPONSE, "count(*) - count(p_value)", provider="all")
    caption = f"{_how_many(n_clear)} of {plural(n_tested, 'test')} {_have(n_tested)} p < 0.05"
    small = (
        f"About one in twenty would by chance alone. Returns beyond Bitcoin; placebo p, two-sided. {count(n_absent)} "
        "more could not be measured: too few outages, or all of one dose."
    )
    heads = (
        Head("Token"),
        Head("After"),
        Head("What"),
        Head("Change", is_number=True),
        Head("95% interval", is_number=True),
        Head("p", is_number=True),
        Head("Outages", is_number=True),
    )
    return table("doses", caption, small, heads, [_dose_row(row) for row in _signed(tested)])


def _have(n: int) -> str:
    return "has" if n == 1 else "have"


def _how_many(n: int) -> str:
    return number_word(n).capitalize() if n else "None"


def _dose_row(row: Mapping[str, Any]) -> list[Cell | Spanning]:
    return [
        row["asset_id"],
        hours_short(row["window_end_hours"]),
        DOSE_WORDS[row["dose"]],
        strong(percent(row["estimate"], 2)),
        f"{percent(row['lower_95'], 2)} to {percent(row['upper_95'], 2)}",
        probability(row["p_value"]),
        count(row["n_events"]),
    ]


def _headline_hedges(hedges: pl.DataFrame) -> pl.DataFrame:
    return hedges.filter(pl.col("weight") == HEADLINE_WEIGHT, pl.col("funded_from") == _CASH).sort(
        "shock", "asset_id", "window_end_hours", descending=[True, False, False]
    )


def _gain_table(hedges: pl.DataFrame) -> Markup:
    rows = _headline_hedges(hedges)
    if not rows.height:
        return empty_table("No shock has prices around it.", "Backfill or import candles, then `aftershock run`.")
    known = rows.filter(pl.col("lower_95").is_not_null())
    n_clear = known.filter(pl.col("lower_95") > 0).height
    n_known = counted(known.height, HEDGE, "count(lower_95)", weight=HEADLINE_WEIGHT, funded_from=_CASH)
    caption = f"{_how_many(n_clear)} of {plural(n_known, 'mean gain')} {_have(n_known)} an interval above zero"
    small = (
        "Gain of the whole portfolio. Interval over shocks; a shock inside the window of the one before is left out."
    )
    heads = (
        Head("Token"),
        Head("Shock"),
        Head("Over"),
        Head("Mean gain", is_number=True),
        Head("95% interval", is_number=True),
        Head("Worst to best", is_number=True),
        Head("Gained in", is_number=True),
        Head("Weakness", is_wide=True),
    )
    measured, missing = (
        rows.filter(mask) for mask in (pl.col("mean_gain").is_not_null(), pl.col("mean_gain").is_null())
    )
    body = [*(_gain_row(row) for row in signed_rows(measured, HEDGE)), *_missing_rows(missing)]
    return table("hedge-gains", caption, small, heads, body)


def _missing_rows(rows: pl.DataFrame) -> list[list[Cell | Spanning]]:
    """One line for all the tokens and windows of a shock that have no number for the same reason."""
    return [
        [
            listing(part["asset_id"].unique(maintain_order=True).to_list()),
            str(shock),
            listing([hours_short(hours) for hours in part["window_end_hours"].unique().sort()]),
            Spanning(f"Not measured – {next(signed_rows(part, HEDGE))['reason']}"),
        ]
        for (shock, _), part in rows.group_by(["shock", "reason"], maintain_order=True)
    ]


def _gain_row(row: Mapping[str, Any]) -> list[Cell | Spanning]:
    cells: list[Cell | Spanning] = [row["asset_id"], row["shock"], hours_short(row["window_end_hours"])]
    interval = "–" if row["lower_95"] is None else f"{percent(row['lower_95'], 2)} to {percent(row['upper_95'], 2)}"
    return [
        *cells,
        strong(percent(row["mean_gain"], 2)),
        interval,
        f"{percent(row['worst_gain'], 2)} to {percent(row['best_gain'], 2)}",
        f"{count(hits(row))} of {count(row['n_events'])}",
        row["reason"] or "–",
    ]


def hits(row: Mapping[str, Any]) -> int:
    """The shocks in which the portfolio gained."""
    key = {name: row[name] for name in HEDGE.key}
    return counted(round(row["hit_rate"] * row["n_events"]), HEDGE, "max(round(hit_rate * n_events)::int)", **key)


def _cost_table(hedges: pl.DataFrame) -> Markup:
    rows = (
        _headline_hedges(hedges)
        .filter(pl.col("between_volatility_per_year").is_not_null())
        .unique("asset_id", keep="first", maintain_order=True)
        .sort("asset_id")
    )
    if not rows.height:
        return NOTHING
    deepest = next(signed_rows(rows.sort("between_drawdown"), HEDGE))
    caption = f"Between shocks the holding fell by up to {share(-deepest['between_drawdown'])} ({deepest['asset_id']})"
    small = f"The same {share(HEADLINE_WEIGHT)}, outside all windows. Drawdown of the portfolio; beta of the token."
    heads = (
        Head("Token"),
        Head("Per year", is_number=True),
        Head("Volatility per year", is_number=True),
        Head("Deepest fall", is_number=True),
        Head("Beta on Bitcoin", is_number=True),
        Head("Days", is_number=True),
    )
    return table("hedge-costs", caption, small, heads, [_cost_row(row) for row in signed_rows(rows, HEDGE)])


def _cost_row(row: Mapping[str, Any]) -> list[Cell | Spanning]:
    return [
        row["asset_id"],
        percent(row["between_return_per_year"]),
        share(row["between_volatility_per_year"]),
        percent(row["between_drawdown"]),
        "–" if row["between_beta"] is None else number(row["between_beta"]),
        count(row["n_between_days"]),
    ]


def _limits(responses: pl.DataFrame, hedges: pl.DataFrame) -> list[tuple[str, str]]:
    items = [
        ("Cause.", "Outages and moves that coincide are associated; neither is shown to make the other."),
        (
            "Weights.",
            "How many people a provider’s failure touches is our judgement in three steps, for ordering only.",
        ),
        ("Trading.", "No fees, spreads or taxes are taken off."),
    ]
    few = hedges.filter(pl.col("reason").str.contains("anecdote").fill_null(value=False)).sort(HEDGE.key)
    if few.height:
        n = max(row["n_events"] for row in signed_rows(few, HEDGE))
        items.append(("Few shocks.", f"Some rows rest on {plural(n, 'shock')} or fewer: an anecdote, not a rule."))
    excluded = [row["n_excluded"] for row in _signed(_means(responses))]
    if excluded:
        words = "without prices, or within a week after an exceptional event, are left out"
        items.append(("Left out.", f"Up to {plural(max(excluded), 'outage')} {words}."))
    return items
