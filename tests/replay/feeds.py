"""Feeds and status pages as they stood at a chosen instant, with faults on request.

Mount it where the program looks for feeds:

    world = FeedWorld(instant, recorded_sources())
    with ReplayServer({"/feed": world.handle}) as server: ...

`world.instant` may be moved between runs; `world.faults["cr_decrypt"] = slow(30)` makes one feed misbehave.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import tarfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

import polars as pl

from ingest.news.feeds import load_feeds
from tests.replay.server import Request, Response

Source = Callable[[datetime], bytes]
Fault = Callable[[bytes], Response]

# What each wire format says when there is nothing to say; all others are an RSS feed without items.
NOTHING = {
    "better_stack_json": b'{"data": {}, "included": []}',
    "gcp_json": b"[]",
    "aws_json": b"[]",
    "federal_register": b'{"count": 0, "results": []}',
    "govuk_json": b'{"results": []}',
    "hn_json": b'{"hits": []}',
    "gdelt": b"{}",
    "statuspage_json": b'{"page": {}, "incidents": []}',
    "incident_io_json": b'{"page": {}, "incidents": []}',
    "rootly_json": b'{"page": {}, "incidents": []}',
}
XML = "application/xml; charset=utf-8"
N_ITEMS = 30
# The lab mirror's commits: from when each recorded file was what a reader got.
LAB_FILES = (
    (datetime(2026, 6, 13, 0, 30, tzinfo=UTC), "olshansk_anthropic_news_asof_2026-06-13T0030_ce3f85dad.xml"),
    (datetime(2026, 6, 13, 2, 35, tzinfo=UTC), "olshansk_anthropic_news_asof_2026-06-13T0235_22fabe0c9.xml"),
    (datetime(2026, 6, 13, 12, 0, tzinfo=UTC), "olshansk_anthropic_news_asof_2026-06-13T1200_29b872731.xml"),
    (datetime(2026, 7, 1, 7, 0, tzinfo=UTC), "olshansk_anthropic_news_asof_2026-07-01T0700_2a6a510e0.xml"),
)
# Feeds of the registry that the recorded headlines can stand in for.
OUTLETS = {
    "pr_techmeme": "Techmeme",
    "cr_coindesk": "coindesk.com",
    "cr_cointelegraph": "cointelegraph.com",
    "cr_decrypt": "decrypt.co",
    "cr_cryptobriefing": "cryptobriefing.com",
    "cr_beincrypto": "beincrypto.com",
    "cr_cryptopotato": "cryptopotato.com",
    "cr_utoday": "u.today",
    "cr_bitcoinist": "bitcoinist.com",
    "cr_newsbtc": "newsbtc.com",
    "cr_cryptoslate": "cryptoslate.com",
    "cr_defiant": "thedefiant.io",
    "cr_bitcoincom": "news.bitcoin.com",
    "ag_hnrss": "Hacker News",
}


class FeedWorld:
    """Answers `/<feed_id>` with what that feed held at `instant`, with validators; without a source it is empty."""

    def __init__(self, instant: datetime, sources: Mapping[str, Source], robots: str = "") -> None:
        self.instant = instant
        self.sources = dict(sources)
        self.faults: dict[str, Fault] = {}
        self.robots = robots
        self.kinds = {feed.feed_id: feed.kind for feed in load_feeds()}

    def handle(self, request: Request) -> Response | None:
        """The answer to one request."""
        feed_id = request.path.strip("/")
        if feed_id == "robots.txt":
            return Response(self.robots.encode(), content_type="text/plain") if self.robots else None
        source = self.sources.get(feed_id)
        body = source(self.instant) if source else NOTHING.get(self.kinds.get(feed_id, ""), empty_feed(self.instant))
        if feed_id in self.faults:
            return self.faults[feed_id](body)
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if request.headers.get("if-none-match") == etag:
            return Response(b"", 304, XML, {"etag": etag})
        kind = "application/json" if body[:1] in b"{[" else XML
        return Response(body, 200, kind, {"etag": etag})


def empty_feed(_instant: datetime) -> bytes:
    """A feed without items."""
    return rss_feed("Nothing new", [])


def rss_feed(title: str, items: list[tuple[str, str, datetime]]) -> bytes:
    """An RSS 2.0 document of (title, link, published) items."""
    rows = "".join(
        f"<item><title>{escape(name)}</title><link>{escape(link)}</link><guid>{escape(link)}</guid>"
        f"<pubDate>{format_datetime(published)}</pubDate></item>"
        for name, link, published in items
    )
    text = f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>{escape(title)}</title>{rows}'
    return f"{text}</channel></rss>".encode()


def headlines_source(title: str, rows: list[tuple[str, str, datetime]]) -> Source:
    """A feed that holds the newest of `rows` (title, link, published) at any instant."""
    ordered = sorted(rows, key=lambda row: row[2])

    def serve(instant: datetime) -> bytes:
        held = [row for row in ordered if row[2] <= instant][-N_ITEMS:]
        return rss_feed(title, held[::-1])

    return serve


def statuspage_source(incidents: list[dict[str, object]]) -> Source:
    """A status page's incident list: an incident is open until the instant at which it was resolved."""

    def serve(instant: datetime) -> bytes:
        held = [row for row in incidents if _at(row["created_at"]) <= instant]
        shown = []
        for row in sorted(held, key=lambda row: _at(row["created_at"]), reverse=True)[:50]:
            is_over = bool(row.get("resolved_at")) and _at(row["resolved_at"]) <= instant
            status = "resolved" if is_over else "investigating"
            shown.append({**row, "status": status, "resolved_at": row.get("resolved_at") if is_over else None})
        return json.dumps({"page": {"id": "replay"}, "incidents": shown}).encode()

    return serve


