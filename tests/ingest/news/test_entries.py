"""Feed documents, good and bad, as entries with two clocks."""

from __future__ import annotations

import csv
import io
import json
import re
import tarfile
import time
from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.news.parse.decode import DecodeReason
from ingest.news.parse.entries import parse_feed
from ingest.news.parse.gdelt import read_articles
from ingest.source import Source
from tests.ingest.news.news_builders import LAB, NOW, make_feed, rss
from tests.paths import shared
from tests.replay.feeds import LAB_FILES, read_member
from warehouse.tables.news import ENTRY
from warehouse.tables.prices import QUARANTINE

SECONDS_ALLOWED = 2.0
TEXT_COLUMNS = ("title", "summary", "guid", "outlet", "published_raw")


def entry_of(body: bytes, **feed_changes: object) -> dict[str, object]:
    [row] = parse_feed(body, feed := make_feed(**feed_changes), Source(feed.feed_id, "r", NOW)).entries.to_dicts()
    return row


def test_entry_carries_both_clocks_and_clean_words() -> None:
    row = entry_of(
        rss(
            "<title>Fish &amp;amp; &lt;b&gt;chips&lt;/b&gt;</title><link>https://lab.example/a</link>"
            "<guid>a-1</guid><pubDate>Sat, 13 Jun 2026 00:50:03 GMT</pubDate>"
            "<description>&lt;p&gt;More&lt;/p&gt;&lt;script&gt;x()&lt;/script&gt;</description>"
        )
    )
    assert (row["title"], row["summary"]) == ("Fish & chips", "More")
    assert (row["guid"], row["url"]) == ("a-1", "https://lab.example/a")
    assert row["published_at_utc"] == datetime(2026, 6, 13, 0, 50, 3, tzinfo=UTC)
    assert row["published_raw"] == "Sat, 13 Jun 2026 00:50:03 GMT"
    assert row["first_seen_at_utc"] == NOW
    assert (row["time_basis"], row["title_version"], row["outlet_kind"]) == ("publisher", 1, "lab")


def test_script_link_is_dropped_and_the_entry_stays() -> None:
    row = entry_of(rss("<title>t</title><link>javascript:alert(1)</link>"))
    assert row["url"] is None
    assert str(row["guid"]).startswith("title:")


def test_relative_link_is_made_absolute() -> None:
    assert entry_of(rss("<title>t</title><link>/news/1</link>"))["url"] == "https://lab.example/news/1"


def test_item_without_words_is_quarantined_not_dropped() -> None:
    parsed = parse_feed(rss("<title>t</title>", "<author>nobody</author>"), LAB, Source(LAB.feed_id, "r", NOW))
    assert parsed.entries.height == 1
    [refused] = parsed.quarantined.to_dicts()
    assert (refused["reason"], refused["row_number"]) == ("no_words", 2)


def test_one_guid_for_all_items_falls_back_to_links() -> None:
    items = [f"<title>{n}</title><guid>same</guid><link>https://lab.example/{n}</link>" for n in range(3)]
    frame = parse_feed(rss(*items), LAB, Source(LAB.feed_id, "r", NOW)).entries
    assert frame["guid"].to_list() == [f"https://lab.example/{n}" for n in range(3)]
    assert frame["entry_id"].n_unique() == 3


def test_items_without_an_id_that_differ_in_time_are_different() -> None:
    body = shared("cases", "feeds", "05_status_no_guid_same_link.xml").read_bytes()
    first = parse_feed(body, LAB, Source(LAB.feed_id, "r", NOW)).entries
    assert first["published_at_utc"].dt.hour().to_list() == [9, 10, 11]
    assert first["entry_id"].n_unique() == 3
    alone = parse_feed(
        rss(
            "<title>API: degraded</title><link>https://status.example.org/</link>"
            "<pubDate>Sun, 14 Jun 2026 10:00:00 GMT</pubDate>"
        ),
        LAB,
        Source(LAB.feed_id, "r", NOW),
    )
    assert alone.entries["entry_id"].to_list() == [first["entry_id"][1]]


