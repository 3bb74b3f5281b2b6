"""Verdict cards: what was said, what was measured, how sure that is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from dashboards.formats import count, percent, price
from dashboards.inline import measured_bar
from dashboards.tables import badge
from dashboards.words import market_name

# Verdict id -> icon, word, colour class, place (strongest correction first).
VERDICTS: dict[str, tuple[str, str, str, int]] = {
    "overstated": ("◐", "Overstated", "part", 0),
    "not_supported": ("✕", "Not supported", "no", 1),
    "partly": ("◐", "Partly right", "part", 2),
    "cannot_be_told": ("◌", "Cannot be told", "", 3),
    "supported": ("✓", "Supported", "ok", 4),
}


def shown_verdict(row: Mapping[str, Any]) -> str:
    """The verdict as shown: `overstated` where a claimed size exceeds the measured one of the same sign."""
    measured, claimed = row["measured_value"], row["claimed_value"]
    is_short = measured is not None and claimed is not None and 0 < measured / claimed < 1 if claimed else False
    if row["verdict"] == "partly" and is_short and row["unit"] == "fraction":
        return "overstated"
    return row["verdict"] if row["verdict"] in VERDICTS else "cannot_be_told"


def verdict_order(row: Mapping[str, Any]) -> tuple[int, str]:
    """Sort key: strongest correction first."""
    return VERDICTS[shown_verdict(row)][3], row["claim_id"]


def verdict_badge(row: Mapping[str, Any]) -> Markup:
    """Icon and word of the verdict."""
    icon, word, css, _ = VERDICTS[shown_verdict(row)]
    return badge(icon, word, css)


def in_unit(value: float, unit: str | None) -> str:
    """A value in the unit of its claim."""
    if unit == "fraction":
        return percent(value)
    if unit in ("quote currency", "US dollar"):
        return price(value)
    return f"{value:,.1f}".removesuffix(".0").replace("-", "−") + (f" {unit}" if unit else "")


def venue_words(venue: str) -> str:
    """Market ids, comma-separated, in words; at most two, then how many more."""
    names = [market_name(part.strip()) if ":" in part else part.strip() for part in venue.split(",")]
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


def verdict_card(row: Mapping[str, Any], root: str, is_linked: bool = True) -> Markup:
    """One claim with its verdict, the measurement and the closest true statement."""
    measured, claimed = row["measured_value"], row["claimed_value"]
    bar = Markup("")
    if measured is not None and claimed is not None and claimed > 0 and row["unit"] == "fraction":
        bar = measured_bar(
            measured, claimed, f"{in_unit(measured, row['unit'])} measured", f"{in_unit(claimed, row['unit'])} claimed"
        )
    meta = []
    if row["n_placebo"] is not None:
        meta.append(f"{count(row['n_placebo'])} placebo windows")
    if row["venue"]:
        meta.append(venue_words(row["venue"]))
    if row["missing_data"]:
        meta.append(f"Would need: {row['missing_data']}")
    link = Markup("")
    if is_linked:
        link = Markup('<a href="{}claims.html#{}" aria-label="Evidence: {}">Evidence</a>').format(
            root, row["claim_id"], row["quote"]
        )
    return Markup('<li class="card" data-verdict="{}">{}<h3>{}</h3>{}<p>{}</p><p class="meta">{}{}{}</p></li>').format(
        shown_verdict(row),
        verdict_badge(row),
        row["quote"],
        bar,
        row["closest_true_statement"],
        " · ".join(meta),
        " · " if meta and link else "",
        link,
    )


def rise_claim(
    claims: list[Mapping[str, Any]], verdicts: Mapping[str, Mapping[str, Any]]
) -> tuple[float, float] | None:
    """(rise, hours) of the first claim that names a size within a span and was not upheld; None when there is none."""
    for claim in claims:
        verdict = verdicts.get(claim["claim_id"])
        if (
            claim["kind"] != "rise_within"
            or verdict is None
            or verdict["claimed_value"] is None
            or verdict["unit"] != "fraction"
        ):
            continue
        hours = claimed_hours(claim["parameters_json"])
        if hours is not None and verdict["verdict"] in ("partly", "not_supported"):
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
