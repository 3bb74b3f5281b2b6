"""Send what waits, through Apprise: once each, not in quiet hours, not faster than a rule allows."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from dashboards.shell.page import picture_path
from flows.alerts.noticing import DUE
from flows.alerts.rules import AlertRule
from flows.settings import read_secret
from warehouse.store.connection import Warehouse
from warehouse.tables.ops import NOTIFICATION
from warehouse.tables.units import plural

# Sent; given up; and left by a process that died between sending and noting, so that it may have been sent.
SENT, FAILED, UNCERTAIN, SENDING = "sent", "failed", "uncertain", "sending"
RATE = timedelta(hours=1)
# What could not be sent for so long is no news any more.
GIVE_UP_AFTER = timedelta(hours=24)
# Addresses of Apprise that post JSON, to which the fields of a notification are added.
_WEBHOOKS = ("json://", "jsons://")

# What Apprise's log says of a refusal; the rest of its lines may hold the address.
_REASON = re.compile(
    r"\[Errno -?\d+\] (?P<system>[A-Za-z][\w ]+)|(?P<late>[Tt]imed? ?out)|(?P<answer>error ?= ?\d{3})"
    r"|(?P<seal>CERTIFICATE_VERIFY_FAILED|SSLError)|(?P<name>NameResolutionError|getaddrinfo failed)"
)
_IN_WORDS = {
    "late": "it did not answer in time",
    "seal": "its certificate is not trusted",
    "name": "its host is not known; check the address and the network",
}

# The first figure of the page of an event and of a token, by kind of notification.
FIGURES = {"event": "car", "move": "price"}

Send = Callable[[str, Mapping[str, Any]], str | None]


@dataclass(frozen=True, slots=True)
class Delivered:
    """How many were sent, and one line per rule that could not be served."""

    n_sent: int
    problems: tuple[str, ...]


def deliver(
    warehouse: Warehouse, rules: Sequence[AlertRule], now: datetime, site: Path, send: Send | None = None
) -> Delivered:
    """Send every row that is due, oldest first; a row is noted before and after, so that none is sent twice.

    The picture to share of its page goes with it where `site` has one.
    """
    _settle(warehouse, "state = 'sending'", UNCERTAIN, "the process ended while this was being sent")
    old = "state = 'due' and noticed_at_utc < $since"
    _settle(warehouse, old, FAILED, "not sent within a day", since=now - GIVE_UP_AFTER)
    n_sent, problems = 0, []
    for rule in rules:
        n_rule, problem = _serve(warehouse, rule, now, site, send or send_by_apprise)
        n_sent += n_rule
        problems += [f"notification rule {rule.id}: {problem}"] if problem else []
    return Delivered(n_sent, tuple(problems))


def _serve(warehouse: Warehouse, rule: AlertRule, now: datetime, site: Path, send: Send) -> tuple[int, str | None]:
    if rule.is_quiet(now):
        return 0, None
    mine = warehouse.frame(NOTIFICATION, "rule_id = $rule", "noticed_at_utc, notification_id", rule=rule.id)
    recent = mine.filter((pl.col("state").is_in([SENT, UNCERTAIN])) & (pl.col("sent_at_utc") > now - RATE)).height
    waiting = mine.filter(pl.col("state") == DUE)
    if waiting.is_empty():
        return 0, None
    address = read_secret(rule.to)
    if address is None:
        return 0, f"the environment has no {rule.to}, so {plural(waiting.height, 'notification')} wait"
    n_sent = 0
    for row in waiting.head(max(rule.most_per_hour - recent, 0)).iter_rows(named=True):
        _mark(warehouse, row, SENDING, now, None)
        told = {**row, **links_of(row, rule.pages), "picture": current_picture(site, row["page"])}
        problem = send(address, told)
        _mark(warehouse, row, DUE if problem else SENT, None if problem else now, problem)
        if problem:
            return n_sent, f"{problem}; try it with aftershock notify test {rule.id}"
        n_sent += 1
    return n_sent, None


def links_of(row: Mapping[str, Any], pages: str) -> dict[str, str]:
    """`link` to the page of a notification and `figure` to its first figure alone; empty where pages are not served.

    A page that has no such figure yet shows itself.
    """
    if not pages:
        return {"link": "", "figure": ""}
    figure = FIGURES.get(row["kind"])
    return {"link": pages + row["page"], "figure": f"{pages}{row['page']}?frame={figure}" if figure else ""}


def current_picture(site: Path, page: str) -> Path | None:
    """The picture to share of a page, where one is drawn and none of newer numbers is waited for."""
    picture = site / picture_path(page)
    if not picture.is_file():
        return None
    from dashboards.shell.share import Shared

    return picture if Shared.read(site).drawn.get(picture_path(page)) else None


def send_by_apprise(address: str, row: Mapping[str, Any]) -> str | None:
    """Send one notification; returns what went wrong, without the address, which holds secrets."""
    import apprise

    client = apprise.Apprise()
    if not client.add(_with_fields(address, row)):
        return "the address is none that Apprise knows; see its list of services"
    figure = row["figure"] and f"Figure: {row['figure']}"
    body = "\n".join(part for part in (row["body"], row["link"], figure) if part)
    kind = apprise.NotifyType.WARNING if row["kind"] in ("source", "check", "run") else apprise.NotifyType.INFO
    picture = row.get("picture") and str(row["picture"])
    with _heard() as words:
        is_sent = client.notify(title=row["title"], body=body, notify_type=kind, attach=picture or None)
    return None if is_sent else f"{address.partition(':')[0]} did not take it: {_reason(words)}"


@contextmanager
def _heard() -> Iterator[list[str]]:
    """The lines that Apprise logs inside, which go nowhere else: at its finest level they hold addresses."""
    words: list[str] = []
    logger, handler = logging.getLogger("apprise"), logging.Handler(logging.DEBUG)
    handler.emit = lambda record: words.append(record.getMessage())  # type: ignore[method-assign]
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield words
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]


def _reason(words: Sequence[str]) -> str:
    """Why the service refused, from the lines of Apprise's log; what to look at where they do not say."""
    for found in filter(None, map(_REASON.search, words)):
        said = str(found[str(found.lastgroup)])
        plain = f"HTTP {said[-3:]}" if found["answer"] else said[0].lower() + said[1:]
        return _IN_WORDS.get(str(found.lastgroup), plain)
    return "it gave no reason; check host, port and token of the address, and the network"


