"""Claims of a file are judged by the one judge, each on its own, whatever stands around them."""

import math
import re
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from analysis.claims.language import read_claims
from analysis.claims.verdicts import judge
from analysis.tape.funding import FundingRecord, funding_records
from tests.analysis.claims.claim_builders import EVENT_ID, NEWS_AT, judged, make_candles, make_claim, make_evidence
from tests.builders import make_rows
from tests.paths import PROJECT
from warehouse.config import ConfigError, ConfigText
from warehouse.tables.bars import HOUR
from warehouse.tables.choice import MARKET_CHOICE
from warehouse.tables.news import EVENT, INCIDENT
from warehouse.tables.prices import FUNDING
from warehouse.tables.resilience import DOSE_RESPONSE
from warehouse.tables.studies import STUDY_RESULT

CASES = PROJECT.parent / "shared" / "cases" / "claims"
BEFORE = [100.0] * 600
GOOD = {"supported", "another_reading"}


def rising(to: float, hours: int) -> list[float]:
    return [float(price) for price in np.linspace(100, to, hours + 1)[1:]]


def verdict(after: list[float], **keys: object) -> str:
    row, _ = judged(make_claim(**keys), make_evidence(make_candles("TAO", BEFORE, after)))
    return str(row["verdict"])


@pytest.mark.parametrize(
    ("to", "rise", "expected"),
    [
        (115.5, 0.05, "understated"),
        (115.5, 0.30, "overstated"),
        (130.2, 0.30, "supported"),
        (94.0, 0.30, "not_supported"),
    ],
)
def test_a_rise_is_judged_by_its_size(to: float, rise: float, expected: str) -> None:
    assert verdict(rising(to, 12), kind="rise_within", rise=rise, hours=12) == expected


def test_a_negative_rise_is_a_fall_and_a_rise_of_nothing_is_a_rise() -> None:
    falling = rising(94.0, 24)
    assert verdict(falling, kind="rise_within", rise=-0.06, hours=24) == "supported"
    assert verdict(falling, kind="rise_within", rise="6%", direction="down", hours=24) == "supported"
    assert verdict(falling, kind="rise_within", rise=0.0, hours=24) == "not_supported"
    assert verdict(rising(101.0, 24), kind="rise_within", rise=0.0, hours=24) == "supported"


def test_no_swing_after_the_window_earns_credit() -> None:
    after = [*rising(97.0, 24), *rising(140.0, 24), *[100.0] * 24]
    assert verdict(after, kind="rise_within", rise="30%", hours=24) == "not_supported"


def test_prices_after_it_was_said_support_nothing_and_the_cut_is_told() -> None:
    evidence = make_evidence(make_candles("TAO", BEFORE, [*[100.0] * 10, *rising(130.0, 14)]))
    claim = make_claim(kind="rise_within", rise="30%", hours=24, said_at=NEWS_AT + 10 * HOUR)
    row, _ = judged(claim, evidence)
    assert row["verdict"] == "not_supported"
    assert "cut there" in str(row["warning"])
    assert judged(make_claim(kind="rise_within", rise="30%", hours=24), evidence)[0]["verdict"] == "supported"


@pytest.mark.parametrize("direction", ["up", "down"])
def test_levels_and_extremes_have_a_downward_twin(direction: str) -> None:
    after = rising(130.0 if direction == "up" else 70.0, 24)
    price = 129.0 if direction == "up" else 71.0
    assert verdict(after, kind="level", price=price, hours=24, direction=direction) == "supported"
    opposite = "down" if direction == "up" else "up"
    assert verdict(after, kind="level", price=price, hours=12, direction=direction) == "not_supported"
    assert verdict(after, kind="direction_only", hours=24, direction=opposite) == "not_supported"
    assert verdict(after, kind="all_time_extreme", hours=24, direction=direction) == "cannot_be_told"
    assert verdict(after, kind="direction_only", hours=24, direction=direction) == "supported"


