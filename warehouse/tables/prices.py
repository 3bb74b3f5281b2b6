"""Contracts of assets, markets and everything that a market prints."""

import polars as pl

from warehouse.tables.contract import UTC, Column, Table
from warehouse.tables.keys import EXCHANGE, OPEN_TIME, SYMBOL

_MARKET_ID = Column(
    "market_id", pl.String, "Venue and unified symbol, `exchange:symbol`, e.g. binanceusdm:TAO/USDT:USDT"
)
_TIMEFRAME = Column("timeframe", pl.String, "Bar length: 1m, 5m, 1h, 4h, 1d")
_RUN_ID = Column("run_id", pl.String, "The run that wrote the row")

ASSET = Table(
    "core.asset",
    "One row per asset of the registry, renamed and merged ones included.",
    "ingest/prices/assets.toml",
    ("asset_id",),
    (
        Column("asset_id", pl.String, "Ticker-like id that never changes, e.g. TAO"),
        Column("name", pl.String, "Name in words"),
        Column("role", pl.String, "ai_token, benchmark, basket or other"),
        Column("valid_from_utc", UTC, "First instant at which the asset traded under this id", is_nullable=True),
        Column("valid_to_utc", UTC, "Instant at which it was merged, renamed or ended", is_nullable=True),
        Column("successor_asset_id", pl.String, "What holders received", is_nullable=True),
        Column("successor_ratio", pl.Float64, "Units of the successor per unit", is_nullable=True),
        Column("former_names", pl.String, "Earlier names and tickers of the same coin", is_nullable=True),
        Column("contracts", pl.String, "Token contracts as chain:address, where it has any", is_nullable=True),
        Column("note", pl.String, "Renames and traps in words", is_nullable=True),
        Column("confidence", pl.String, "high, medium, low or unverified", is_nullable=True),
        Column("source", pl.String, "Evidence", is_nullable=True),
    ),
)

MARKET = Table(
    "core.market",
    "One row per market: an asset quoted in a currency on a venue.",
    "ingest/prices/markets.toml, and imports for unregistered markets",
    ("market_id",),
    (
        _MARKET_ID,
        Column("asset_id", pl.String, "The asset quoted; for an unregistered market its base symbol"),
        EXCHANGE,
        SYMBOL,
        Column("kind", pl.String, "spot, perpetual, or observed: prices at uneven times that a study makes bars of"),
        Column("quote", pl.String, "Quote currency"),
        Column("contract_multiplier", pl.Float64, "Units of the asset per quoted unit (1000 for 1000PEPE)"),
        Column("listed_at_utc", UTC, "First candle or listing, where documented", is_nullable=True),
        Column("delisted_at_utc", UTC, "Last trading instant, where documented", is_nullable=True),
        Column("is_registered", pl.Boolean, "False for markets known only from an import"),
        Column("confidence", pl.String, "high, medium, low or unverified", is_nullable=True),
        Column("note", pl.String, "What is known and what is not, in words", is_nullable=True),
        Column("source", pl.String, "Evidence", is_nullable=True),
    ),
)

LISTING = Table(
    "core.listing",
    "The venues' own market lists: what each names, since when and until when we saw it there.",
    "exchanges through ccxt",
    ("exchange", "symbol"),
    (
        EXCHANGE,
        SYMBOL,
        Column("is_active", pl.Boolean, "Whether it traded when last seen"),
        Column("contract_size", pl.Float64, "Units of the coin per contract", is_nullable=True),
        Column("first_seen_at_utc", UTC, "When we first saw it on the list"),
        Column("last_seen_at_utc", UTC, "When we last saw it on the list"),
        Column(
            "last_active_at_utc",
            UTC,
            "When we last saw it trade: a market that is gone or stopped ended after that",
            is_nullable=True,
        ),
    ),
)

VENUE_HALT = Table(
    "core.venue_halt",
    "Documented stops of trading on a venue, or of one of its markets.",
    "ingest/prices/markets.toml",
    ("exchange", "symbol", "start_utc"),
    (
        EXCHANGE,
        Column("symbol", pl.String, "The one market that stopped; empty: all of them"),
        Column("start_utc", UTC, "When trading stopped"),
        Column("end_utc", UTC, "When it went on, as far as documented"),
        Column("detail", pl.String, "What happened, in words"),
        Column("source", pl.String, "Evidence", is_nullable=True),
    ),
)

_CANDLE_VALUES = (
    Column(
        "open_quote",
        pl.Float64,
        "First price of the bar; null where the source gives closes only",
        "quote currency",
        True,
    ),
    Column("high_quote", pl.Float64, "Highest price; null where the source gives closes only", "quote currency", True),
    Column("low_quote", pl.Float64, "Lowest price; null where the source gives closes only", "quote currency", True),
    Column("close_quote", pl.Float64, "Last price of the bar, known at open time + bar length", "quote currency"),
    Column("volume_base", pl.Float64, "Volume; null where the source gives none", "base currency", True),
)