def test_aggregator_names_the_outlet_of_each_item() -> None:
    body = rss("<title>t</title><source url='https://x.example'>The Outlet</source><link>https://x.example/1</link>")
    assert entry_of(body, category="aggregator")["outlet"] == "The Outlet"
    assert entry_of(body)["outlet"] == "Lab"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", DecodeReason.EMPTY_BODY),
        (b" \n\t", DecodeReason.EMPTY_BODY),
        (b"<!DOCTYPE html><html><body>Checking your browser</body></html>", DecodeReason.HTML_PAGE),
        (b"<html><head><title>x</title></head></html>", DecodeReason.HTML_PAGE),
        (b"Service unavailable", DecodeReason.BROKEN_XML),
        (b"<sitemap><url>x</url></sitemap>", DecodeReason.NOT_A_FEED),
        (b"{", DecodeReason.BROKEN_JSON),
        (b'{"a": 1}', DecodeReason.NOT_A_FEED),
        (b"[" * 100_000, DecodeReason.BROKEN_JSON),
        (
            b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><rss><channel/></rss>',
            DecodeReason.ENTITY_DECLARATION,
        ),
        ('<!DOCTYPE x [<!ENTITY a "b">]><rss/>'.encode("utf-16"), DecodeReason.ENTITY_DECLARATION),
        (b"\x00" * 1000, DecodeReason.EMPTY_BODY),
        (b"<rss/>" + b" " * 9_000_000, DecodeReason.TOO_LARGE),
    ],
)
def test_what_is_no_feed_has_a_named_reason_and_is_kept_aside(body: bytes, reason: DecodeReason) -> None:
    parsed = parse_feed(body, LAB, Source(LAB.feed_id, "r", NOW))
    assert (parsed.entries.height, parsed.reason) == (0, reason)
    assert parsed.quarantined["reason"].to_list() == [reason]


def test_feed_wrapped_in_a_web_page_is_a_feed() -> None:
    body = shared("cases", "feeds", "17_xhtml_wrapped.xml").read_bytes()
    frame = parse_feed(body, LAB, Source(LAB.feed_id, "r", NOW)).entries
    assert frame["title"].to_list() == ["First wrapped headline", "Second wrapped headline"]


def test_one_bad_escape_in_json_costs_nothing_but_itself() -> None:
    body = shared("cases", "feeds", "15_gdelt_bad_escape.json").read_bytes()
    titles = [item.title for item in read_articles(body).items]
    assert titles == ['Minister says "no" to chips', r"Bad ' escape \x in title"]
    items = rb'[{"id": "1", "title": "C:\\ and \u00e9 and \d and \"q\""}, {"id": "2", "title": "b"}]'
    feed = b'{"version": "x", "items": ' + items + b"}"
    frame = parse_feed(feed, LAB, Source(LAB.feed_id, "r", NOW)).entries
    assert frame["title"].to_list() == ['C:\\ and é and \\d and "q"', "b"]


def test_feed_without_items_is_no_error() -> None:
    parsed = parse_feed(rss(), LAB, Source(LAB.feed_id, "r", NOW))
    assert (parsed.reason, parsed.quarantined.height) == (DecodeReason.NO_ENTRIES, 0)


def test_bomb_declared_in_seven_bit_unicode_is_not_decoded() -> None:
    bomb = "<!DOCTYPE x [<!ENTITY a 'b'>]>"
    body = b'<?xml version="1.0" encoding="utf-7"?>' + bomb.encode("utf-7") + b"<rss><channel/></rss>"
    assert parse_feed(body, LAB, Source(LAB.feed_id, "r", NOW)).entries.height == 0


def test_harmless_document_type_is_taken_off() -> None:
    declaration = b'<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://x.example/rss.dtd">'
    assert parse_feed(declaration + rss("<title>t</title>"), LAB, Source(LAB.feed_id, "r", NOW)).entries.height == 1


