"""The cumulative abnormal return of one event over the fan of its placebo windows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from markupsafe import Markup

from dashboards.figures.axes import end_label, label, leader, padded_range, percent_axis, vertical_rule, zero_line
from dashboards.figures.figure import Figure, FigureColumn, Plot, float_array, safe
from dashboards.figures.series import bar_hours
from dashboards.fill import macro
from dashboards.findings.findings import benchmark_word
from dashboards.findings.readings import SUBJECT_ASSET, Reaction, between_hours, simple_return, source_of_path
from dashboards.findings.superlatives import fan_title, separate_words
from dashboards.numbers import key_text
from warehouse.tables.bars import step_words
from warehouse.tables.terms import venue_name
from warehouse.tables.units import close_moment, count, number, percent

BARS_BEFORE = 12
HOURS_AFTER = 48.0
BANDS = (95, 80, 50)
# Pixels.
PLOT_HEIGHT, LINE_HEIGHT = 400, 18


def draw_car_fan(path: pl.DataFrame, reaction: Reaction, selected_from: str) -> Figure:
    """CAR hour by hour with the middle 50, 80 and 95 % of placebo windows."""
    step = bar_hours(path, "close_time_utc") or 1.0
    names = ("car", *(f"band_{band}_{side}" for band in BANDS for side in ("lower", "upper")))
    shown = between_hours(path, -BARS_BEFORE * step, HOURS_AFTER + step).drop_nulls("car")
    frame = shown.select("close_time_utc", "hours_after_event", *(simple_return(name) for name in names))
    source = source_of_path(reaction, names)
    columns = (
        FigureColumn("hours_after_event", "Hours after", lambda value: number(value, 1)),
        FigureColumn("car", "CAR", percent),
        *(
            FigureColumn(f"band_{band}_{side}", f"{band}% band, {side}", percent)
            for band in BANDS
            for side in ("lower", "upper")
        ),
    )
    rows = list(source.rows(frame))
    hours_shown, car, lower, upper = (
        [row[name] for row in rows] for name in ("hours_after_event", "car", "band_95_lower", "band_95_upper")
    )
    key = {**source.fixed, "hours": key_text(HOURS_AFTER + step)}
    title = fan_title(reaction.asset_id, hours_shown, car, lower, upper, key)
    subtitle = macro("notes", "car_fan_subtitle")
    if not frame.height:
        return Figure(
            "car",
            title,
            subtitle,
            "",
            "",
            frame,
            columns,
            why_empty=(
                f"No abnormal path for {reaction.asset_id}.",
                (reaction.headline.reason if reaction.headline else None)
                or "The study needs bars before and after the event.",
            ),
        )
    return Figure(
        figure_id="car",
        title=title,
        subtitle=subtitle,
        summary=_summary(source.row(frame, -1), reaction),
        note=_note(reaction, step, selected_from),
        frame=frame,
        columns=columns,
        plot=_plot(frame, reaction),
        is_simulated=reaction.is_simulated,
        source=source,
    )


def _plot(frame: pl.DataFrame, reaction: Reaction) -> Plot:
    color = "var(--tao)" if reaction.asset_id == SUBJECT_ASSET else "var(--blue)"
    after = frame.filter((pl.col("hours_after_event") >= 0) & pl.col("band_95_lower").is_not_null())
    hours = frame["hours_after_event"].to_list()
    low, high = padded_range([*frame["car"], *frame["band_95_lower"], *frame["band_95_upper"]])
    end, last = hours[-1], frame["car"][-1]
    subject = f"<b>{safe(reaction.asset_id)}</b><br>{percent(last)}"
    annotations = [
        label(0, 1, "First public report", yref="paper", xanchor="right", yanchor="top", xshift=-6),
        end_label(2 * len(BANDS), end, last, subject, color),
        *_band_labels(after, last, (high - low) / PLOT_HEIGHT * LINE_HEIGHT),
        *_first_outside(frame),
    ]
    layout = {
        "xaxis": _hours_axis(hours[0], end),
        "yaxis": percent_axis(low, high),
        "margin": {"r": 128, "b": 48},
        "shapes": [zero_line(), vertical_rule(0)],
        "annotations": annotations,
    }
    narrow = {
        "layout.margin.r": 62,
        "layout.annotations.0.text": "Report",
        **{f"layout.annotations.{index}.text": "95%" for index in _texts_at(annotations, "95% of placebos")},
        **{
            f"layout.annotations.{index}.text": annotations[index]["text"].split(":")[0]
            for index in _texts_at(annotations, ": outside 95%")
        },
    }
    data = [*_bands(after), _subject(frame, color)]
    return Plot(data, layout, height=PLOT_HEIGHT, narrow_height=350, narrow=narrow)


def _bands(after: pl.DataFrame) -> list[dict[str, Any]]:
    """The nested bands, each opening at the event: an invisible lower edge and an upper edge filled down to it."""
    x = float_array([0.0, *after["hours_after_event"].to_list()])
    traces = []
    for band in BANDS:
        for side in ("lower", "upper"):
            trace: dict[str, Any] = {
                "type": "scatter",
                "mode": "lines",
                "x": x,
                "y": float_array([0.0, *after[f"band_{band}_{side}"].to_list()]),
                "line": {"width": 0},
                "hoverinfo": "skip",
            }
            if side == "upper":
                trace |= {"fill": "tonexty", "fillcolor": f"var(--band-{band})"}
            traces.append(trace)
    return traces


def _subject(frame: pl.DataFrame, color: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": float_array(frame["hours_after_event"].to_list()),
        "y": float_array(frame["car"]),
        "line": {"color": color, "width": 2.5},
        "text": [_hover(row) for row in frame.iter_rows(named=True)],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _band_labels(after: pl.DataFrame, last: float, line: float) -> list[dict[str, Any]]:
    """The names of the bands at their right edge; `line` is the height of a text line on the value axis."""
    if not after.height:
        return []
    edge = after.row(-1, named=True)
    labels: list[dict[str, Any]] = []
    spots: list[float] = []
    for place, band in enumerate(BANDS):
        y = edge[f"band_{band}_upper"]
        # Labels of nested bands keep one line of distance and stay clear of the subject's own.
        y = min(y, spots[-1] - line) if spots else y
        spots.append(y)
        text = f"{band}% of placebos" if band == BANDS[0] else f"{band}%"
        if abs(y - last) > 2 * line:
            # Each band is a lower and an upper trace.
            labels.append(end_label(2 * place + 1, edge["hours_after_event"], y, text, "var(--band-ink)"))
    return labels


def _hours_axis(first: float, last: float) -> dict[str, Any]:
    ticks = [hour for hour in range(-96, 97, 12) if first - 1 <= hour <= last + 1]
    return {
        "range": [first, last],
        "tickvals": ticks,
        "title": {"text": "Hours since the first public report"},
        "ticktext": [f"+{tick}" if tick > 0 else f"−{-tick}" if tick else "0" for tick in ticks],
        "unifiedhovertitle": {"text": "%{x:.0f} hours after"},
    }


def _texts_at(annotations: list[dict[str, Any]], part: str) -> list[int]:
    return [index for index, item in enumerate(annotations) if part in item["text"]]


def _hover(row: dict[str, Any]) -> str:
    text = f"<b>{percent(row['car'])}</b> abnormal"
    if row["hours_after_event"] > 0 and row["band_95_lower"] is not None:
        text += f"<br>95% of placebos: {percent(row['band_95_lower'])} to {percent(row['band_95_upper'])}"
    return text


def _first_outside(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """The first bar outside the band."""
    is_outside = (pl.col("car") > pl.col("band_95_upper")) | (pl.col("car") < pl.col("band_95_lower"))
    after = frame.filter((pl.col("hours_after_event") > 0) & is_outside)
    if not after.height:
        return []
    row = after.row(0, named=True)
    is_above = row["car"] > 0
    return [
        leader(
            row["hours_after_event"],
            row["car"],
            f"Hour {count(row['hours_after_event'])}: outside 95%",
            -34,
            -40 if is_above else 40,
            "var(--ink-2)",
        )
    ]


def _summary(last: Mapping[str, Any], reaction: Reaction) -> str:
    text = (
        f"After {count(last['hours_after_event'])} hours the cumulative abnormal return of {reaction.asset_id} is "
        f"{percent(last['car'])}"
    )
    if last["band_95_lower"] is None:
        return text + "; there is no placebo band."
    return text + (
        f"; the middle 95 percent of placebo windows lie between {percent(last['band_95_lower'])} "
        f"and {percent(last['band_95_upper'])}."
    )


def _note(reaction: Reaction, step: float, selected_from: str) -> Markup:
    day = reaction.headline
    windows = "no placebo windows"
    if day is not None and day.n_placebo is not None:
        windows = (
            f"n = {count(day.n_placebo)} placebo windows ({separate_words(day)}), scaled to volatility at the event"
        )
    return macro(
        "notes",
        "car_fan",
        windows,
        benchmark_word(day.benchmark if day else None),
        day.n_estimation if day and day.n_estimation else "no",
        selected_from,
        venue_name(reaction.market_id),
        step_words(step),
        close_moment(reaction.data_as_of),
    )
