"""Claims about time."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.news.parse.dates import EARLIEST_CLAIM, LATEST_AHEAD, judge_claim
from ingest.news.parse.entries import parse_feed
from ingest.news.parse.times.grammar import read_written
from ingest.source import Source
from tests.ingest.news.news_builders import LAB, NOW, make_feed
from tests.paths import shared


@pytest.mark.parametrize(
    ("raw", "at", "basis"),
    [
        ("Sat, 13 Jun 2026 00:50:03 GMT", datetime(2026, 6, 13, 0, 50, 3, tzinfo=UTC), "publisher"),
        ("Sat, 13 Jun 2026 01:08:06 EDT", datetime(2026, 6, 13, 5, 8, 6, tzinfo=UTC), "publisher"),
        ("2026-06-13T02:50:03+02:00", datetime(2026, 6, 13, 0, 50, 3, tzinfo=UTC), "publisher"),
        ("2026-06-13T10:00:00+00:00", datetime(2026, 6, 13, 10, tzinfo=UTC), "publisher"),
        ("20260613T141500Z", datetime(2026, 6, 13, 14, 15, tzinfo=UTC), "publisher"),
        ("1781314018", datetime(2026, 6, 13, 1, 26, 58, tzinfo=UTC), "publisher"),
        ("1781314018000", datetime(2026, 6, 13, 1, 26, 58, tzinfo=UTC), "publisher"),
        ("Fri, 12 Jun 2026 00:00:00 +0000", datetime(2026, 6, 12, tzinfo=UTC), "date_only"),
        ("2026-06-12", datetime(2026, 6, 12, tzinfo=UTC), "date_only"),
        ("June 12, 2026", datetime(2026, 6, 12, tzinfo=UTC), "date_only"),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None, "first_seen"),
        ("0", None, "first_seen"),
        ("2099-01-01T10:00:00Z", None, "first_seen"),
        ("2026-06-31T10:00:00Z", None, "first_seen"),
        ("yesterday", None, "first_seen"),
        (None, None, "first_seen"),
    ],
)
def test_claim_is_read_judged_and_labelled(raw: str | None, at: datetime | None, basis: str) -> None:
    claim = judge_claim(raw, None, "publisher", NOW)
    assert (claim.at, claim.basis, claim.raw) == (at, basis, raw)


def test_a_feed_declared_date_only_never_gives_an_hour() -> None:
    assert judge_claim("2026-06-12T13:00:00Z", None, "date_only", NOW).basis == "date_only"


# How the title of each item of the case file is to be read; times are of 2026-06-13 unless the case says otherwise.
CASES = {
    0: "15T04:45:26", 1: "26T10:04:03", 2: "26T22:04:03", 3: "15T07:12:00", 5: "15T09:12:00", 7: "13T07:00:00",
    8: "13T08:00:00", 9: "13T08:00:00", 10: "13T08:00:00", 11: "13T00:00:00", 12: "13T16:00:00", 13: "13T07:00:00",
    14: "13T16:38:15", 15: "13T01:00:00", 16: "13T01:00:00", 17: "13T08:00:00", 18: "13T08:00:00", 19: "14T00:00:00",
    20: "13T09:05:01", 21: "13T09:00:00", 22: "13T09:00:00", 23: "13T09:00:00.123456", 24: "13T09:00:00",
    25: "13T09:00:00", 26: "13T09:00:00", 27: "13T09:00:00", 28: "13T01:00:00", 29: "13T13:00:00", 30: "13T13:00:00",
    31: "13T13:00:00",
}  # fmt: skip
AMBIGUOUS = {9: "13T03:00:00", 10: "13T03:30:00"}
# The cases stand on two later days as well (September and October).
LATER = {4: "2026-10-14T07:12:00", 6: "2026-09-15T12:53:56"}


def test_every_written_time_of_the_case_file_is_read_as_stated() -> None:
    body = shared("cases", "feeds", "01_dates.xml").read_bytes()
    received = datetime(2026, 11, 1, tzinfo=UTC)
    rows = parse_feed(body, make_feed(clock="publisher"), Source("lab", "r", received)).entries.to_dicts()
    expected = {n: f"2026-06-{text}" for n, text in CASES.items()} | LATER
    found = {int(row["guid"][1:]): row for row in rows}
    assert {n: row["published_at_utc"] for n, row in found.items()} == {
        n: datetime.fromisoformat(f"{text}+00:00") for n, text in expected.items()
    }
    assert {n: row["published_earliest_at_utc"] for n, row in found.items() if row["published_earliest_at_utc"]} == {
        n: datetime.fromisoformat(f"2026-06-{text}+00:00") for n, text in AMBIGUOUS.items()
    }
    assert {row["time_basis"] for n, row in found.items() if n in AMBIGUOUS} == {"upper_bound"}
    assert {row["time_basis"] for n, row in found.items() if n not in AMBIGUOUS} == {"publisher"}


def test_unreadable_published_does_not_hide_a_readable_updated() -> None:
    body = shared("cases", "feeds", "13_future_and_fallback.xml").read_bytes()
    rows = parse_feed(body, LAB, Source("lab", "r", NOW)).entries.to_dicts()
    assert [(row["published_at_utc"], row["time_basis"]) for row in rows] == [
        (None, "first_seen"),
        (datetime(2026, 6, 13, 9, tzinfo=UTC), "upper_bound"),
        (None, "first_seen"),
        (datetime(2026, 6, 13, 10, tzinfo=UTC), "upper_bound"),
    ]


def test_order_of_day_and_month_that_receipt_decides_is_decided() -> None:
    assert judge_claim("12/06/2026 10:00", None, "publisher", NOW).at == datetime(2026, 6, 12, 10, tzinfo=UTC)
    assert judge_claim("05/06/2026 10:00", None, "publisher", NOW).basis == "first_seen"


BERLIN, NEW_YORK, TOKYO = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("Asia/Tokyo")
# Ways to write an instant, each with the zone its clock is of.
SPELLINGS: tuple[tuple[tzinfo, Callable[[datetime], str]], ...] = (
    (UTC, lambda t: t.strftime("%a, %d %b %Y %H:%M:%S +0000")),
    (UTC, lambda t: t.strftime("%d %B %Y %H:%M:%S Z")),
    (UTC, lambda t: t.strftime("%a %b %d %H:%M:%S UTC %Y")),
    (UTC, lambda t: t.strftime("%Y%m%dT%H%M%SZ")),
    (UTC, lambda t: t.strftime("%Y/%m/%d %H:%M:%S")),
    (UTC, lambda t: t.strftime("%d.%m.%Y, %H:%M:%S Uhr")),
    (UTC, lambda t: str(int(t.timestamp()))),
    (BERLIN, lambda t: t.isoformat()),
    (BERLIN, lambda t: t.strftime("%d-%b-%y %H:%M:%S %z")),
    (BERLIN, lambda t: t.strftime("%a %b %d %Y %H:%M:%S GMT%z")),
    (BERLIN, lambda t: t.strftime("%H:%M:%S %Z, %A %d %B %Y")),
    (NEW_YORK, lambda t: t.strftime("%B %d, %Y at %I:%M:%S %p %Z")),
    (NEW_YORK, lambda t: t.strftime("%A, %b. %dth, %Y | %I:%M:%S%p %Z")),
    (TOKYO, lambda t: f"{t.year}年{t.month}月{t.day}日 {t.hour}时{t.minute}分{t.second}秒 JST"),
    (TOKYO, lambda t: t.strftime(f"{t.year}년 {t.month}월 {t.day}일 %H:%M:%S (GMT+9)")),
    (TOKYO, lambda t: f"令和{t.year - 2018}年{t.month}月{t.day}日 {t:%H:%M:%S} +09:00"),
    (TOKYO, lambda t: f"{t.year}年{t.month}月{t.day}日 {'下午' if t.hour >= 12 else '上午'}{t:%I:%M:%S} Asia/Tokyo"),
    (UTC, lambda t: f"{t.day} {FRENCH[t.month - 1]} {t.year} {t:%H:%M:%S} GMT"),
    (UTC, lambda t: f"{t.day} de {SPANISH[t.month - 1]} de {t.year}, {t:%H:%M:%S} UTC"),
    (UTC, lambda t: f"{t.day}. {GERMAN[t.month - 1]} {t.year} {t:%H:%M:%S} UTC"),
    (UTC, lambda t: f"{t.day} {RUSSIAN[t.month - 1]} {t.year} г., {t:%H:%M:%S} UTC"),
)
_FRENCH = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
FRENCH = _FRENCH.split(" ")
_SPANISH = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
SPANISH = _SPANISH.split(" ")
_GERMAN = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
GERMAN = _GERMAN.split(" ")
_RUSSIAN = "января февраля марта апреля мая июня июля августа сентября октября ноября декабря"
RUSSIAN = _RUSSIAN.split(" ")

INSTANTS = st.datetimes(datetime(2019, 6, 1), datetime(2030, 1, 1), timezones=st.just(UTC)).map(
    lambda t: t.replace(microsecond=0)
)


@settings(max_examples=400, deadline=None)
@given(INSTANTS, st.sampled_from(SPELLINGS))
def test_known_instant_is_read_back_from_every_spelling(at: datetime, spelling: tuple) -> None:
    zone, write = spelling
    written = read_written(text := write(at.astimezone(zone)))
    assert written is not None, text
    assert written.instants == (at,), text


GARBAGE = ("foo", "approx.", "QQT", "ago", "7", "+99:00", "13:61", "2026", "tomorrow", "約", "местное", "#", "am pm")


@settings(max_examples=400, deadline=None)
@given(INSTANTS, st.sampled_from(SPELLINGS), st.sampled_from(GARBAGE), st.data())
def test_one_token_more_is_not_understood(at: datetime, spelling: tuple, garbage: str, data: st.DataObject) -> None:
    zone, write = spelling
    words = write(at.astimezone(zone)).split(" ")
    words.insert(data.draw(st.integers(0, len(words))), garbage)
    written = read_written(" ".join(words))
    assert written is None or (written.instants == (at,) and garbage == "7"), " ".join(words)


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=60) | st.text("0123456789:/.-+TZ年月日 apmJunGMTés,()", max_size=40))
def test_reader_of_times_never_raises_and_claims_are_credible(text: str) -> None:
    claim = judge_claim(text, None, "publisher", NOW)
    assert (claim.at is None) == (claim.basis == "first_seen")
    assert claim.at is None or EARLIEST_CLAIM <= claim.at <= NOW + LATEST_AHEAD
