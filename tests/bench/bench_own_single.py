"""Seconds that `study csv --single` takes for 500 series of 9,000 hours with an event each, in one call.

Run: python -m tests.bench.bench_own_single
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

N_SERIES, N_HOURS = 500, 9_000
CALL = "import sys; sys.argv[0] = 'aftershock'; from flows.cli import main; main()"


def write_tables(folder: Path) -> None:
    """Prices of all series and of their benchmark, and one event a series near the end."""
    rng = np.random.default_rng(1)
    first = datetime(2025, 1, 1, tzinfo=UTC)
    opens = [(first + timedelta(hours=hour)).strftime("%Y-%m-%dT%H:%M:%SZ") for hour in range(N_HOURS)]
    market = rng.standard_t(4, N_HOURS) * 0.005
    returns = 0.8 * market[:, None] + rng.standard_t(4, (N_HOURS, N_SERIES)) * 0.008
    prices = 100.0 * np.exp(np.cumsum(returns, axis=0))
    columns = {f"s{number}": prices[:, number] for number in range(N_SERIES)}
    pl.DataFrame({"open_time_utc": opens, **columns}).write_parquet(folder / "prices.parquet")
    pl.DataFrame({"open_time_utc": opens, "m": 100.0 * np.exp(np.cumsum(market))}).write_csv(folder / "market.csv")
    events = {
        "event_id": [f"e{number}" for number in range(N_SERIES)],
        "asset": list(columns),
        "date": [opens[8_500 + number % 300] for number in range(N_SERIES)],
    }
    pl.DataFrame(events).write_csv(folder / "events.csv")


def main() -> None:
    """Print the seconds of one call and how many events have single numbers."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_tables(folder)
        tables = {"prices": "prices.parquet", "market": "market.csv", "events": "events.csv"}
        options = [part for option, file in tables.items() for part in (f"--{option}", str(folder / file))]
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", CALL, "study", "csv", *options, "--estimation=-720:-1", "--window=0:23", "--single"],
            capture_output=True,
            check=True,
            text=True,
        )
        seconds = time.perf_counter() - started
    events = json.loads(done.stdout)["events"]
    n_single = sum(event["single"]["estimate"] is not None for event in events)
    print(f"{N_SERIES} series x {N_HOURS} hours: {seconds:.1f} s, {n_single} events with single numbers")


if __name__ == "__main__":
    main()