def test_entity_in_a_quotation_is_no_declaration() -> None:
    body = rss("<title>How <![CDATA[<!ENTITY x]]> works</title>")
    assert parse_feed(body, LAB, Source(LAB.feed_id, "r", NOW)).entries.height == 1


def test_impossible_character_references_do_not_cost_the_feed() -> None:
    body = rss("<title>a&#x110000;&#0;&#xD800;&#99999999999;b</title>", "<title>c</title>")
    assert parse_feed(body, LAB, Source(LAB.feed_id, "r", NOW)).entries["title"].to_list() == ["ab", "c"]


def test_fault_of_the_parser_is_a_named_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def give_up(*_args: object, **_options: object) -> None:
        raise TypeError("a location without numbers")

    monkeypatch.setattr("ingest.news.parse.items.feedparser.parse", give_up)
    assert parse_feed(rss("<title>t</title>"), LAB, Source(LAB.feed_id, "r", NOW)).reason is DecodeReason.PARSER_FAILED


def test_parsing_reaches_out_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise AssertionError("the network was touched")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    body = (
        b'<?xml version="1.0"?><?xml-stylesheet href="http://x.example/s.xsl"?>'
        b'<!DOCTYPE rss SYSTEM "http://x.example/rss.dtd">'
        b'<rss xmlns:xi="http://www.w3.org/2001/XInclude"><channel><xi:include href="http://x.example/i.xml"/>'
        b"<item><title>t</title></item></channel></rss>"
    )
    assert parse_feed(body, LAB, Source(LAB.feed_id, "r", NOW)).entries.height == 1


def test_truncated_feed_gives_the_entries_it_has() -> None:
    body = rss("<title>one</title>", "<title>two</title>")[:-40]
    assert "one" in parse_feed(body, LAB, Source(LAB.feed_id, "r", NOW)).entries["title"].to_list()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32", "iso-8859-1", "windows-1252", "cp037"])
def test_declared_encodings_are_read(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><rss version="2.0"><channel>'
    text += "<item><title>Café émigré</title></item></channel></rss>"
    assert entry_of(text.encode(encoding))["title"] == "Café émigré"


def test_wrong_declaration_still_gives_words() -> None:
    body = '<?xml version="1.0" encoding="utf-8"?><rss><channel><item><title>Café</title></item></channel></rss>'
    assert entry_of(body.encode("windows-1252"))["title"] == "Café"


def test_json_feed_is_read() -> None:
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "items": [{"id": 7, "url": "https://x.example/7", "title": "T", "date_published": "2026-06-13T00:50:03Z"}],
    }
    row = entry_of(json.dumps(document).encode())
    assert (row["guid"], row["title"], row["time_basis"]) == ("7", "T", "publisher")


def test_long_feed_gives_its_first_thousand_and_says_so() -> None:
    parsed = parse_feed(rss(*(f"<title>n{n}</title>" for n in range(1500))), LAB, Source(LAB.feed_id, "r", NOW))
    assert (parsed.entries.height, parsed.reason) == (1000, DecodeReason.TOO_MANY_ENTRIES)
    assert "1500" in parsed.detail
    assert parsed.entries["title"][0] == "n0"


START = b'<rss version="2.0"><channel><title>x</title><item><title>t</title>'


