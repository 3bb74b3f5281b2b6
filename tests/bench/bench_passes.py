"""Three passes of a used home, and the same with twice the record: everything, nothing new, one new story.

Run: python tests/bench/bench_passes.py HOME; HOME holds warehouse.duckdb with a long record and is left as it is.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from flows.context import RunContext
from flows.jobs.maintenance import forget_derived
from flows.jobs.news_files import import_news
from flows.pipeline import run_pipeline
from flows.settings import Settings
from warehouse.store.candles import upsert_candles
from warehouse.store.connection import open_writer
from warehouse.tables.news import ENTRY
from warehouse.tables.prices import CANDLE

PASSES = ("full", "nothing new", "one new story")
STORY = """title,url,outlet,published_utc,first_seen_utc
US orders {name} to halt chip exports to allied cloud providers,https://one.example/{name},One,{at:%Y-%m-%dT%H:%M:%SZ},{at:%Y-%m-%dT%H:%M:%SZ}
US orders {name} to halt chip exports to cloud providers of allies,https://two.example/{name},Two,{at:%Y-%m-%dT%H:%M:%SZ},{at:%Y-%m-%dT%H:%M:%SZ}
"""
LOCK_SECONDS = 5.0
KIBIBYTES_A_GIGABYTE = 1_000_000


def settings_of(home: Path) -> Settings:
    return Settings(home, None, True, LOCK_SECONDS, None, None)


def take_pass(home: Path, name: str) -> dict[str, object]:
    """Seconds of the pass and of each of its steps; processor and peak memory in GB of this process and of others."""
    settings, now = settings_of(home), datetime.now(UTC)
    started, worked = time.perf_counter(), time.process_time()
    if name == PASSES[0]:
        with open_writer(settings.warehouse_path, LOCK_SECONDS) as warehouse:
            forget_derived(warehouse)
    if name == PASSES[2]:
        file = home / "story.csv"
        file.write_text(STORY.format(name="Nvidia", at=datetime(2026, 6, 20, 10, tzinfo=UTC)))
        with open_writer(settings.warehouse_path, LOCK_SECONDS) as warehouse:
            context = RunContext(settings, warehouse, "bench", now, lambda _line: None)
            import_news(context, [file], None, now, is_dry_run=False)
    with watch_others() as peaks:
        outcome = run_pipeline(settings, now, say=lambda _line: None)
    others = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "seconds": time.perf_counter() - started,
        "processor": time.process_time() - worked,
        "others": others.ru_utime + others.ru_stime,
        "gigabytes_of_others": max(peaks, default=0) / KIBIBYTES_A_GIGABYTE,
        "steps": {step.name: step.seconds for step in outcome.steps},
        "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIBIBYTES_A_GIGABYTE,
    }


@contextmanager
def watch_others() -> Iterator[list[int]]:
    """The largest memory in KiB that processes started inside the block held, looked at twice a second."""
    peaks: list[int] = []
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(0.5):
            started: list[str] = []
            for file in Path("/proc/self/task").glob("*/children"):
                with suppress(FileNotFoundError, ProcessLookupError):  # a thread may end while it is asked
                    started += file.read_text().split()
            for pid in started:
                with suppress(FileNotFoundError, ProcessLookupError):
                    status = Path(f"/proc/{pid}/status").read_text()
                    peaks.extend(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peaks
    finally:
        is_over.set()
        watcher.join()


def double_record(home: Path) -> None:
    """Every headline and candle once more, under ids of its own and as far back as the record is long."""
    with open_writer(home / "warehouse.duckdb", LOCK_SECONDS) as warehouse:
        entries = warehouse.frame(ENTRY)
        span = _whole_days(entries["first_seen_at_utc"])
        instants = [name for name, kind in ENTRY.schema.items() if isinstance(kind, pl.Datetime)]
        copied = entries.with_columns(
            pl.col("entry_id") + "-2", pl.col("guid") + "-2", pl.col(instants) - span, title="Again: " + pl.col("title")
        )
        warehouse.merge(ENTRY, copied)
        candles = warehouse.frame(CANDLE)
        days = _whole_days(candles["open_time_utc"])
        upsert_candles(warehouse, candles.with_columns(pl.col("open_time_utc") - days))


def _whole_days(times: pl.Series) -> timedelta:
    """Days that a second record must lie before the first; of no rows none."""
    first, last = times.min(), times.max()
    return (
        timedelta(days=(last - first).days + 1)
        if isinstance(first, datetime) and isinstance(last, datetime)
        else timedelta()
    )


def run_apart(home: Path, name: str) -> dict[str, object]:
    """The pass in a process of its own, so that its peak memory is its own."""
    command = [sys.executable, __file__, str(home), "--only", name]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, object] = json.loads(answer.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Print seconds, processor seconds and gigabytes of the passes, and what doubling the record does to them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path, nargs="?")
    parser.add_argument("--only", choices=PASSES)
    parser.add_argument("--no-double", action="store_true", help="Leave out the passes over twice the record.")
    options = parser.parse_args()
    if options.home is None:
        print("left out: name a home with a long record (python tests/bench/bench_passes.py HOME)")
        return
    if options.only:
        print(json.dumps(take_pass(options.home, options.only)))
        return
    # An installation has compiled its loops before its first pass.
    subprocess.run([sys.executable, "-m", "analysis.compile"], check=True)
    before: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        shutil.copyfile(options.home / "warehouse.duckdb", home / "warehouse.duckdb")
        for size in ("the record",) if options.no_double else ("the record", "twice the record"):
            if size != "the record":
                shutil.copyfile(options.home / "warehouse.duckdb", home / "warehouse.duckdb")
                double_record(home)
            for name in PASSES:
                found = run_apart(home, name)
                seconds = float(str(found["processor"])) + float(str(found["others"]))
                ratio = f"{seconds / before[name]:6.2f} x" if name in before else ""
                before.setdefault(name, seconds)
                print(
                    f"{size:18}{name:16}{float(str(found['seconds'])):8.1f} s{seconds:8.1f} s of processor"
                    f" ({float(str(found['others'])):.1f} s of others) {float(str(found['gigabytes'])):7.2f} GB"
                    f" ({float(str(found['gigabytes_of_others'])):.2f} GB of others) {ratio}",
                    flush=True,
                )
                steps = found["steps"]
                if isinstance(steps, dict):
                    print("  " + ", ".join(f"{step} {took:.1f}" for step, took in steps.items()), flush=True)


if __name__ == "__main__":
    main()
