"""One page per study of a person's own: every event, market and window that it measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from markupsafe import Markup

from dashboards.fill import fill, macro
from dashboards.findings.findings import as_of_words
from dashboards.findings.readings import EVENT_GROUP
from dashboards.findings.superlatives import interval_words
from dashboards.numbers import Count, StoredRow, counted, signed_rows
from dashboards.shell.frames import Frames, newest
from dashboards.shell.inline import range_bar, range_scale, scale_words
from dashboards.shell.named import OWN_STUDY
from dashboards.shell.page import Page, event_path, file_name
from dashboards.shell.tables import NOTHING, Cell, Head, Spanning, cited, empty_table, link, table
from warehouse.tables.news import EVENT
from warehouse.tables.own import STUDY_EVENT
from warehouse.tables.studies import STUDY_RESULT
from warehouse.tables.terms import HEADLINE_TEST, market_name, statistic_name
from warehouse.tables.units import count, hours_short, percent, plural, probability

CAR, RANK = "car", "placebo_rank"
MEAN = "caar"  # of all events together
# Reactions of single events that have a number, of all that were tried, and of those with an interval without zero.
_TRIED = f"filter (where statistic = '{CAR}')"
_KNOWN = f"filter (where statistic = '{CAR}' and estimate is not null)"
_CLEAR = f"filter (where statistic = '{CAR}' and estimate is not null and (lower_95 > 0 or upper_95 < 0))"


def own_study_path(study_id: str) -> str:
    """The page of a study."""
    return f"studies/{file_name(study_id)}.html"


def own_studies_list(studies: pl.DataFrame) -> Markup:
    """Links to the pages of own studies (rows of the query own_studies); nothing where there are none."""
    if not studies.height:
        return NOTHING
    named = [
        (own_study_path(row["study_id"]), row["study_id"], plural(row["n_events"], "event"))
        for row in signed_rows(studies, OWN_STUDY)
    ]
    return macro("sections", "own_studies", named)


def compose_own_study(frames: Frames, study_id: str) -> Page:
    """The page of one study: a table per window, newest events first."""
    results = frames.part(STUDY_RESULT, "study_id", study_id)
    ranks = {_subject(row): row for row in signed_rows(results.filter(pl.col("statistic") == RANK), STUDY_RESULT)}
    cars = results.filter(pl.col("statistic") == CAR)
    cars = cars.join(_titles(frames, study_id), on="event_id", how="left", validate="m:1")
    cars = cars.sort("window_end_hours", "best_at_utc", "market_id", descending=[False, True, False])
    title = own_study_title(study_id, cars)
    sections = [
        _window_table(list(signed_rows(rows, STUDY_RESULT)), ranks)
        for _, rows in cars.group_by("window_end_hours", maintain_order=True)
    ]
    first = next(signed_rows(cars, STUDY_RESULT), None)
    body = fill(
        "own_study.html.jinja",
        study_id=study_id,
        title=title,
        means=_mean_table(results),
        windows=sections,
        no_window=empty_table("This study has measured no window.", "Run `aftershock run`."),
        conventions=first["conventions"] if first else "",
    )
    as_of = as_of_words(newest(results, "data_as_of_utc"))
    return Page(own_study_path(study_id), "Events", f"Study {study_id}", f"{title}.", body, as_of=as_of)


def _titles(frames: Frames, study_id: str) -> pl.DataFrame:
    """event_id, title, best_at_utc and whether the event has a page: events of the record, and of the study's file."""
    recorded = frames.get(EVENT).select("event_id", "title", "best_at_utc", pl.lit(True).alias("has_page"))
    own = frames.part(STUDY_EVENT, "study_id", study_id).select(
        "event_id", "title", pl.col("at_utc").alias("best_at_utc"), pl.lit(False).alias("has_page")
    )
    return pl.concat([own, recorded]).unique("event_id", keep="first", maintain_order=True)


def _mean_table(results: pl.DataFrame) -> Markup:
    """What the events of the study's own file did on average, a row per window; nothing for events of the record."""
    groups = results.filter(pl.col("group_id") != EVENT_GROUP).sort("window_end_hours")
    means = list(signed_rows(groups.filter(pl.col("statistic") == MEAN), STUDY_RESULT))
    if not means:
        return NOTHING
    tests = {
        row["window_end_hours"]: row
        for row in signed_rows(groups.filter(pl.col("statistic") == HEADLINE_TEST), STUDY_RESULT)
    }
    known = [row for row in means if row["estimate"] is not None]
    scale = range_scale([value for row in known for value in _ends(row)])
    heads = (
        Head("After"),
        Head("Events", is_number=True),
        Head("Mean beyond the benchmark", is_number=True),
        Head(scale_words(scale), is_wide=True, label="With its 95% interval"),
        Head("95% interval", is_number=True),
        Head("p", is_number=True, label=f"p of {statistic_name(HEADLINE_TEST)}"),
        Head("Adjusted p", is_number=True, label="p adjusted over the windows, Holm"),
    )
    small = (
        f"p: {statistic_name(HEADLINE_TEST)}, which allows for events that share days. Adjusted over the windows "
        "(Holm). The mean of few events rests on each of them."
    )
    body = [_mean_row(row, tests.get(row["window_end_hours"]), scale) for row in means]
    return table("mean", "All events together", small, heads, body)