def _with_fields(address: str, row: Mapping[str, Any]) -> str:
    """A webhook also gets kind, subject, link and instant as fields of its JSON."""
    from urllib.parse import urlencode

    if not address.startswith(_WEBHOOKS):
        return address
    fields = {"kind": row["kind"], "subject": row["subject"], "link": row["link"], "figure": row["figure"]}
    fields["id"] = row["notification_id"]
    fields["noticed_at_utc"] = row["noticed_at_utc"].isoformat()
    return address + ("&" if "?" in address else "?") + urlencode({f":{name}": value for name, value in fields.items()})


def _mark(
    warehouse: Warehouse, row: Mapping[str, Any], state: str, sent_at: datetime | None, detail: str | None
) -> None:
    told = {**row, "state": state, "sent_at_utc": sent_at, "detail": detail}
    warehouse.merge(NOTIFICATION, pl.DataFrame([told], schema=NOTIFICATION.schema))


def _settle(warehouse: Warehouse, where: str, state: str, detail: str, **parameters: Any) -> None:
    rows = warehouse.frame(NOTIFICATION, where, **parameters)
    warehouse.merge(NOTIFICATION, rows.with_columns(state=pl.lit(state), detail=pl.lit(detail)))


def greet(rules: Sequence[AlertRule], now: datetime) -> dict[str, str]:
    """Send a greeting to each rule's address; what went wrong, by rule."""
    problems = {}
    for rule in rules:
        greeting = {
            "notification_id": "test",
            "kind": "test",
            "subject": "test",
            "title": "Aftershock can reach you",
            "body": f"Rule {rule.id} tells of: {', '.join(rule.kinds)}.",
            "page": "index.html",
            "noticed_at_utc": now,
        }
        greeting |= links_of(greeting, rule.pages)
        address = read_secret(rule.to)
        problem = f"the environment has no {rule.to}" if address is None else send_by_apprise(address, greeting)
        if problem:
            problems[rule.id] = problem
    return problems