def atom_status_source(incidents: list[dict[str, object]], host: str) -> Source:
    """The Atom form of a status page, as Statuspage writes it: updates in prose, minutes only, newest first."""

    def serve(instant: datetime) -> bytes:
        entries = []
        for row in sorted(incidents, key=lambda row: _at(row["created_at"]), reverse=True):
            started = _at(row["created_at"])
            if started > instant:
                continue
            ended = _at(row["resolved_at"]) if row.get("resolved_at") else None
            updates = [(started, "Investigating")] + ([(ended, "Resolved")] if ended and ended <= instant else [])
            prose = "".join(
                f"<p><small>{at:%b} <var data-var='date'>{at.day}</var>, <var data-var='time'>{at:%H:%M}</var> UTC"
                f"</small><br><strong>{status}</strong> - As it says.</p>"
                for at, status in reversed(updates)
            )
            stamp = f"{updates[-1][0]:%Y-%m-%dT%H:%M:%SZ}"
            entries.append(
                f"<entry><id>tag:{host},2005:Incident/{row['id']}</id><published>{stamp}</published>"
                f"<updated>{stamp}</updated><link href='https://{host}/incidents/{row['id']}'/>"
                f"<title>{escape(str(row['name']))}</title><content type='html'>{escape(prose)}</content></entry>"
            )
        return f"<feed xmlns='http://www.w3.org/2005/Atom'>{''.join(entries[:25])}</feed>".encode()

    return serve


def _at(value: object) -> datetime:
    moment = datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


# Planted around one instant, so that a test knows what must be found. Titles are invented.
SIMULATED_STATEMENT_AT = datetime(2026, 6, 12, 23, 56, 41, tzinfo=UTC)


def simulated_sources() -> dict[str, Source]:
    """A small world without recorded material: one restriction story in several feeds, one outage, a lab mirror."""
    at = SIMULATED_STATEMENT_AT
    story = {
        "pr_techmeme": ("Sources: Commerce told Borealis Labs that its Vega 5 model needs an export licence", 0),
        "cr_decrypt": ("US export order forces Borealis Labs to switch off Vega 5, AI tokens rise", 71),
        "cr_coindesk": ("Borealis Labs suspends Vega 5 after US government directive", 96),
        "ag_hnrss": ("US government directive to suspend access to Vega 5", 55),
    }
    sources = {
        feed_id: headlines_source(feed_id, [(title, f"https://{feed_id}.example/story", at + timedelta(minutes=after))])
        for feed_id, (title, after) in story.items()
    }
    outage = {
        "id": "simulated01",
        "name": "Vega 5 is unavailable",
        "impact": "critical",
        "created_at": (at + timedelta(minutes=54)).isoformat(),
        "resolved_at": (at + timedelta(hours=30)).isoformat(),
    }
    sources["st_openai_json"] = statuspage_source([outage])
    sources["lab_anthropic_mirror_olshansk"] = _backdated_mirror(at + timedelta(hours=2, minutes=30))
    return sources


