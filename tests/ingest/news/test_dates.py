"""Claims about time."""

import time
from datetime import UTC, datetime

import pytest

from ingest.news.parse.dates import judge_claim
from tests.ingest.news.news_builders import NOW


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
    claim = judge_claim(raw, "publisher", NOW)
    assert (claim.at, claim.basis, claim.raw) == (at, basis, raw)


def test_a_feed_declared_date_only_never_gives_an_hour() -> None:
    assert judge_claim("2026-06-12T13:00:00Z", "date_only", NOW).basis == "date_only"


def test_another_readers_view_serves_unknown_formats() -> None:
    parsed = time.strptime("2026-06-12 08:30", "%Y-%m-%d %H:%M")
    assert judge_claim("12 juin 2026 08:30", "publisher", NOW, parsed).at == datetime(2026, 6, 12, 8, 30, tzinfo=UTC)


def test_epoch_seconds_are_not_left_to_the_parser_that_reads_them_as_a_year() -> None:
    parsed = time.strptime("2017-01-01", "%Y-%m-%d")
    assert judge_claim("17", "publisher", NOW, parsed).at is None
