"""Literal rows for page tests: events, sources, claims, correlations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

EVENT_ID = "2026-06-12-access-restriction"
EVENT_AT = datetime(2026, 6, 12, 23, 56, 41, tzinfo=UTC)
SPEC = "spec"


def market_id(asset_id: str, venue: str = "binanceusdm") -> str:
    """The id of an asset's perpetual."""
    return f"{venue}:{asset_id}/USDT:USDT"


def event_row(event_id: str = EVENT_ID, **changes: Any) -> dict[str, Any]:
    """An event as the ledger gives it."""
    row = {
        "event_id": event_id,
        "title": "Export controls take two frontier AI models offline",
        "summary": "A directive received in private became public at 23:56:41 UTC; access returned on 1 July.",
        "category": "export_control_access",
        "earliest_at_utc": EVENT_AT - timedelta(hours=2, minutes=36),
        "best_at_utc": EVENT_AT,
        "latest_at_utc": EVENT_AT + timedelta(minutes=53),
        "time_precision": "second",
        "time_basis": "publisher",
        "ended_at_utc": datetime(2026, 7, 1, 19, 26, 26, tzinfo=UTC),
        "severity": 5,
        "direction": "restricts",
        "jurisdiction": "US",
        "entities": "anthropic,us-commerce",
        "origin": "ledger",
        "status": "confirmed",
        "selected_from": "news",
        "n_outlets": 3,
        "reason": "First public report, as relayed and archived.",
        "source_url": "https://example.org/report",
    }
    return {**row, **changes}


def source_rows(event_id: str = EVENT_ID) -> list[dict[str, Any]]:
    """The evidence of the lead event with both clocks."""
    rows = [
        ("private", "Company statement", "Directive received", datetime(2026, 6, 12, 21, 21, tzinfo=UTC), "statement"),
        ("first_report", "Aggregator", "First public report", EVENT_AT, "publisher"),
        ("statement", "Company", "Statement", datetime(2026, 6, 13, 0, 50, 3, tzinfo=UTC), "statement"),
        (
            "confirmation",
            "Crypto outlet",
            "First crypto outlet",
            datetime(2026, 6, 13, 1, 8, 6, tzinfo=UTC),
            "publisher",
        ),
    ]
    return [
        {
            "event_id": event_id,
            "source_number": number,
            "outlet": outlet,
            "title": title,
            "published_at_utc": at,
            "first_seen_at_utc": at + timedelta(minutes=25),
            "time_basis": basis,
            "role": role,
            "url": "https://example.org/",
        }
        for number, (role, outlet, title, at, basis) in enumerate(rows, start=1)
    ]


# Name, quote, verdict, measured and claimed value (fractions), and the closest true statement.
ABOUT_CLAIMS = [
    (
        "rise",
        "TAO rose 30% within 12 hours",
        "overstated",
        0.155,
        0.30,
        "It rose 15.5% in the 12 hours after the first public report.",
    ),
    (
        "own",
        "The move was TAO’s own, not the market’s",
        "supported",
        None,
        None,
        "Bitcoin rose 1.5% in the same day.",
    ),
    ("lasted", "The gain lasted", "not_supported", None, None, "After seven days 6.5% was left."),
    (
        "cause",
        "The directive caused the rise",
        "cannot_be_told",
        None,
        None,
        "One event cannot separate it from the rest.",
    ),
]


def claim_rows() -> list[dict[str, Any]]:
    """One claim for each verdict."""
    return [
        {
            "claim_id": name,
            "episode": "june-2026",
            "quote": quote,
            "kind": "rise_within",
            "asset_id": "TAO",
            "event_id": EVENT_ID,
            "parameters_json": '{"hours": 12}' if name == "rise" else "{}",
            "source": "press",
        }
        for name, quote, *_ in ABOUT_CLAIMS
    ]


