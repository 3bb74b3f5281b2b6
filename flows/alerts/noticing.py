"""What is worth telling, as rows of ops.notification, each told once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from dashboards.shell.page import claim_path, event_path, token_path
from flows.alerts.rules import AlertKind, AlertRule
from warehouse.store.connection import Reader, Warehouse
from warehouse.tables.claims import CLAIM_VERDICT
from warehouse.tables.moves import LATEST_MOVE, UNEXPLAINED_MOVE
from warehouse.tables.news import EVENT
from warehouse.tables.ops import CHECK_RESULT, NOTIFICATION, RUN
from warehouse.tables.terms import STATEMENT_VERDICT_TITLES, category_news, market_name
from warehouse.tables.units import count, iso_day, iso_minute, percent, plural, span

# What is older than this is history, not news, whenever it was found.
NEWS_AGE = timedelta(days=7)
# A move over 24 hours is news while its bars are as fresh as this.
MOVE_AGE = timedelta(hours=6)
# The state of a row that stood when its rule began, and of one that waits to be sent.
STANDING, DUE = "standing", "due"


@dataclass(frozen=True, slots=True)
class Newsworthy:
    """One thing that may be told: the same `subject` is the same thing, however often it is seen."""

    kind: AlertKind
    subject: str
    title: str
    body: str
    page: str


def notice(warehouse: Warehouse, rules: Sequence[AlertRule], now: datetime) -> int:
    """Note what is new for each rule; returns how many wait to be sent.

    What stands already when a rule is seen for the first time is noted and not told; failing sources, checks and runs
    are, because they need somebody.
    """
    known = warehouse.frame(NOTIFICATION).select("notification_id", "rule_id")
    ids, begun = set(known["notification_id"]), set(known["rule_id"])
    rows = []
    for rule in rules:
        is_first = rule.id not in begun
        for candidate in candidates(warehouse, rule, now):
            name = notification_id(rule.id, candidate)
            if name not in ids:
                stands = is_first and candidate.kind in ("event", "verdict", "move", "unexplained")
                rows.append(_row(rule, candidate, name, now, STANDING if stands else DUE))
        if is_first:
            begin = Newsworthy("run", "rule", f"rule {rule.id} begins", "", "index.html")
            rows.append(_row(rule, begin, notification_id(rule.id, begin), now, STANDING))
    if not rows:
        return 0
    frame = pl.DataFrame(rows, schema=NOTIFICATION.schema, orient="row")
    warehouse.merge(NOTIFICATION, frame)
    return frame.filter(pl.col("state") == DUE).height


def note(warehouse: Warehouse, rules: Sequence[AlertRule], found: Newsworthy, now: datetime) -> None:
    """Note one thing for rules, each once."""
    known = set(warehouse.frame(NOTIFICATION)["notification_id"])
    named = [(rule, notification_id(rule.id, found)) for rule in rules]
    rows = [_row(rule, found, name, now, DUE) for rule, name in named if name not in known]
    if rows:
        warehouse.merge(NOTIFICATION, pl.DataFrame(rows, schema=NOTIFICATION.schema, orient="row"))


def notification_id(rule_id: str, candidate: Newsworthy) -> str:
    """Names one thing told to one address: the same in every run and after every restart."""
    return hashlib.sha256(f"{rule_id}\0{candidate.kind}\0{candidate.subject}".encode()).hexdigest()[:16]


def candidates(reader: Reader, rule: AlertRule, now: datetime) -> Iterator[Newsworthy]:
    """Everything that a rule would tell at `now`, told before or not."""
    for kind in rule.kinds:
        yield from _FINDERS[kind](reader, rule, now)


def _row(rule: AlertRule, candidate: Newsworthy, name: str, now: datetime, state: str) -> tuple[object, ...]:
    return (
        name,
        rule.id,
        candidate.kind,
        candidate.subject,
        candidate.title,
        candidate.body,
        candidate.page,
        now,
        state,
        None,
        None,
    )


def _events(reader: Reader, rule: AlertRule, now: datetime) -> Iterator[Newsworthy]:
    recent = reader.frame(
        EVENT,
        "status <> 'rejected' and best_at_utc > $since and best_at_utc <= $now",
        "best_at_utc",
        since=now - NEWS_AGE,
        now=now,
    )
    for row in recent.iter_rows(named=True):
        is_watched = not rule.categories or row["category"] in rule.categories
        is_carried = (row["n_outlets"] or 1) >= rule.least_outlets or row["origin"] != "detected"
        is_severe = row["severity"] is None or row["severity"] >= rule.least_severity
        if is_watched and is_carried and is_severe:
            yield Newsworthy("event", row["event_id"], row["title"], _event_words(row), event_path(row["event_id"]))


def _event_words(row: Mapping[str, Any]) -> str:
    """Kind, first evidence and who tells of it."""
    kind = category_news(row["category"])
    told = "the provider's status page" if row["origin"] == "incident" else plural(row["n_outlets"] or 1, "outlet")
    return (
        f"{kind[:1].upper()}{kind[1:]}; first public evidence {iso_minute(row['best_at_utc'])} UTC, {told}."
        " Preliminary: what tokens did is measured as its windows complete."
    )


def _verdicts(reader: Reader, rule: AlertRule, now: datetime) -> Iterator[Newsworthy]:
    final = reader.frame(
        CLAIM_VERDICT,
        "verdict <> 'cannot_be_told' and data_as_of_utc >= coalesce(window_to_utc, data_as_of_utc)",
        "claim_id",
    )
    for row in final.iter_rows(named=True):
        title = f"Claim {STATEMENT_VERDICT_TITLES[row['verdict']].lower()}: “{row['quote']}”"
        subject = f"{row['claim_id']} {row['verdict']}"
        body = rule.written(row["closest_true_statement"])
        yield Newsworthy("verdict", subject, title, body, claim_path(row["claim_id"]))


def _moves(reader: Reader, rule: AlertRule, now: datetime) -> Iterator[Newsworthy]:
    fresh = reader.frame(LATEST_MOVE, "data_as_of_utc > $since", "asset_id", since=now - MOVE_AGE)
    for row in fresh.iter_rows(named=True):
        beyond, lower, upper = row["abnormal_return"], row["ordinary_lower"], row["ordinary_upper"]
        is_watched = not rule.asset_ids or row["asset_id"] in rule.asset_ids
        if (
            not is_watched
            or None in (beyond, lower, upper)
            or abs(beyond) < rule.least_move
            or lower <= beyond <= upper
        ):
            continue
        title = rule.written(f"{row['asset_id']} {percent(beyond)} beyond Bitcoin in 24 hours")
        body = rule.written(
            f"Earlier stretches of 24 hours lay between {percent(lower)} and {percent(upper)} in 95 of 100 cases; "
            f"{count(row['n_as_large'])} of {count(row['n_windows'])} were as large. "
            f"Closes until {iso_minute(row['data_as_of_utc'])} UTC ({market_name(row['market_id'])})."
        )
        subject = f"{row['asset_id']} {iso_day(row['data_as_of_utc'])} {'up' if beyond > 0 else 'down'}"
        yield Newsworthy("move", subject, title, body, token_path(row["asset_id"]))


def _unexplained(reader: Reader, rule: AlertRule, now: datetime) -> Iterator[Newsworthy]:
    waiting = reader.frame(
        UNEXPLAINED_MOVE, "state = 'open' and opened_at_utc > $since", "opened_at_utc", since=now - MOVE_AGE
    )
    for row in waiting.iter_rows(named=True):
        if rule.asset_ids and row["asset_id"] not in rule.asset_ids:
            continue
        moved = percent(row["abnormal_return"])
        title = rule.written(f"{row['asset_id']} is moving without news: {moved} beyond Bitcoin")
        body = rule.written(
            f"From {iso_minute(row['began_at_utc'])} to {iso_minute(row['opened_at_utc'])} UTC "
            f"({market_name(row['market_id'])}, 5-minute bars), when the bound was passed that at most 5% of a quiet "
            "token's weeks ever pass. No event of high relevance was public near its begin; it waits three days."
        )
        subject = f"{row['asset_id']} {iso_day(row['week_from_utc'])} {row['move_number']}"
        yield Newsworthy("unexplained", subject, title, body, "now.html#unexplained")


def _sources(reader: Reader, rule: AlertRule, now: datetime) -> Iterator[Newsworthy]:
    for row in reader.query("failing_sources").iter_rows(named=True):
        last = row["last_good_at_utc"]
        if last is not None and now - last >= timedelta(hours=rule.silent_hours):
            title = f"Source {row['source_id']} has been silent for {span(now - last)}"
            yield Newsworthy(
                "source", f"{row['source_id']} {last.isoformat()}", title, row["detail"] or "", "health.html"
            )


def _checks(reader: Reader, rule: AlertRule, now: datetime) -> Iterator[Newsworthy]:
    for row in reader.frame(CHECK_RESULT, "n_offending > 0 and severity = 'error'", "check_id").iter_rows(named=True):
        title = f"Data check failed: {row['description']}"
        body = f"{plural(row['n_offending'], 'row')}, for example {row['example_json']}"
        yield Newsworthy("check", f"{row['check_id']} {iso_day(now)}", title, body, "health.html")


def _runs(reader: Reader, rule: AlertRule, now: datetime) -> Iterator[Newsworthy]:
    broken = reader.frame(
        RUN, "outcome in ('crashed', 'killed') and started_at_utc > $since", "run_id", since=now - NEWS_AGE
    )
    for row in broken.iter_rows(named=True):
        body = f"It started at {iso_minute(row['started_at_utc'])} UTC; see schedules.log and aftershock doctor."
        yield Newsworthy("run", row["run_id"], f"Run {row['run_id']} {row['outcome']}", body, "health.html")


_FINDERS = {
    "event": _events,
    "verdict": _verdicts,
    "move": _moves,
    "unexplained": _unexplained,
    "source": _sources,
    "check": _checks,
    "run": _runs,
}
