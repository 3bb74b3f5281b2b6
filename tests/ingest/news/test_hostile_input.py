"""Whatever a publisher sends: nothing escapes a parser, nothing is lost without a word, and text stays text."""

from __future__ import annotations

import json
from html import escape

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.news.feeds import load_feeds
from ingest.news.parse.entries import parse_feed
from ingest.news.parse.incidents import READERS, parse_incidents
from ingest.news.parse.items import Item
from ingest.news.parse.status_feed import read_status_items
from ingest.source import Source
from tests.ingest.news.news_builders import LAB, NOW, rss
from tests.paths import shared
from warehouse.tables.news import ENTRY, INCIDENT

BOUNDED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
STATUS_FEEDS = [feed for feed in load_feeds() if feed.kind in READERS]
WORDS = st.text(max_size=40)
DATES = st.sampled_from(
    ["Sat, 13 Jun 2026 09:00:00 GMT", "2026-06-13T09:00:00+08:00", "13 Jun 2026 09:00 IST", "soon", "", "2026-13-45"]
)
KEYS = st.sampled_from(
    [
        "incidents",
        "id",
        "name",
        "title",
        "status",
        "impact",
        "created_at",
        "started_at",
        "resolved_at",
        "updates",
        "incident_updates",
        "components",
        "shortlink",
        "begin",
        "end",
        "summary",
        "date",
        "event_log",
        "data",
        "body",
        "included",
        "attributes",
        "affected_products",
        "external_desc",
        "arn",
        "metadata",
        "type",
        "url",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS | DATES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)

ROWS = st.lists(st.dictionaries(KEYS, VALUES, max_size=8), max_size=4)
# Half of the documents have the outline of a status product, so that its reader gets to their rows.
DOCUMENTS = VALUES | ROWS | st.builds(lambda rows: {"incidents": rows, "data": rows, "included": rows}, ROWS)


@BOUNDED
@given(st.lists(st.tuples(WORDS, WORDS, DATES | WORDS), min_size=1, max_size=6))
def test_every_item_of_a_feed_is_an_entry_or_in_quarantine(items: list[tuple[str, str, str]]) -> None:
    written = [
        f"<guid>id-{n}</guid><title>{escape(_printable(title))}</title><link>{escape(_printable(link))}</link>"
        f"<pubDate>{escape(_printable(date))}</pubDate>"
        for n, (title, link, date) in enumerate(items)
    ]
    parsed = parse_feed(rss(*written), LAB, Source("lab", "r", NOW))
    assert parsed.entries.height + parsed.quarantined.height == len(items)
    ENTRY.conform(parsed.entries)


def _printable(text: str) -> str:
    return "".join(c for c in text if c.isprintable())


@BOUNDED
@given(st.sampled_from(STATUS_FEEDS), DOCUMENTS)
def test_no_json_escapes_the_readers_of_status_pages(feed: object, document: object) -> None:
    parsed = parse_incidents(json.dumps(document).encode(), feed, Source(feed.feed_id, "r", NOW))
    INCIDENT.conform(parsed.incidents)
    assert parsed.incidents.height + parsed.quarantined.height > 0 or parsed.reason is None


@BOUNDED
@given(st.builds(Item, guid=WORDS, link=WORDS, title=WORDS, summary=WORDS, published=DATES | WORDS, updated=DATES))
def test_no_item_escapes_the_reader_of_status_prose(item: Item) -> None:
    [fact] = read_status_items([item], NOW)
    assert fact.id


def test_formulas_markup_and_script_links_are_neutral_text() -> None:
    body = shared("cases", "operator", "evil.xml").read_bytes()
    rows = parse_feed(body, LAB, Source("lab", "r", NOW)).entries.to_dicts()
    assert len(rows) == 3
    assert [row["url"] for row in rows] == [
        None,
        "https://evil.example/%22onmouseover=%22alert(1)",
        "http://169.254.169.254/latest/meta-data",
    ]
    titles = "".join(str(row["title"]) for row in rows)
    assert not set(titles) & {"\x1b", "\u202e", "<", ">"}
    assert rows[2]["title"] == "Commerce bans export of Claude model weights"
