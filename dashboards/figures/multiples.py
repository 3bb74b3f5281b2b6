"""The tokens around one event, side by side on one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from dashboards.figures.axes import label, padded_range, percent_axis, vertical_rule, zero_line
from dashboards.figures.figure import Figure, FigureColumn, Plot, float_array, hours_axis, safe
from dashboards.figures.series import bar_hours
from dashboards.findings.findings import QUIET_MOVE
from dashboards.findings.readings import SUBJECT_ASSET, Reaction, between_hours
from dashboards.numbers import StoredRows
from warehouse.tables.bars import step_words
from warehouse.tables.studies import REACTION_STUDY, STUDY_PATH
from warehouse.tables.terms import venue_name
from warehouse.tables.units import close_moment, iso_minute, listing, number, number_word, percent

HOURS_BEFORE, HOURS_AFTER = 48.0, 168.0
MAX_PANELS = 6
# Panels beside each other on wide and on narrow screens.
WIDE, NARROW = 3, 2
# The grey reference is drawn from every third bar: it is a shape to compare with, not data to read off.
GHOST_STEP = 3
TICKS = (-48, 0, 48, 96, 144)

_COLUMNS = (
    FigureColumn("asset_id", "Token", str, is_number=False),
    FigureColumn("close_time_utc", "Close known, UTC", iso_minute, is_number=False),
    FigureColumn("hours_after_event", "Hours after", lambda value: number(value, 1)),
    FigureColumn("raw_return", "Return", percent),
)


def draw_multiples(paths: Mapping[str, pl.DataFrame], reactions: Sequence[Reaction]) -> Figure:
    """Raw returns since the last close before the event, one panel per token, the subject's path behind each."""
    shown = _order([item for item in reactions if item.asset_id in paths])[:MAX_PANELS]
    panels = {item.asset_id: between_hours(paths[item.asset_id], -HOURS_BEFORE, HOURS_AFTER) for item in shown}
    frame = (
        pl.concat(list(panels.values())).select(
            pl.Series("asset_id", [asset for asset, panel in panels.items() for _ in range(panel.height)]),
            "market_id",
            "close_time_utc",
            "hours_after_event",
            "raw_return",
        )
        if panels
        else pl.DataFrame(
            schema={
                "asset_id": pl.String,
                "market_id": pl.String,
                "close_time_utc": pl.Datetime("us", "UTC"),
                "hours_after_event": pl.Float64,
                "raw_return": pl.Float64,
            }
        )
    )
    subtitle = (
        "Return since the last close before the first public report (vertical line). Number: after 24 hours. "
        "Same scale in every panel."
    )
    if len(panels) < 2:
        return Figure(
            "tokens",
            "Other tokens: not measured",
            subtitle,
            "",
            "",
            frame,
            _COLUMNS,
            why_empty=(
                "No other token has bars around this event.",
                "Import or backfill their markets to see them here.",
            ),
            source=_source(shown),
        )
    return Figure(
        figure_id="tokens",
        title=multiples_title(shown),
        subtitle=subtitle + (f" Thin grey: {SUBJECT_ASSET}." if SUBJECT_ASSET in panels else ""),
        summary=" ".join(f"{r.asset_id}: {_after(r)} after 24 hours." for r in shown),
        note=_note(shown, panels),
        frame=frame,
        columns=_COLUMNS,
        plot=_plot(panels, shown),
        is_simulated=any(item.is_simulated for item in shown),
        source=_source(shown),
    )


def _source(shown: Sequence[Reaction]) -> StoredRows | None:
    fixed = {"study_id": REACTION_STUDY, "event_id": shown[0].event_id} if shown else {}
    return StoredRows(STUDY_PATH, fixed=fixed) if shown else None


def multiples_title(reactions: Sequence[Reaction]) -> str:
    """How many of the other tokens rose or fell with the subject, and who moved most."""
    known = [(abs(r.headline.raw_return), r) for r in reactions if r.headline and r.headline.raw_return is not None]
    if not known:
        return "No token is measured after 24 hours"
    largest = max(known, key=lambda item: item[0])[1]
    rose = [
        r.asset_id for _, r in known if r is not largest and r.headline and (r.headline.raw_return or 0) > QUIET_MOVE
    ]
    value = largest.headline.raw_return if largest.headline else None
    title = f"{largest.asset_id} moved most in a day ({percent(value or 0)})"
    if not rose:
        return f"{title}; no other token rose more than 1%"
    return f"{title}; {listing(rose)} rose less" if (value or 0) > 0 else f"{title}; {listing(rose)} rose"


def _order(reactions: Sequence[Reaction]) -> list[Reaction]:
    def importance(item: Reaction) -> tuple[bool, float]:
        move = item.headline.raw_return if item.headline else None
        return item.asset_id != SUBJECT_ASSET, -abs(move or 0)

    return sorted(reactions, key=importance)


def _after(reaction: Reaction) -> str:
    value = reaction.headline.raw_return if reaction.headline else None
    return "not measured" if value is None else percent(value)


