"""Which markets have bars when: a calendar of have, gap and outside the record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import polars as pl

from dashboards.figures.figure import Figure, FigureColumn, Plot, safe
from dashboards.numbers import StoredRows, counted, derived
from dashboards.shell.frames import newest, oldest
from warehouse.tables.bars import bar_words
from warehouse.tables.prices import COVERAGE
from warehouse.tables.terms import market_name
from warehouse.tables.units import count, day, iso_minute, month, plain, share, short_day

# The subtitle says forty.
MAX_ROWS = 40
_SOURCE = StoredRows(COVERAGE)
# Longer records are drawn by month, shorter ones by day.
MAX_DAYS_DRAWN = 100
HAVE, GAP, OUTSIDE = 1.0, 0.5, 0.0

_COLUMNS = (
    FigureColumn("market_id", "Market", market_name, is_number=False),
    FigureColumn("timeframe", "Bars", str, is_number=False),
    FigureColumn("first_open_utc", "From", iso_minute, is_number=False),
    FigureColumn("last_open_utc", "To", iso_minute, is_number=False),
    FigureColumn("n_present", "Bars stored", count),
    FigureColumn("n_missing", "Missing", count),
    FigureColumn("n_gaps", "Gaps", count),
    FigureColumn("longest_gap_hours", "Longest gap, h", plain),
    FigureColumn("n_revised", "Revised", count),
)


def draw_coverage(coverage: pl.DataFrame, gaps: pl.DataFrame, studied: Sequence[str] = ()) -> Figure:
    """One row per market and bar length, one cell per day or month; tokens that are `studied` stand first."""
    rows = coverage.sort(~pl.col("asset_id").is_in(list(studied)), "asset_id", "market_id", "timeframe")
    frame = _SOURCE.select(rows, [column.name for column in _COLUMNS])
    subtitle = (
        "One row per market and bar length. Blue: bars stored. Vermilion: a gap inside the record. Blank: "
        "outside the record (–)."
    )
    if not rows.height:
        return Figure(
            "coverage",
            "No market has bars yet",
            subtitle,
            "",
            "",
            frame,
            _COLUMNS,
            why_empty=(
                "No bar is stored.",
                "Run `aftershock run`: the bundled record loads first, exchanges after it.",
            ),
        )
    n_present, n_missing = int(rows["n_present"].sum()), int(rows["n_missing"].sum())
    present, missing, expected = (
        counted(value, COVERAGE, column)
        for value, column in (
            (n_present, "sum(n_present)"),
            (n_missing, "sum(n_missing)"),
            (n_present + n_missing, "sum(n_present) + sum(n_missing)"),
        )
    )
    part = derived(present / expected, COVERAGE, "sum(n_present) / (sum(n_present) + sum(n_missing))")
    n_series = counted(rows.height, COVERAGE)
    first, last = oldest(rows, "first_open_utc"), newest(rows, "last_open_utc")
    more = (
        f" The calendar shows the first forty of {count(counted(rows.height, COVERAGE))} series; the table has all."
        if rows.height > MAX_ROWS
        else ""
    )
    return Figure(
        figure_id="coverage",
        title=f"{share(part)} of {count(expected)} expected bars are stored, in {count(n_series)} series",
        subtitle=subtitle + more,
        summary=f"{count(missing)} bars are missing inside the records of {count(n_series)} series.",
        note=f"n = {count(present)} bars · window: {_day(first)} to {_day(last)} · no benchmark, no interval: counts. "
        f"Source: stored candles. As of {_day(last)}.",
        frame=frame,
        columns=_COLUMNS,
        source=_SOURCE,
        plot=_plot(rows.head(MAX_ROWS), gaps),
    )


def cells(begin: datetime, end: datetime) -> list[datetime]:
    """Starts of the calendar's cells: days for a short record, months for a long one."""
    start = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    if (end - begin) <= timedelta(days=MAX_DAYS_DRAWN):
        return [start + timedelta(days=index) for index in range((end - start).days + 1)]
    months = []
    at = start.replace(day=1)
    while at <= end:
        months.append(at)
        at = (at + timedelta(days=32)).replace(day=1)
    return months


def _day(value: datetime | None) -> str:
    return "–" if value is None else day(value)


def _plot(rows: pl.DataFrame, gaps: pl.DataFrame) -> Plot:
    begin, end = oldest(rows, "first_open_utc"), newest(rows, "last_open_utc")
    starts = cells(begin, end) if begin and end else []
    is_daily = len(starts) > 1 and starts[1] - starts[0] == timedelta(days=1)
    ends = [*starts[1:], starts[-1] + timedelta(days=1 if is_daily else 31)]
    holes: dict[tuple[str, str], list[tuple[datetime, datetime]]] = {}
    for row in gaps.iter_rows(named=True):
        holes.setdefault((row["market_id"], row["timeframe"]), []).append((row["gap_start_utc"], row["gap_end_utc"]))
    states = [
        [
            _state(row, holes.get((row["market_id"], row["timeframe"]), []), start, stop)
            for start, stop in zip(starts, ends, strict=True)
        ]
        for row in rows.iter_rows(named=True)
    ]
    names = [
        safe(f"{market_name(row['market_id'])}, {bar_words(row['timeframe'])}") for row in rows.iter_rows(named=True)
    ]
    labels = [short_day(start) if is_daily else month(start) for start in starts]
    words = {HAVE: "bars stored", GAP: "gap", OUTSIDE: "outside the record"}
    trace = {
        "type": "heatmap",
        "z": states,
        "x": labels,
        "y": names,
        "zmin": 0,
        "zmax": 1,
        "colorscale": [
            [0, "var(--sunk)"],
            [0.33, "var(--sunk)"],
            [0.33, "var(--tao)"],
            [0.67, "var(--tao)"],
            [0.67, "var(--dot)"],
            [1, "var(--dot)"],
        ],
        "showscale": False,
        "xgap": 1,
        "ygap": 3,
        "text": [["–" if state == OUTSIDE else "" for state in row] for row in states],
        "texttemplate": "%{text}",
        "textfont": {"size": 12, "color": "var(--ink-3)"},
        "customdata": [[words[state] for state in row] for row in states],
        "hovertemplate": "%{y}<br>%{x}: <b>%{customdata}</b><extra></extra>",
    }
    height = 60 + 22 * rows.height
    layout = {
        "hovermode": "closest",
        "xaxis": {"type": "category", "nticks": 10, "ticks": "", "showline": False, "fixedrange": True, "tickangle": 0},
        "yaxis": {"autorange": "reversed", "showgrid": False, "tickfont": {"size": 12, "color": "var(--ink-2)"}},
        "margin": {"l": 250, "t": 6, "r": 6},
    }
    narrow = {
        "layout.margin.l": 120,
        "layout.xaxis.nticks": 4,
        "data.0.y": [name.split(" on ")[0] + " " + str(index + 1) for index, name in enumerate(names)],
    }
    return Plot([trace], layout, height=max(height, 160), narrow=narrow)


def _state(row: dict[str, object], holes: list[tuple[datetime, datetime]], start: datetime, stop: datetime) -> float:
    if row["first_open_utc"] >= stop or row["last_open_utc"] < start:  # type: ignore[operator] # instants by contract
        return OUTSIDE
    return GAP if any(begin < stop and end > start for begin, end in holes) else HAVE
