"""One result under every reasonable choice, sorted: of method for an event, of events for a kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl

from dashboards.figures.axes import leader, padded_range, percent_axis, zero_line
from dashboards.figures.figure import Figure, FigureColumn, Plot, float_array, safe
from dashboards.findings.findings import as_of_words
from dashboards.findings.readings import HEADLINE_HOURS
from dashboards.numbers import StoredRows, counted, derived
from dashboards.shell.frames import extremes, newest
from warehouse.tables.contract import Table
from warehouse.tables.single import SPECIFICATION
from warehouse.tables.studies import INCLUSION
from warehouse.tables.terms import ROLE_TITLES, category_label, is_simulated_market, venue_name
from warehouse.tables.units import count, format_value, hours_plain, p_value, percent, plural, share

_MODELS = {
    "raw": "no model",
    "mean_adjusted": "own mean",
    "market_adjusted": "beta 1",
    "market_model": "market model",
    "market_model_drift": "market model + drift",
}
# Decision -> (column, how an option is written).
Decisions = Mapping[str, tuple[str, Callable[[Any], str]]]
# Half the width of a 95 % interval of a normal estimate.
STANDARD_ERRORS = 1.96
_METHODS: Decisions = {
    "Start": ("timing_rule", lambda value: ROLE_TITLES.get(value, str(value).replace("_", " "))),
    "Model": ("model", lambda value: _MODELS.get(value, str(value).replace("_", " "))),
    "Benchmark": ("benchmark", str),
    "Estimation": ("estimation_days", lambda value: format_value(value, "days")),
    "Venue": ("market_id", venue_name),
    "Bars": ("bar_hours", hours_plain),
    "Returns": ("return_kind", lambda value: f"{value} returns"),
}
_EVENTS: Decisions = {
    "Severity": ("least_severity", lambda value: "any severity" if value == 1 else f"severity {count(value)} and more"),
    "Outlets": ("least_outlets", lambda value: "any outlets" if value == 1 else f"{count(value)} outlets and more"),
    "Precision": ("precision", lambda value: "any precision" if value == "any" else str(value)),
    "Origin": ("origin", lambda value: "all origins" if value == "all" else str(value)),
    "Apart": ("days_apart", lambda value: "any distance" if not value else f"{format_value(value, 'days')} apart"),
    "Masking": ("masking", str),
    "Left out": ("left_out_event_id", lambda value: "all events" if value is None else f"without {value}"),
}
_LEFT_OUT = "left_out_event_id"  # names a column of rows that has too many options to be drawn as lines of dots
_WITH_INTERVAL = " filter (where standard_error is not null)"  # the rules that are drawn
ROW_GAP = 1.9


def draw_specification_curve(specifications: pl.DataFrame, summary: Mapping[str, Any] | None, asset_id: str) -> Figure:
    """Estimates with 95 % intervals above, the choices behind each below; one window length."""
    of_day = specifications.filter(pl.col("window_hours") == HEADLINE_HOURS)
    rows = of_day if of_day.height else specifications
    rows = rows.sort("estimate", "specification_id").with_row_index("place", offset=1)
    names = (
        "rank",
        "estimate",
        "standard_error",
        "p_value",
        *(column for column, _ in _METHODS.values()),
        "is_headline",
    )
    fixed = {part: str(rows[part][0]) for part in ("study_id", "event_id", "asset_id")} if rows.height else {}
    source = StoredRows(SPECIFICATION, fixed=fixed)
    frame = source.select(rows, names)
    columns = (
        FigureColumn("rank", "Place", count),
        FigureColumn("estimate", "Estimate", percent),
        FigureColumn("standard_error", "Standard error", share),
        FigureColumn("p_value", "p", p_value),
        *(FigureColumn(column, name, write, is_number=False) for name, (column, write) in _METHODS.items()),
        FigureColumn("is_headline", "Headline", lambda value: "yes" if value else "", is_number=False),
    )
    subtitle = (
        "24-hour abnormal return under each choice of start, model, benchmark and estimation window, sorted. "
        f"Bars: ±{STANDARD_ERRORS} standard errors."
    )
    if rows.height < 2:
        return Figure(
            "choices",
            f"{asset_id}: no other choices were tried",
            subtitle,
            "",
            "",
            frame,
            columns,
            why_empty=(
                "No specifications for this event.",
                "The specification curve needs a measured event with a known hour.",
            ),
        )
    numbers = _Numbers(rows, SPECIFICATION, ("study_id", "event_id", "asset_id", "window_hours"))
    return Figure(
        figure_id="choices",
        title=curve_title(rows["estimate"], numbers.of),
        subtitle=subtitle,
        summary=_summary(rows, numbers),
        note=_note(rows, numbers.n, summary),
        frame=frame,
        columns=columns,
        source=source,
        plot=_plot(rows, _METHODS),
        is_simulated=any(is_simulated_market(market) for market in rows["market_id"].unique()),
    )


_SHARE_CLEAR = "avg(is_significant::int)"


class _Numbers:
    """Numbers over the drawn rows, with the aggregate of their table that gives each."""

    def __init__(self, rows: pl.DataFrame, table: Table, parts: tuple[str, ...], n: str = "count(*)") -> None:
        self._table = table
        self._key = {part: rows[part][0] for part in parts}
        self.n = self.of(n, rows.height)

    def of(self, aggregate: str, value: Any) -> Any:
        """`value` as what `aggregate` gives."""
        name = counted if isinstance(value, int) else derived
        return name(value, self._table, aggregate, **self._key)


def _summary(rows: pl.DataFrame, numbers: _Numbers) -> str:
    return (
        f"{plural(numbers.n, 'specification')} run "
        f"from {percent(numbers.of('min(estimate)', rows['estimate'][0]))} "
        f"to {percent(numbers.of('max(estimate)', rows['estimate'][-1]))}, "
        f"median {percent(numbers.of('median(estimate)', float(np.median(rows['estimate'].to_numpy()))))}; "
        f"{share(numbers.of(_SHARE_CLEAR, float(np.mean(rows['is_significant'].to_numpy()))))} have p < 0.05."
    )


def curve_title(estimates: pl.Series, number: Callable[[str, Any], Any] = lambda _, value: value) -> str:
    """Whether all choices agree on the direction, and the range they give; `number` names where each comes from."""
    distinct, (low, high) = estimates.unique(), extremes(estimates)
    n = plural(number("count(distinct estimate)", distinct.len()), "distinct estimate")
    if low > 0 or high < 0:
        ends = f"{percent(number('min(estimate)', low), 0)} and {percent(number('max(estimate)', high), 0)}"
        return f"Reasonable choices give {n}, every one between {ends}"
    n_positive = number("count(distinct estimate) filter (where estimate > 0)", int((distinct > 0).sum()))
    return f"The choices disagree: {count(n_positive)} of {n} are a rise, the rest are none"


def draw_inclusion_curve(category: str, rules: pl.DataFrame) -> Figure:
    """The mean reaction of a kind of event under every rule of which events count, as one event's choices are drawn."""
    rows = rules.drop_nulls("standard_error").sort("estimate", "rule_id").with_row_index("place", offset=1)
    names = ("place", "estimate", "standard_error", "p_value", "n_events", "n_pairs")
    fixed = {part: str(rows[part][0]) for part in ("study_id", "group_id")} if rows.height else {}
    source = StoredRows(INCLUSION, fixed=fixed)
    decided = tuple(column for column, _ in _EVENTS.values())
    columns = (
        FigureColumn("place", "Place", str),
        FigureColumn("estimate", "Mean", percent),
        FigureColumn("standard_error", "Standard error", share),
        FigureColumn("p_value", "p", p_value),
        FigureColumn("n_events", "Events", count),
        FigureColumn("n_pairs", "Pairs", count),
        *(FigureColumn(column, name, write, is_number=False) for name, (column, write) in _EVENTS.items()),
        FigureColumn("is_headline", "Headline", lambda value: "yes" if value else "", is_number=False),
    )
    figure_id, label = f"inclusion-{category}", category_label(category)
    subtitle = (
        "Mean 24-hour abnormal return under each rule of which events count and how estimation avoids others, sorted. "
        f"Bars: ±{STANDARD_ERRORS} standard errors."
    )
    frame = source.select(rows, (*names, *decided, "is_headline"))
    if rows.height < 2:
        remedy = "A curve needs five measured events that some rule tells apart."
        words = (f"{label}: no other rule of inclusion can be tried", subtitle, "", "")
        return Figure(figure_id, *words, frame, columns, why_empty=("One rule, or none, leaves enough events.", remedy))
    numbers = _Numbers(rows, INCLUSION, ("study_id", "group_id"), "count(standard_error)")
    low, high = (
        numbers.of(f"{name}(estimate){_WITH_INTERVAL}", value)
        for name, value in zip(("min", "max"), extremes(rows["estimate"]), strict=True)
    )
    median = numbers.of(f"median(estimate){_WITH_INTERVAL}", float(np.median(rows["estimate"].to_numpy())))
    clear = numbers.of("avg(is_significant::int)", float(np.mean(rows["is_significant"].to_numpy())))
    agree = "every one between" if low > 0 or high < 0 else "from"
    n_left_out = numbers.of(f"count({_LEFT_OUT})", rows[_LEFT_OUT].drop_nulls().len())
    return Figure(
        figure_id=figure_id,
        title=f"{label}: {plural(numbers.n, 'rule')} of inclusion give means {agree} {percent(low)} "
        f"{'and' if agree.startswith('every') else 'to'} {percent(high)}",
        subtitle=subtitle,
        summary=(f"Median {percent(median)}; {share(clear)} have p < 0.05."),
        note=f"n = {count(numbers.n)} rules, each with events of its own; they share most events and are not "
        f"independent evidence · window 24 h · the {count(n_left_out)} events whose absence moves the mean most are "
        f"left out one at a time. Source: stored candles. As of {as_of_words(newest(rows, 'data_as_of_utc'))}.",
        frame=frame,
        columns=columns,
        source=source,
        plot=_plot(rows, _EVENTS),
    )


