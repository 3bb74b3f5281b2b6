"""How closely each token moved with its benchmark before and after an event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from dashboards.figures.axes import label, number_axis, vertical_rule
from dashboards.figures.figure import Figure, FigureColumn, Plot, safe
from dashboards.fill import macro
from dashboards.findings.readings import SUBJECT_ASSET
from dashboards.numbers import StoredRows
from dashboards.shell.frames import extremes
from warehouse.tables.bars import bar_words
from warehouse.tables.correlation import CORRELATION_EPISODE
from warehouse.tables.terms import benchmark_name, is_simulated_market, venue_name
from warehouse.tables.units import close_moment, hours_in_words, listing, number, number_word, plain_percent, signed

_SOURCE = StoredRows(CORRELATION_EPISODE)
_ROW_HEIGHT = 56
# A share of earlier dates is said from so many independent ones on.
FEWEST_FOR_SHARE = 10
# Where the two dots of a token stand, in rows above its line.
SIDES = {"before": 0.16, "after": -0.16}


def draw_correlation_change(episodes: pl.DataFrame, event_words: str) -> Figure:
    """One row per token: correlation with Bitcoin before (open dot) and after (full dot) with 95 % intervals."""
    rows = pick_rows(episodes)
    columns = (
        FigureColumn("asset_id", "Token", str, is_number=False),
        FigureColumn("before_correlation", "Before", number),
        FigureColumn("before_correlation_lower_95", "lower 95%", number),
        FigureColumn("before_correlation_upper_95", "upper 95%", number),
        FigureColumn("after_correlation", "After", number),
        FigureColumn("after_correlation_lower_95", "lower 95%", number),
        FigureColumn("after_correlation_upper_95", "upper 95%", number),
        FigureColumn("change_correlation", "Change", lambda value: signed(value, 2)),
        FigureColumn("before_beta", "Beta before", number),
        FigureColumn("after_beta", "Beta after", number),
    )
    frame = rows.select([*dict.fromkeys([*CORRELATION_EPISODE.key, *(column.name for column in columns)])])
    subtitle = macro("notes", "change_subtitle")
    if not rows.height:
        unmeasured = _SOURCE.rows(episodes.drop_nulls("reason").sort("reason", maintain_order=True))
        return Figure(
            "correlation",
            f"Correlation around {event_words}: not measured",
            subtitle,
            "",
            "",
            frame,
            columns,
            why_empty=(
                "No token has enough bars on both sides of the event.",
                next((row["reason"] for row in unmeasured), "Run the correlation step on hourly or 4-hour bars."),
            ),
        )
    return Figure(
        figure_id="correlation",
        title=change_title(rows),
        subtitle=subtitle,
        summary=" ".join(
            f"{row['asset_id']}: {number(row['before_correlation'])} before, {number(row['after_correlation'])} after."
            for row in _SOURCE.rows(rows)
        ),
        note=_note(rows),
        frame=frame,
        columns=columns,
        plot=_plot(rows),
        is_simulated=any(is_simulated_market(market_id) for market_id in rows["market_id"]),
        source=_SOURCE,
    )


def pick_rows(episodes: pl.DataFrame) -> pl.DataFrame:
    """One row per token against Bitcoin: the most independent bars first; the subject token on top."""
    names = ("asset_id", "other_asset_id", "before_correlation", "after_correlation")
    parts = zip(*(episodes[name] for name in (*names, "n_before", "window_hours", "market_id")), strict=True)
    best: dict[str, tuple[float, float, str, int]] = {}
    for place, (asset_id, other, before, after, n_before, hours, market_id) in enumerate(parts):
        if other != "BTC" or asset_id == "BTC" or before is None or after is None:
            continue
        rank = (-(n_before or 0), -hours, market_id, place)
        best[asset_id] = min(rank, best.get(asset_id, rank))
    ordered = sorted(best, key=lambda asset_id: (asset_id != SUBJECT_ASSET, asset_id))
    return episodes[[best[asset_id][-1] for asset_id in ordered]] if best else episodes.clear()


def change_title(rows: pl.DataFrame) -> str:
    """Which tokens' correlation changed by more than chance allows, and which way."""
    bounds = zip(rows["change_correlation_lower_95"], rows["change_correlation_upper_95"], strict=True)
    clear = [
        place
        for place, (lower, upper) in enumerate(bounds)
        if (lower is not None and lower > 0) or (upper is not None and upper < 0)
    ]
    names = rows["asset_id"].to_list()
    if not clear:
        return (
            f"No clear change in how {listing(names[:3])} move with Bitcoin"
            if len(names) <= 3
            else "No token clearly changed how it moves with Bitcoin"
        )
    row = _SOURCE.row(rows, clear[0])
    verb = "fell" if row["change_correlation"] < 0 else "rose"
    more = f"; {number_word(len(clear) - 1)} more changed" if len(clear) > 1 else ""
    return (
        f"{row['asset_id']}’s correlation with Bitcoin {verb} from {number(row['before_correlation'])} to "
        f"{number(row['after_correlation'])}{more}"
    )


