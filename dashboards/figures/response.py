"""How returns answer to attention, horizon by horizon, against time-shifted attention."""

from __future__ import annotations

from typing import Any

import polars as pl

from dashboards.figures.axes import label, padded_range, percent_axis, zero_line
from dashboards.figures.figure import Figure, FigureColumn, Plot, float_array, safe
from dashboards.findings.readings import SUBJECT_ASSET
from dashboards.numbers import StoredRows
from warehouse.tables.attention import ATTENTION_RESPONSE
from warehouse.tables.terms import is_simulated_market, venue_name
from warehouse.tables.units import close_moment, count, hours_plain, p_value, percent, plain, plain_percent

_SOURCE = StoredRows(ATTENTION_RESPONSE)


def pick_response(responses: pl.DataFrame, asset_id: str) -> pl.DataFrame:
    """The local projection of one token's abnormal return on all attention; the market with most bars."""
    rows = responses.filter(
        (pl.col("asset_id") == asset_id)
        & (pl.col("direction") == "news_to_market")
        & (pl.col("method") == "local_projection")
        & (pl.col("subject_id") == "all")
        & (pl.col("outcome") == "abnormal_return")
        & pl.col("estimate").is_not_null()
    )
    if not rows.height:
        return rows
    best = rows.sort("n", "market_id", "timeframe", descending=[True, False, False]).row(0, named=True)
    return rows.filter((pl.col("market_id") == best["market_id"]) & (pl.col("timeframe") == best["timeframe"])).sort(
        "horizon_hours"
    )


def draw_response(rows: pl.DataFrame, asset_id: str) -> Figure:
    """Cumulative abnormal return after an attention shock of one standard deviation."""
    columns = (
        FigureColumn("horizon_hours", "Hours after", plain),
        FigureColumn("estimate", "Response", lambda value: percent(value, 2)),
        FigureColumn("lower_95", "lower 95%", lambda value: percent(value, 2)),
        FigureColumn("upper_95", "upper 95%", lambda value: percent(value, 2)),
        FigureColumn("placebo_lower_95", "shifted, lower", lambda value: percent(value, 2)),
        FigureColumn("placebo_upper_95", "shifted, upper", lambda value: percent(value, 2)),
        FigureColumn("p_adjusted", "p adjusted", p_value),
    )
    frame = _SOURCE.select(rows, [column.name for column in columns])
    subtitle = (
        f"Cumulative return of {asset_id} beyond Bitcoin after attention to AI policy rises by one standard "
        "deviation. Grey: the same with attention shifted in time."
    )
    if rows.height < 2:
        return Figure(
            "response",
            f"{asset_id} and attention: not measured",
            subtitle,
            "",
            "",
            frame,
            columns,
            why_empty=(
                "Too little attention data beside the prices.",
                "Attention needs months of headlines; they accumulate with each run.",
            ),
        )
    first = _SOURCE.row(rows, 0)
    return Figure(
        figure_id="response",
        title=response_title(rows, asset_id),
        subtitle=subtitle,
        summary=" ".join(
            f"After {plain(row['horizon_hours'])} hours {percent(row['estimate'], 2)}." for row in _SOURCE.rows(rows)
        ),
        note=f"n = {count(first['n'])} bars, {count(first['n_shocks'])} shocks above two standard deviations · "
        "benchmark: Bitcoin · interval: 95%, autocorrelation-robust; false-discovery rate over all rows. Source: "
        f"{venue_name(first['market_id'])} and the stored headlines. As of {close_moment(first['data_as_of_utc'])}.",
        frame=frame,
        columns=columns,
        source=_SOURCE,
        plot=_plot(rows, asset_id),
        is_simulated=is_simulated_market(first["market_id"]),
    )


def response_title(rows: pl.DataFrame, asset_id: str) -> str:
    """Whether any horizon stands out after the correction for many tests."""
    later = rows.filter((pl.col("horizon_hours") > 0) & pl.col("p_adjusted").is_not_null())
    clear = later.filter(pl.col("p_adjusted") < 0.05)
    if not clear.height:
        return f"Attention does not measurably precede {asset_id}’s returns"
    row = _SOURCE.row(clear.sort("p_adjusted"), 0)
    return (
        f"{asset_id} {'rises' if row['estimate'] > 0 else 'falls'} "
        f"{plain_percent(row['estimate'], 2)} within {hours_plain(row['horizon_hours'])} of an attention shock"
    )


def _plot(rows: pl.DataFrame, asset_id: str) -> Plot:
    x = float_array(rows["horizon_hours"])
    names = ("estimate", "lower_95", "upper_95", "placebo_lower_95", "placebo_upper_95")
    low, high = padded_range([value for name in names for value in rows[name]])
    base: dict[str, Any] = {"type": "scatter", "mode": "lines", "x": x, "hoverinfo": "skip", "line": {"width": 0}}
    color = "var(--tao)" if asset_id == SUBJECT_ASSET else "var(--blue)"
    data = [
        {**base, "y": float_array(rows["placebo_lower_95"])},
        {**base, "y": float_array(rows["placebo_upper_95"]), "fill": "tonexty", "fillcolor": "var(--grid)"},
        {**base, "y": float_array(rows["lower_95"])},
        {**base, "y": float_array(rows["upper_95"]), "fill": "tonexty", "fillcolor": "var(--band-80)"},
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": x,
            "y": float_array(rows["estimate"]),
            "line": {"color": color, "width": 2.5},
            "marker": {"size": 6},
            "hovertemplate": f"<b>%{{y:+.2%}}</b> {safe(asset_id)}<extra></extra>",
        },
    ]
    layout = {
        "xaxis": {"title": {"text": "Hours after the shock"}, "nticks": 8},
        "yaxis": percent_axis(low, high),
        "margin": {"b": 48, "l": 60},
        "shapes": [zero_line()],
        "annotations": [label(1, 0, "0", xref="paper", visible=False)],
    }
    return Plot(data, layout, height=320, narrow_height=290)