def _backdated_mirror(shown_at: datetime) -> Source:
    """A mirror that stamps a statement with the midnight before, although nobody could read it until `shown_at`."""
    midnight = datetime(2026, 6, 12, tzinfo=UTC)
    older = ("A partnership", "https://mirror.example/a", datetime(2026, 6, 11, tzinfo=UTC))
    statement = ("Statement on the directive to suspend Vega 5", "https://mirror.example/statement", midnight)

    def serve(instant: datetime) -> bytes:
        return rss_feed("Mirror", [statement, older] if instant >= shown_at else [older])

    return serve


def recorded_sources(shared_news: Path) -> dict[str, Source]:
    """The world of `../shared/data/news`: lab mirror by commit, press by publisher time, status pages by incident."""
    headlines = _recorded_headlines(shared_news)
    sources = {feed_id: headlines_source(outlet, headlines.get(outlet, [])) for feed_id, outlet in OUTLETS.items()}
    incidents: dict[str, list[dict[str, object]]] = {}
    for line in (shared_news / "incidents.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["time_basis"].startswith("status"):
            incidents.setdefault(row["provider"], []).append(
                {
                    "id": row["incident_id"],
                    "name": row["title"],
                    "impact": row["impact"],
                    "created_at": row["started_utc"],
                    "resolved_at": row["resolved_utc"],
                    "components": [{"name": name} for name in row["components"]],
                }
            )
    sources["st_claude_atom"] = atom_status_source(incidents["anthropic"], "status.claude.com")
    sources["st_openai_json"] = statuspage_source(incidents["openai"])
    sources["st_groq_json"] = statuspage_source(incidents["groq"])
    sources["st_github_json"] = statuspage_source(incidents["github"])
    sources["lab_anthropic_mirror_olshansk"] = _lab_source(shared_news / "feeds.tar.gz")
    return sources


@cache
def _recorded_headlines(shared_news: Path) -> dict[str, list[tuple[str, str, datetime]]]:
    rows = (
        pl.scan_parquet(shared_news / "headlines.parquet")
        .filter(pl.col("outlet").is_in(list(OUTLETS.values())), pl.col("url").str.starts_with("http"))
        .filter(pl.col("published_utc").is_between(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 7, 2, tzinfo=UTC)))
        .select("outlet", "title", "url", "published_utc")
        .collect()
    )
    found: dict[str, list[tuple[str, str, datetime]]] = {}
    for outlet, title, url, published in rows.iter_rows():
        found.setdefault(outlet, []).append((title, url, published.astimezone(UTC)))
    return found


def _lab_source(archive: Path) -> Source:
    files = [(since, read_member(archive, f"feeds/lab_scraped/{name}")) for since, name in LAB_FILES]

    def serve(instant: datetime) -> bytes:
        held = [body for since, body in files if since <= instant]
        return held[-1] if held else empty_feed(instant)

    return serve


@cache
def read_member(archive: Path, name: str) -> bytes:
    """One file of the recorded feeds."""
    with tarfile.open(archive) as tar:
        member = tar.extractfile(name)
        if member is None:
            raise FileNotFoundError(name)
        return member.read()


def html_page(_body: bytes) -> Response:
    """A web page with status 200."""
    return Response(b"<!doctype html><html><body>Checking your browser</body></html>", 200, "text/html")


def status(code: int, headers: Mapping[str, str] | None = None) -> Fault:
    """An error status."""
    return lambda _body: Response(b"no", code, "text/plain", dict(headers or {}))


def slow(seconds: float) -> Fault:
    """The right answer, late."""
    return lambda body: Response(body, 200, XML, delay_seconds=seconds)


def cut_off(body: bytes) -> Response:
    """Half an answer."""
    return Response(body[: len(body) // 2], 200, XML, is_cut_off=True)


def gzip_bomb(n_bytes: int) -> Fault:
    """A small answer that unpacks to `n_bytes`."""
    packed = gzip.compress(b" " * n_bytes, compresslevel=9)
    return lambda _body: Response(packed, 200, XML, {"content-encoding": "gzip"})


def redirect(location: str) -> Fault:
    """A redirect."""
    return lambda _body: Response(b"", 302, "text/plain", {"location": location})
