"""What matters to decentralised-AI tokens is told from what does not, with a reason."""

import pytest

from analysis.events.relevance import add_relevance
from tests.analysis.events.headline_frames import VOCABULARY
from tests.analysis.events.recorded.test_merging import make_event, make_events


@pytest.mark.parametrize(
    ("category", "entities", "severity", "relevance", "reason"),
    [
        ("crypto_token_regulation", "sec,bittensor", 2, "high", "a decentralised-AI network is a party"),
        ("export_control_access", "anthropic", 2, "high", "access to AI models or chips is taken away or given back"),
        ("executive_order", None, 3, "high", "an order on AI of a head of state or government"),
        ("crypto_token_regulation", "sec", 4, "medium", "a rule on all tokens that very many houses tell"),
        ("crypto_token_regulation", "sec", 3, "low", "a rule on tokens at large or on one firm that handles them"),
        ("enforcement_lawsuit", "openai", 2, "low", "a suit over one AI company or product"),
        ("enforcement_lawsuit", "openai", 5, "medium", "a suit over AI that very many houses tell"),
        ("outage", "anthropic", None, "medium", "AI policy, or an AI provider that stands still"),
    ],
)
def test_relevance_follows_who_is_hit_before_how_widely_it_is_told(category, entities, severity, relevance, reason):
    event = make_event("e", "2026-06-12T00:00:00Z", category=category, entities=entities, severity=severity)
    row = add_relevance(make_events(event), VOCABULARY).row(0, named=True)
    assert (row["relevance"], row["relevance_reason"]) == (relevance, reason)