def assert_ends_in_time(body: bytes) -> None:
    started = time.thread_time()
    parsed = parse_feed(body, LAB, Source(LAB.feed_id, "r", NOW))
    assert time.thread_time() - started < SECONDS_ALLOWED
    assert parsed.entries.height or parsed.reason


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(START + b"<a>" * 600_000, id="deep nesting"),
        pytest.param(b"<!--" * 1_000_000 + START, id="comments"),
        pytest.param(b"<?x " * 1_000_000 + START, id="processing instructions"),
        pytest.param(b"<!DOCTYPE " * 400_000 + START, id="document types"),
        pytest.param(START + b"<pubDate>" + b"1:" * 2_000_000 + b"</pubDate>", id="date"),
        pytest.param(START + b"<![CDATA[" * 400_000, id="character data"),
        pytest.param(b'{"items": [' + b'{"id":"1","title":"<b>"},' * 100_000 + b"{}]}", id="JSON items"),
        pytest.param(b'{"items":' * 200_000, id="deep JSON"),
        pytest.param(bytes(range(256)) * 16_000, id="all bytes"),
    ],
)
def test_hostile_document_ends_in_time(body: bytes) -> None:
    assert_ends_in_time(body)


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(START + b"<" * 4_000_000, id="angle brackets"),
        pytest.param(START + b"&" * 4_000_000, id="ampersands"),
        pytest.param(START + b"<!" * 2_000_000, id="declarations"),
        pytest.param(START + b"<b " + b'a="1" ' * 500_000 + b">", id="attributes"),
        pytest.param(START + b"<item>" * 500_000, id="open items"),
        pytest.param(START + b"<description>" + b"&lt;b&gt;" * 400_000, id="escaped markup"),
    ],
)
def test_large_hostile_document_ends_in_time(body: bytes) -> None:
    assert_ends_in_time(body)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.binary(max_size=300), st.binary(max_size=120).map(lambda noise: rss("<title>t</title>") + noise)))
def test_any_bytes_end_in_entries_or_a_reason(body: bytes) -> None:
    parsed = parse_feed(body, LAB, Source(LAB.feed_id, "r", NOW))
    assert parsed.entries.height or parsed.reason or parsed.quarantined.height
    ENTRY.conform(parsed.entries)
    QUARANTINE.conform(parsed.quarantined)


def test_every_recorded_file_ends_in_clean_entries_or_a_named_reason() -> None:
    archive = shared("data", "news", "feeds.tar.gz")
    expected: dict[str, int] = {}
    slowest, n_entries, differing = 0.0, 0, []
    with tarfile.open(archive) as tar:
        bodies = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}  # type: ignore[union-attr]
    for row in csv.DictReader(io.StringIO(bodies.pop("feeds/INDEX.csv").decode())):
        expected[row["path"]] = int(row["entries"])
    reasons: Counter[str] = Counter()
    for name, body in bodies.items():
        started = time.thread_time()
        parsed = parse_feed(body, LAB, Source(LAB.feed_id, "r", NOW))
        slowest = max(slowest, time.thread_time() - started)
        assert parsed.entries.height or parsed.reason or parsed.quarantined.height, name
        reasons[str(parsed.reason)] += 1
        n_entries += parsed.entries.height
        n_found = parsed.entries.height + parsed.quarantined.filter(reason="no_words").height
        if n_found < expected.get(name, 0):
            differing.append(name)
        for row in parsed.entries.select(*TEXT_COLUMNS, "url").iter_rows(named=True):
            for column in TEXT_COLUMNS:
                assert not re.search(r"<[A-Za-z/!?]", row[column] or ""), (name, column)
            assert row["url"] is None or re.fullmatch(r"https?://[^\s<>\"]+", row["url"]), name
    assert slowest < SECONDS_ALLOWED
    assert n_entries > 4000
    assert reasons["entity_declaration"] == 2
    # Items of one document with the same id and title are one entry; only the declared entities are refused.
    assert len(differing) <= 20, differing


def test_lab_feed_before_and_after_the_statement_dates_it_by_its_first_sight() -> None:
    archive = shared("data", "news", "feeds.tar.gz")
    lab = make_feed(clock="date_only")
    seen = {}
    for instant, name in LAB_FILES:
        frame = parse_feed(
            read_member(archive, f"feeds/lab_scraped/{name}"), lab, Source(lab.feed_id, "r", instant)
        ).entries
        seen[instant] = frame.filter(
            title="Statement on the US government directive to suspend access to Fable 5 and Mythos 5"
        )
    before, after = (seen[instant] for instant, _ in LAB_FILES[:2])
    assert before.height == 0
    [row] = after.to_dicts()
    assert row["published_at_utc"] == datetime(2026, 6, 12, tzinfo=UTC)
    assert row["first_seen_at_utc"] == LAB_FILES[1][0]
    assert row["time_basis"] == "date_only"
