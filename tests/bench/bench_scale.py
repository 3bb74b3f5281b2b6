"""Unit costs of the lake and of studies beyond one process, in one run: what docs/scale.md reckons with.

Run: python tests/bench/bench_scale.py [--days 90]; needs the extra `scale`. Bars are drawn, 1-minute bars of 8 markets.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl

from tests.flows.shipped import open_shipped
from warehouse.store.connection import Warehouse, open_writer
from warehouse.tables.prices import CANDLE

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTES_A_DAY, N_MARKETS = 1_440, 8
WINDOW_HOURS, ESTIMATION_HOURS, MINIMUM_HOURS = 1.0, 24.0, 12.0
N_HEAVY_EVENTS = 20  # the last ones of the ledger before the shipped bars end
KIBIBYTES_A_GIGABYTE = 1_000_000
# What would let one worker use the core of the other.
THREADS = ("NUMBA_NUM_THREADS", "POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def draw_candles(n_days: int) -> pl.DataFrame:
    """1-minute bars with prices on a grid of ticks, the first market BTC."""
    rng, n = np.random.default_rng(20260612), n_days * MINUTES_A_DAY
    times = pl.datetime_range(START, START + timedelta(minutes=n - 1), "1m", time_zone="UTC", eager=True)
    frames = []
    for number in range(N_MARKETS):
        close = np.round(300.0 * np.exp(np.cumsum(rng.normal(0, 0.0006, n))), 2)
        name = "binance:BTC/USDT" if number == 0 else f"binance:T{number}/USDT"
        frames.append(
            pl.DataFrame({"open_time_utc": times, "close_quote": close}).with_columns(
                pl.lit(name).alias("market_id"),
                pl.lit("1m").alias("timeframe"),
                *(pl.col("close_quote").alias(column) for column in ("open_quote", "high_quote", "low_quote")),
                pl.lit(rng.integers(1, 10_000, n).astype(float)).alias("volume_base"),
                pl.lit("exchange").alias("source_id"),
                pl.lit(START).alias("first_seen_at_utc"),
                pl.lit("bench").alias("run_id"),
                pl.lit(False).alias("is_revised"),
            )
        )
    return CANDLE.conform(pl.concat(frames).select(CANDLE.column_names))


def show(what: str, seconds: float, rate: str) -> None:
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIBIBYTES_A_GIGABYTE
    print(f"{what:44}{seconds:8.2f} s  {rate:34}{memory:6.2f} GB so far", flush=True)


def bench_lake(warehouse: Warehouse, folder: Path, candles: pl.DataFrame) -> None:
    """First publication, nothing new, one changed value, and one market's day read back."""
    from warehouse.lake.layout import LakeAddress
    from warehouse.lake.publish import publish_table
    from warehouse.lake.reading import mounted, scan_table
    from warehouse.lake.release import read_release, write_release

    address = LakeAddress(str(folder / "lake"))
    for what in ("publish everything", "publish nothing new", "publish one changed value"):
        if what == "publish one changed value":
            warehouse.merge(CANDLE, candles.head(1).with_columns(close_quote=pl.lit(1.0)))
        started = time.perf_counter()
        done = publish_table(warehouse, CANDLE, address)
        seconds = time.perf_counter() - started
        show(what, seconds, f"{done.n_parts_written} of {done.n_parts} months written")
    n_bytes = sum(file.stat().st_size for file in Path(address.of(CANDLE.name)).rglob("*.parquet"))
    print(f"{'bytes a row':44}{n_bytes / candles.height:8.1f}", flush=True)
    write_release(address, {CANDLE.name: done.version}, START)
    release = read_release(address)
    day = (pl.col("market_id") == "binance:T1/USDT") & (pl.col("open_time_utc") < START + timedelta(days=1))
    started = time.perf_counter()
    rows = scan_table(release, CANDLE).filter(day).collect().height
    show("one market's day, by polars", time.perf_counter() - started, f"{rows} rows")
    with mounted(release) as lake:
        started = time.perf_counter()
        rows = lake.frame(CANDLE, "market_id = 'binance:T1/USDT' and open_time_utc < '2026-01-02'").height
        show("one market's day, by DuckDB", time.perf_counter() - started, f"{rows} rows")