CANDLE = Table(
    "core.candle",
    "Closed candles, one row per market, timeframe and bar; the latest values seen. Never filled, never spliced.",
    "exchanges through ccxt, imports, the bundled record",
    ("market_id", "timeframe", "open_time_utc"),
    (
        _MARKET_ID,
        _TIMEFRAME,
        Column("open_time_utc", UTC, "Open of the bar, which names it"),
        *_CANDLE_VALUES,
        Column("source_id", pl.String, "exchange, bundle, or the imported file's name"),
        Column("first_seen_at_utc", UTC, "When these values were first seen by us"),
        _RUN_ID,
        Column("is_revised", pl.Boolean, "True when an earlier value was superseded"),
    ),
)

CANDLE_REVISION = Table(
    "core.candle_revision",
    "Superseded candle values: what was believed from first_seen_at_utc until superseded_at_utc.",
    "upserts into core.candle that changed a closed bar",
    ("market_id", "timeframe", "open_time_utc", "first_seen_at_utc"),
    (
        _MARKET_ID,
        _TIMEFRAME,
        OPEN_TIME,
        *_CANDLE_VALUES,
        Column("source_id", pl.String, "Where the superseded values came from"),
        Column("first_seen_at_utc", UTC, "When the superseded values were first seen"),
        Column("superseded_at_utc", UTC, "When the venue showed other values"),
        Column("run_id", pl.String, "The run that superseded them"),
    ),
)

QUOTED_BAR = Table(
    "core.quoted_bar",
    "Bars of prices at which nobody traded: mark, index and premium. Never part of a candle series.",
    "imports of files",
    ("price_kind", "market_id", "timeframe", "open_time_utc"),
    (
        Column("price_kind", pl.String, "mark, index or premium (a fraction of the index)"),
        _MARKET_ID,
        _TIMEFRAME,
        OPEN_TIME,
        *_CANDLE_VALUES[:4],
        Column("source_id", pl.String, "The imported file's name"),
        Column("first_seen_at_utc", UTC, "When these values were first seen by us"),
        _RUN_ID,
    ),
)

CANDLE_FLOW = Table(
    "core.candle_flow",
    "What files say of a bar beside its price and base volume.",
    "imports of files that bring it",
    ("market_id", "timeframe", "open_time_utc"),
    (
        _MARKET_ID,
        _TIMEFRAME,
        OPEN_TIME,
        Column("volume_quote", pl.Float64, "Volume; of an aggregator over all venues", "quote currency", True),
        Column("n_trades", pl.Float64, "Trades of the bar", is_nullable=True),
        Column("taker_volume_base", pl.Float64, "Volume in which the buyer was the taker", "base currency", True),
        Column("source_id", pl.String, "The imported file's name"),
        _RUN_ID,
    ),
)

QUARANTINE = Table(
    "raw.quarantine",
    "Rows that failed a check on the way in, whole, with the reason; nothing is dropped.",
    "every adapter",
    ("quarantine_id",),
    (
        Column("quarantine_id", pl.String, "sha256 over source, reason and payload: the same bad row is kept once"),
        Column("table_name", pl.String, "The table the row was meant for"),
        Column("source_id", pl.String, "Venue, feed or file"),
        Column("subject_id", pl.String, "Market or feed the row belongs to", is_nullable=True),
        Column("reason", pl.String, "Short reason id, e.g. high_below_low"),
        Column("detail", pl.String, "The reason in words with the values"),
        Column("payload_json", pl.String, "The row as received"),
        Column("row_number", pl.Int64, "Position in the source", is_nullable=True),
        Column("seen_at_utc", UTC, "When it was first refused"),
        _RUN_ID,
        Column("released_at_utc", UTC, "When a person let it in", is_nullable=True),
    ),
)

GAP = Table(
    "core.gap",
    "Missing stretches of a series, from what was asked for or listed to now or its end, and why.",
    "coverage pass over core.candle",
    ("market_id", "timeframe", "gap_start_utc"),
    (
        _MARKET_ID,
        _TIMEFRAME,
        Column("gap_start_utc", UTC, "Open of the first missing bar"),
        Column("gap_end_utc", UTC, "Open of the first bar after the gap"),
        Column("n_missing", pl.Int64, "Missing bars"),
        Column("cause", pl.String, "halt, delisting, not_listed_yet, frozen, venue_limit, stale, refused, source_hole"),
        Column("detail", pl.String, "Cause in words, with evidence where known", is_nullable=True),
        Column(
            "offered_market_id",
            pl.String,
            "Another market of the asset that has the first missing bar: a different series, never spliced in",
            is_nullable=True,
        ),
    ),
)

