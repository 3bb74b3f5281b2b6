"""The panel event study as a figure: the mean return of each bar before and after the news."""

from __future__ import annotations

import math
from typing import Any

import polars as pl

from dashboards.figures.axes import label, padded_range, percent_axis, vertical_rule, zero_line
from dashboards.figures.figure import Figure, FigureColumn, Plot, float_array
from dashboards.numbers import StoredRows, counted, derived
from warehouse.tables.studies import STUDY_RESULT
from warehouse.tables.units import close_moment, count, hours_plain, number, p_value, percent

_SOURCE = StoredRows(STUDY_RESULT)
COEFFICIENT, JOINT = "clustered", "joint_f"
_COLUMNS = (
    FigureColumn("window_start_hours", "From, h", lambda value: number(value, 0)),
    FigureColumn("window_end_hours", "To, h", lambda value: number(value, 0)),
    FigureColumn("estimate", "Return", lambda value: percent(value, 2)),
    FigureColumn("lower_95", "lower 95%", lambda value: percent(value, 2)),
    FigureColumn("upper_95", "upper 95%", lambda value: percent(value, 2)),
    FigureColumn("p_value", "p", p_value),
)


def draw_leads_lags(results: pl.DataFrame) -> Figure:
    """`results` are the rows of one panel in out.study_result; without coefficients the figure says why."""
    bars = results.filter((pl.col("statistic") == COEFFICIENT) & pl.col("estimate").is_not_null()).sort(
        "window_start_hours"
    )
    frame = _SOURCE.select(bars, [column.name for column in _COLUMNS])
    subtitle = (
        "Mean return of the tokens in each bar, less that of assets the study does not treat, against the three days "
        "before, with its 95% interval."
    )
    if not bars.height:
        row = next(_SOURCE.rows(results.drop_nulls("reason")), None)
        why = f"The panel cannot be estimated: {row['reason']}." if row else "No panel has been estimated yet."
        remedy = "It needs several measured events; import or backfill prices around their dates."
        return Figure(
            "leads-lags", "Bar by bar: not measured", subtitle, "", "", frame, _COLUMNS, why_empty=(why, remedy)
        )
    joint = next(_SOURCE.rows(results.filter(pl.col("statistic") == JOINT)), None)
    first, last = _SOURCE.row(bars, 0), _SOURCE.row(bars, -1)
    key = {"result_id": first["result_id"]}
    step = derived(
        first["window_end_hours"] - first["window_start_hours"],
        STUDY_RESULT,
        "(window_end_hours - window_start_hours)",
        **key,
    )
    return Figure(
        figure_id="leads-lags",
        title=leads_title(joint),
        subtitle=subtitle,
        summary=_summary(bars),
        note=f"n = {count(first['n'])} reactions in {count(first['n_effective'])} weeks · window {hours_plain(step)} "
        f"bars, {number(first['window_start_hours'], 0)} to {hours_plain(last['window_end_hours'])}; "
        "reference: the bar before the news and the three days before the first bar shown · "
        "benchmark: untreated assets · interval: 95%, "
        f"clustered by week. Source: stored candles. As of {close_moment(first['data_as_of_utc'])}.",
        frame=frame,
        columns=_COLUMNS,
        source=_SOURCE,
        plot=_plot(bars),
    )


def leads_title(joint: dict[str, Any] | None) -> str:
    """Whether tokens had left the others' path before the news, by the joint test of the leads."""
    if joint is None or joint["p_value"] is None:
        return "Whether tokens moved before the news cannot be tested yet"
    if joint["p_value"] < 0.05:
        return f"Tokens had left the others’ path before the news ({p_value(joint['p_value'])})"
    return f"Before the news, no difference from other assets can be shown ({p_value(joint['p_value'])})"


def _summary(bars: pl.DataFrame) -> str:
    after = bars.filter(pl.col("window_start_hours") >= 0)
    clear = after.filter((pl.col("lower_95") > 0) | (pl.col("upper_95") < 0)).height
    key = {"group_id": bars["group_id"][0]}
    compounded = math.expm1(after["estimate"].log1p().sum())
    total = derived(compounded, "query:leads_lags_after", "total", **key)
    n_clear, n_bars = (
        counted(value, "query:leads_lags_after", name, **key)
        for value, name in ((clear, "n_clear"), (after.height, "n_bars"))
    )
    return (
        f"The bars after the news compound to {percent(total, 2)}; in {n_clear} of {n_bars} of them zero is outside "
        "the interval, where one in twenty would be by chance."
    )


def _plot(bars: pl.DataFrame) -> Plot:
    low, high = padded_range([value for name in ("lower_95", "upper_95") for value in bars[name]])
    middles = (bars["window_start_hours"] + bars["window_end_hours"]) / 2
    data = [
        {
            "type": "scatter",
            "mode": "markers",
            "x": float_array(middles),
            "y": float_array(bars["estimate"]),
            "marker": {"size": 8, "color": "var(--blue)"},
            "error_y": {
                "type": "data",
                "symmetric": False,
                "array": float_array(bars["upper_95"] - bars["estimate"]),
                "arrayminus": float_array(bars["estimate"] - bars["lower_95"]),
                "color": "var(--dot)",
                "thickness": 1.2,
                "width": 0,
            },
            "hovertemplate": "<b>%{y:+.2%}</b> around %{x:g} h<extra></extra>",
        }
    ]
    layout = {
        "hovermode": "closest",
        "xaxis": {"title": {"text": "Hours after the news"}, "nticks": 10},
        "yaxis": percent_axis(low, high),
        "margin": {"b": 48, "l": 60},
        "shapes": [zero_line(), vertical_rule(0)],
        "annotations": [label(0, 1, "the news", "var(--ink-3)", yref="paper", xanchor="left", xshift=6, yanchor="top")],
    }
    return Plot(data, layout, height=320, narrow={"layout.xaxis.nticks": 5}, narrow_height=290)
