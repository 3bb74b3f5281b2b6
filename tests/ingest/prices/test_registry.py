"""The registry carries documented facts, a user can extend it, and a mistake names its place."""

from datetime import UTC, datetime

import polars as pl
import pytest

from ingest.prices.registry import load_registry, unregistered_markets
from warehouse.config import ConfigError, ConfigText

VENUES = [
    "binance",
    "binanceusdm",
    "bitget",
    "bybit",
    "coinbase",
    "gate",
    "hyperliquid",
    "kraken",
    "kucoin",
    "mexc",
    "okx",
]


def test_the_watched_assets_are_those_of_the_question_and_thirty_others() -> None:
    roles = load_registry(None).assets.group_by("role").agg(pl.col("asset_id").sort())
    by_role = dict(roles.iter_rows())
    assert by_role["ai_token"] == ["AGIX", "FET", "ICP", "NEAR", "OCEAN", "RENDER", "RNDR", "TAO", "WLD"]
    assert by_role["benchmark"] == ["BTC", "ETH", "SOL"]
    assert len(by_role["basket"]) == 30


def test_mergers_have_their_ratio_and_instant() -> None:
    assets = load_registry(None).assets.filter(pl.col("asset_id").is_in(["AGIX", "OCEAN", "RNDR"])).sort("asset_id")
    assert assets.select("successor_asset_id", "successor_ratio").rows() == [
        ("FET", 0.43335),
        ("FET", 0.433226),
        ("RENDER", 1.0),
    ]
    assert assets["valid_to_utc"][0] == datetime(2024, 7, 1, 3, tzinfo=UTC)


def test_a_renamed_coin_is_two_assets_with_separate_markets() -> None:
    markets = load_registry(None).markets
    owners = dict(markets.filter(pl.col("market_id").str.contains("RE?NDE?R")).select("market_id", "asset_id").rows())
    assert owners["binance:RNDR/USDT"] == "RNDR"
    assert owners["binance:RENDER/USDT"] == "RENDER"


def test_tao_has_a_market_on_every_venue() -> None:
    markets = load_registry(None).markets.filter(pl.col("asset_id") == "TAO")
    assert sorted(markets["exchange"].unique()) == VENUES
    listed = dict(markets.select("market_id", "listed_at_utc").rows())
    assert listed["binanceusdm:TAO/USDT:USDT"] == datetime(2024, 4, 11, 14, tzinfo=UTC)


def test_a_contract_of_a_thousand_says_so() -> None:
    markets = load_registry(None).markets.filter(pl.col("asset_id") == "PEPE", pl.col("exchange") == "binanceusdm")
    assert markets.select("symbol", "contract_multiplier").rows() == [("1000PEPE/USDT:USDT", 1000.0)]


def test_a_ticker_that_names_another_coin_on_a_venue_is_not_offered_there() -> None:
    markets = load_registry(None).markets.filter(pl.col("exchange") == "mexc")["symbol"].to_list()
    assert "TAO/USDT" in markets
    assert "HYPE/USDT" not in markets
    assert "HYPE/USDT:USDT" not in markets


def test_a_documented_end_refuses_later_bars_and_a_rumoured_one_does_not() -> None:
    ends = load_registry(None).market_ends["market_id"].to_list()
    assert "binance:AGIX/USDT" in ends
    assert "binance:RNDR/USDT" not in ends  # commonly stated, not confirmed


def test_a_user_changes_one_key_and_adds_an_asset() -> None:
    own = ConfigText(
        "assets.toml",
        '[[asset]]\nasset_id = "TAO"\nrole = "other"\n\n[[asset]]\nasset_id = "ZZZ"\nname = "Own"\nrole = "ai_token"\n',
    )
    registry = load_registry(own)
    assets = {row["asset_id"]: row for row in registry.assets.iter_rows(named=True)}
    assert (assets["TAO"]["role"], assets["TAO"]["name"]) == ("other", "Bittensor")
    assert "okx:ZZZ/USDT" in registry.markets["market_id"].to_list()


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("assets.toml", '[[asset]]\nasset_id = "TAO"\ncolour = "red"\n', ["assets.toml", "TAO", "colour"]),
        ("assets.toml", "[[coin]]\n", ["assets.toml line 1", "coin", "[[asset]]"]),
        ("assets.toml", "[[asset]\n", ["assets.toml", "TOML"]),
        ("markets.toml", '[[market]]\nexchange = "okx"\nsymbol = "A/B"\n', ["markets.toml", "okx A/B", "asset_id"]),
        (
            "markets.toml",
            '[[market]]\nexchange = "okx"\nsymbol = "A/B"\nasset_id = "NOPE"\nkind = "spot"\n',
            ["markets.toml line 4", "okx A/B", "NOPE"],
        ),
        (
            "markets.toml",
            '[[market]]\nexchange = "okx"\nsymbol = "TAO/USDT"\nlisted_at = 2024-01-01T00:00:00\n',
            ["markets.toml", "listed_at", "UTC"],
        ),
    ],
)
def test_a_mistake_names_file_entry_and_key(name: str, text: str, words: list[str]) -> None:
    own = ConfigText(name, text)
    with pytest.raises(ConfigError) as error:
        load_registry(*((own, None) if name == "assets.toml" else (None, own)))
    for word in words:
        assert word in str(error.value)


def test_an_unregistered_market_keeps_its_own_id() -> None:
    candles = pl.DataFrame({"market_id": ["bingx:FOO/USDT:USDT", "bingx:FOO/USDT", "binance:TAO/USDT"]})
    found = unregistered_markets(candles, load_registry(None).markets)
    assert found.select("market_id", "asset_id", "kind", "quote", "is_registered").rows() == [
        ("bingx:FOO/USDT", "FOO", "spot", "USDT", False),
        ("bingx:FOO/USDT:USDT", "FOO", "perpetual", "USDT", False),
    ]
