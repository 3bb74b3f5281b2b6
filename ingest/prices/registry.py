"""The registry of assets, venues, markets and halts: the packaged lists, extended or overridden by the user's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import polars as pl
from pydantic import Field

from warehouse.config import (
    ConfigText,
    Entry,
    EntryTable,
    FileForm,
    LoadedFile,
    UtcTime,
    load_config,
    nearest,
    packaged_text,
)
from warehouse.tables.contract import UTC
from warehouse.tables.prices import ASSET, MARKET, VENUE_HALT

# Sites that gather prices of many venues: a price of theirs is an observation, and never a venue's bar.
AGGREGATORS = ("coingecko", "coinmarketcap", "coincodex", "investing", "yahoo")
WATCHED_ROLES = ("ai_token", "benchmark", "basket")
Confidence = Literal["high", "medium", "low", "unverified"]


class AssetEntry(Entry):
    """One coin under one id; a renamed or merged coin ends and names its successor."""

    asset_id: str
    name: str
    role: Literal["ai_token", "benchmark", "basket", "other"]
    ticker: str = ""
    valid_from: UtcTime | None = None
    valid_to: UtcTime | None = None
    successor_asset_id: str | None = None
    successor_ratio: float | None = Field(default=None, gt=0)
    former_names: tuple[str, ...] = ()
    contracts: tuple[str, ...] = ()
    note: str | None = None
    confidence: Confidence = "unverified"
    evidence: tuple[str, ...] = ()


class VenueEntry(Entry):
    """One exchange: how it names markets, how much it gives at a time, how far back it goes."""

    exchange: str
    rank: int
    page_bars: int = Field(gt=1)
    spot: str | None = None
    perpetual: str | None = None
    history_bars: int | None = None
    perpetual_history_bars: int | None = None
    perpetual_page_bars: int | None = None
    is_perpetual_volume_base: bool = True
    heeds_until: bool = True
    market_types: tuple[str, ...] = ()
    other_coins: tuple[str, ...] = ()  # tickers that name another coin there: not offered by the naming rule


class MarketEntry(Entry):
    """One market that is documented somewhere."""

    exchange: str
    symbol: str
    asset_id: str
    kind: Literal["spot", "perpetual"]
    contract_multiplier: float = Field(default=1.0, gt=0)
    listed_at: UtcTime | None = None
    delisted_at: UtcTime | None = None
    note: str | None = None
    confidence: Confidence = "unverified"
    evidence: tuple[str, ...] = ()

    @property
    def market_id(self) -> str:
        """`exchange:symbol`."""
        return f"{self.exchange}:{self.symbol}"


class HaltEntry(Entry):
    """A documented stop of trading on a venue, or of one of its markets."""

    exchange: str
    symbol: str | None = None
    start: UtcTime
    end: UtcTime
    detail: str
    evidence: tuple[str, ...] = ()


ASSETS = EntryTable("asset", AssetEntry, identity=("asset_id",))
_VENUES = EntryTable("venue", VenueEntry, identity=("exchange",))
MARKETS = EntryTable("market", MarketEntry, identity=("exchange", "symbol"))
HALTS = EntryTable("halt", HaltEntry, identity=("exchange", "symbol", "start"))
ASSET_FORM = FileForm((ASSETS,), maps=("source",))
MARKET_FORM = FileForm((_VENUES, MARKETS, HALTS), maps=("source",))


@dataclass(frozen=True, slots=True)
class Registry:
    """What we know; the frames match core.asset, core.market and core.venue_halt."""

    assets: pl.DataFrame
    markets: pl.DataFrame
    halts: pl.DataFrame
    venues: dict[str, VenueEntry]

    @property
    def market_ends(self) -> pl.DataFrame:
        """`market_id`, `delisted_at_utc` of ends that are well enough documented to refuse later bars."""
        is_known = pl.col("delisted_at_utc").is_not_null() & pl.col("confidence").is_in(["high", "medium"])
        return self.markets.filter(is_known).select("market_id", "delisted_at_utc")


def load_registry(own_assets: ConfigText | None = None, own_markets: ConfigText | None = None) -> Registry:
    """The packaged registry, single keys changed or entries added by a person's assets.toml and markets.toml.

    ConfigError names what is wrong and where.
    """
    asset_file = load_config(ASSET_FORM, packaged_text("ingest.prices", "assets.toml"), own_assets)
    market_file = load_config(MARKET_FORM, packaged_text("ingest.prices", "markets.toml"), own_markets)
    _refuse_unknown_assets(asset_file, market_file)
    assets, venues, markets = asset_file.entries(ASSETS), market_file.entries(_VENUES), market_file.entries(MARKETS)
    sources = asset_file.texts("source") | market_file.texts("source")
    return Registry(
        assets=_asset_frame(assets, sources),
        markets=_market_frame([*markets, *_offered(assets, venues, markets)], sources),
        halts=_halt_frame(market_file.entries(HALTS), sources),
        venues={venue.exchange: venue for venue in venues},
    )


def unregistered_markets(candles: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Rows of core.market for markets of `candles` that `known` (market_id) lacks: the base symbol is their asset."""
    base_and_rest = pl.col("symbol").str.splitn("/", 2).struct
    quote = base_and_rest.field("field_1").str.splitn(":", 2).struct.field("field_0")
    split = pl.col("market_id").str.splitn(":", 2).struct
    return MARKET.conform(
        candles.select("market_id")
        .unique(maintain_order=True)
        .join(known.select("market_id"), on="market_id", how="anti")
        .select(
            "market_id",
            split.field("field_0").alias("exchange"),
            split.field("field_1").fill_null("").alias("symbol"),
        )
        .with_columns(
            base_and_rest.field("field_0").alias("asset_id"),
            pl.when(pl.col("exchange").is_in(AGGREGATORS))
            .then(pl.lit("observed"))
            .when(pl.col("symbol").str.contains(":", literal=True))
            .then(pl.lit("perpetual"))
            .otherwise(pl.lit("spot"))
            .alias("kind"),
            quote.fill_null("").alias("quote"),
            pl.lit(1.0).alias("contract_multiplier"),
            pl.lit(False).alias("is_registered"),
        )
        .sort("market_id")
    )