def bench_placebos(candles: pl.DataFrame) -> None:
    """Every bar of a market a placebo start, in one process."""
    from analysis.single.window.ordinary import measure_ordinary
    from analysis.tape.returns import build_return_grid
    from analysis.tape.series import align_series

    grid = build_return_grid(candles, timedelta(minutes=1))
    series = align_series(grid, "binance:T1/USDT", ["binance:BTC/USDT"])
    if series is None:
        raise SystemExit("too few days for a series")
    for what in ("placebos of one market, compiling", "placebos of one market"):
        started = time.perf_counter()
        n = int(measure_ordinary(series, WINDOW_HOURS, ESTIMATION_HOURS, MINIMUM_HOURS)["n_windows"][0])
        seconds = time.perf_counter() - started
        show(what, seconds, f"{n / seconds / 1e6:.2f} M windows a second")


@contextlib.contextmanager
def started_cluster(folder: Path, n_workers: int) -> Iterator[str]:
    """The address of a scheduler with workers of one thread, on loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address, root = f"tcp://127.0.0.1:{port}", Path(__file__).parents[2]
    words = os.environ | {"PYTHONPATH": str(root)} | dict.fromkeys(THREADS, "1")
    place = ["--nthreads", "1", "--no-dashboard", "--local-directory", str(folder / "work")]
    commands = [["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]]
    commands += [["worker", address, *place] for _ in range(n_workers)]
    quiet, children = subprocess.DEVNULL, []
    try:
        for command in commands:
            children.append(
                subprocess.Popen(
                    [sys.executable, "-m", "dask", *command],
                    env=words,
                    stdout=quiet,
                    stderr=quiet,
                    start_new_session=True,
                )
            )
        yield address
    finally:
        for child in children:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def bench_cluster(folder: Path) -> None:
    """Every expected-return model fitted to events of the record by token, here, on one worker and on two."""
    from flows.cluster.connect import connected
    from flows.cluster.fan_out import fan_out
    from flows.cluster.runs import choose_source, model_tasks
    from flows.cluster.tasks import model_rows
    from flows.desk.lake import publish_lake
    from flows.steps.publish import publish_warehouse

    os.environ["AFTERSHOCK_HOME"] = str(folder / "home")
    with open_shipped(folder / "home") as run:
        publish_warehouse(run)
        recent = run.warehouse.sql(
            "select event_id from core.event where origin = 'ledger' and best_at_utc < (select max(open_time_utc) - "
            f"interval 2 day from core.candle) order by best_at_utc desc limit {N_HEAVY_EVENTS}"
        )
    publish_lake(str(folder / "record"), [], lambda _line: None)
    source = choose_source(str(folder / "record"), None)
    tasks = model_tasks(source, recent["event_id"].to_list(), None)
    found, seconds = [], []
    for n_workers in (0, 1, 2):
        with contextlib.ExitStack() as stack:
            client = None
            if n_workers:
                address = stack.enter_context(started_cluster(folder, n_workers))
                client = stack.enter_context(connected(address))
                client.wait_for_workers(n_workers)
                # Imports, compiled code and the record, once a worker.
                workers = list(client.scheduler_info()["workers"])
                client.gather([client.submit(model_rows, *tasks[0], workers=[name], pure=False) for name in workers])
            else:
                model_rows(*tasks[0])
            started = time.perf_counter()
            parts = folder / f"parts{n_workers}"
            frames = fan_out(client, model_rows, tasks, folder=parts, algorithm="bench", say=lambda _line: None)
            found.append(pl.concat(list(frames)))
            seconds.append(time.perf_counter() - started)
        where = f"{n_workers} workers" if n_workers else "this process"
        is_equal = "equal rows" if found[-1].equals(found[0]) else "OTHER ROWS"
        ratio = f", {seconds[1] / seconds[2]:.2f} x of one worker" if n_workers == 2 else ""
        show(f"{found[0].height} fits of {len(tasks)} reactions, {where}", seconds[-1], f"{is_equal}{ratio}")


def main() -> None:
    """Print each unit cost with what it was measured on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=90)
    options = parser.parse_args()
    if find_spec("deltalake") is None or find_spec("distributed") is None:
        print("left out: needs the extra `scale` (make scale)")
        return
    candles = draw_candles(options.days)
    print(f"{candles.height:,} bars of {N_MARKETS} markets, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with open_writer(folder / "warehouse.duckdb", 5.0) as warehouse:
            started = time.perf_counter()
            warehouse.merge(CANDLE, candles)
            seconds = time.perf_counter() - started
            show("merge into DuckDB", seconds, f"{candles.height / seconds / 1e6:.2f} M rows a second")
            bench_lake(warehouse, folder, candles)
        bench_placebos(candles)
        bench_cluster(folder)


if __name__ == "__main__":
    main()
