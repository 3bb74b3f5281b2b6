"""Verdict cards: what was said, what was measured, how sure that is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from dashboards.fill import macro
from dashboards.numbers import StoredRow, signed_rows
from dashboards.shell.frames import Frames
from dashboards.shell.inline import measured_bar
from dashboards.shell.page import claim_path
from dashboards.shell.tables import NOTHING, badge, with_code
from warehouse.tables.claims import CLAIM, CLAIM_VERDICT
from warehouse.tables.terms import CANNOT_BE_TOLD, STATEMENT_VERDICT_TITLES, market_name
from warehouse.tables.units import count, format_value, limit_words, p_value, percent

# Verdict id -> icon and colour class, strongest correction first.
_LOOKS = {
    "overstated": ("◐", "part"),
    "not_supported": ("✕", "no"),
    "understated": ("◐", "part"),
    "another_reading": ("◐", "part"),
    CANNOT_BE_TOLD: ("◌", ""),
    "supported": ("✓", "ok"),
}
# Verdict id -> icon, word, colour class, place.
VERDICTS: dict[str, tuple[str, str, str, int]] = {
    verdict: (icon, STATEMENT_VERDICT_TITLES[verdict].capitalize(), css, place)
    for place, (verdict, (icon, css)) in enumerate(_LOOKS.items())
}

RISE = "rise_within"
# Verdicts that put another size in the place of the claimed one.
_CORRECTED = ("overstated", "understated", "another_reading", "not_supported")
# Kinds whose measured and claimed sizes share a bar.
SIZED = (RISE, "peak_from_trough")
# A card carries this many characters of the statement; the claims page has all of it.
MAX_STATEMENT = 240


def read_verdicts(frames: Frames) -> list[StoredRow]:
    """Every verdict with the kind of its claim, strongest correction first."""
    kinds = dict(frames.get(CLAIM).select("claim_id", "kind").iter_rows())
    rows = [
        row.also(kind=kinds.get(row["claim_id"], "")) for row in signed_rows(frames.get(CLAIM_VERDICT), CLAIM_VERDICT)
    ]
    return sorted(rows, key=verdict_order)


def read_verdicts_on(frames: Frames, claims: Iterable[Mapping[str, Any]]) -> dict[str, StoredRow]:
    """The verdicts on these claims, by claim id, each with the kind of its claim; a claim without one is absent."""
    return {
        claim["claim_id"]: row.also(kind=claim["kind"])
        for claim in claims
        for row in signed_rows(frames.part(CLAIM_VERDICT, "claim_id", claim["claim_id"]), CLAIM_VERDICT)
    }


def shown_verdict(row: Mapping[str, Any]) -> str:
    """The verdict as shown; a word of another version counts as not told."""
    return row["verdict"] if row["verdict"] in VERDICTS else CANNOT_BE_TOLD


def verdict_order(row: Mapping[str, Any]) -> tuple[int, str]:
    """Sort key: strongest correction first."""
    return VERDICTS[shown_verdict(row)][3], row["claim_id"]


def verdict_badge(row: Mapping[str, Any]) -> Markup:
    """Icon and word of the verdict."""
    icon, word, css, _ = VERDICTS[shown_verdict(row)]
    return badge(icon, word, css)


def in_unit(value: float, unit: str | None) -> str:
    """A value in the unit of its claim."""
    if unit == "probability":
        return p_value(value)
    return format_value(value, unit or "")


def comparable_words(row: Mapping[str, Any]) -> str:
    """The one count of comparable windows that stands beside a verdict."""
    if row["n_as_large"] is None:
        return f"compared with {count(row['n_placebo'])} placebos"
    return f"{count(row['n_as_large'])} of {count(row['n_placebo'])} earlier stretches moved as far"


def venue_words(venue: str) -> str:
    """Market ids, comma-separated, in words; at most two, then how many more."""
    names = [market_name(part.strip()) if ":" in part else part.strip() for part in venue.split(",")]
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


def verdict_cards(title: str, verdicts: Mapping[str, StoredRow], root: str) -> Markup:
    """The cards of verdicts under a heading, strongest correction first; nothing without any."""
    if not verdicts:
        return NOTHING
    cards = [verdict_card(row, root) for row in sorted(verdicts.values(), key=verdict_order)]
    return macro("parts", "cards", title, cards)


def verdict_card(row: Mapping[str, Any], root: str) -> Markup:
    """One claim with its verdict, the measurement and the closest true statement."""
    measured, claimed = row["measured_value"], row["claimed_value"]
    bar = NOTHING
    if row["kind"] in SIZED and measured is not None and claimed is not None and claimed > 0:
        bar = measured_bar(measured, claimed, f"{percent(measured)} measured", f"{percent(claimed)} claimed")
    meta: list[str | Markup] = []
    if row["n_placebo"] is not None:
        meta.append(comparable_words(row))
    if row["venue"]:
        meta.append(venue_words(row["venue"]))
    if row["missing_data"]:
        meta.append("Would need: " + with_code(row["missing_data"]))
    statement = limit_words(row["closest_true_statement"], MAX_STATEMENT)
    href = root + claim_path(row["claim_id"])
    return macro("parts", "card", shown_verdict(row), verdict_badge(row), row["quote"], bar, statement, meta, href)


def rise_claim(
    claims: Sequence[Mapping[str, Any]], verdicts: Mapping[str, Mapping[str, Any]]
) -> tuple[float, float] | None:
    """(rise, hours) of the first claim that names a size within a span and was not upheld; None when there is none."""
    for claim in claims:
        verdict = verdicts.get(claim["claim_id"])
        if (
            claim["kind"] != RISE
            or verdict is None
            or verdict["claimed_value"] is None
            or verdict["unit"] != "fraction"
        ):
            continue
        hours = claimed_hours(claim["parameters_json"])
        if hours is not None and verdict["verdict"] in _CORRECTED:
            return verdict["claimed_value"], hours
    return None


def claimed_hours(parameters_json: str) -> float | None:
    """The horizon a claim names, in hours; None when it names none or the parameters are no JSON object."""
    try:
        parameters = json.loads(parameters_json)
    except ValueError:
        return None
    if not isinstance(parameters, dict):
        return None
    value = parameters.get("hours")
    return float(value) if isinstance(value, (int, float)) else None