def test_moving_along_does_not_depend_on_the_length_of_the_history() -> None:
    claim = make_claim(kind="moved_with", asset="FET", versus=["TAO"], hours=24)
    for n in (30, 600):
        candles = [make_candles(name, [100.0] * n, rising(to, 24)) for name, to in (("FET", 109.0), ("TAO", 123.0))]
        assert judged(claim, make_evidence(*candles))[0]["verdict"] == "supported"
    apart = [make_candles("FET", BEFORE, rising(99.0, 24)), make_candles("TAO", BEFORE, rising(123.0, 24))]
    assert judged(claim, make_evidence(*apart))[0]["verdict"] == "not_supported"


def test_a_reaction_names_rarity_and_never_a_cause() -> None:
    wild = [100.0 * (1.1 if day % 2 else 1.0) for day in range(30) for _ in range(24)]
    row, _ = judged(
        make_claim(kind="reacted_to", hours=24, direction="up"),
        make_evidence(make_candles("TAO", [*wild, 100.0], rising(104.0, 24))),
    )
    assert row["verdict"] == "not_supported"
    assert row["n_as_large"] == row["n_placebo"]
    calm, _ = judged(
        make_claim(kind="reacted_to", hours=24, direction="up"),
        make_evidence(make_candles("TAO", [*[100.0, 100.1] * 400, 100.0], rising(110.0, 24))),
    )
    assert calm["verdict"] == "supported"
    assert "does not show that one made the other" in str(calm["measured"])


def test_a_conjunction_is_judged_together_and_apart_in_one_window() -> None:
    parts = [{"kind": "percent_move", "size": "30%"}, {"kind": "level_crossed", "price": "$128"}]
    evidence = make_evidence(make_candles("TAO", BEFORE, [*rising(115.0, 12), *rising(130.0, 36)[12:]]))
    late, readings = judged(make_claim(kind="conjunction", hours=12, parts=parts), evidence)
    assert late["verdict"] == "not_supported"
    assert [readings[f"part_{n}_literal"]["is_satisfied"] for n in (1, 2)] == [False, False]
    whole, _ = judged(make_claim(kind="conjunction", hours=36, parts=parts), evidence)
    assert whole["verdict"] == "supported"


def test_the_window_that_makes_all_parts_true_is_offered_and_is_no_support() -> None:
    parts = [{"kind": "percent_move", "size": "30%"}, {"kind": "level_crossed", "price": "$128"}]
    evidence = make_evidence(make_candles("TAO", BEFORE, rising(130.0, 36)))
    said_at = NEWS_AT + 40 * HOUR
    row, _ = judged(make_claim(kind="conjunction", hours=12, parts=parts, said_at=said_at), evidence)
    assert row["verdict"] not in GOOD
    assert "an offer, not support" in str(row["offer"])
    assert "rose 2" in str(row["offer"]) or "rose 3" in str(row["offer"])


def test_a_later_confirmation_is_another_reading() -> None:
    event = {"event_id": "late", "earliest_at_utc": NEWS_AT, "best_at_utc": NEWS_AT, "status": "confirmed"}
    events = make_rows(EVENT, {**event, "latest_at_utc": NEWS_AT + 12 * HOUR})
    evidence = make_evidence(make_candles("TAO", BEFORE, [*[100.0] * 12, *rising(130.0, 12)]), events=events)
    keys = {"kind": "rise_within", "rise": "30%", "hours": 12, "event": "late"}
    row, readings = judged(make_claim(**keys, said_at=NEWS_AT + timedelta(days=2)), evidence)
    assert row["verdict"] == "another_reading"
    assert readings["from_confirmation"]["is_satisfied"] is True


def test_an_unknown_event_is_one_row_and_takes_no_other_with_it() -> None:
    evidence = make_evidence(make_candles("TAO", BEFORE, rising(130.0, 12)))
    lost = make_claim(id="lost", kind="rise_within", rise="30%", hours=12, event="nobody-knows")
    fine = make_claim(id="fine", kind="rise_within", rise="30%", hours=12)
    verdicts, _, _ = judge([lost, fine], evidence)
    assert dict(verdicts.select("claim_id", "verdict").iter_rows()) == {"lost": "cannot_be_told", "fine": "supported"}


