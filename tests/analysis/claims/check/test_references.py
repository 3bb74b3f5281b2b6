"""What words name, and which phrases of a sentence are counted from it."""

from datetime import UTC, datetime, timedelta

import pytest

from analysis.claims.judging.judge import judge_statement
from analysis.claims.judging.windows import SINCE_EVENT
from analysis.claims.sentences.reader import read_text
from analysis.claims.sentences.times.references import LedgerEvent, find_references
from tests.analysis.claims.check.answer_builders import BAN, SAID_AT, make_answer, make_market, make_verdicts

LAUNCH = LedgerEvent(
    "2026-03-10-model-launch", datetime(2026, 3, 10, 9, tzinfo=UTC), "lab launches a large model", True
)
OTHER_BAN = LedgerEvent(
    "2026-03-12-chip-restriction", datetime(2026, 3, 12, tzinfo=UTC), "EU restriction of chips", True
)
DETECTED = LedgerEvent(
    "2026-03-16-jobs", datetime(2026, 3, 16, tzinfo=UTC), "US jobs report, restriction of work", False
)
ALL = (BAN, LAUNCH, DETECTED)
SUSPENSION = LedgerEvent(
    "2026-03-17-lab-access",
    datetime(2026, 3, 17, tzinfo=UTC),
    "US order on Forge",
    True,
    "Forge disables models for all",
)
LAB_LAUNCH = LedgerEvent("2026-03-16-lab-launch", datetime(2026, 3, 16, tzinfo=UTC), "Forge launches models", True)


def named(words: str, events: tuple[LedgerEvent, ...] = ALL, said_at: datetime = SAID_AT) -> list[str | None]:
    found = find_references(words, 0, len(words), said_at, events)
    return [item.event.event_id if item.event is not None else None for item in found]


@pytest.mark.parametrize(
    ("words", "events", "expected"),
    [
        ("after the US restriction", ALL, [BAN.event_id]),
        ("following the restriction rose", ALL, [BAN.event_id]),
        ("within 12 hours of Wednesday's restriction", ALL, [BAN.event_id]),
        ("after the March restriction", ALL, [BAN.event_id]),
        ("after the restriction", (BAN, OTHER_BAN), []),  # two entries know the word
        ("after the restriction", (OTHER_BAN, BAN), []),
        ("after the US restriction", (OTHER_BAN, BAN), [BAN.event_id]),
        ("after the chip restriction", (BAN, OTHER_BAN), [OTHER_BAN.event_id]),
        ("after restrictions on mining", ALL, []),
        ("after the restriction of work", ALL, [DETECTED.event_id]),
        ("after the halving", ALL, []),
        ("before the halving", ALL, [None]),
        ("after the launch, before the restriction", ALL, [LAUNCH.event_id, BAN.event_id]),
        ("for the first time since the crash", ALL, []),
        ("after the US restriction prompted a sale", ALL, [BAN.event_id]),
        ("since the restriction began", ALL, [BAN.event_id]),
        ("after the US restriction was lifted", ALL, [None]),
        ("after Wednesday", ALL, []),  # a day names no event
        ("before then", ALL, [None]),
    ],
)
def test_one_event_that_knows_the_words_is_meant_or_none(
    words: str, events: tuple[LedgerEvent, ...], expected: list[str | None]
) -> None:
    assert named(words, events) == expected


@pytest.mark.parametrize(
    ("words", "events", "expected"),
    [
        ("after the US ban", (BAN, LAUNCH), [BAN.event_id]),
        ("after the US access suspension", (BAN, LAUNCH), [BAN.event_id]),
        ("after the Forge disables models", (SUSPENSION, LAB_LAUNCH), [SUSPENSION.event_id]),
        ("after the Forge", (SUSPENSION, LAB_LAUNCH), []),
        ("after the Forge was ordered by the US", (SUSPENSION, LAB_LAUNCH), []),
        ("after the Forge models were disabled", (SUSPENSION, LAB_LAUNCH), [SUSPENSION.event_id]),
        ("after the Forge models were launched", (SUSPENSION, LAB_LAUNCH), [LAB_LAUNCH.event_id]),
    ],
)
def test_a_ban_has_many_names_and_what_was_done_tells_events_of_a_party_apart(
    words: str, events: tuple[LedgerEvent, ...], expected: list[str | None]
) -> None:
    assert named(words, events) == expected