def _plot(rows: pl.DataFrame, decisions: Decisions) -> Plot:
    estimates, errors = rows["estimate"], rows["standard_error"] * STANDARD_ERRORS
    low, high = padded_range([*(estimates - errors), *(estimates + errors)])
    n_rows, lower, ticks, texts = _options(rows, decisions)
    headline, annotations = _headline(rows)
    layout = {
        "hovermode": "closest",
        "xaxis": {
            "range": [0, rows.height + 1],
            "showticklabels": False,
            "ticks": "",
            "showline": False,
            "anchor": "y2",
            "fixedrange": True,
        },
        "yaxis": {**percent_axis(low, high), "domain": [0.52, 1]},
        "yaxis2": {
            "domain": [0, 0.48],
            "range": [-n_rows - 0.5, 0.7],
            "tickvals": ticks,
            "ticktext": texts,
            "showgrid": False,
            "tickfont": {"size": 12, "color": "var(--ink-2)"},
            "fixedrange": True,
            "zeroline": False,
        },
        "shapes": [zero_line()],
        "annotations": annotations,
        "margin": {"l": 146, "r": 12, "b": 12},
    }
    data = [_estimates(rows, errors, decisions), *headline, *lower]
    narrow: dict[str, Any] = {"layout.margin.l": 128}
    if annotations:
        narrow["layout.annotations.0.text"] = annotations[0]["text"].replace("Headline choice ", "")
    return Plot(data, layout, height=max(460, 240 + int(n_rows * 21)), narrow=narrow)


