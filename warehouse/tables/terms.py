"""Titles of categories, venues, tests, models, scenarios, benchmarks and roles, as people read them."""

from __future__ import annotations

import re

from warehouse.tables.signing import signs

# Category id -> (label, what its news is called inside a sentence).
CATEGORY_TITLES: dict[str, tuple[str, str]] = {
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

# The venue of markets whose closes are observations.
OBSERVED = "observed"
OWN = "own"  # of a person's own study

VENUE_TITLES = {
    "binanceusdm": "Binance USD-M",
    "binance": "Binance spot",
    "okx": "OKX",
    "kucoin": "KuCoin",
    "kraken": "Kraken",
    "coinbase": "Coinbase",
    "gate": "Gate",
    "bybit": "Bybit",
    "bitget": "Bitget",
    "mexc": "MEXC",
    "hyperliquid": "Hyperliquid",
    "simulated": "simulated market",
    OBSERVED: "prices observed at uneven times",
    OWN: "your file",
}

# How much an event matters to decentralised-AI tokens; lists begin with those that are not of the last.
HIGH, MEDIUM, LOW = "high", "medium", "low"

ROLE_TITLES = {
    "private": "Received in private",
    "announced": "Announced",
    "first_report": "First public report",
    "statement": "Statement",
    "confirmation": "Confirmation",
    "reaction": "Reaction",
    "restored": "Restored",
    "correction": "Correction",
}

TIME_BASIS_TITLES = {
    "publisher": "publisher's clock",
    "submission": "reader's submission",
    "crawl": "crawler's clock",
    "date_only": "date only",
    "incident": "incident log",
    "statement": "the actor's own account",
    "upper_bound": "publisher's clock, at the latest",
    "first_seen": "first seen by us",
}

# Markets in which the tests are put to the proof, as `analysis.engine.simulate` and `aftershock study size` name them.
SCENARIO_TITLES = {
    "normal": "Ordinary returns",
    "student t3": "Fat tails",
    "garch": "Calm and nervous stretches",
    "skewed": "Skewed returns",
    "clustered 0.02": "Tokens move together a little (correlation 0.02)",
    "clustered 0.1": "Tokens move together (correlation 0.1)",
    "clustered 0.3": "Tokens move together much (correlation 0.3)",
    "event variance x2": "The event doubles the variance",
    "event variance x4": "The event quadruples the variance",
    "clustered 0.1, event variance x4": "Together (0.1), and the event quadruples the variance",
    "several dates, clustered 0.25": "Four tokens at several dates, moving together (correlation 0.25)",
    "real returns, random dates": "Real returns, each event at a date of its own",
    "real returns, shared dates": "Real returns, many events at one date",
}

# Tests by the names the literature gives them.
STATISTIC_TITLES = {
    "block_bootstrap": "block bootstrap",
    "bmp": "BMP",
    "brown_warner_1980": "Brown–Warner 1980",
    "calendar_time": "calendar time",
    "cdat": "CDAT",
    "corrado": "Corrado",
    "corrado_tuckey": "Corrado–Tuckey",
    "corrado_zivney": "Corrado–Zivney",
    "cross_sectional_t": "cross-sectional t",
    "generalized_sign": "generalized sign",
    "grank_t": "GRANK-T",
    "grank_z": "GRANK-Z",
    "hall_bootstrap": "Hall, bootstrap",
    "hall_skewness": "Hall, skewness",
    "ibragimov_mueller": "Ibragimov–Müller",
    "j1": "J1",
    "j2": "J2",
    "jackknife": "jackknife",
    "kp_bmp": "KP-BMP",
    "kp_patell": "KP-Patell",
    "patell": "Patell",
    "patell_sum_sar": "Patell, summed SAR",
    "sign": "sign",
    "sign_flip": "sign flip",
    "wilcoxon": "Wilcoxon",
    "wilcoxon_z": "Wilcoxon z",
    "wild_bootstrap": "wild bootstrap",
}

# The group test that leads on every page.
HEADLINE_TEST = "kp_bmp"
# The variance of event windows over that of ordinary ones, beside the mean of a group (Rigobon).
VARIANCE_RATIO = "variance_ratio"

# Expected-return models, as the rows of the study `models` name them.
MODEL_TITLES = {
    "constant_mean": "Its own average",
    "dimson": "Bitcoin, Dimson beta",
    "egarch": "Bitcoin, EGARCH volatility",
    "ewma_beta": "Bitcoin, recent bars weigh more",
    "garch": "Bitcoin, GARCH volatility",
    "huber": "Bitcoin, outliers weigh less",
    "market": "Bitcoin, least squares",
    "market_adjusted": "Bitcoin, one for one",
    "multi_factor": "Several factors",
    "multi_factor_orthogonal": "Several factors, each cleared of those before",
    "rolling_beta": "Bitcoin, last 60 bars",
    "scholes_williams": "Bitcoin, Scholes–Williams beta",
    "synthetic_control": "A mix of other assets",
}

METHOD_TITLES = {
    "granger": "Granger test",
    "hayashi_yoshida": "Hayashi–Yoshida",
}

BENCHMARK_TITLES = {
    "BTC": "Bitcoin",
    "ETH": "Ether",
    "BASKET_EQUAL": "the market basket",
    "BASKET_LIQUID": "the liquid basket",
    "AI_OTHERS": "the other AI tokens",
}


# Numbers of the ledger's own records, as in "(record E012 with E011)", which the data keep and no reader can look up.
# Entity id -> name, where it is not the id with capitals; the names of the entity registry.
ENTITY_TITLES = {
    "fable": "Claude Fable",
    "mythos": "Claude Mythos",
    "openai": "OpenAI",
    "chatgpt": "ChatGPT",
    "google-deepmind": "Google DeepMind",
    "gemini": "Google Gemini",
    "xai": "xAI",
    "meta-ai": "Meta",
    "deepseek": "DeepSeek",
    "moonshot": "Moonshot AI",
    "mistral": "Mistral AI",
    "stability-ai": "Stability AI",
    "character-ai": "Character.AI",
    "clearview": "Clearview AI",
    "copilot": "Microsoft Copilot",
    "amd": "AMD",
    "asml": "ASML",
    "tsmc": "TSMC",
    "smic": "SMIC",
    "cnn": "CNN",
    "us-government": "US government",
    "us-commerce": "US Commerce Department",
    "us-congress": "US Congress",
    "us-senate": "US Senate",
    "us-states": "US states",
    "eu": "EU",
    "ireland-dpc": "Irish Data Protection Commission",
    "uk": "UK",
    "korea": "South Korea",
    "sec": "SEC",
    "cftc": "CFTC",
    "ftc": "FTC",
    "fdic": "FDIC",
    "occ": "OCC",
    "nist": "NIST",
    "esma": "ESMA",
    "fetch-ai": "Fetch.ai",
    "singularitynet": "SingularityNET",
    "near": "NEAR",
    "ton-cocoon": "Cocoon",
    "io-net": "io.net",
    "jetbrains-ai": "JetBrains AI",
    "elevenlabs": "ElevenLabs",
    "github": "GitHub",
    "gemini-exchange": "Gemini (exchange)",
    "huggingface": "Hugging Face",
    "covenant-ai": "Covenant AI",
    "softbank": "SoftBank",
}

_RECORD = re.compile(r" ?\((?:record )?[A-Z]\d{3}[^()]*\)")


@signs
def reader_words(reason: str | None) -> str:
    """An event's reason as readers see it: without the number of its record."""
    return _RECORD.sub("", reason or "")


@signs
def unmarked(text: str | None) -> str:
    """A sentence whose backticks mark commands, without them."""
    return (text or "").replace("`", "")


def category_label(category: str) -> str:
    """The category as a label."""
    words = category.replace("_", " ").capitalize().replace("Ai ", "AI ")
    return CATEGORY_TITLES.get(category, (words, ""))[0]


def category_inside(category: str) -> str:
    """The label inside a sentence; abbreviations keep their capitals."""
    label = category_label(category)
    return label[:1].lower() + label[1:]


def category_news(category: str) -> str:
    """What news of the category is called inside a sentence."""
    return CATEGORY_TITLES.get(category, ("", f"{category.replace('_', ' ')} news"))[1]


def statistic_name(statistic: str) -> str:
    """A test as the literature calls it."""
    return STATISTIC_TITLES.get(statistic, statistic.replace("_", " "))


def model_name(model: str) -> str:
    """An expected-return model in words."""
    return MODEL_TITLES.get(model, model.replace("_", " "))


def scenario_name(scenario: str) -> str:
    """A market of `aftershock study size` in words."""
    return SCENARIO_TITLES.get(scenario, scenario)


def role_name(role: str) -> str:
    """What a source of an event is to it."""
    return ROLE_TITLES.get(role, role)


def time_basis_name(basis: str) -> str:
    """Whose clock a time was read from."""
    return TIME_BASIS_TITLES.get(basis, basis)


def benchmark_name(benchmark_id: str) -> str:
    """A benchmark inside a sentence."""
    return BENCHMARK_TITLES.get(benchmark_id, benchmark_id)


def venue_name(market_id: str) -> str:
    """The venue of a market in words."""
    exchange = market_id.split(":", 1)[0]
    return VENUE_TITLES.get(exchange, exchange)


def market_name(market_id: str) -> str:
    """A market in words: the pair and its venue, or where its prices come from that no venue showed."""
    symbol = market_id.split(":", 1)[-1].split(":", 1)[0]
    if (venue := market_id.split(":", 1)[0]) in (OBSERVED, OWN):
        return f"{symbol}, {VENUE_TITLES[venue]}"
    return f"{symbol} on {venue_name(market_id)}"


def episode_name(episode: str) -> str:
    """The occasion that claims share, as a label: june-2026-restriction is June 2026 restriction."""
    return episode.replace("-", " ").capitalize()


def method_name(method: str) -> str:
    """A test of which token moves first in words; one without a title is its own name."""
    return METHOD_TITLES.get(method, method.replace("_", " ").capitalize())


def entity_name(entity_id: str) -> str:
    """An organisation, person or model in words."""
    return ENTITY_TITLES.get(entity_id, entity_id.replace("-", " ").title())


def asset_of(market_id: str) -> str:
    """The base symbol of a market id, for markets the registry does not know."""
    return market_id.split(":", 1)[-1].split("/", 1)[0]


def is_simulated_market(market_id: str) -> bool:
    """Whether the market belongs to a simulated venue."""
    return market_id.split(":", 1)[0].startswith("simulat")


# The six verdicts on a statement, strongest support first.
CANNOT_BE_TOLD = "cannot_be_told"
STATEMENT_VERDICT_TITLES = {
    "supported": "supported",
    "another_reading": "supported in another reading",
    "understated": "understated",
    "overstated": "overstated",
    "not_supported": "not supported",
    CANNOT_BE_TOLD: "cannot be told",
}
