"""Each statement is read in the window that its words name."""

from datetime import UTC, datetime

import pytest

from analysis.claims.sentences.reader import read_text

# A Thursday.
SAID_AT = datetime(2026, 5, 14, 18, tzinfo=UTC)


def windows(text: str) -> list[str | None]:
    """The window of each statement of a text."""
    statements = [item.statement for item in read_text(text, SAID_AT).statements]
    return [None if item.window is None else item.window.token for item in statements]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TAO closed at $262 on 2026-05-12.", ["day:2026-05-12"]),
        ("TAO closed at $262 on 12.05.2026.", ["day:2026-05-12"]),
        ("TAO closed at 262,10 USD on 05/13/2026.", ["day:2026-05-13"]),
        ("TAO fell below $230 on Tuesday 12 May.", ["day:2026-05-12"]),
        ("TAO traded at $262 two days ago.", ["day:2026-05-12"]),
        ("TAO jumped to $277 by noon New York time on 12 May.", ["PT24H/2026-05-12T16:00"]),
        ("TAO traded at $277 at noon UTC on 12 May.", ["at:2026-05-12T12:00"]),
        ("TAO rose 5% from 00:00 to 24:00 UTC on 12 May.", ["2026-05-12T00:00/2026-05-13T00:00"]),
        ("TAO traded at $232 on Thursday. A week earlier it was at $262.", ["today", "day:2026-05-07"]),
        ("TAO rose 5% on 11 May. The following day it lost 2%.", ["day:2026-05-11", "day:2026-05-12"]),
        ("TAO rose 5% on 11 May. A day earlier it fell 1%.", ["day:2026-05-11", "day:2026-05-10"]),
        ("TAO is down 11% from a week earlier.", ["P7D"]),
        ("TAO rose 5% on 11 May, with FET falling 2%.", ["day:2026-05-11", "day:2026-05-11"]),
        ("TAO rose 5% on 11 May, while FET fell 2% in a week.", ["day:2026-05-11", "P7D"]),
        ("NEAR plans an upgrade in April, FET surges 27%.", ["trailing_24h_unsaid"]),
        ("Over the weekend of May 9-10, FET surges 27%.", ["2026-05-09T00:00/2026-05-11T00:00"]),
        ("During the May 9-10 weekend, FET surges 27%.", ["2026-05-09T00:00/2026-05-11T00:00"]),
        ("On May 11 FET touched $2; now it trades near $1.50.", ["day:2026-05-11", None]),
        ("12 May 2026: FET closes at $2.", ["day:2026-05-12"]),
        ("FET closed at $2 on 05-12-2026.", ["day:2026-05-12"]),
        ("FET rose 5% on Tuesday last week.", ["day:2026-05-05"]),
        ("FET rose 5% on 11 May. The day before, it fell 2%.", ["day:2026-05-11", "day:2026-05-10"]),
        ("FET rose 5% on 11 May; ETH rose 2% that day.", ["day:2026-05-11", "day:2026-05-11"]),
        ("FET up 5%, ETH up 2%, NEAR up 1% on 11 May", ["day:2026-05-11"] * 3),
        ("FET (+5%), ETH (+2%) and NEAR (+1%) rose on 11 May.", ["day:2026-05-11"] * 3),
        ("FET's price of $2 on 11 April rose to $3 on 12 April.", ["day:2026-04-12"]),
        ("FET has lost 11% since the close of 11 May.", ["since:2026-05-12T00:00"]),
        ("FET has lost 11% since Thursday.", ["since:2026-05-07"]),
        ("FET has lost 11% since Tuesday's close.", ["since:2026-05-13T00:00"]),
        ("FET fell 11% in the week that ended on 12 May.", ["P7D/2026-05-13T00:00"]),
        ("FET finished the week 11% lower.", ["P7D"]),
        ("FET rose 5 percent, to 2 dollars, on 11 May.", ["day:2026-05-11"]),
        ("BTC is 16% below the record it set nine days ago.", [None]),
        ("TAO rose from 10 May to 12 May last year.", ["2025-05-10T00:00/2025-05-13T00:00"]),
        ("TAO rose 5% on 12 May last year.", ["day:2025-05-12"]),
        ("TAO rose 5% in March a year ago.", ["month:2025-03"]),
        ("TAO rose 80% last year.", ["year:2025"]),
        ("TAO rose 5% last quarter and fell 20% last month.", ["q1_2026", "month:2026-04"]),
        ("TAO gained 30% in three days by May 12.", ["P3D/2026-05-13T00:00"]),
        ("TAO gained 5% over 24 hours on 12 May.", ["PT24H/2026-05-13T00:00"]),
        ("TAO rose 5% over the weekend of 9-10 May.", ["2026-05-09T00:00/2026-05-11T00:00"]),
        ("TAO rose 5% from its 11 May close.", ["since:2026-05-12T00:00"]),
        ("TAO rose on 12 May but FET fell.", ["day:2026-05-12"] * 2),
        ("AI tokens rallied on 12 May: TAO +5%, FET +3%.", ["day:2026-05-12"] * 3),
        ("TAO is up 20% for the week.", ["P7D"]),
        ("TAO rallied 35% from its May 11 low.", ["day:2026-05-11"]),
        ("TAO's 5% gain on 12 May was erased within three days.", ["day:2026-05-12"]),
        ("TAO rose 5% intraday on 12 May.", ["day:2026-05-12"]),
        ("TAO surged from $245 to $265 in three hours on 12 May.", ["day:2026-05-12"]),
    ],
)  # fmt: skip
def test_words_place_a_statement_in_time(text: str, expected: list[str | None]) -> None:
    assert windows(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "TAO closed at $262 on 03/04/2026.",  # April or March
        "TAO rose 5% on Friday, May 12.",  # a Tuesday
        "TAO hit $277 by midnight on 12 May.",  # which of its two ends
        "TAO traded at $245 at 12:00 Beijing time on 12 May.",
        "TAO rose 5% by noon on 12 May.",  # from when on
        "The following day TAO rose 5%.",
        "TAO fell 5% three weeks later.",
        "TAO closed at $262 on 12.5.26.",
        "TAO has lost 11% since opening on 12 May.",
        "TAO traded at $262 on the morning of 12 May.",
        "On the Tuesday before last TAO rose 5%.",
        "TAO rose 5% in the 24 hours that followed.",
        "TAO rose 5% on 2026-05-12T00:00Z to 2026-05-13T00:00Z.",
        "TAO traded at $245 at 12:00 UTC+8 on 12 May.",
        "TAO rose 5% on 12/05.",
        "TAO fell 5% on 31 December 9999.",
        "TAO was 30% higher by 12 May.",  # than when
        "TAO rose 5% in one hour on 12 May.",  # in which
        "TAO is up 5% from Tuesday.",  # from its beginning or its end
        "TAO is 10% above its level of 12 May.",
        "TAO rose 5% around May 12.",
        "TAO erased its gains of May 12.",
        "TAO rose 5% on the 12th.",  # of which month
        "TAO hit $283 on the 12th.",
        "TAO rose 5% in the days after 12 May.",
        "TAO gained 20% in March and April.",
        "TAO gained 20% in the first ten days of April.",
        "TAO gained 20% this spring.",
        "TAO gained 20% in a matter of hours.",
        "TAO gained 20% the previous week.",
        "TAO gained 20% since last month.",
    ],
)
def test_a_time_that_can_be_two_or_is_not_read_leaves_a_statement_unjudged(text: str) -> None:
    read = read_text(text, SAID_AT)
    assert {item.reason for item in read.unjudged} == {"unclear"}
    assert not read.statements


