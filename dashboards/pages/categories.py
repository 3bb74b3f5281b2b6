"""What each kind of event does on average, with every test and its reason for absence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from markupsafe import Markup

from dashboards.figures.figure import Figure, FigureColumn
from dashboards.figures.forest import ForestRow, plot_forest
from dashboards.figures.kind_average import draw_kind_average
from dashboards.figures.leads_lags import draw_leads_lags
from dashboards.figures.specification_curve import draw_inclusion_curve
from dashboards.fill import fill, macro
from dashboards.findings.findings import as_of_words, benchmark_word
from dashboards.findings.moves import headline_total, totals_of
from dashboards.findings.readings import HEADLINE_HOURS, SUBJECT_ASSET, Reaction, result_id_of, subject_of
from dashboards.findings.superlatives import kind_sentence
from dashboards.glossary import tip
from dashboards.numbers import StoredRows, counted, derived, signed_rows
from dashboards.pages.regressions import ALL_LEADS_LAGS, characteristics_table
from dashboards.pages.trading import group_trading, is_trading
from dashboards.shell.frames import Frames, newest
from dashboards.shell.named import REACTIONS_BY_KIND
from dashboards.shell.page import Canvas, Page
from dashboards.shell.tables import NOTHING, Cell, Head, Spanning, empty_table, table
from warehouse.tables.news import EVENT
from warehouse.tables.studies import INCLUSION, STUDY_RESULT
from warehouse.tables.terms import HEADLINE_TEST, VARIANCE_RATIO, category_inside, category_label, statistic_name
from warehouse.tables.units import (
    close_moment,
    count,
    day,
    number,
    p_value,
    percent,
    plural,
    probability,
    until,
)

_GROUP_PREFIX = "category:"
AVERAGE_STATISTICS = ("caar", "mean_car")
# Rows of a group that are tests: neither means nor measures of trading.
_IS_TEST = "statistic not in ('caar', 'mean_car') and study_id <> 'activity'"
# Conventions name bars, returns and model up to here; what follows is about variances and tests.
MODEL_ENDS = ", s²"
MAX_FOREST_ROWS = 24
# Kinds of event with a row of the test where something holds.
_KINDS = "count(distinct group_id) filter (where group_id like 'category:%' and {})"
_LEVEL = 0.05  # below it windows move more than ordinary ones
_FOREST_SCHEMA: dict[str, Any] = {
    "best_at_utc": pl.Datetime("us", "UTC"),
    "title": pl.String,
    "estimate": pl.Float64,
    "lower_95": pl.Float64,
    "upper_95": pl.Float64,
    "result_id": pl.String,
}
_FOREST_COLUMNS = (
    FigureColumn("best_at_utc", "First public", day, is_number=False),
    FigureColumn("title", "Event", str, is_number=False),
    FigureColumn("estimate", tip("car", "CAR 24 h"), percent),
    FigureColumn("lower_95", "lower 95%", percent),
    FigureColumn("upper_95", "upper 95%", percent),
)


def compose_categories(frames: Frames, reactions: Mapping[str, list[Reaction]]) -> Page:
    """One section per kind: average by horizon, forest of events, test battery."""
    canvas = Canvas("categories.html")
    stored = frames.get(STUDY_RESULT)
    results = stored.filter(pl.col("group_id").str.starts_with(_GROUP_PREFIX))
    events = frames.get(EVENT).filter(pl.col("status") != "rejected")
    counts = events.group_by("category").len().sort("len", "category", descending=[True, False])
    known = "count(*) filter (where status <> 'rejected')"
    kinds = []
    for row in counts.iter_rows(named=True):
        category = row["category"]
        kinds.append(
            {
                "id": category,
                "label": category_label(category),
                "n": count(counted(row["len"], EVENT, known, category=category)),
                **_section(canvas, frames, category, results, events, reactions),
            }
        )
    title = categories_title(results)
    body = fill(
        "categories.html.jinja",
        title=title,
        kinds=kinds,
        no_event=empty_table("No event is known yet.", "Run `aftershock run`."),
        characteristics=characteristics_table(stored),
        leads_lags=canvas.draw(draw_leads_lags(stored.filter(pl.col("group_id") == ALL_LEADS_LAGS))),
    )
    as_of = newest(results, "data_as_of_utc")
    return Page(
        canvas.path,
        "Categories",
        "Categories of events",
        f"{title}.",
        body,
        as_of=as_of_words(as_of),
        files=canvas.files,
    )


def categories_title(results: pl.DataFrame) -> str:
    """How many kinds of event pass the headline test at 24 hours after correction for many tests."""
    tests = results.filter(
        (pl.col("statistic") == HEADLINE_TEST)
        & (pl.col("window_end_hours") == HEADLINE_HOURS)
        & pl.col("p_value").is_not_null()
    )
    tests = tests.with_columns(pl.coalesce("p_adjusted", "p_value").alias("p")).unique(
        "group_id", keep="first", maintain_order=True
    )
    if not tests.height:
        return "No kind of event can be tested as a group yet"
    clear = tests.filter(pl.col("p") < _LEVEL)
    key = {"statistic": HEADLINE_TEST, "window_end_hours": HEADLINE_HOURS}
    n_tests, n_clear = (
        counted(part.height, STUDY_RESULT, _KINDS.format(where), **key)
        for part, where in ((tests, "p_value is not null"), (clear, f"coalesce(p_adjusted, p_value) < {_LEVEL}"))
    )
    if not clear.height:
        return f"No kind of event moves tokens reliably: none of {count(n_tests)} passes the test"
    names = [category_inside(group.removeprefix(_GROUP_PREFIX)) for group in clear["group_id"]]
    return f"{count(n_clear)} of {plural(n_tests, 'kind')} of event move tokens beyond chance: {', '.join(names)}"


def _section(
    canvas: Canvas,
    frames: Frames,
    category: str,
    results: pl.DataFrame,
    events: pl.DataFrame,
    reactions: Mapping[str, list[Reaction]],
) -> dict[str, Any]:
    """What the page says of one kind, by the names in its template."""
    totals = totals_of(frames, "category", category)
    whole = results.filter(pl.col("group_id") == _GROUP_PREFIX + category)
    own = whole.filter(~is_trading())
    average, forest = (
        draw_kind_average(category, totals),
        _draw_forest(category, events.filter(pl.col("category") == category), reactions),
    )
    told = {"sentence": kind_sentence(headline_total(totals)), "inside": category_inside(category)}
    if average.why_empty and forest.why_empty:
        return {**told, "none": empty_table(*forest.why_empty)}
    inclusion = draw_inclusion_curve(category, frames.part(INCLUSION, "group_id", _GROUP_PREFIX + category))
    return {
        **told,
        "none": NOTHING,
        "average": _shown(canvas, average),
        "forest": _shown(canvas, forest),
        "trading": group_trading(category, whole),
        "inclusion": _shown(canvas, inclusion),
        "battery": _battery(category, own),
    }


def _shown(canvas: Canvas, figure: Figure) -> Markup:
    """The figure, or where there is nothing to draw one sentence that says so: kinds with few events stay short."""
    if figure.why_empty is None:
        return canvas.draw(figure)
    return macro("sections", "not_drawn", figure.figure_id, figure.title, figure.why_empty[0])


def _measured(events: pl.DataFrame, reactions: Mapping[str, list[Reaction]]) -> list[tuple[Any, ...]]:
    """Day, title, CAR with its interval, row and reaction of the subject token after each event that has one."""
    found = []
    for row in events.sort("best_at_utc", "event_id").iter_rows(named=True):
        subject = subject_of(reactions.get(row["event_id"], []))
        if subject is not None and subject.is_measured and subject.asset_id == SUBJECT_ASSET:
            window = subject.horizons[HEADLINE_HOURS]
            numbers = (window.car, window.car_lower, window.car_upper)
            found.append((row["best_at_utc"], row["title"], *numbers, result_id_of(window.car), subject))
    return found


def _rose_words(n_up: int, n_measured: int, n_words: str) -> str:
    if n_measured == 1:
        return f"{SUBJECT_ASSET} {'rose beyond' if n_up else 'fell behind'} Bitcoin after the one measured event"
    return f"{SUBJECT_ASSET} rose beyond Bitcoin after {count(n_up)} of {n_words}"


def _draw_forest(category: str, events: pl.DataFrame, reactions: Mapping[str, list[Reaction]]) -> Figure:
    found = _measured(events, reactions)
    frame = pl.DataFrame([item[:-1] for item in found], schema=_FOREST_SCHEMA, orient="row")
    figure_id, label = f"forest-{category}", category_label(category)
    subtitle = (
        f"{SUBJECT_ASSET}’s return beyond the benchmark in the 24 hours after each event, by date, with 95% "
        "(thin) and 50% (thick) intervals."
    )
    if not found:
        return Figure(
            figure_id,
            f"{label}: no event is measured for {SUBJECT_ASSET}",
            subtitle,
            "",
            "",
            frame,
            _FOREST_COLUMNS,
            why_empty=("None of these events has prices around it.", "Import or backfill prices around their dates."),
        )
    key = {"asset_id": SUBJECT_ASSET, "category": category}
    n_up = counted(int((frame["estimate"] > 0).sum()), REACTIONS_BY_KIND, "n_rose", **key)
    n_words = plural(counted(len(found), REACTIONS_BY_KIND, "n_measured", **key), "event")
    median = float(frame["estimate"].median() or 0)  # type: ignore[arg-type] # a number
    shown = found[-MAX_FOREST_ROWS:]
    more = " The newest are drawn; the table has all." if len(found) > MAX_FOREST_ROWS else ""
    return Figure(
        figure_id,
        f"{label}: {_rose_words(n_up, len(found), n_words)}",
        subtitle + more,
        f"Median {percent(derived(median, REACTIONS_BY_KIND, 'median_car', **key))}.",
        f"n = {n_words} · window 24 h · benchmark: "
        f"{benchmark_word(shown[-1][-1].horizons[HEADLINE_HOURS].benchmark)} · intervals: prediction error of the "
        f"market model. Source: stored candles. As of {close_moment(max(item[-1].data_as_of for item in found))}.",
        frame,
        _FOREST_COLUMNS,
        plot_forest(
            [ForestRow(f"{title}, {day(at)}", car or 0, low, high) for at, title, car, low, high, *_ in shown],
            "24-hour return beyond the benchmark",
        ),
        is_simulated=any(item[-1].is_simulated for item in found),
        source=StoredRows(STUDY_RESULT),
    )


def _battery(category: str, own: pl.DataFrame) -> Markup:
    day_rows = own.filter(pl.col("window_end_hours") == HEADLINE_HOURS)
    averages = day_rows.filter(pl.col("statistic").is_in(AVERAGE_STATISTICS) & pl.col("estimate").is_not_null())
    tests = day_rows.filter(~pl.col("statistic").is_in(AVERAGE_STATISTICS)).sort(
        pl.col("statistic") != HEADLINE_TEST, "statistic"
    )
    if not tests.height:
        return empty_table(
            "No group test has been run for this kind.", "The group step runs once several of its events are measured."
        )
    heads = (
        Head("Test"),
        Head("Value", is_number=True),
        Head(tip("p", "p"), is_number=True, label="p"),
        Head("p adjusted", is_number=True),
        Head(tip("n-eff", "N"), is_number=True, label="N"),
        Head(tip("worth", "N_eff"), is_number=True, label="N_eff"),
        Head(tip("r-bar", "r̄"), is_number=True, label="r̄"),
    )
    rows = [_test_row(row) for row in signed_rows(tests, STUDY_RESULT)]
    able = tests.filter(pl.col("p_value").is_not_null())
    key = {"group_id": _GROUP_PREFIX + category, "window_end_hours": HEADLINE_HOURS}
    n_able, n_tests = (
        counted(part.height, STUDY_RESULT, f"{name} filter (where {_IS_TEST})", **key)
        for part, name in ((able, "count(p_value)"), (tests, "count(*)"))
    )
    caption = f"{count(n_able)} of {plural(n_tests, 'test')} could be computed for 24 hours"
    return table(
        f"battery-{category}",
        caption,
        "The headline test comes first. An absent number carries its reason; N counts event–token pairs, N_eff is what "
        f"they are worth. {_own_model(averages)}{variance_sentence(tests)}",
        heads,
        rows,
    )


def _own_model(averages: pl.DataFrame) -> str:
    """The mean of the tests' own model, which is another than that of the events' pages, with its words."""
    row = next(signed_rows(averages.sort("statistic").head(1), STUDY_RESULT), None)
    if row is None:
        return "They use another model than the events’ pages."
    model = until(row["conventions"], MODEL_ENDS)
    interval = (
        "" if row["lower_95"] is None else f", 95% interval {percent(row['lower_95'])} to {percent(row['upper_95'])}"
    )
    return (
        f"They use another model than the events’ pages ({model}), under which the mean of "
        f"{plural(row['n'] or 0, 'event–token pair')} is {percent(row['estimate'])}{interval}."
    )


def variance_sentence(tests: pl.DataFrame) -> str:
    """Whether the events' windows move more than ordinary ones, without which their mean is ordinary movement."""
    rows = tests.filter((pl.col("statistic") == VARIANCE_RATIO) & pl.col("p_value").is_not_null())
    row = next(signed_rows(rows.head(1), STUDY_RESULT), None)
    if row is None:
        return ""
    is_restless = row["value"] > 1 and row["p_value"] < _LEVEL
    meaning = "more than ordinary movement" if is_restless else "not told from ordinary movement, nor is their mean"
    return (
        f" The variance of their windows is {number(row['value'], 1)} times that of ordinary windows of the same "
        f"tokens ({p_value(row['p_value'])}): {meaning}."
    )


def _test_row(row: Mapping[str, Any]) -> list[Cell | Spanning]:
    name = statistic_name(row["statistic"])
    cell: Cell = macro("sections", "headline_test", name) if row["statistic"] == HEADLINE_TEST else name
    if row["value"] is None and row["p_value"] is None and row["estimate"] is None:
        return [cell, Spanning(f"Not computed – {row['reason'] or 'no reason given'}")]

    def write(value: float | None, decimals: int = 2) -> str:
        return "–" if value is None else number(value, decimals)

    shown = row["value"] if row["value"] is not None else row["estimate"]
    return [
        cell,
        write(shown),
        "–" if row["p_value"] is None else probability(row["p_value"]),
        "–" if row["p_adjusted"] is None else probability(row["p_adjusted"]),
        "–" if row["n"] is None else count(row["n"]),
        write(row["n_effective"], 1),
        write(row["mean_residual_correlation"]),
    ]
