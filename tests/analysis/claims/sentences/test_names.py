"""A market is known by the longest of its names, and a group's word that introduces another coin is not the group."""

from datetime import UTC, datetime

import pytest

from analysis.claims.sentences.reader import read_text

SAID_AT = datetime(2026, 5, 14, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "asset"),
    [
        ("NEAR Protocol gains 11%", "NEAR"),
        ("Near Protocol gains 11%", "NEAR"),
        ("NEAR Protocol (NEAR) gains 11%", "NEAR"),
        ("Render Network gains 11%", "RENDER"),
        ("Render gains 11%", "RENDER"),
        ("SOL rose 11% near record highs", "SOL"),
        ("AI tokens gain 11%", "AI_TOKENS"),
        ("AI token TAO gains 11%", "TAO"),
    ],
)
def test_a_market_is_known_by_the_longest_of_its_names(text: str, asset: str) -> None:
    first = read_text(text, SAID_AT).statements[0]
    assert (first.statement.asset, first.start) == (asset, 0 if asset != "TAO" else len("AI token "))


@pytest.mark.parametrize(
    "text", ["AI token BEAT beats Bitcoin", "AI token (XYZ) gains 11%", "Altcoin Audiera gains 11%"]
)
def test_a_coin_that_is_not_known_is_not_its_group(text: str) -> None:
    assert not read_text(text, SAID_AT).statements
