"""Whatever bytes come, a parser answers or refuses in words, and soon; nothing else ever escapes it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.claims.language import read_claims
from analysis.claims.sentences.reader import read_text
from analysis.events.decisions import read_decisions
from analysis.own.tables import read_series
from flows.errors import CommandError
from flows.jobs.own_files import parse_table
from ingest.errors import SourceError
from ingest.news.parse.entries import parse_feed
from ingest.news.parse.headlines import parse_headlines
from ingest.news.parse.incidents import parse_incidents
from ingest.prices.files.archive import parse_archive
from ingest.prices.files.names import Identity
from ingest.source import Source
from tests.ingest.news.news_builders import make_feed
from tests.torture.counted import note, times
from warehouse.config import ConfigError, ConfigText

NOW = datetime(2026, 6, 20, tzinfo=UTC)
SOURCE = Source("f", "r", NOW)
EXAMPLES, SLOWEST = 40, timedelta(seconds=5)

RSS = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Lab</title>
<item><title>Export &amp; control</title><link>https://lab.example/a</link><guid>1</guid>
<pubDate>Fri, 12 Jun 2026 23:56:41 GMT</pubDate></item></channel></rss>"""
STATUS = b"""{"page": {}, "incidents": [{"id": "a", "name": "Errors", "impact": "major",
"created_at": "2026-06-12T10:00:00Z"}]}"""
CANDLES = b"""open_time,open,high,low,close,volume
1740787200000,350.0,355.9,348.6,354.5,3936.9
1740790800000,1,2,1,2,5
"""
OWN = b"date,asset,value\n2026-06-12,TAO,212.36\n2026-06-13,TAO,245.31\n"
CLAIM = b"""[[claim]]
id = "a"
episode = "june"
quote = "TAO rose 30% within 12 hours."
kind = "rise_within"
asset = "TAO"
event = "2026-06-12-fable-mythos-access-restriction"
said_at = 2026-06-16
rise = "30%"
hours = 12
source = "press"
"""
LEDGER = b'[[event]]\nid = "a"\nbest_at = 2026-06-12T22:00:00Z\nstatus = "confirmed"\nnote = "x"\n'
SENTENCE = b"TAO rose 30% within 12 hours of the US restriction, reaching a three-week high of $283 on Monday."
HEADLINES = b"title,url,published_utc\nNew export rule,https://a.example/x,2026-06-12 23:56:41\n"


def feed(body: bytes) -> None:
    parse_feed(body, make_feed(), SOURCE)


def status(body: bytes) -> None:
    parse_incidents(body, make_feed(), SOURCE)


def candles(body: bytes, folder: Path) -> None:
    path = folder / "TAOUSDT-1h.csv"
    path.write_bytes(body)
    for _ in parse_archive(path, SOURCE, Identity("binance", "TAO/USDT", "1h")):
        pass


def own_table(body: bytes) -> None:
    read_series(parse_table(body, "own.csv"), "own.csv")


def headlines(body: bytes) -> None:
    parse_headlines(parse_table(body, "headlines.csv"), SOURCE, {})


def text_of(body: bytes) -> ConfigText:
    return ConfigText("own.toml", body.decode("utf-8", errors="replace"))


def sentence(body: bytes) -> None:
    read_text(body.decode("utf-8", errors="replace"), NOW)


PARSERS: dict[str, tuple[bytes, Callable[[bytes], object]]] = {
    "feeds": (RSS, feed),
    "status pages": (STATUS, status),
    "own tables (CSV)": (OWN, own_table),
    "headlines (CSV)": (HEADLINES, headlines),
    "claims (TOML)": (CLAIM, lambda body: read_claims(text_of(body))),
    "ledger (TOML)": (LEDGER, lambda body: read_decisions(text_of(body))),
    "sentences": (SENTENCE, sentence),
}


@st.composite
def damaged(draw: st.DrawFn, seed: bytes) -> bytes:
    """`seed` with pieces cut, doubled, overwritten or put in; now and then no trace of it."""
    body = bytearray(seed)
    pieces = st.one_of(st.binary(max_size=12), st.text(max_size=12).map(lambda text: text.encode("utf-8", "replace")))
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(body)))
        end = min(len(body), start + draw(st.integers(0, 40)))
        body[start:end] = draw(st.one_of(pieces, st.just(bytes(body[start:end]) * 2), st.just(b"")))
    return bytes(body) if draw(st.integers(0, 9)) else draw(st.binary(max_size=200))


def run_fuzz(what: str, seed: bytes, parse: Callable[[bytes], object]) -> None:
    counts = {"tried": 0, "refused": 0}

    @settings(
        max_examples=times(EXAMPLES),
        deadline=SLOWEST,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(damaged(seed))
    def parse_any(body: bytes) -> None:
        counts["tried"] += 1
        try:
            parse(body)
        except (SourceError, ConfigError, CommandError, ValueError) as exc:
            counts["refused"] += 1
            said = str(exc)
        else:
            return
        assert said.strip(), "a refusal says why"

    parse_any()
    note(f"fuzzed {what}", counts["tried"], counts["refused"], 0)


@pytest.mark.parametrize("what", PARSERS)
def test_damaged_input_is_read_or_refused(what: str) -> None:
    seed, parse = PARSERS[what]
    parse(seed)
    run_fuzz(what, seed, parse)


def test_damaged_files_of_prices_are_read_or_refused(tmp_path: Path) -> None:
    candles(CANDLES, tmp_path)
    run_fuzz("candle files", CANDLES, lambda body: candles(body, tmp_path))


@pytest.mark.parametrize("header", [b"\rasset,value\n", b"\x00\rdate,asset,value\n", b"date,asset,value\r"])
def test_a_carriage_return_alone_ends_a_line(header: bytes) -> None:
    with suppress(CommandError, ValueError):
        own_table(header + b"2026-06-12,TAO,212.36\n2026-06-13,TAO,245.31\n")
    assert parse_table(b"date,value\r2026-06-12,1\r", "own.csv").rows() == [("2026-06-12", "1")]