def _plot(panels: Mapping[str, pl.DataFrame], shown: Sequence[Reaction]) -> Plot:
    low, high = padded_range([value for panel in panels.values() for value in panel["raw_return"]])
    values = percent_axis(low, high, 4)
    layout: dict[str, Any] = {
        "hovermode": "closest",
        "margin": {"l": 52, "r": 14, "t": 30, "b": 36},
        "annotations": [],
        "shapes": [],
    }
    data: list[dict[str, Any]] = []
    ghost = _points(panels[SUBJECT_ASSET], GHOST_STEP) if SUBJECT_ASSET in panels else None
    narrow: dict[str, Any] = {"layout.margin.l": 46}
    for index, reaction in enumerate(shown):
        suffix = "" if index == 0 else str(index + 1)
        data += _lines(panels[reaction.asset_id], ghost, reaction, suffix)
        layout |= _axes(index, len(shown), suffix, values)
        narrow |= _narrow_axes(index, len(shown), suffix)
        layout["annotations"].append(_name(reaction, suffix))
        layout["shapes"] += _rules(suffix)
    height, narrow_height = 80 + 185 * _n_rows(len(shown), WIDE), 70 + 165 * _n_rows(len(shown), NARROW)
    return Plot(data, layout, height=height, narrow=narrow, narrow_height=narrow_height)


def _color(reaction: Reaction) -> str:
    return "var(--tao)" if reaction.asset_id == SUBJECT_ASSET else "var(--blue)"


def _n_rows(n_panels: int, n_columns: int) -> int:
    return -(-n_panels // n_columns)


def _points(panel: pl.DataFrame, step: int = 1) -> tuple[pl.Series, pl.Series]:
    """Hours and returns of every `step`-th row."""
    hours, returns = panel["hours_after_event"], panel["raw_return"]
    return (hours, returns) if step == 1 else (hours.gather_every(step), returns.gather_every(step))


def _lines(
    panel: pl.DataFrame, ghost: tuple[pl.Series, pl.Series] | None, reaction: Reaction, suffix: str
) -> list[dict[str, Any]]:
    """The token's own path, over the subject's in grey."""
    own = _line(_points(panel), suffix, {"color": _color(reaction), "width": 2.25}, 1, reaction.asset_id)
    if reaction.asset_id == SUBJECT_ASSET or ghost is None:
        return [own]
    return [_line(ghost, suffix, {"color": "var(--zero)", "width": 1}, 0.75), own]


def _axes(index: int, n_panels: int, suffix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    column, row = index % WIDE, index // WIDE
    n_rows = _n_rows(n_panels, WIDE)
    return {
        f"xaxis{suffix}": {
            **_ticks(is_labelled=index + WIDE >= n_panels),
            "range": [-HOURS_BEFORE, HOURS_AFTER],
            "fixedrange": True,
            "anchor": f"y{suffix}",
            "domain": _domain(column, WIDE, 0.035),
        },
        f"yaxis{suffix}": {
            **values,
            "anchor": f"x{suffix}",
            "showticklabels": column == 0,
            "domain": _domain(n_rows - 1 - row, n_rows, 0.13),
        },
    }


def _narrow_axes(index: int, n_panels: int, suffix: str) -> dict[str, Any]:
    column, row = index % NARROW, index // NARROW
    n_rows = _n_rows(n_panels, NARROW)
    return {
        f"layout.xaxis{suffix}.domain": _domain(column, NARROW, 0.06),
        f"layout.yaxis{suffix}.domain": _domain(n_rows - 1 - row, n_rows, 0.09),
        f"layout.yaxis{suffix}.showticklabels": column == 0,
        f"layout.xaxis{suffix}.showticklabels": index + NARROW >= n_panels,
        f"layout.xaxis{suffix}.tickvals": [0, 96],
        f"layout.xaxis{suffix}.ticktext": ["0", "+4 d"],
    }


def _name(reaction: Reaction, suffix: str) -> dict[str, Any]:
    place = {"xref": f"x{suffix} domain", "yref": f"y{suffix} domain", "yanchor": "bottom", "xanchor": "left"}
    return label(0, 1.02, f"<b>{safe(reaction.asset_id)}</b> {_after(reaction)}", _color(reaction), **place)


def _rules(suffix: str) -> list[dict[str, Any]]:
    """The event and the zero line of one panel."""
    return [
        {**vertical_rule(0), "xref": f"x{suffix}", "yref": f"y{suffix} domain"},
        {**zero_line(f"y{suffix}"), "xref": f"x{suffix} domain"},
    ]


def _line(
    points: tuple[pl.Series, pl.Series], suffix: str, line: dict[str, Any], opacity: float, name: str = ""
) -> dict[str, Any]:
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines",
        **hours_axis(points[0]),
        "y": float_array(points[1]),
        "xaxis": f"x{suffix}",
        "yaxis": f"y{suffix}",
        "line": line,
        "opacity": opacity,
    }
    if name:
        return {**trace, "hovertemplate": f"<b>{safe(name)} %{{y:+.1%}}</b><br>%{{x:.0f}} h after<extra></extra>"}
    return {**trace, "hoverinfo": "skip"}


def _domain(position: int, n: int, gap: float) -> list[float]:
    width = (1 - gap * (n - 1)) / n
    return [round(position * (width + gap), 4), round(position * (width + gap) + width, 4)]


def _ticks(is_labelled: bool) -> dict[str, Any]:
    return {
        "tickvals": list(TICKS),
        "ticktext": [f"{'+' if tick > 0 else '−'}{abs(tick) // 24} d" if tick else "0" for tick in TICKS],
        "showticklabels": is_labelled,
    }


def _note(shown: Sequence[Reaction], panels: Mapping[str, pl.DataFrame]) -> str:
    bars = sorted({bar_hours(panel, "close_time_utc") or 0.0 for panel in panels.values()})
    venues = sorted({venue_name(item.market_id) for item in shown})
    as_of = max(item.data_as_of for item in shown)
    return (
        f"n = {number_word(len(shown))} markets, one event: not independent observations · window −2 to +7 days · raw "
        f"returns, no benchmark, no interval. Source: {listing(venues)}, "
        f"{listing([step_words(hours) for hours in bars])} closes. As of {close_moment(as_of)}."
    )