def test_headlines_of_its_day_name_an_event_for_as_long_as_texts_take_them_up() -> None:
    events = (SUSPENSION, LAB_LAUNCH)
    assert named("after the Forge disables models", events) == [SUSPENSION.event_id]
    assert named("after the Forge disables models", events, SAID_AT + timedelta(days=150)) == []


def test_an_event_after_the_text_is_never_meant() -> None:
    assert named("after the US restriction", (BAN,), BAN.at_utc - timedelta(hours=1)) == []
    assert named("after the US restriction", (BAN,), BAN.at_utc + timedelta(hours=1)) == [BAN.event_id]


def test_an_event_of_months_ago_is_meant_by_two_words_that_only_it_knows() -> None:
    later = BAN.at_utc + timedelta(days=150)
    assert named("after the US restriction", said_at=later) == [BAN.event_id]
    assert named("after the restriction", said_at=later) == []
    twin = LedgerEvent("2025-01-01-older", datetime(2025, 1, 1, tzinfo=UTC), "US restriction of chips", True)
    assert named("after the US restriction", (BAN, twin), later) == []


@pytest.mark.parametrize(
    ("text", "start", "end", "verdict"),
    [
        ("TAO rose 20% within 12 hours of the US restriction.", 0, 12, "supported"),
        ("TAO rose 20% after the US restriction.", 0, 24, "supported"),
        ("TAO hit $120 after the US restriction.", 0, 168, "cannot_be_told"),
    ],
)
def test_what_came_after_an_event_of_months_ago_is_judged_from_it(
    text: str, start: int, end: int, verdict: str
) -> None:
    later = BAN.at_utc + timedelta(days=150)
    [item] = make_answer(text, said_at=later).statements
    hours = [
        (at - BAN.at_utc) / timedelta(hours=1) for at in (item.window.from_utc, item.window.to_utc) if at is not None
    ]
    assert (hours, str(item.judgement.verdict)) == ([start, end], verdict)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        (
            "TAO rose 20% after the US restriction, while BTC fell 2%.",
            {"TAO": SINCE_EVENT, "BTC": "trailing_24h_unsaid"},
        ),
        (
            "BTC fell 2%, while TAO rose 20% after the US restriction.",
            {"TAO": SINCE_EVENT, "BTC": "trailing_24h_unsaid"},
        ),
        ("After the US restriction, TAO rose 20% and BTC fell 2%.", {"TAO": SINCE_EVENT, "BTC": SINCE_EVENT}),
        ("TAO rose 20%, more than BTC, after the US restriction.", {"TAO": SINCE_EVENT}),
        ("TAO rose 20% after the US restriction and reached $120.", {"TAO": SINCE_EVENT}),
        ("In the wake of the restriction TAO rose 20%.", {"TAO": SINCE_EVENT}),
        ("TAO rose 20%, analysts said, before the vote.", {"TAO": "trailing_24h_unsaid"}),
        ("After Wednesday's restriction TAO rose 20%.", {"TAO": SINCE_EVENT}),
        ("TAO rose 20% after Wednesday's restriction.", {"TAO": SINCE_EVENT}),
        ("Before the restriction all was calm; TAO rose 20%.", {"TAO": "trailing_24h_unsaid"}),
        ("TAO rose 20% today after the US restriction.", {"TAO": "today"}),
        ("TAO rose 20% on Thursday after the US restriction.", {"TAO": "day:2026-03-19"}),
        ("Founder sparks fury after the US restriction, TAO rose 20%.", {"TAO": "trailing_24h_unsaid"}),
        ("Shortly after the US restriction, TAO rose 20%.", {"TAO": SINCE_EVENT}),
        ("TAO rises 20% ahead of the summit.", {"TAO": "trailing_24h_unsaid"}),
        ("TAO rose 20%: calm before the storm.", {"TAO": "trailing_24h_unsaid"}),
    ],
)
def test_a_reference_moves_the_phrases_of_its_own_clause(text: str, tokens: dict[str, str]) -> None:
    read = read_text(text, SAID_AT, None, (BAN,)).statements
    found = {item.statement.asset: item.statement.window.token for item in read if item.statement.window is not None}
    assert found == tokens


def test_days_after_an_event_begin_at_it_and_not_at_its_midnight() -> None:
    text = "TAO rose 20% in the two days after the model launch."
    market = make_market({250: 118.8, 240: 120.0})  # most of it in the night before the launch
    [read] = read_text(text, SAID_AT, None, (LAUNCH,)).statements
    assert str(judge_statement(read.statement, market).verdict) == "not_supported"