def test_the_chosen_market_stands_for_the_asset_and_others_stand_beside_it() -> None:
    own = make_candles("TAO", BEFORE, rising(130.0, 12), "binance:TAO/USDT")
    other = make_candles("TAO", BEFORE, rising(120.0, 12), "kraken:TAO/USD")
    claim = make_claim(kind="rise_within", rise="30%", hours=12)
    row, readings = judged(claim, make_evidence(own, other))
    assert (row["venue"], row["verdict"]) == ("binance:TAO/USDT", "supported")
    assert readings["elsewhere"]["value"] == pytest.approx(0.20)
    choice = {"asset_id": "TAO", "event_id": claim.event, "market_id": "kraken:TAO/USD", "timeframe": "1h"}
    row, _ = judged(claim, make_evidence(own, other, choices=make_rows(MARKET_CHOICE, choice)))
    assert (row["venue"], row["verdict"]) == ("kraken:TAO/USD", "overstated")


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("rise = 30", r"rise: 30 may mean 30 percent"),
        ("rise = 2.5", r"rise: 2.5 may mean 2.5 percent"),
        ('rise = "a lot"', r"rise: 'a lot' is no size"),
        ('rise = -0.1\ndirection = "up"', r"a negative `rise` is a fall"),
    ],
)
def test_a_size_that_can_mean_two_things_is_asked_about(written: str, message: str) -> None:
    head = '[[claim]]\nid = "c"\nepisode = "e"\nquote = "q"\nkind = "rise_within"\n'
    text = f'{head}asset = "TAO"\nevent = "e"\nhours = 1\n'
    with pytest.raises(ConfigError, match=message):
        read_claims(ConfigText("t.toml", text + written))


@pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not beside the project")
def test_an_offset_of_new_york_is_a_time() -> None:
    [claim] = read_claims(ConfigText("et.toml", (CASES / "et.toml").read_text()))
    assert claim.at is not None
    assert claim.at.isoformat() == "2026-06-12T20:00:00+00:00"


@pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not beside the project")
def test_a_claim_without_a_bar_in_its_window_does_not_take_the_file_with_it() -> None:
    claims = read_claims(ConfigText("crash.toml", (CASES / "crash.toml").read_text()))
    others = [make_claim(id="fine", kind="rise_within", rise="30%", hours=12)]
    verdicts, _, _ = judge([*claims, *others], make_evidence(make_candles("TAO", BEFORE, rising(130.0, 12))))
    assert verdicts["verdict"].to_list() == ["cannot_be_told", "supported"]


def response(dose: str, estimate: float | None, lower: float | None, n: int = 30, reason: str | None = None):
    return {
        "category": "outage", "asset_id": "TAO", "provider": "all", "window_end_hours": 24.0, "dose": dose,
        "dose_unit": "hour", "estimate": estimate, "lower_95": lower,
        "upper_95": None if estimate is None or lower is None else 2 * estimate - lower, "n_events": n, "n_days": n,
        "first_event_utc": NEWS_AT, "last_event_utc": NEWS_AT,
        "reason": reason,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([response("none", 0.02, 0.01), response("duration", 0.01, 0.005)], "supported"),
        ([response("none", 0.02, 0.01), response("duration", -0.01, -0.02)], "overstated"),
        ([response("none", 0.002, -0.01), response("duration", 0.01, 0.005)], "another_reading"),
        ([response("none", 0.002, -0.01), response("duration", 0.001, -0.02)], "not_supported"),
        ([response("none", 0.02, 0.01, n=3)], "cannot_be_told"),
        ([response("none", None, None, n=2, reason="2 events with prices")], "cannot_be_told"),
        ([], "cannot_be_told"),
    ],
)
def test_a_premium_needs_an_interval_above_zero_and_enough_events(rows: list[dict], expected: str) -> None:
    responses = make_rows(DOSE_RESPONSE, *rows) if rows else DOSE_RESPONSE.empty()
    row, _ = judged(make_claim(kind="premium", category="outage", hours=24), make_evidence(responses=responses))
    assert row["verdict"] == expected


def test_a_premium_says_the_simple_return_of_its_log_points() -> None:
    rows = make_rows(DOSE_RESPONSE, response("none", math.log(1.10), math.log(1.05)))
    _, readings = judged(make_claim(kind="premium", category="outage", hours=24), make_evidence(responses=rows))
    said = "TAO moved +10.0% on average in 24 h (95% interval +5.0% to +15.2%)"
    assert [reading["detail"] for reading in readings.values()] == [said]


