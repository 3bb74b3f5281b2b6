"""Commands without a terminal say every failure: a line on stderr, a note in the table, exit code 3."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.command import ENTRY, run_aftershock
from tests.flows.test_news_history import Archive
from tests.replay.exchanges import Fault
from tests.replay.market import SimulatedMarket
from tests.replay.server import ReplayServer
from tests.replay.world import ReplayWorld
from warehouse.store.connection import open_writer
from warehouse.tables.ops import RUN

NOW = datetime(2026, 6, 14, 10, 20, tzinfo=UTC)
WORLD = SimulatedMarket(
    datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 20, tzinfo=UTC), assets=("BTC", "TAO"),
    quotes=[
        ("binance", "{}/USDT"), ("binanceusdm", "{}/USDT:USDT"), ("okx", "{}/USDT:USDT"), ("kucoin", "{}/USDT"),
        ("coinbase", "{}/USD"), ("kraken", "{}/USD"),
    ],
)  # fmt: skip
# Prices and publication alone: the other steps ask no exchange.
PRICES_ALONE = (
    "import flows.pipeline as p; p.STEPS = tuple(s for s in p.STEPS if s[0] in ('prices', 'checks', 'publish'));"
    + ENTRY
)


def test_a_run_names_each_venue_that_failed_and_strict_ends_with_three(tmp_path: Path) -> None:
    faults = {
        "binance": Fault("418", path="klines"),
        "coinbase": Fault("403", path="candles"),
        "kraken": Fault("503", path="OHLC"),
        "kucoin": Fault("503", times=1, path="candles"),
        "okx": Fault("403", path="funding-rate-history"),
    }
    with ReplayWorld(NOW, WORLD, faults) as world:
        done = run_aftershock(
            tmp_path, "run", "--strict", "--now", NOW.isoformat(), code=PRICES_ALONE, AFTERSHOCK_REPLAY_URL=world.url
        )
    said = done.stderr + done.stdout
    assert done.returncode == 3, said
    for venue, words in (
        ("binance", "bans this address for now (418, for 120 s)"),
        ("coinbase", "refuses us (403)"),
        ("kraken", "is not available"),
        ("okx, funding and open interest", "refuses us (403)"),
    ):
        assert any(line.startswith(f"! {venue}") and words in line for line in said.splitlines()), said
    assert "! kucoin" not in said  # it failed once and answered then
    with open_writer(tmp_path / "warehouse.duckdb", 1) as writer:
        [outcome] = writer.frame(RUN)["outcome"]
        assert outcome != "running"


def test_a_venue_that_fails_once_costs_a_retry_and_no_failure(tmp_path: Path) -> None:
    with ReplayWorld(NOW, WORLD, {"binance": Fault("503", times=1, path="klines")}) as world:
        done = run_aftershock(
            tmp_path, "backfill", "--asset", "TAO", "--since", "2026-06-10", "--until", "2026-06-12", "--exchange",
            "binance", "--format", "json", AFTERSHOCK_REPLAY_URL=world.url,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "1 retry" in done.stderr
    [row] = json.loads(done.stdout)
    assert (row["n_new"], row["note"]) == (48, "")


def test_a_news_archive_that_fails_is_named_and_ends_with_three(tmp_path: Path) -> None:
    archive = Archive()
    archive.n_answers_before_failure = 1
    since = (datetime.now(UTC) - timedelta(days=40)).date().isoformat()
    with ReplayServer({"": archive.handle}) as server:
        done = run_aftershock(
            tmp_path, "backfill", "news", "--since", since, "--source", "register", AFTERSHOCK_REPLAY_URL=server.url
        )
    assert done.returncode == 3, done.stderr
    assert any("503" in line for line in done.stderr.splitlines())


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_backfill_that_is_killed_leaves_no_run_that_runs(tmp_path: Path, how: signal.Signals) -> None:
    """One that could not say goodbye is closed by the next command."""
    arguments = [
        "backfill",
        "--asset",
        "TAO",
        "--since",
        "2026-06-10",
        "--until",
        "2026-06-12",
        "--exchange",
        "binance",
    ]
    with ReplayWorld(NOW, WORLD, {"binance": Fault("slow", path="klines")}) as world:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AFTERSHOCK_", "PREFECT_"))}
        own = {**inherited, "AFTERSHOCK_HOME": str(tmp_path), "AFTERSHOCK_REPLAY_URL": world.url}
        process = subprocess.Popen(
            [sys.executable, "-c", ENTRY, *arguments], env=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 120
        while not any("klines" in request.said for request in world.requests) and time.monotonic() < deadline:
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
            assert process.returncode is None
        process.send_signal(how)
        process.wait(60)
        world.exchanges.faults = {}
        again = run_aftershock(tmp_path, *arguments, AFTERSHOCK_REPLAY_URL=world.url)
    assert again.returncode == 0, again.stderr
    with open_writer(tmp_path / "warehouse.duckdb", 1) as writer:
        outcomes = writer.frame(RUN, order_by="started_at_utc")["outcome"].to_list()
    assert outcomes in (["killed", "done"], ["crashed", "done"])