COVERAGE = Table(
    "out.coverage",
    "Per series: first and last bar, expected and present bars, missing stretches.",
    "coverage pass over core.candle",
    ("market_id", "timeframe"),
    (
        _MARKET_ID,
        _TIMEFRAME,
        Column("asset_id", pl.String, "The asset quoted"),
        Column("first_open_utc", UTC, "Open of the first stored bar"),
        Column("last_open_utc", UTC, "Open of the last stored bar"),
        Column("n_expected", pl.Int64, "Bars from what was asked for (or the first) to now, the end, or the last"),
        Column("n_present", pl.Int64, "Stored bars"),
        Column("n_missing", pl.Int64, "Expected minus present"),
        Column("n_gaps", pl.Int64, "Missing stretches"),
        Column("longest_gap_hours", pl.Float64, "Longest missing stretch", "hours"),
        Column("gap_causes", pl.String, "Causes of the gaps, comma-separated", is_nullable=True),
        Column("n_zero_volume", pl.Int64, "Bars with zero volume"),
        Column("n_revised", pl.Int64, "Bars whose values changed after they closed"),
        Column("n_refused", pl.Int64, "Rows of this series that stand in quarantine"),
        Column("ended_because", pl.String, "Why the series ends: delisted or frozen since when", is_nullable=True),
        Column("is_registered", pl.Boolean, "False for a market known only from an import"),
        Column("source_ids", pl.String, "Sources, comma-separated"),
    ),
)

REFERENCE_PRICE = Table(
    "out.reference_price",
    "What an asset cost at the close of a bar: the median over its markets that quote dollars. With one venue it is that "
    "venue's price and no consensus; n_venues says so.",
    "coverage pass over core.candle: registered USDT, USD and USDC markets of AI tokens, benchmarks and every other asset "
    "with three of them; bars inside the life of market and asset, frozen ones left out",
    ("asset_id", "timeframe", "open_time_utc"),
    (
        Column("asset_id", pl.String, "The asset"),
        _TIMEFRAME,
        Column("open_time_utc", UTC, "Open of the bar; the price is known at open time + bar length"),
        Column("reference_quote", pl.Float64, "Median close per unit of the asset", "US dollar or dollar token"),
        Column("n_markets", pl.Int64, "Markets whose close entered, spot and perpetual"),
        Column("n_venues", pl.Int64, "Venues of these markets"),
        Column("lowest_quote", pl.Float64, "Lowest close that entered", "US dollar or dollar token"),
        Column("highest_quote", pl.Float64, "Highest close that entered", "US dollar or dollar token"),
        Column("spread", pl.Float64, "Highest over lowest close minus one; null with one market", "fraction", True),
        Column("last_seen_at_utc", UTC, "When the last of these closes was first seen by us"),
    ),
)

OBSERVATION = Table(
    "core.observation",
    "Price observations at uneven times, for assets without candles.",
    "imports of snapshot files",
    ("source_id", "asset_id", "observed_at_utc"),
    (
        Column("source_id", pl.String, "File or feed"),
        Column("asset_id", pl.String, "The asset as the registry names it, else the source's ticker"),
        Column("observed_at_utc", UTC, "When the price was observed"),
        Column("price_quote", pl.Float64, "Observed price", "US dollar"),
        Column("volume_24h_quote", pl.Float64, "Trailing volume where given", "US dollar", True),
        Column(
            "first_seen_at_utc",
            UTC,
            "When we first saw it; null for rows of earlier versions, whose run says when",
            is_nullable=True,
        ),
        _RUN_ID,
    ),
)

FUNDING = Table(
    "core.funding_rate",
    "Funding rates of perpetual contracts.",
    "exchanges through ccxt",
    ("market_id", "funding_time_utc"),
    (
        _MARKET_ID,
        Column("funding_time_utc", UTC, "Settlement time"),
        Column("funding_rate", pl.Float64, "Rate paid by longs to shorts per interval", "fraction"),
        Column("first_seen_at_utc", UTC, "When we first saw it"),
        _RUN_ID,
    ),
)

OPEN_INTEREST = Table(
    "core.open_interest",
    "Open interest of perpetual contracts.",
    "exchanges through ccxt",
    ("market_id", "observed_at_utc"),
    (
        _MARKET_ID,
        Column("observed_at_utc", UTC, "Time of the venue's figure"),
        Column("open_interest_base", pl.Float64, "Open contracts", "base currency", True),
        Column("open_interest_quote", pl.Float64, "Open contracts", "quote currency", True),
        Column("first_seen_at_utc", UTC, "When we first saw it"),
        _RUN_ID,
    ),
)

BENCHMARK = Table(
    "core.benchmark",
    "What abnormal returns are measured against: one row per benchmark series and how it is built.",
    "analysis/tape/benchmarks.py",
    ("benchmark_id",),
    (
        Column("benchmark_id", pl.String, "BTC, ETH, BASKET_EQUAL, BASKET_LIQUID or AI_OTHERS"),
        Column("name", pl.String, "Name in words"),
        Column("kind", pl.String, "asset, equal_weight or liquidity_weight"),
        Column("member_roles", pl.String, "Roles of core.asset that are members, comma-separated; empty for one asset"),
        Column("member_asset_id", pl.String, "The one asset, for kind asset", is_nullable=True),
        Column("leaves_out_subject", pl.Boolean, "Whether the asset under study is left out of the members"),
        Column("definition", pl.String, "How a bar's return is built, in words"),
    ),
)