def verdict_rows() -> list[dict[str, Any]]:
    """The verdict of each claim."""
    return [
        {
            "claim_id": name,
            "episode": "june-2026",
            "quote": quote,
            "verdict": verdict,
            "measured": statement,
            "measured_value": measured,
            "claimed_value": claimed,
            "unit": "fraction",
            "closest_true_statement": statement,
            "n_placebo": 383 if measured else None,
            "n_as_large": 3 if measured else None,
            "venue": market_id("TAO"),
            "missing_data": "more events of the kind" if verdict == "cannot_be_told" else None,
            "spec_sha256": SPEC,
            "data_as_of_utc": EVENT_AT,
        }
        for name, quote, verdict, measured, claimed, statement in ABOUT_CLAIMS
    ]


def reading_rows() -> list[dict[str, Any]]:
    """Three readings of the first claim."""
    return [
        {
            "claim_id": "rise",
            "reading_id": name,
            "description": text,
            "value": value,
            "unit": "fraction",
            "from_utc": EVENT_AT,
            "to_utc": EVENT_AT + timedelta(hours=12),
            "is_satisfied": value >= 0.3,
            "detail": text,
        }
        for name, text, value in (
            ("from_first_report", "From the last close before the first public report", 0.155),
            ("best_close_to_close", "The best 12 hours anywhere in the episode", 0.234),
            ("trough_to_peak", "From the exact low to the exact high", 0.299),
        )
    ]


def episode_rows() -> list[dict[str, Any]]:
    """Correlation before and after, for three tokens."""
    values = {"TAO": (0.71, 0.32), "FET": (0.78, 0.66), "NEAR": (0.74, 0.71)}
    return [
        {
            "event_id": EVENT_ID,
            "event_at_utc": EVENT_AT,
            "market_id": market_id(asset),
            "other_market_id": market_id("BTC"),
            "asset_id": asset,
            "other_asset_id": "BTC",
            "timeframe": "4h",
            "window_hours": 168.0,
            "before_correlation": before,
            "before_correlation_lower_95": before - 0.12,
            "before_correlation_upper_95": before + 0.1,
            "after_correlation": after,
            "after_correlation_lower_95": after - 0.15,
            "after_correlation_upper_95": after + 0.14,
            "change_correlation": after - before,
            "change_correlation_lower_95": after - before - 0.2,
            "change_correlation_upper_95": after - before + 0.2,
            "before_beta": 1.6,
            "after_beta": 1.1,
            "placebo_rank": 0.04,
            "n_placebo": 60,
            "n_placebo_independent": 7,
            "n_before": 42,
            "n_after": 42,
            "conventions": "log returns",
            "data_as_of_utc": EVENT_AT + timedelta(days=7),
        }
        for asset, (before, after) in values.items()
    ]


def size_row(scenario: str, statistic: str, rejection: float | None, **changes: Any) -> dict[str, Any]:
    """How often a test rejected at 5 % in 400 replications of 30 events, with a band of two points."""
    row = {
        "scenario": scenario,
        "statistic": statistic,
        "level": 0.05,
        "effect_sd": 0.0,
        "dependence": "independent",
        "n_events": 30,
        "window_bars": 1,
        "estimation_bars": 120,
        "n_replications": 400,
        "n_absent": 0,
        "rejection": rejection,
        "lower_95": None if rejection is None else rejection - 0.02,
        "upper_95": None if rejection is None else rejection + 0.02,
        "seed": 20260612,
    }
    return {**row, **changes}


def inclusion_row(place: int, estimate: float, **changes: object) -> dict[str, object]:
    """One rule of inclusion of a kind of event; the first is the main one, the second is significant."""
    given: dict[str, object] = {
        "study_id": "groups",
        "spec_sha256": "f" * 64,
        "group_id": "category:outage",
        "window_end_hours": 24.0,
        "rule_id": f"rule {place}",
        "rank": place,
        "least_severity": 1,
        "least_outlets": 1,
        "precision": "any",
        "origin": "all",
        "days_apart": 0.0,
        "masking": "other events masked",
        "n_events": 20 - place,
        "n_pairs": 60 - place,
        "estimate": estimate,
        "standard_error": 0.01,
        "p_value": 0.04 if place == 2 else 0.4,
        "is_significant": place == 2,
        "is_headline": place == 1,
        "data_as_of_utc": datetime(2026, 6, 30, tzinfo=UTC),
    }
    return {**given, **changes}