@pytest.mark.parametrize(
    "text",
    [
        "TAO fell 5% since February 30.",
        "TAO rose April 28-31.",
        "TAO rose 5% April 31.",
        "TAO rose 5% between 28 April and 31 April.",
        "TAO fell 5% in 99999999999 days.",
        "TAO fell 5% 99999999 weeks ago.",
    ],
)
def test_a_date_that_no_calendar_has_is_told_as_such(text: str) -> None:
    read = read_text(text, SAID_AT)
    assert ({item.reason for item in read.unjudged}, read.statements) == ({"no_such_date"}, ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FET and ETH rose 5% and 2% on 12 May.", [("FET", 0.05), ("ETH", 0.02)]),
        ("On 12 May FET, ETH and NEAR fell 5%, 2% and 1%.", [("FET", 0.05), ("ETH", 0.02), ("NEAR", 0.01)]),
        ("FET and ETH rose 5% on 12 May.", [("FET", 0.05), ("ETH", 0.05)]),
        ("FET and ETH rose 5% and 2%, respectively, on 12 May.", [("FET", 0.05), ("ETH", 0.02)]),
    ],
)
def test_a_list_of_numbers_gives_each_market_its_own(text: str, expected: list[tuple[str, float]]) -> None:
    statements = [item.statement for item in read_text(text, SAID_AT).statements]
    assert [(item.asset, item.size) for item in statements] == expected
    assert {item.window.token for item in statements if item.window is not None} == {"day:2026-05-12"}


def test_a_list_of_falls_from_a_high_is_no_move_of_a_day() -> None:
    read = read_text("FET and ETH fell 5% and about 2% from their highs.", SAID_AT).statements
    assert [(str(item.statement.kind), item.statement.size) for item in read] == [
        ("drawdown", 0.05),
        ("drawdown", 0.02),
    ]


def test_numbers_of_which_it_is_not_said_whose_they_are_are_not_judged() -> None:
    read = read_text("FET rose 5% and about 2% on 12 May.", SAID_AT)
    assert (read.statements, {item.reason for item in read.unjudged}) == ((), {"unclear"})