def _mean_row(row: StoredRow, test: Mapping[str, Any] | None, scale: float) -> list[Cell | Spanning]:
    after = hours_short(row["window_end_hours"])
    if row["estimate"] is None:
        return [after, Spanning(f"Not measured – {row['reason']}")]
    return [
        after,
        count(row["n"]),
        percent(row["estimate"]),
        *_interval(row, scale),
        "–" if test is None or test["p_value"] is None else probability(test["p_value"]),
        "–" if test is None or test["p_adjusted"] is None else probability(test["p_adjusted"]),
    ]


def _ends(row: Mapping[str, Any]) -> list[Any]:
    """The estimate and the ends of its interval, where it has one."""
    return [row[name] for name in ("estimate", "lower_95", "upper_95") if row[name] is not None]


def _interval(row: Mapping[str, Any], scale: float) -> tuple[Cell, Cell]:
    """The interval drawn and in words; two events have a mean and no interval."""
    lower, upper = row["lower_95"], row["upper_95"]
    drawn = NOTHING if lower is None or upper is None else range_bar(lower, upper, row["estimate"], scale)
    return drawn, interval_words(lower, upper)


def own_study_title(study_id: str, cars: pl.DataFrame) -> str:
    """How many reactions the study measured and how many returns have an interval of their own without zero."""
    known = cars.filter(pl.col("estimate").is_not_null())
    clear = known.filter((pl.col("lower_95") > 0) | (pl.col("upper_95") < 0))

    def of_study(n: int, what: str) -> Count:
        return counted(n, STUDY_RESULT, what, study_id=study_id)

    n_events = of_study(known["event_id"].n_unique(), f"count(distinct event_id) {_KNOWN}")
    n_windows, n_clear = of_study(known.height, f"count(*) {_KNOWN}"), of_study(clear.height, f"count(*) {_CLEAR}")
    return (
        f"Study {study_id}: {plural(n_events, 'event')}, {plural(n_windows, 'window')}, "
        f"the return beyond the benchmark has a 95% interval without zero in {count(n_clear)}"
    )


def _window_table(rows: list[StoredRow], ranks: Mapping[tuple[object, ...], Any]) -> Markup:
    known = [row for row in rows if row["estimate"] is not None]
    scale = range_scale([value for row in known for value in _ends(row)])
    heads = (
        Head("Event"),
        Head("Market"),
        Head("Beyond the benchmark", is_number=True),
        Head(scale_words(scale), is_wide=True, label="With its 95% interval"),
        Head("95% interval", is_number=True),
        Head("Rank p", is_number=True),
        Head(
            "Adjusted p",
            is_number=True,
            label="p adjusted over the event's windows and tokens, Holm and false discovery",
        ),
    )
    hours = rows[0]["window_end_hours"]
    key = {"study_id": rows[0]["study_id"], "window_end_hours": float(hours)}
    n_known = counted(len(known), STUDY_RESULT, f"count(*) {_KNOWN}", **key)
    n_tried = counted(len(rows), STUDY_RESULT, f"count(*) {_TRIED}", **key)
    caption = f"{count(n_known)} of {count(n_tried)} reactions measured over {hours_short(hours)}"
    small = (
        "Rank p: the share of ordinary windows before the event that moved at least as far, both ways, at equal "
        "volatility. Adjusted: over the event's windows and tokens, Holm / false discovery (Benjamini–Yekutieli). "
        "Intervals assume the volatility of the hours before the event."
    )
    body = [_row(row, ranks.get(_subject(row)), scale) for row in rows]
    return table(f"window-{file_name(hours_short(float(hours)))}", caption, small, heads, body)


def _subject(row: Mapping[str, Any]) -> tuple[object, ...]:
    return row["event_id"], row["market_id"], row["window_end_hours"]


def _row(row: Mapping[str, Any], rank: Mapping[str, Any] | None, scale: float) -> list[Cell | Spanning]:
    title = row["title"] or row["event_id"]
    event = link("../" + event_path(row["event_id"]), title) if row["has_page"] else cited(title)
    market = cited(market_name(row["market_id"]))
    if row["estimate"] is None:
        return [event, market, Spanning(f"Not measured – {row['reason']}")]
    return [
        event,
        market,
        percent(row["estimate"]),
        *_interval(row, scale),
        "–" if rank is None or rank["p_value"] is None else probability(rank["p_value"]),
        _adjusted(rank),
    ]


def _adjusted(rank: Mapping[str, Any] | None) -> str:
    if rank is None or rank["p_adjusted"] is None:
        return "–"
    return f"{probability(rank['p_adjusted'])} / {probability(rank['p_false_discovery'])}"