def _estimates(rows: pl.DataFrame, errors: pl.Series, decisions: Decisions) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x0": 1,
        "dx": 1,
        "y": float_array(rows["estimate"]),
        "marker": {"size": 5, "color": "var(--blue)"},
        "error_y": {
            "type": "data",
            "array": float_array(errors),
            "color": "var(--dot)",
            "thickness": 1.2,
            "width": 0,
        },
        "text": [safe(_words(row, decisions)) for row in rows.iter_rows(named=True)],
        "hovertemplate": "<b>%{y:+.1%}</b><br>%{text}<extra></extra>",
    }


def _headline(rows: pl.DataFrame) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The dot and the label of the headline choice; nothing when it is not among the rows."""
    row = next(rows.filter(pl.col("is_headline")).iter_rows(named=True), None)
    if row is None:
        return [], []
    dot = {
        "type": "scatter",
        "mode": "markers",
        "x": [row["place"]],
        "y": [row["estimate"]],
        "hoverinfo": "skip",
        "marker": {"size": 10, "color": "var(--tao)", "line": {"color": "var(--paper)", "width": 1.5}},
    }
    across = 40 if row["place"] < rows.height / 2 else -40
    down = 56 if row["estimate"] > 0 else -56
    text = f"<b>Headline choice {percent(row['estimate'])}</b>"
    return [dot], [leader(row["place"], row["estimate"], text, across, down, "var(--tao)")]


def _options(rows: pl.DataFrame, decisions: Decisions) -> tuple[float, list[dict[str, Any]], list[float], list[str]]:
    traces, ticks, texts, depth = [], [], [], 0.0
    for column, write in decisions.values():
        if column == _LEFT_OUT:
            continue
        places: dict[Any, list[int]] = {}
        for option, place in zip(rows[column].to_list(), rows["place"].to_list(), strict=True):
            places.setdefault(option, []).append(place)
        if len(places) < 2:
            continue
        for option, own in sorted(places.items(), key=lambda item: (item[0] is not None, item[0])):
            traces.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "x": own,
                    "y": [-depth] * len(own),
                    "yaxis": "y2",
                    "marker": {"size": 6, "symbol": "square", "color": "var(--ink-2)"},
                    "hoverinfo": "skip",
                }
            )
            ticks.append(-depth)
            texts.append(safe(write(option)))
            depth += 1
        depth += ROW_GAP - 1
    return depth, traces, ticks, texts


def _words(row: Mapping[str, Any], decisions: Decisions) -> str:
    return ", ".join(write(row[column]) for column, write in decisions.values())


def _note(rows: pl.DataFrame, n: int, summary: Mapping[str, Any] | None) -> str:
    placebo = ""
    if summary is not None and summary["p_median"] is not None:
        placebo = (
            f" · ordinary dates with a median as far from zero: {p_value(summary['p_median'])} over "
            f"{count(summary['n_placebo'])} dates (about {count(summary['n_placebo_independent'])} independent)"
        )
    venues = ", ".join(sorted({venue_name(market) for market in rows["market_id"]}))
    return (
        f"n = {plural(n, 'specification')} of one event; they share one price path and are not independent evidence · "
        f"window 24 h{placebo}. Source: {venues}. As of {as_of_words(newest(rows, 'data_as_of_utc'))}."
    )