def test_a_day_that_is_named_beside_an_event_stays_that_day() -> None:
    [item] = make_answer("TAO rose on Thursday after the US restriction.", {20: 110.0}).statements
    assert item.window.from_utc == datetime(2026, 3, 19, tzinfo=UTC)


def test_what_came_after_an_event_of_today_is_counted_from_it() -> None:
    said_at = BAN.at_utc + timedelta(hours=12)
    [fell] = make_answer("TAO fell after the US restriction.", {80: 130.0, 61: 100.0, 54: 120.0}, said_at).statements
    assert (fell.window.from_utc, str(fell.judgement.verdict)) == (BAN.at_utc, "not_supported")


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("TAO rose after the US restriction.", "another_reading"),  # on its first day alone
        ("TAO fell after the US restriction.", "supported"),
        ("TAO was flat after the US restriction.", "not_supported"),
    ],
)
def test_a_direction_after_an_event_has_the_first_day_as_another_reading(text: str, verdict: str) -> None:
    assert make_verdicts(text, {54: 120.0, 20: 90.0}) == [verdict]


@pytest.mark.parametrize(
    "text",
    [
        "TAO rose 20% within 12 hours of the summit.",
        "TAO rose 20% within half a day of the summit.",
        "TAO rose 20% in 24 hours after the vote.",
    ],
)
def test_a_length_counted_from_an_unknown_thing_is_not_judged(text: str) -> None:
    answer = make_answer(text, {5: 120.0})
    assert [item.reason for item in answer.unjudged] == ["unclear"]


def test_a_length_of_a_day_or_of_trading_counts_from_nothing() -> None:
    assert make_verdicts("TAO rose 20% in 12 hours of trading.", {5: 120.0}) == ["supported"]


# Published 60 hours after the ban; flat since six hours after it, and in the last 24 hours.
@pytest.mark.parametrize(
    ("text", "tao", "verdict"),
    [
        ("TAO rose 20% after the US restriction.", {54: 120.0}, "supported"),
        ("TAO was flat after the US restriction.", {54: 120.0}, "not_supported"),
        ("TAO rose 30% after the US restriction.", {54: 130.0, 20: 110.0}, "another_reading"),
        ("TAO rose 30% after the US restriction.", {54: 110.0, 5: 112.0}, "not_supported"),
        ("TAO stayed above $98 after the US restriction.", {50: 90.0, 45: 110.0}, "another_reading"),
        ("TAO stayed above $98 after the US restriction.", {70: 90.0, 65: 110.0}, "supported"),
        (
            "TAO stayed above $98 after the US restriction.",
            {50: 97.9, 45: 110.0},
            "another_reading",
        ),  # no digit of slack
        ("TAO held $98 after the US restriction.", {50: 97.9, 45: 110.0}, "supported"),
        ("TAO hit $120 following the US restriction.", {54: 120.0, 50: 101.0}, "supported"),
        ("TAO rose 20%, more than BTC, within 12 hours of the US restriction.", {54: 120.0}, "supported"),
    ],
)
def test_what_came_after_an_event_of_days_ago_is_counted_from_it(
    text: str, tao: dict[int, float], verdict: str
) -> None:
    assert make_verdicts(text, tao) == [verdict]


@pytest.mark.parametrize(
    "text",
    [
        "TAO fell 5% before the US restriction.",
        "Before the US restriction, TAO had fallen 5%.",
        "TAO traded at $100 prior to the US restriction.",
        "TAO rose 5% ahead of the US restriction.",
        "TAO climbed in the run-up to the restriction.",
        "TAO rose 5% ahead of Wednesday's restriction.",
        "TAO rose 5% leading up to the restriction.",
        "TAO rose up to the US restriction.",
        "TAO rose 20% before the announcement.",
        "TAO was already rising before the news.",
        "TAO rose 5% ahead of the summit.",
        "TAO was above $99 prior to the summit.",
    ],
)
def test_what_came_before_an_event_without_a_length_is_not_judged(text: str) -> None:
    answer = make_answer(text)
    assert answer.statements == ()
    assert [item.reason for item in answer.unjudged] == ["unclear"]


def test_a_reference_at_the_head_of_a_later_clause_belongs_to_it() -> None:
    answer = make_answer("After the US restriction TAO rose; before it, TAO fell.")
    [first] = answer.statements
    assert first.read.statement.event_id == BAN.event_id
    assert [(item.reason, item.start > first.read.end) for item in answer.unjudged] == [("unclear", True)]
