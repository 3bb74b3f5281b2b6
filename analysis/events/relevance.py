"""How much an event matters to decentralised-AI tokens, with the reason in words."""

from __future__ import annotations

import polars as pl

from analysis.events.vocabulary import Vocabulary
from warehouse.tables.terms import HIGH, LOW, MEDIUM

# Severity from which a rule on tokens at large, or a suit, is told widely enough to matter beyond its parties.
WIDELY_TOLD = 4
# Which events every method is applied to, as SQL over core.event. Of detected ones those that a person confirmed, or
# that a second clock dates and that matter to the tokens: an upper bound can lie hours after the first report.
TAKES_EVERY_METHOD = (
    "(origin <> 'detected' or status = 'confirmed' "
    f"or (time_precision in ('second', 'minute', 'hour') and relevance in ('{HIGH}', '{MEDIUM}')))"
)
# Around which events correlations are compared: the outages are studied by severity, and only a person's word adds one.
CORRELATED_AROUND = f"status <> 'rejected' and (origin <> 'incident' or status = 'confirmed') and {TAKES_EVERY_METHOD}"
NETWORK_KIND = "token"
ACCESS, ORDER, TOKENS_AT_LARGE, SUIT = (
    "export_control_access",
    "executive_order",
    "crypto_token_regulation",
    "enforcement_lawsuit",
)


def add_relevance(events: pl.DataFrame, vocabulary: Vocabulary) -> pl.DataFrame:
    """`core.event` rows with `relevance` (high, medium, low) and `relevance_reason`; the first reason that fits counts.

    High is what happens to a network itself, to the access to AI models and chips, or by a head of state's order;
    medium other AI policy and what very many houses tell; low the rest. A null severity counts as not widely told.
    """
    networks = [entity.entity_id for entity in vocabulary.entities if entity.kind == NETWORK_KIND]
    category = pl.col("category")
    is_widely_told = pl.col("severity").fill_null(0) >= WIDELY_TOLD
    names_network = pl.col("entities").fill_null("").str.split(",").list.eval(pl.element().is_in(networks)).list.any()
    reasons = (
        (names_network, HIGH, "a decentralised-AI network is a party"),
        (category == "network_token_news", HIGH, "it happens to a decentralised-AI network or its token"),
        (category == ACCESS, HIGH, "access to AI models or chips is taken away or given back"),
        (category == ORDER, HIGH, "an order on AI of a head of state or government"),
        ((category == TOKENS_AT_LARGE) & is_widely_told, MEDIUM, "a rule on all tokens that very many houses tell"),
        (category == TOKENS_AT_LARGE, LOW, "a rule on tokens at large or on one firm that handles them"),
        ((category == SUIT) & is_widely_told, MEDIUM, "a suit over AI that very many houses tell"),
        (category == SUIT, LOW, "a suit over one AI company or product"),
    )
    level, said = pl.lit(MEDIUM), pl.lit("AI policy, or an AI provider that stands still")
    for fits, relevance, reason in reversed(reasons):
        level = pl.when(fits).then(pl.lit(relevance)).otherwise(level)
        said = pl.when(fits).then(pl.lit(reason)).otherwise(said)
    return events.with_columns(level.alias("relevance"), said.alias("relevance_reason"))
