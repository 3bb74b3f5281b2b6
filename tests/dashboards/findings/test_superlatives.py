"""None, only, first and largest are said of what was counted, and plain candles never contradict them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from dashboards.findings import superlatives
from dashboards.findings.readings import Horizon, Reaction
from dashboards.marks import bare

DAY = Horizon(24.0, 0.234, 0.03, 0.2, 0.12, 0.28, 0, 383, 16.0, 0.06, 454, "BTC", "", None, -0.04, 0.06)


def make_reaction(day: Horizon = DAY, asset_id: str = "TAO") -> Reaction:
    market = f"binanceusdm:{asset_id}/USDT:USDT"
    return Reaction("e", market, asset_id, {24.0: day}, "spec", datetime(2026, 6, 20, tzinfo=UTC))


def make_earlier(raw: float = 0.234, n_days: int = 365, n_as_far: int = 4, largest: float = 0.412) -> dict[str, Any]:
    return {"raw_return": raw, "n_days": n_days, "n_as_far": n_as_far, "largest_return": largest}


def make_total(**changes: Any) -> dict[str, Any]:
    row = {
        "n_events": 906,
        "n_measured": 402,
        "n_pairs": 2122,
        "n_ranged": 2120,
        "n_outside_events": 111,
        "n_outside_pairs": 168,
        "n_moves": 64,
        "outside_assets": "FET,TAO",
    }
    return {**row, **changes}


def test_none_is_said_of_windows_at_equal_volatility_and_plain_days_are_said_beside_it() -> None:
    sentence = superlatives.outside_sentence(make_reaction(), make_earlier())
    assert sentence == (
        "None of 383 earlier 24-hour windows (only about 16 of which do not overlap, at equal volatility) moved as "
        "far beyond Bitcoin; unscaled, TAO itself rose at least as far within 24 hours on 4 of the 365 days before, at "
        "most 41%"
    )
    assert "any" not in sentence.split()


def test_a_fall_is_told_beside_falls_and_none_beside_none() -> None:
    sentence = superlatives.outside_sentence(make_reaction(replace(DAY, car=-0.2)), make_earlier(-0.2, largest=-0.3))
    assert "TAO itself fell at least as far within 24 hours on 4 of the 365 days before, at most 30%" in sentence
    assert superlatives.plain_days("TAO", make_earlier(n_as_far=0)) == (
        "unscaled, TAO itself rose as far within 24 hours on none of the 365 days before"
    )
    assert superlatives.plain_days("TAO", None) == superlatives.plain_days("TAO", make_earlier(n_days=0)) == ""


def test_a_move_inside_its_range_is_ordinary_and_an_unmeasured_one_says_so() -> None:
    quiet = make_reaction(replace(DAY, car=0.02, n_as_large=120))
    assert superlatives.outside_sentence(quiet).startswith("The move beyond Bitcoin was ordinary: 120 of 383")
    unusual = make_reaction(replace(DAY, n_as_large=3))
    assert superlatives.outside_sentence(unusual).startswith("The move beyond Bitcoin was unusual: 3 of 383")
    absent = make_reaction(replace(DAY, raw_return=None, car=None, n_placebo=None))
    assert "could not be measured" in superlatives.outside_sentence(absent)


def test_came_close_needs_a_clear_distance() -> None:
    assert superlatives.rank_title(DAY) == "At equal volatility, none of 383 earlier 24-hour windows came close to +20%"
    near = replace(DAY, car=0.07)
    assert superlatives.rank_title(near).endswith("none of 383 earlier 24-hour windows moved as far as +7.0%")


@pytest.mark.parametrize(
    ("n_placebo", "independent", "end"),
    [
        (383, 16.0, "rarer than about one day in 17, not one in 384."),
        (92, 92.0, "rarer than about one day in 93."),
        (92, 92.3, "rarer than about one day in 93."),
    ],
)
def test_one_in_93_is_not_set_against_one_in_93(n_placebo: int, independent: float, end: str) -> None:
    sentence = superlatives.rarity_sentence(replace(DAY, n_placebo=n_placebo, n_independent=independent))
    assert sentence.endswith(end)


def test_fan_title_counts_every_bar_outside_not_the_last_run() -> None:
    hours = [float(hour) for hour in range(1, 6)]
    low, high = [-0.1] * 5, [0.1] * 5
    assert superlatives.fan_title("TAO", hours, [0, 0.2, 0, 0.2, 0.3], low, high) == (
        "TAO was outside its ordinary range in 3 of 5 bars, the last among them"
    )
    assert superlatives.fan_title("TAO", hours, [0, 0, 0, 0, 0.05], low, high) == (
        "TAO stayed within 95% of ordinary windows in all 5 bars"
    )
    assert superlatives.fan_title("TAO", hours, [0, 0.2, 0.2, 0, 0], low, high).endswith(
        "in 2 of 5 bars, and ended within it"
    )
    assert "no ordinary range" in superlatives.fan_title("TAO", hours, [0] * 5, [None] * 5, [None] * 5)


def test_the_record_is_told_in_events_and_in_moves() -> None:
    assert superlatives.record_title(make_total()) == (
        "906 events, 402 measured: 111 saw a token leave its ordinary range, in 64 separate moves"
    )
    assert superlatives.record_title(make_total(n_outside_events=1, n_moves=1)).endswith("range, in 1 move")
    none = superlatives.record_title(make_total(n_outside_events=0, n_moves=0))
    assert none == "906 events, 402 measured; after none of them did a token leave its ordinary range"
    assert superlatives.record_title(None) == "No event is known yet"


def test_a_kind_tells_events_pairs_tokens_and_chance_apart() -> None:
    words = superlatives.kind_sentence(make_total(n_events=16, n_measured=1, n_pairs=4, n_ranged=4, n_outside_events=0))
    assert words == "16 events, 1 measured (4 event–token pairs); no token left its ordinary range"
    assert superlatives.kind_sentence(make_total()).endswith(
        "after 111 a token left its ordinary range (FET, TAO), in 64 separate moves; 168 pairs outside, "
        "chance alone gives about 106"
    )
    assert superlatives.record_sentence(make_total()) == (
        "of 2,120 event–token pairs chance alone gives about 106; 168 are outside"
    )
    assert superlatives.chance_words(19) == "chance alone gives less than one"


def test_a_token_is_told_in_its_own_events_and_moves() -> None:
    total = make_total(n_ranged=368, n_outside_pairs=32, n_moves=18)
    assert superlatives.token_title("TAO", total) == (
        "TAO left its ordinary range after 32 of 368 events, in 18 separate moves; chance alone gives about 18"
    )
    assert superlatives.token_title("AGIX", None) == "AGIX: no reaction has been measured yet"


def test_outside_names_the_tokens_wherever_it_is_counted() -> None:
    inside = make_reaction(replace(DAY, car=0.01))
    near = make_reaction(asset_id="NEAR")
    caption = bare(superlatives.outside_caption([inside, near]))
    assert caption == "A day on, 1 of 2 tokens stood outside the ordinary range: NEAR"
    assert superlatives.outside_caption([inside, make_reaction(asset_id="BTC")]) == (
        "A day on, TAO stood within its ordinary range"
    )
    assert superlatives.events_caption([["NEAR"], [], ["FET", "NEAR"]], 5) == (
        "After two of the three measured events a token left its ordinary range: FET, NEAR"
    )
    assert superlatives.events_caption([["NEAR"]], 5) == "After the one measured event NEAR left the ordinary range"
    assert superlatives.events_caption([[]], 5) == "After the one measured event no token left its ordinary range"
    assert superlatives.events_caption([], 3) == "None of these events has prices around it"
