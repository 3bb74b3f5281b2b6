"""Incidents from the RSS and Atom forms of status pages, whose updates are prose."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ingest.news.parse.dates import judge_claim
from ingest.news.parse.entries import digest
from ingest.news.parse.incident_facts import ENDED, IncidentFact, incident_code
from ingest.news.parse.items import Item
from ingest.news.parse.text import MAX_SUMMARY_CHARACTERS, clean_link, plain_text

# "Jun 13, 00:50 UTC Resolved - …": Statuspage's updates, newest first, without a year.
_UPDATE = re.compile(
    r"\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? +(\d{1,2}) ?, +(\d{1,2}):(\d\d)"
    r" ?(UTC|GMT|PDT|PST|EDT|EST)\s+"
    r"(Investigating|Identified|Monitoring|Update|Resolved|Postmortem|Completed|Scheduled|In progress|Verifying)\b",
    re.IGNORECASE,
)
_ZONE_HOURS = {"UTC": 0, "GMT": 0, "PDT": -7, "PST": -8, "EDT": -4, "EST": -5}
_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
# incident.io, Flashduty and Better Stack state the present status in words.
_STATUS = re.compile(r"\bstatus:?\s+(\w[\w ]{2,20}?)(?=\s*(?:\W|affected|$))", re.IGNORECASE)
_AFFECTED = re.compile(r"Affected components:?\s*(.{3,400})", re.IGNORECASE)
_COMPONENT = re.compile(r"([^()·,;]{2,60})\s*\((?:Operational|Degraded|Partial|Full|Major|Under)[^)]*\)", re.IGNORECASE)
_BRACKETED = re.compile(r"^\[([^\]]{2,80})\]\s*(.+)$")
_RESOLVED_TITLE = re.compile(r"\bresolved\b|operating normally", re.IGNORECASE)
# An update stamped later than the feed's own time by more than this belongs to the year before.
_YEAR_SLACK = timedelta(days=3)


def read_status_items(items: Iterable[Item], received_at: datetime) -> list[IncidentFact]:
    """One fact per incident; items that name one component each of the same outage are joined."""
    facts: dict[str, IncidentFact] = {}
    for item in items:
        fact = _read_item(item, received_at)
        earlier = facts.get(fact.id)
        facts[fact.id] = fact if earlier is None else _join(earlier, fact)
    return list(facts.values())


def _read_item(item: Item, received_at: datetime) -> IncidentFact:
    prose = plain_text(item.content or item.summary, MAX_SUMMARY_CHARACTERS * 5) or ""
    published = judge_claim(item.published, None, "publisher", received_at).at
    updated = judge_claim(item.updated, None, "publisher", received_at).at
    latest = max((at for at in (published, updated) if at), default=received_at)
    updates = _with_seconds(_dated_updates(prose, latest), [at for at in (published, updated) if at])
    times = [at for at, _ in updates] + [at for at in (published or updated,) if at]
    ends = [at for at, status in updates if status in ENDED]
    title = plain_text(item.title) or prose[:120]
    bracketed = _BRACKETED.match(title)
    components = _components(prose)
    if bracketed and bracketed.group(1).lower() not in ENDED:
        components, title = (bracketed.group(1), *components), bracketed.group(2)
    stated = _STATUS.search(prose)
    is_over = bool(ends) or (stated and stated.group(1).strip().lower() in ENDED) or _RESOLVED_TITLE.search(title)
    started = min(times, default=None)
    link = clean_link(item.link) or clean_link(item.guid)
    code = incident_code(link) or _tail(item.guid)
    if bracketed:
        # One outage, several items: the start and the wording identify it, the item's own id does not.
        code = digest(f"{started}\x1f{title}")[:16]
    return IncidentFact(
        id=code or digest(f"{started}\x1f{title}")[:16],
        title=title,
        started=started,
        resolved=min(ends) if ends else (latest if is_over and started and latest > started else None),
        components=components,
        url=link,
        raw=f"{title} | {item.published or item.updated or ''} | {prose[:1000]}",
    )


def _tail(guid: str | None) -> str | None:
    text = plain_text(guid)
    if text is None or (text.startswith("http") and incident_code(text) is None):
        return digest(text)[:16] if text else None
    return re.split(r"[/:]", text)[-1] or None


def _components(prose: str) -> tuple[str, ...]:
    affected = _AFFECTED.search(prose)
    if affected is None:
        return ()
    return tuple(dict.fromkeys(name.strip(" -•*") for name in _COMPONENT.findall(affected.group(1))))


def _dated_updates(prose: str, latest: datetime) -> list[tuple[datetime, str]]:
    """The updates with their times; the year is the one that puts them at or before the item's own time."""
    found = []
    for month, day, hour, minute, zone, status in _UPDATE.findall(prose):
        offset = timedelta(hours=_ZONE_HOURS[zone.upper()])
        for year in (latest.year, latest.year - 1):
            try:
                at = datetime(year, _MONTHS[month[:3].lower()], int(day), int(hour), int(minute), tzinfo=UTC) - offset
            except ValueError:
                break
            if at <= latest + _YEAR_SLACK:
                found.append((at, status.lower()))
                break
    return found


def _with_seconds(updates: list[tuple[datetime, str]], stamps: list[datetime]) -> list[tuple[datetime, str]]:
    """The updates, whose prose stops at minutes, with the seconds of the item's own stamps where they fit."""
    precise = {stamp.replace(second=0, microsecond=0): stamp for stamp in stamps}
    return [(precise.get(at, at), status) for at, status in updates]


def _join(one: IncidentFact, other: IncidentFact) -> IncidentFact:
    starts = [at for at in (one.started, other.started) if at]
    ends = [at for at in (one.resolved, other.resolved) if at]
    return replace(
        one,
        started=min(starts, default=None),
        resolved=max(ends, default=None),
        components=tuple(dict.fromkeys((*one.components, *other.components))),
    )
