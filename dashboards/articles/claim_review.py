"""Verdicts as schema.org ClaimReview, as search engines and fact-checking databases read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from warehouse.tables.terms import STATEMENT_VERDICT_TITLES

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


def review_document(document: Mapping[str, Any], url: str | None = None) -> dict[str, Any]:
    """All statements of an answer as one JSON-LD graph; `url` is where the checked text stands."""
    return {
        "@context": _CONTEXT,
        "@graph": [_review(item, document["said_at_utc"], url) for item in document["statements"]],
    }


def _review(item: Mapping[str, Any], said_at: str, url: str | None) -> dict[str, Any]:
    words = STATEMENT_VERDICT_TITLES[item["verdict"]]
    rating: dict[str, Any] = {"@type": "Rating", "alternateName": words, "ratingExplanation": item["measured"]}
    value = _RATINGS.get(item["verdict"])
    if value is not None:
        rating |= {"ratingValue": value, "worstRating": WORST_RATING, "bestRating": BEST_RATING}
    appearance = {"appearance": {"@type": "CreativeWork", "url": url}} if url else {}
    return {
        "@type": "ClaimReview",
        "claimReviewed": item["text"],
        "author": _AUTHOR,
        "itemReviewed": {"@type": "Claim", "datePublished": said_at, **appearance},
        "reviewRating": rating,
    }