def _plot(rows: pl.DataFrame) -> Plot:
    low = min(0.0, *(extremes(rows[f"{side}_correlation_lower_95"])[0] for side in SIDES))
    from_below = list(enumerate(reversed(rows.to_dicts())))
    top_place, top = from_below[-1]
    layout = {
        "hovermode": "closest",
        "xaxis": {**number_axis(low - 0.04 if low < 0 else -0.02, 1.02), "title": {"text": "Correlation with Bitcoin"}},
        "yaxis": {
            "tickvals": list(range(rows.height)),
            "ticktext": [f"<b>{safe(row['asset_id'])}</b>" for _, row in from_below],
            "range": [-0.6, rows.height - 0.3],
            "showgrid": False,
        },
        "margin": {"l": 64, "r": 16, "b": 48},
        "shapes": [vertical_rule(0, "var(--zero)")] if low < 0 else [],
        "annotations": [_side_label(top, top_place, side) for side in SIDES],
    }
    data = [_estimate(row, place, side) for place, row in from_below for side in SIDES]
    height = 110 + _ROW_HEIGHT * rows.height
    return Plot(data, layout, height=height, narrow_height=height)


def _color(row: Mapping[str, Any]) -> str:
    return "var(--tao)" if row["asset_id"] == SUBJECT_ASSET else "var(--blue)"


def _estimate(row: Mapping[str, Any], place: int, side: str) -> dict[str, Any]:
    """The dot of one token before (open) or after (full) with its interval, when it has one."""
    value = row[f"{side}_correlation"]
    lower, upper = row[f"{side}_correlation_lower_95"], row[f"{side}_correlation_upper_95"]
    is_before, color = side == "before", _color(row)
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "markers",
        "x": [value],
        "y": [place + SIDES[side]],
        "marker": {
            "size": 11,
            "color": "var(--paper)" if is_before else color,
            "line": {"color": "var(--bench)" if is_before else color, "width": 2},
        },
        "hovertemplate": f"<b>{safe(row['asset_id'])}</b> {side}: {number(value)}<extra></extra>",
    }
    if lower is not None and upper is not None:
        trace["error_x"] = {
            "type": "data",
            "symmetric": False,
            "array": [upper - value],
            "arrayminus": [value - lower],
            "color": "var(--dot)",
            "thickness": 1.2,
            "width": 0,
        }
    return trace


def _side_label(row: Mapping[str, Any], place: int, side: str) -> dict[str, Any]:
    is_before = side == "before"
    return label(
        row[f"{side}_correlation"],
        place + SIDES[side],
        side,
        "var(--bench)" if is_before else _color(row),
        yanchor="bottom" if is_before else "top",
        yshift=7 if is_before else -7,
    )


def _note(rows: pl.DataFrame) -> str:
    first = _SOURCE.row(rows, 0)
    bars = bar_words(first["timeframe"])
    rank = ""
    independent = first["n_placebo_independent"]
    if independent is not None and first["n_placebo"] and independent < FEWEST_FOR_SHARE:
        rank = (
            f" · {first['n_placebo']} earlier dates (about {independent} independent): too few to say how rare the "
            "change is"
        )
    elif first["placebo_rank"] is not None and first["n_placebo"] is not None:
        independent = f" (about {independent} independent)" if independent is not None else ""
        rank = (
            f" · {plain_percent(first['placebo_rank'])} of {first['n_placebo']} earlier dates{independent} changed "
            f"{first['asset_id']}’s correlation at least as much"
        )
    return (
        f"n = {first['n_before']} and {first['n_after']} {bars} bars · {hours_in_words(first['window_hours'])} on each "
        f"side · benchmark: {benchmark_name('BTC')}{rank}. A correlation also rises when the market is merely more "
        "volatile. "
        f"Source: {venue_name(first['market_id'])}. As of {close_moment(first['data_as_of_utc'])}."
    )