def registration_words(unregistered: pl.DataFrame, assets: pl.DataFrame) -> list[str]:
    """What it means that markets (core.market) are not registered, and the TOML that registers each."""
    known = set(assets["asset_id"])
    words = []
    for row in unregistered.sort("market_id").iter_rows(named=True):
        market = row["market_id"]
        if row["exchange"] in AGGREGATORS:
            words.append(f"{market}: gathered by a site, an observation: in no reference price and in no study")
            continue
        toml = f"""[[market]]
exchange = "{row["exchange"]}"
symbol = "{row["symbol"]}"
asset_id = "{row["asset_id"]}"
kind = "{row["kind"]}\""""
        first = "" if row["asset_id"] in known else _asset_toml(row["asset_id"])
        words.append(
            f"{market} is not in the registry: in no reference price and in no study. To register it, add to"
            f" config/markets.toml:\n{toml}{first}"
        )
    return words


def _asset_toml(asset_id: str) -> str:
    return f"""\nand to config/assets.toml:
[[asset]]
asset_id = "{asset_id}"
name = "{asset_id}"
role = "other\""""


def withdrawn_markets(stored: pl.DataFrame, registered: pl.DataFrame) -> pl.DataFrame:
    """Rows of core.market that were registered and are no longer, because a person took their entry away."""
    return stored.filter("is_registered").join(registered, on="market_id", how="anti")


def keep_markets(stored: pl.DataFrame, registered: pl.DataFrame, traded: pl.DataFrame) -> pl.DataFrame:
    """core.market: the registered markets, and beside them those that only candles speak of.

    A market whose entry was taken away stays only where it has candles (`traded`: market_id), under its base symbol.
    """
    orphans = withdrawn_markets(stored, registered).join(traded, on="market_id", how="semi")
    others = stored.filter(~pl.col("is_registered")).join(registered, on="market_id", how="anti")
    return pl.concat([registered, others, unregistered_markets(orphans, registered)])


