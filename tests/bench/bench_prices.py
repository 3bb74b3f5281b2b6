"""Prices at scale: upsert beside plain append, an unchanged re-run, range reads, memory of a large import.

Run: python -m tests.bench.bench_prices [a b c d] [--rows N]   (N rows of the import in d, 50 million by default)
     python -m tests.bench.bench_prices --csv-gigabytes 5          (e: a CSV of that size, which is written first)
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from flows.context import RunContext
from flows.jobs.price_files import FileRequest, import_prices
from flows.settings import Settings
from flows.steps.prices import harvest_derivatives, plan_requests, update_prices
from ingest.prices.candles import parse_candles
from ingest.prices.fallback import fetch_with_fallback
from ingest.prices.registry import load_registry
from ingest.source import Source
from tests.replay.market import SimulatedMarket
from tests.replay.world import ReplayWorld
from warehouse.store.arrow import ArrowStream
from warehouse.store.candles import upsert_candles
from warehouse.store.connection import open_reader, open_writer
from warehouse.store.publish import publish
from warehouse.store.storage import CONFIG
from warehouse.tables.prices import CANDLE

NOW = datetime(2026, 6, 14, 10, 20, tzinfo=UTC)
SOURCE = Source("bench", "run", NOW)
N_SERIES = 20
APPEND_ROWS = 5_000_000
HOURS_OF_THREE_YEARS = 3 * 8_760
IMPORT_ROWS = 50_000_000
SERIES_ROWS = 1_000_000
OF_ONE = "market_id = 'binance:COIN7/USDT' and timeframe = '1h' and open_time_utc >= $start and open_time_utc < $end"


def make_series(number: int, n_rows: int, timeframe: str, seconds: int) -> pl.DataFrame:
    """Plausible bars of one series, ending before NOW."""
    random = np.random.default_rng(number)
    close = np.round(100 * np.exp(np.cumsum(random.normal(0, 0.0005, n_rows))), 4)
    width = np.round(np.abs(random.normal(0, 0.05, n_rows)), 4)
    first = np.datetime64("2026-06-01T00:00:00", "us") - np.timedelta64(n_rows * seconds, "s")
    return pl.DataFrame(
        {"open_time_utc": first + np.arange(n_rows) * np.timedelta64(seconds, "s"), "open_quote": close}
    ).select(
        pl.lit(f"binance:COIN{number}/USDT").alias("market_id"),
        pl.lit(timeframe).alias("timeframe"),
        pl.col("open_time_utc").dt.replace_time_zone("UTC"),
        "open_quote",
        pl.lit(close + width).alias("high_quote"),
        pl.lit(close - width).alias("low_quote"),
        pl.col("open_quote").alias("close_quote"),
        pl.lit(np.round(random.lognormal(3, 1, n_rows), 3)).alias("volume_base"),
    )


def bench_upsert(folder: Path) -> list[tuple[str, str, str]]:
    """(a) candles a processor second from parsed rows to committed upsert, beside DuckDB's plain append of the same.

    Processor seconds of all threads: a busy machine changes them little. Each is the median of three, taken in turn, in
    files of one storage version.
    """
    parts = [make_series(n, APPEND_ROWS // N_SERIES, "1m", 60) for n in range(N_SERIES)]
    whole = pl.concat([parse_candles(part, SOURCE).candles for part in parts])
    append_seconds, upsert_seconds = [], []
    for turn in range(3):
        plain, ours = folder / f"append{turn}.duckdb", folder / f"ours{turn}.duckdb"
        with duckdb.connect(str(plain), config=CONFIG) as connection:
            connection.execute("set TimeZone = 'UTC'")
            connection.register("given", ArrowStream(whole))
            connection.execute("create table candle as select * from given limit 0")
            append_seconds.append(
                processor_seconds(lambda: connection.execute("insert into candle select * from given"))
            )
            connection.execute("checkpoint")
        with open_writer(ours, 1) as warehouse:
            upsert_seconds.append(processor_seconds(lambda: upsert_candles(warehouse, whole)))
            started = time.process_time()
            again = upsert_candles(warehouse, whole)
            again_seconds = time.process_time() - started
            warehouse.connection.execute("checkpoint")
    rate = APPEND_ROWS / statistics.median(upsert_seconds)
    append_rate = APPEND_ROWS / statistics.median(append_seconds)
    size = ours.stat().st_size / plain.stat().st_size
    return [
        ("a upsert of 5 M new rows", f"{rate:,.0f} rows/cpu-s = {rate / append_rate:.2f} x append", ">= 0.75 x"),
        ("a plain append", f"{append_rate:,.0f} rows/cpu-s", ""),
        ("a size of the file", f"{ours.stat().st_size / 2**20:.0f} MB = {size:.2f} x append", "<= 2.2 x"),
        ("a the same 5 M rows again", f"{again_seconds:.1f} cpu-s, {again.n_changed} written", "0 written"),
    ]


def processor_seconds(call: Callable[[], object]) -> float:
    """Processor seconds of all threads of a call."""
    started = time.process_time()
    call()
    return time.process_time() - started


def bench_rerun(folder: Path) -> list[tuple[str, str, str]]:
    """(b) an unchanged re-run of all series beside the pure request time."""
    market = SimulatedMarket(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 6, 20, tzinfo=UTC))
    registry = load_registry(None)
    with ReplayWorld(NOW, market) as world, open_writer(folder / "rerun.duckdb", 1) as warehouse:
        own = Settings(folder, world.url, False, 1, None, None)
        context = RunContext(own, warehouse, "bench", NOW, lambda _text: None)
        update_prices(context)

        def ask() -> None:
            groups = plan_requests(warehouse, registry, NOW)
            fetch_with_fallback(registry.venues, groups, NOW, replay_url=world.url, deadline_seconds=120)
            harvest_derivatives(context, registry, frozenset())

        changed = []
        whole = best_of(3, lambda: changed.append(update_prices(context).n_changed))
        requests = best_of(3, ask)
    return [
        ("b unchanged re-run", f"{whole:.2f} s, {max(changed)} rows written", "0 written"),
        ("b beside its requests alone", f"{requests:.2f} s -> {whole / requests:.2f} x", "<= 1.3 x"),
    ]


def bench_reads(folder: Path) -> list[tuple[str, str, str]]:
    """(c) a range of one series, and a returns matrix of 20 series of three years of hours, from the published file."""
    published = folder / "published.duckdb"
    with open_writer(folder / "reads.duckdb", 1) as warehouse:
        for number in range(N_SERIES):
            rows = make_series(number, HOURS_OF_THREE_YEARS, "1h", 3600)
            upsert_candles(warehouse, parse_candles(rows, SOURCE).candles)
        publish(warehouse, folder / "reads.duckdb", published)
    start, end = NOW - timedelta(days=400), NOW - timedelta(days=200)
    with open_reader(published) as reader:
        one = best_of(5, lambda: reader.frame(CANDLE, where=OF_ONE, order_by="open_time_utc", start=start, end=end))

        def matrix() -> None:
            frame = reader.query("closes", timeframe="1h", start=NOW - timedelta(days=1200), end=NOW)
            stamps = frame["open_time_utc"].to_physical().to_numpy() // 3_600_000_000
            rows = frame["market_id"].cast(pl.Categorical).to_physical().to_numpy()
            close = np.full((N_SERIES, stamps.max() - stamps.min() + 1), np.nan)
            close[rows, stamps - stamps.min()] = frame["close_quote"].to_numpy()
            np.diff(np.log(close))

        many = best_of(5, matrix)
    return [
        ("c one series, 200 days of hours", f"{one * 1000:.0f} ms", "<= 50 ms"),
        ("c returns of 20 series x 3 years", f"{many * 1000:.0f} ms", "<= 300 ms"),
    ]


def bench_memory(folder: Path, n_rows: int) -> list[tuple[str, str, str]]:
    """(d) peak memory of a large import, in its own process."""
    path = folder / "large.parquet"
    write_large(path, n_rows, SERIES_ROWS)
    peak, seconds = measure_import(path, folder)
    words = f"peak {peak:.2f} GB, {n_rows / seconds:,.0f} rows/s"
    return [(f"d import of {n_rows / 1e6:.0f} M rows", words, "< 2 GB")]


def bench_csv(folder: Path, gigabytes: float) -> list[tuple[str, str, str]]:
    """(e) peak memory of the import of one large CSV, in its own process."""
    path = folder / "large.csv"
    n_rows = write_large_csv(path, gigabytes)
    peak, seconds = measure_import(path, folder)
    words = f"peak {peak:.2f} GB, {n_rows / 1e6:.1f} M rows in {seconds:.0f} s, {n_rows / seconds:,.0f} rows/s"
    return [(f"e import of a CSV of {path.stat().st_size / 1e9:.2f} GB", words, "< 1 GB")]


def measure_import(path: Path, home: Path) -> tuple[float, float]:
    """Peak memory in GB, and seconds, of an import in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.bench_prices", "--import-file", str(path), "--home", str(home)]
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout.split()[-1]) / 2**20, time.perf_counter() - started


