"""Verdicts as schema.org ClaimReview, as search engines and fact-checking databases read them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from dashboards.marks import bare
from warehouse.tables.terms import STATEMENT_VERDICT_TITLES
from warehouse.tables.units import iso_instant

_CONTEXT = "https://schema.org"
# Ratings between 1 (not so) and 5 (so); what cannot be told has no rating.
_RATINGS = {
    "supported": 5,
    "another_reading": 4,
    "understated": 3,
    "overstated": 3,
    "not_supported": 1,
}
WORST_RATING, BEST_RATING = 1, 5
_AUTHOR = {"@type": "Organization", "name": "Aftershock"}


def review_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """All statements of an answer as one JSON-LD graph."""
    return {
        "@context": _CONTEXT,
        "@graph": [_review(item, document["said_at_utc"]) for item in document["statements"]],
    }


def review_claim(claim: Mapping[str, Any], verdict: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict on a published claim: a row of core.claim and one of out.claim_verdict."""
    said_at = verdict["said_at_utc"]
    item = {"verdict": verdict["verdict"], "text": verdict["quote"], "measured": bare(f"{verdict['measured']}")}
    review = _review(item, None if said_at is None else iso_instant(said_at))
    if claim.get("url"):
        review["itemReviewed"]["appearance"] = {"@type": "CreativeWork", "url": claim["url"]}
    if claim.get("said_by"):
        review["itemReviewed"]["author"] = {"@type": "Organization", "name": claim["said_by"]}
    return {"@context": _CONTEXT, **review}


def embedded_review(review: Mapping[str, Any]) -> Markup:
    """The script element that carries it; no text in it can end it early."""
    text = json.dumps(review, ensure_ascii=False).replace("<", "\\u003c")
    return Markup('<script type="application/ld+json">{}</script>').format(Markup(text))  # noqa: S704 - `<` is escaped


def _review(item: Mapping[str, Any], said_at: str | None) -> dict[str, Any]:
    words = STATEMENT_VERDICT_TITLES.get(item["verdict"], item["verdict"])
    rating: dict[str, Any] = {"@type": "Rating", "alternateName": words, "ratingExplanation": item["measured"]}
    value = _RATINGS.get(item["verdict"])
    if value is not None:
        rating |= {"ratingValue": value, "worstRating": WORST_RATING, "bestRating": BEST_RATING}
    published = {"datePublished": said_at} if said_at else {}
    return {
        "@type": "ClaimReview",
        "claimReviewed": item["text"],
        "author": _AUTHOR,
        "itemReviewed": {"@type": "Claim", **published},
        "reviewRating": rating,
    }
