"""Funding and open interest come whole from every venue that has them, in coins; a venue that fails stops no other."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
import stamina

from ingest.prices.derivatives import VENUE_MEMORY_DAYS, DerivativesHarvest, fetch_derivatives, watched_contracts
from ingest.prices.exchange import offers
from ingest.prices.registry import load_registry
from ingest.source import Source
from tests.replay import wires_bitget_mexc
from tests.replay.exchanges import Fault
from tests.replay.market import SimulatedMarket
from tests.replay.world import ReplayWorld

NOW = datetime(2026, 6, 14, 10, 20, tzinfo=UTC)
VENUES = ("binanceusdm", "bybit", "gate", "kucoin", "okx")
WORLD = SimulatedMarket(
    datetime(2026, 3, 1, tzinfo=UTC),
    datetime(2026, 6, 20, tzinfo=UTC),
    assets=("BTC", "TAO"),
    quotes=[*((venue, "{}/USDT:USDT") for venue in VENUES), ("binance", "{}/USDT"), ("coinbase", "{}/USD")],
)
REGISTRY = load_registry(None)


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2, cap=True):
        yield


def fetch(
    faults: Mapping[str, Fault] | None = None,
    seen: Mapping[tuple[str, str], datetime] | None = None,
    now: datetime = NOW,
) -> tuple[DerivativesHarvest, int]:
    with ReplayWorld(now, WORLD, faults) as world:
        harvest = fetch_derivatives(
            list(REGISTRY.venues.values()),
            {name: watched_contracts(REGISTRY, name) for name in REGISTRY.venues},
            seen or {},
            Source("exchange", "run", now),
            replay_url=world.url,
            deadline_seconds=20,
        )
        return harvest, len(world.requests)


def test_every_venue_gives_a_whole_month_of_both_histories_in_coins() -> None:
    harvest, _ = fetch()
    assert harvest.problems == []
    markets = sorted(f"{venue}:TAO/USDT:USDT" for venue in VENUES)
    first = NOW - timedelta(days=VENUE_MEMORY_DAYS)
    for market in markets:
        settled = harvest.funding.filter(market_id=market)["funding_time_utc"].sort()
        hours = harvest.open_interest.filter(market_id=market).sort("observed_at_utc")
        assert settled.len() == VENUE_MEMORY_DAYS * 3, market
        assert hours.height == VENUE_MEMORY_DAYS * 24, market
        assert hours["observed_at_utc"].diff().drop_nulls().unique().to_list() == [timedelta(hours=1)], market
        assert hours["observed_at_utc"][0] - first < timedelta(hours=1), market
        assert hours["open_interest_base"].unique().to_list() == [pytest.approx(1000.5)], market
    assert sorted(harvest.funding["market_id"].unique()) == markets
    assert sorted(harvest.open_interest["market_id"].unique()) == markets


def test_a_venue_without_these_histories_is_left_out_without_a_word() -> None:
    assert not offers("kraken", "fetchFundingRateHistory")
    assert not offers("coinbase", "fetchOpenInterestHistory")
    assert not offers("no_such_venue", "fetchFundingRateHistory")
    with ReplayWorld(NOW, WORLD) as world:
        harvest = fetch_derivatives(
            [REGISTRY.venues["kraken"], REGISTRY.venues["coinbase"]],
            {"kraken": ["TAO/USD:USD"], "coinbase": ["TAO/USDC:USDC"]},
            {},
            Source("exchange", "run", NOW),
            replay_url=world.url,
            deadline_seconds=20,
        )
        assert world.requests == []
    assert (harvest.problems, harvest.funding.height, harvest.open_interest.height) == ([], 0, 0)


@pytest.mark.parametrize("kind", ["451", "html_200", "500", "garbage", "cut_off", "truncated"])
def test_a_venue_that_fails_is_one_line_and_the_others_are_whole(kind: str) -> None:
    harvest, _ = fetch({"okx": Fault(kind)})
    assert [line.split(",")[0] for line in harvest.problems] == ["okx"]
    assert harvest.funding["market_id"].n_unique() == len(VENUES) - 1
    assert harvest.open_interest.height == VENUE_MEMORY_DAYS * 24 * (len(VENUES) - 1)


def test_one_history_that_fails_leaves_the_other_of_the_same_venue() -> None:
    harvest, _ = fetch({"bybit": Fault("500", path="/open-interest")})
    [line] = harvest.problems
    assert line.startswith("bybit, funding and open interest: open interest: bybit TAO/USDT:USDT")
    assert harvest.funding.filter(market_id="bybit:TAO/USDT:USDT").height == VENUE_MEMORY_DAYS * 3
    assert "bybit:TAO/USDT:USDT" not in harvest.open_interest["market_id"].to_list()


def test_a_venue_that_is_too_slow_is_cut_off_at_its_deadline() -> None:
    with ReplayWorld(NOW, WORLD, {"gate": Fault("slow")}) as world:
        harvest = fetch_derivatives(
            [REGISTRY.venues["gate"], REGISTRY.venues["bybit"]],
            {"gate": ["TAO/USDT:USDT"], "bybit": ["TAO/USDT:USDT"]},
            {},
            Source("exchange", "run", NOW),
            replay_url=world.url,
            deadline_seconds=2,
        )
    assert harvest.problems == ["gate, funding and open interest: took longer than 2 s; the rest next run"]
    assert harvest.open_interest["market_id"].unique().to_list() == ["bybit:TAO/USDT:USDT"]


def test_what_is_known_is_not_fetched_again() -> None:
    recent = NOW - timedelta(hours=9)
    seen = {(f"{venue}:TAO/USDT:USDT", kind): recent for venue in VENUES for kind in ("funding", "open_interest")}
    _, n_whole = fetch()
    harvest, n_requests = fetch(seen=seen)
    assert n_requests < n_whole
    assert harvest.funding.group_by("market_id").len()["len"].unique().to_list() == [1]
    assert harvest.open_interest["observed_at_utc"].min() == NOW.replace(hour=2, minute=0)


def test_after_a_long_pause_open_interest_is_asked_for_as_far_back_as_venues_keep_it() -> None:
    long_ago = NOW - timedelta(days=80)
    seen = {(f"{venue}:TAO/USDT:USDT", kind): long_ago for venue in VENUES for kind in ("funding", "open_interest")}
    harvest, _ = fetch(seen=seen)
    counts = {
        table: frame.group_by("market_id").len()["len"].unique().to_list()
        for table, frame in (("funding", harvest.funding), ("interest", harvest.open_interest))
    }
    assert counts == {"funding": [80 * 3], "interest": [VENUE_MEMORY_DAYS * 24]}


def test_a_full_page_is_asked_for_again_in_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.replay.wires_derivatives.settlements", lambda bars: bars)
    harvest, _ = fetch()
    hourly = harvest.funding.filter(pl.col("market_id") != "binanceusdm:TAO/USDT:USDT")
    assert hourly.group_by("market_id").len()["len"].unique().to_list() == [VENUE_MEMORY_DAYS * 24]


NUMBERED = ("bitget", "mexc")
FUNDING_ONLY = SimulatedMarket(
    datetime(2026, 3, 1, tzinfo=UTC),
    datetime(2026, 6, 20, tzinfo=UTC),
    assets=("BTC", "TAO"),
    quotes=[*((venue, "{}/USDT:USDT") for venue in NUMBERED), ("hyperliquid", "{}/USDC:USDC")],
)


def fetch_funding_only(since: datetime, faults: Mapping[str, Fault] | None = None) -> DerivativesHarvest:
    contracts = {"bitget": ["TAO/USDT:USDT"], "mexc": ["TAO/USDT:USDT"], "hyperliquid": ["TAO/USDC:USDC"]}
    seen = {(f"{venue}:{symbols[0]}", "funding"): since for venue, symbols in contracts.items()}
    with ReplayWorld(NOW, FUNDING_ONLY, faults) as world:
        return fetch_derivatives(
            [REGISTRY.venues[venue] for venue in contracts],
            contracts,
            seen,
            Source("exchange", "run", NOW),
            replay_url=world.url,
            deadline_seconds=20,
        )


def test_funding_counted_in_pages_from_the_newest_comes_whole_after_a_long_pause() -> None:
    harvest = fetch_funding_only(NOW - timedelta(days=80))
    assert harvest.problems == []
    assert harvest.open_interest.height == 0  # these venues tell no history of it
    counts = dict(harvest.funding.group_by("market_id").len().iter_rows())
    assert counts == {
        "bitget:TAO/USDT:USDT": 80 * 3,
        "mexc:TAO/USDT:USDT": 80 * 3,
        "hyperliquid:TAO/USDC:USDC": 80 * 24,
    }


@pytest.mark.parametrize("venue", NUMBERED)
def test_a_venue_that_gives_its_first_page_again_is_one_line(venue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plain_number = wires_bitget_mexc.number
    monkeypatch.setattr(
        wires_bitget_mexc,
        "number",
        lambda request, name: 1 if name in ("pageNo", "page_num") else plain_number(request, name),
    )
    harvest = fetch_funding_only(NOW - timedelta(days=80))
    assert sorted(line.split(",")[0] for line in harvest.problems) == sorted(NUMBERED)
    assert all("the same rows again as page 2" in line for line in harvest.problems)
    assert harvest.funding.filter(pl.col("market_id").str.starts_with(venue)).height == 100