def write_large(path: Path, n_rows: int, per_series: int) -> None:
    """A Parquet file of many series, made series by series and joined without holding it in memory."""
    parts = path.parent / "parts"
    parts.mkdir()
    for number in range(max(n_rows // per_series, 1)):
        make_series(number, min(per_series, n_rows), "1m", 60).with_columns(
            pl.lit("binance").alias("exchange"), pl.lit(f"COIN{number}/USDT").alias("symbol")
        ).drop("market_id").write_parquet(parts / f"{number:03}.parquet")
    pl.scan_parquet(parts / "*.parquet").sink_parquet(path, row_group_size=250_000)
    shutil.rmtree(parts)


def write_large_csv(path: Path, gigabytes: float) -> int:
    """A CSV of at least `gigabytes` with as many series as that takes, written series by series; returns its rows."""
    n_series = 0
    with path.open("wb") as file:
        while file.tell() < gigabytes * 1e9:
            make_series(n_series, SERIES_ROWS, "1m", 60).with_columns(
                pl.lit("binance").alias("exchange"), pl.lit(f"COIN{n_series}/USDT").alias("symbol")
            ).drop("market_id").write_csv(file, include_header=n_series == 0)
            n_series += 1
    return n_series * SERIES_ROWS


def import_file(path: Path, home: Path) -> None:
    """Import and print the peak memory of this process in kilobytes."""
    own = Settings(home, None, True, 1, None, None)
    with open_writer(home / "large.duckdb", 1) as warehouse:
        import_prices(RunContext(own, warehouse, "bench", NOW, lambda _text: None), FileRequest((path,)))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def best_of(n_times: int, call: Callable[[], object]) -> float:
    """Median seconds of `n_times` calls."""
    seconds = []
    for _ in range(n_times):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def main() -> None:
    """Run the chosen parts and print one line a measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=["a", "b", "c", "d"])
    parser.add_argument("--rows", type=int, default=IMPORT_ROWS)
    parser.add_argument("--csv-gigabytes", type=float)
    parser.add_argument("--import-file", type=Path)
    parser.add_argument("--home", type=Path)
    chosen = parser.parse_args()
    if chosen.import_file:
        import_file(chosen.import_file, chosen.home)
        return
    benches: dict[str, Callable[[Path], list[tuple[str, str, str]]]] = {
        "a": bench_upsert,
        "b": bench_rerun,
        "c": bench_reads,
        "d": lambda folder: bench_memory(folder, chosen.rows),
    }
    if chosen.csv_gigabytes is not None:
        benches = {"e": lambda folder: bench_csv(folder, chosen.csv_gigabytes)}
        chosen.parts = ["e"]
    for part in chosen.parts:
        with tempfile.TemporaryDirectory() as folder:
            for name, measured, wanted in benches[part](Path(folder)):
                print(f"{name:36} {measured:48} {wanted}", flush=True)


if __name__ == "__main__":
    main()