def _refuse_unknown_assets(asset_file: LoadedFile, market_file: LoadedFile) -> None:
    known = [asset.asset_id for asset in asset_file.entries(ASSETS)]
    for asset in asset_file.entries(ASSETS):
        successor = asset.successor_asset_id
        if successor is not None and successor not in known:
            raise asset_file.error(ASSETS, (asset.asset_id,), "successor_asset_id", _unknown_asset(successor, known))
    for market in market_file.entries(MARKETS):
        if market.asset_id not in known:
            identity = (market.exchange, market.symbol)
            raise market_file.error(MARKETS, identity, "asset_id", _unknown_asset(market.asset_id, known))


def _unknown_asset(asset_id: str, known: list[str]) -> str:
    meant = nearest(asset_id, known)
    return f"no asset {asset_id!r}; {f'did you mean {meant!r}, or ' if meant else ''}add it to assets.toml"


def _offered(
    assets: Iterable[AssetEntry], venues: Iterable[VenueEntry], markets: Iterable[MarketEntry]
) -> list[MarketEntry]:
    """Markets by the venues' naming rules, for living watched assets, where no row documents that kind of market."""
    documented = {(market.asset_id, market.exchange, market.kind) for market in markets}
    offered = []
    for asset in assets:
        if asset.role not in WATCHED_ROLES or asset.valid_to is not None:
            continue
        ticker = asset.ticker or asset.asset_id
        for venue in venues:
            if ticker in venue.other_coins:
                continue
            for kind, rule in (("spot", venue.spot), ("perpetual", venue.perpetual)):
                if rule and (asset.asset_id, venue.exchange, kind) not in documented:
                    symbol = rule.format(ticker=ticker)
                    # Made of validated entries, so not validated again: there are hundreds.
                    offered.append(
                        MarketEntry.model_construct(
                            exchange=venue.exchange,
                            symbol=symbol,
                            asset_id=asset.asset_id,
                            kind=kind,
                            evidence=("naming",),
                        )
                    )
    return offered


def _evidence(codes: Iterable[str], sources: dict[str, str]) -> str | None:
    return "; ".join(sources.get(code, code) for code in codes) or None


def _asset_frame(assets: Iterable[AssetEntry], sources: dict[str, str]) -> pl.DataFrame:
    rows = [
        {
            "asset_id": asset.asset_id,
            "name": asset.name,
            "role": asset.role,
            "valid_from_utc": asset.valid_from,
            "valid_to_utc": asset.valid_to,
            "successor_asset_id": asset.successor_asset_id,
            "successor_ratio": asset.successor_ratio,
            "former_names": "; ".join(asset.former_names) or None,
            "contracts": "; ".join(asset.contracts) or None,
            "note": asset.note,
            "confidence": asset.confidence,
            "source": _evidence(asset.evidence, sources),
        }
        for asset in assets
    ]
    return ASSET.conform(pl.DataFrame(rows, schema=ASSET.schema))


def _market_frame(markets: Iterable[MarketEntry], sources: dict[str, str]) -> pl.DataFrame:
    rows = [
        {
            "market_id": market.market_id,
            "asset_id": market.asset_id,
            "exchange": market.exchange,
            "symbol": market.symbol,
            "kind": market.kind,
            "quote": market.symbol.split("/")[-1].split(":")[0],
            "contract_multiplier": market.contract_multiplier,
            "listed_at_utc": market.listed_at,
            "delisted_at_utc": market.delisted_at,
            "is_registered": True,
            "confidence": market.confidence,
            "note": market.note,
            "source": _evidence(market.evidence, sources),
        }
        for market in markets
    ]
    return MARKET.conform(pl.DataFrame(rows, schema=MARKET.schema))


def _halt_frame(halts: Iterable[HaltEntry], sources: dict[str, str]) -> pl.DataFrame:
    rows = [
        {
            "exchange": halt.exchange,
            "symbol": halt.symbol or "",
            "start_utc": halt.start,
            "end_utc": halt.end,
            "detail": halt.detail,
            "source": _evidence(halt.evidence, sources),
        }
        for halt in halts
    ]
    return VENUE_HALT.conform(pl.DataFrame(rows, schema=VENUE_HALT.schema).with_columns(pl.col("start_utc").cast(UTC)))
