"""`kill -9` at random instants while venues and feeds misbehave: what was stored stays, and the end is the same."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from tests.replay.exchanges import Fault
from tests.replay.feeds import FeedWorld, cut_off, html_page, simulated_sources, slow, status
from tests.replay.market import SimulatedMarket
from tests.replay.world import ReplayWorld
from tests.torture.counted import KILLS, note, number
from warehouse.store.connection import open_reader, open_writer
from warehouse.tables.news import ENTRY
from warehouse.tables.ops import RUN
from warehouse.tables.prices import CANDLE

pytestmark = pytest.mark.slow

STEPS = "bundle,prices,news,events,checks,publish"
NOW = datetime(2026, 6, 20, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
LIMIT_SECONDS = 120
RUN_STEPS = """
import sys
from datetime import datetime
from flows.pipeline import run_pipeline
from flows.settings import load_settings
run_pipeline(load_settings(), datetime.fromisoformat(sys.argv[1]), say=lambda _line: None, names=sys.argv[2].split(","))
"""
VENUE_FAULTS = ("429", "503", "slow", "cut_off", "html_200", "truncated", "garbage", "duplicated", "unordered", "empty")
FEED_FAULTS = (status(503), status(429), html_page, cut_off, slow(0.5))
VENUES = ("binance", "binanceusdm", "okx", "kucoin", "coinbase", "kraken")

# What does not depend on when it was seen.
SAME = {
    CANDLE.name: "market_id, timeframe, open_time_utc, close_quote, volume_base",
    ENTRY.name: "entry_id, title, published_at_utc",
    "core.event": "event_id, title, category, best_at_utc",
}


@contextmanager
def world(faults: random.Random | None = None) -> Iterator[ReplayWorld]:
    """Venues and feeds on loopback; with `faults` each misbehaves half of the time, in a way that changes."""
    feeds = FeedWorld(NOW, simulated_sources())
    market = SimulatedMarket(NOW - timedelta(days=6), LATER, assets=("BTC", "ETH", "TAO"))
    with ReplayWorld(NOW, market, mounts={"/feed": feeds.handle}) as found:
        if faults is not None:
            spoil(found, feeds, faults)
        yield found


def spoil(found: ReplayWorld, feeds: FeedWorld, dice: random.Random) -> None:
    """Set faults anew."""
    found.exchanges.faults = {name: Fault(dice.choice(VENUE_FAULTS)) for name in VENUES if dice.random() < 0.5}
    feeds.faults = {name: dice.choice(FEED_FAULTS) for name in feeds.sources if dice.random() < 0.5}


def start(home: Path, url: str, now: datetime) -> subprocess.Popen[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AFTERSHOCK_", "PREFECT_"))}
    return subprocess.Popen(
        [sys.executable, "-c", RUN_STEPS, now.isoformat(), STEPS],
        env={**inherited, "AFTERSHOCK_HOME": str(home), "AFTERSHOCK_REPLAY_URL": url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(home: Path, url: str, now: datetime) -> float:
    """Run to the end; returns the seconds that it took."""
    began = time.monotonic()
    process = start(home, url, now)
    _, words = process.communicate(timeout=LIMIT_SECONDS)
    assert process.returncode == 0, words[-2000:]
    return time.monotonic() - began


def stored(home: Path) -> dict[str, set[tuple[object, ...]]]:
    with duckdb.connect(str(home / "aftershock.duckdb"), read_only=True) as connection:
        return {
            table: set(connection.execute(f"select {columns} from {table}").fetchall())
            for table, columns in SAME.items()
        }


def count_rows(home: Path) -> tuple[int, int]:
    """Candles and headlines in the warehouse, which whoever opens it next can read whole."""
    with open_writer(home / "warehouse.duckdb", 5) as warehouse:
        assert warehouse.digest(CANDLE)
        assert warehouse.digest(ENTRY)
        return warehouse.frame(CANDLE).height, warehouse.frame(ENTRY).height


def test_kills_at_any_instant_amid_faults_lose_nothing(tmp_path: Path) -> None:
    calm, home, dice = tmp_path / "calm", tmp_path / "home", random.Random(7)
    with world() as quiet:
        finish(calm, quiet.url, NOW - timedelta(hours=30))
        seconds = finish(home, quiet.url, NOW - timedelta(hours=30))
    n_kills, n_ended, before = number(KILLS, 4), 0, count_rows(home)
    published = stored(home)
    for turn in range(n_kills):
        with world(dice) as stormy:
            process = start(home, stormy.url, NOW + timedelta(seconds=turn))
            try:
                process.communicate(timeout=dice.uniform(0.2, 1.2 * seconds))
                n_ended += 1
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate(timeout=LIMIT_SECONDS)
        after = count_rows(home)
        assert after >= before, f"kill {turn} lost rows"
        before = after
        with open_reader(home / "aftershock.duckdb") as reader:
            assert reader.digest(CANDLE)
    assert set(published[ENTRY.name]) <= stored(home)[ENTRY.name]
    with world() as quiet:
        quiet.move_to(LATER)
        finish(calm, quiet.url, LATER)
        finish(home, quiet.url, LATER)
    assert {name: rows ^ stored(calm)[name] for name, rows in stored(home).items()} == {name: set() for name in SAME}
    with open_reader(home / "aftershock.duckdb") as reader:
        assert reader.frame(RUN, "outcome = 'running'").is_empty()
    note("kill -9 at random instants, amid network faults", n_kills, n_ended, 0)
