"""Names in words: categories, venues, tokens, roles."""

from __future__ import annotations

# Category id -> (label, what its news is called inside a sentence).
CATEGORIES: dict[str, tuple[str, str]] = {
    "export_control_access": ("Export control", "export-control news"),
    "regulation_legislation": ("Legislation", "legislation news"),
    "executive_order": ("Executive order", "executive-order news"),
    "government_action": ("Government action", "government news"),
    "enforcement_lawsuit": ("Enforcement and lawsuits", "enforcement news"),
    "outage": ("Outage", "outage"),
    "ai_security_incident": ("Security incident", "security incident"),
    "model_release": ("Model release", "model release"),
    "network_token_news": ("Token and network news", "token news"),
    "crypto_token_regulation": ("Crypto regulation", "crypto-regulation news"),
    "ai_policy_other": ("Other AI policy", "policy news"),
    "token_price_commentary": ("Price commentary", "price commentary"),
}

VENUES = {
    "binanceusdm": "Binance USD-M",
    "binance": "Binance spot",
    "okx": "OKX",
    "kucoin": "KuCoin",
    "kraken": "Kraken",
    "coinbase": "Coinbase",
    "gate": "Gate",
    "bybit": "Bybit",
    "simulated": "simulated market",
}

ROLES = {
    "private": "Received in private",
    "first_report": "First public report",
    "statement": "Statement",
    "confirmation": "Confirmation",
    "reaction": "Reaction",
    "restored": "Restored",
}

BASES = {
    "publisher": "publisher's clock",
    "submission": "reader's submission",
    "crawl": "crawler's clock",
    "date_only": "date only",
    "incident": "incident log",
    "statement": "the actor's own account",
    "first_seen": "first seen by us",
}

BENCHMARKS = {"BTC": "Bitcoin", "ETH": "Ether"}

TIMEFRAMES = {"1m": "1-minute", "5m": "5-minute", "1h": "hourly", "4h": "4-hour", "1d": "daily"}

# Bar lengths in hours.
TIMEFRAME_HOURS = {"1m": 1 / 60, "5m": 1 / 12, "15m": 0.25, "30m": 0.5, "1h": 1.0, "4h": 4.0, "1d": 24.0}


def category_label(category: str) -> str:
    """The category as a label."""
    return CATEGORIES.get(category, (category.replace("_", " ").capitalize(), ""))[0]


def category_news(category: str) -> str:
    """What news of the category is called inside a sentence."""
    return CATEGORIES.get(category, ("", f"{category.replace('_', ' ')} news"))[1]


def venue_name(market_id: str) -> str:
    """The venue of a market in words."""
    exchange = market_id.split(":", 1)[0]
    return VENUES.get(exchange, exchange)


def market_name(market_id: str) -> str:
    """A market in words: the pair and its venue."""
    symbol = market_id.split(":", 1)[-1].split(":", 1)[0]
    return f"{symbol} on {venue_name(market_id)}"


def asset_of(market_id: str) -> str:
    """The base symbol of a market id, for markets the registry does not know."""
    return market_id.split(":", 1)[-1].split("/", 1)[0]


def is_simulated_market(market_id: str) -> bool:
    """Whether the market belongs to a simulated venue."""
    return market_id.split(":", 1)[0].startswith("simulat")