def test_a_discount_is_a_premium_turned_round() -> None:
    rows = make_rows(DOSE_RESPONSE, response("none", -0.02, -0.03))
    for direction, expected in (("down", "supported"), ("up", "not_supported")):
        claim = make_claim(kind="premium", category="outage", direction=direction)
        assert judged(claim, make_evidence(responses=rows))[0]["verdict"] == expected


def test_every_verdict_has_one_decisive_reading_at_least() -> None:
    evidence = make_evidence(make_candles("TAO", BEFORE, rising(130.0, 12)))
    verdicts, readings, _ = judge([make_claim(kind="level", price=130.0, hours=12)], evidence)
    assert verdicts["timeframe"].to_list() == ["1h"]
    assert readings.filter(pl.col("weight") == "decisive").height == 1


def incident(hours: float | None, began: float = 1.0) -> dict[str, object]:
    start = NEWS_AT.replace(hour=0, minute=0) + began * HOUR
    return {
        "incident_id": f"anthropic:{began}", "provider": "anthropic", "title": "Errors", "started_at_utc": start,
        "resolved_at_utc": None if hours is None else start + hours * HOUR,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("lasted", "comparator", "expected"),
    [
        (None, None, "supported"),
        (5.0, None, "supported"),
        (6.0, None, "overstated"),
        (3.0, None, "understated"),
        (12.0, None, "not_supported"),
        (4.0, "more_than", "supported"),
    ],
)
def test_the_length_of_an_incident_is_that_of_the_status_page(
    lasted: float | None, comparator: str | None, expected: str
) -> None:
    incidents = make_rows(INCIDENT, incident(5.2), incident(0.5, began=9.0))
    keys = {"kind": "incident", "provider": "anthropic", "event": None, "at": NEWS_AT}
    claim = make_claim(**keys, lasted_hours=lasted, comparator=comparator)
    row, readings = judged(claim, make_evidence(incidents=incidents))
    assert row["verdict"] == expected
    assert len(readings) == 2


def test_an_incident_on_another_day_supports_nothing_and_silence_is_told() -> None:
    keys = {"kind": "incident", "event": None}
    incidents = make_rows(INCIDENT, incident(5.0), incident(5.0, began=24.0 * 9))
    day = NEWS_AT + timedelta(days=3)
    lost = make_claim(**keys, provider="anthropic", at=day)
    assert judged(lost, make_evidence(incidents=incidents))[0]["verdict"] == "not_supported"
    unknown = make_claim(**keys, provider="openai", at=day)
    assert judged(unknown, make_evidence(incidents=incidents))[0]["verdict"] == "cannot_be_told"


@pytest.mark.parametrize(("hour", "expected"), [(4, "cannot_be_told"), (5, "cannot_be_told"), (6, "supported")])
def test_the_end_of_an_incident_after_it_was_said_is_no_length(hour: int, expected: str) -> None:
    keys = {"kind": "incident", "provider": "anthropic", "event": None, "at": NEWS_AT, "lasted_hours": 5.0}
    claim = make_claim(**keys, said_at=NEWS_AT.replace(hour=hour, minute=0))
    row, _ = judged(claim, make_evidence(incidents=make_rows(INCIDENT, incident(5.0))))
    assert row["verdict"] == expected


PERPETUAL = "binanceusdm:TAO/USDT:USDT"


def make_funding(*rates: float, first_hour: int = 8) -> dict[str, FundingRecord]:
    """A rate every eight hours of the day of the news, which is at 12:30."""
    midnight = NEWS_AT.replace(hour=0, minute=0)
    rows = [
        {"market_id": PERPETUAL, "funding_time_utc": midnight + (first_hour + 8 * n) * HOUR, "funding_rate": rate}
        for n, rate in enumerate(rates)
    ]
    return dict(funding_records(make_rows(FUNDING, *rows)))


@pytest.mark.parametrize(("funding", "expected"), [(None, "supported"), (True, "overstated")])
def test_a_claim_of_what_a_holder_earned_is_judged_after_funding(funding: bool | None, expected: str) -> None:
    # It rises before and after the first payment, so that no part of the window rose by the tenth either.
    candles = make_candles("TAO", [100.0] * 20, [100.0] * 2 + [105.0] * 3 + [110.0] * 7, market=PERPETUAL)
    claim = make_claim(kind="rise_within", rise=0.1, hours=12, market=PERPETUAL, funding=funding)
    # The payments at 16:00 and 24:00 lie in the twelve hours after 12:30; the one at 08:00 does not.
    evidence = make_evidence(candles, funding=make_funding(0.5, 0.02, 0.01, 0.5))
    [verdict], readings = (frame.to_dicts() for frame in judge([claim], evidence)[:2])
    assert verdict["verdict"] == expected
    rise = 1.1 * (0.98 * 0.99 if funding else 1) - 1
    assert verdict["measured_value"] == pytest.approx(rise)
    said = [reading for reading in readings if reading["reading_id"] == "funding"]
    assert len(said) == (1 if funding else 0)
    if funding:
        assert said[0]["value"] == pytest.approx(0.98 * 0.99 - 1)
        assert "−2.980% to a long position" in said[0]["detail"]
        assert "after funding" in verdict["measured"]


def test_unknown_funding_is_a_reason_and_no_zero() -> None:
    candles = make_candles("TAO", [100.0] * 20, [110.0] * 12, market=PERPETUAL)
    claim = make_claim(kind="rise_within", rise=0.1, hours=12, market=PERPETUAL, funding=True)
    for funding, reason in (
        ({}, f"no funding rates of {PERPETUAL} are stored"),
        (make_funding(0.01, 0.01), "funding is not known over the whole window"),
        (make_funding(0.01, 0.01, first_hour=16), "funding is not known over the whole window"),
    ):
        verdicts, *_ = judge([claim], make_evidence(candles, funding=funding))
        assert verdicts["verdict"].item() == "cannot_be_told"
        assert reason in verdicts["missing_data"].item()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"kind": "rise_within", "rise": 0.1}, "give its `market`"),
        ({"kind": "rise_within", "rise": 0.1, "market": "okx:TAO/USDT"}, "give its `market`"),
        ({"kind": "level", "price": 300.0, "market": PERPETUAL}, "level is no return"),
    ],
)
def test_funding_is_of_the_return_of_a_perpetual(keys: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_claim(hours=12, funding=True, **keys)


def test_an_offer_says_how_often_a_search_as_wide_finds_as_much() -> None:
    """Every fifth stretch before held a rise of a fifth within a day."""
    quiet, wild = [100.0] * (24 * 16), [100.0] * 24 + [125.0] * 12 + [100.0] * (24 * 4 - 36)
    before = (quiet + wild) * 16
    claim = make_claim(
        kind="conjunction", hours=12, said_at=NEWS_AT + 24 * HOUR,
        parts=[{"kind": "percent_move", "size": "20%"}, {"kind": "level_crossed", "price": "$120"}],
    )  # fmt: skip
    verdict, _ = judged(claim, make_evidence(make_candles("TAO", before, [*[100.0] * 14, *[120.0] * 10])))
    found = re.search(r"to be found in (\d+) of (\d+) earlier stretches", str(verdict["offer"]))
    assert found is not None
    assert (int(found[1]) / int(found[2])) == pytest.approx(0.2, abs=0.08)


def test_terminal_page_and_file_have_one_count_of_comparable_windows() -> None:
    study = make_rows(
        STUDY_RESULT,
        {
            "study_id": "reaction", "event_id": EVENT_ID, "market_id": "binance:TAO/USDT", "statistic": "placebo_rank",
            "window_start_hours": 0.0, "window_end_hours": 24.0, "p_value": 0.01, "n": 4307,
        },
    )  # fmt: skip
    evidence = make_evidence(make_candles("TAO", [100.0] * 3000, rising(130.0, 24)), studies=study)
    claim = make_claim(kind="rise_within", rise="30%", hours=24)
    verdict, readings = judged(claim, evidence)
    assert "placebo_rank" not in readings
    assert str(verdict["rarity"]).startswith(f"{verdict['n_as_large']} of {verdict['n_placebo']} earlier stretches")
    assert readings["earlier_stretches"]["detail"] == verdict["rarity"]
