"""What `rebuild`, `diff` and `doctor` do."""

from __future__ import annotations

import shutil
import socket
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from flows.errors import CommandError
from flows.jobs.clocks import name_future_stamps
from flows.jobs.config_check import examine_configuration
from flows.serve.last_run import GOOD_OUTCOMES, read_last_run
from flows.settings import Settings
from warehouse.store.connection import Warehouse, open_reader, open_writer
from warehouse.store.errors import StoreError
from warehouse.tables.catalog import load_tables
from warehouse.tables.contract import Table
from warehouse.tables.ops import STEP_INPUT
from warehouse.tables.units import file_size, span

KEPT_CORE = frozenset(
    {
        "core.candle",
        "core.candle_revision",
        "core.entry",
        "core.incident",
        "core.register_document",
        "core.observation",
        "core.funding_rate",
        "core.open_interest",
        "core.market",
    }
)
# Tables that a rebuild empties: all results, and all of core that a step derives.
DERIVED: tuple[Table, ...] = tuple(
    table for name, table in load_tables().items() if name.split(".")[0] in ("core", "out") and name not in KEPT_CORE
)
# Where a DuckDB file says what it is.
DATABASE_MARK = slice(8, 12)
MINIMUM_FREE_BYTES = 500_000_000
NETWORK_PROBE = ("api.kraken.com", 443)
PROBE_SECONDS = 3


def empty_derived_tables(settings: Settings) -> int:
    """Empty every derived table; returns the rows removed."""
    with open_writer(settings.warehouse_path, settings.lock_deadline_seconds) as warehouse:
        return forget_derived(warehouse)


def forget_derived(warehouse: Warehouse) -> int:
    """Empty every derived table, and what steps remember of their inputs; returns the derived rows removed."""
    warehouse.replace(STEP_INPUT, STEP_INPUT.empty())
    return sum(warehouse.replace(table, table.empty()) for table in DERIVED)


def compare_published(before: Path, after: Path) -> pl.DataFrame:
    """Rows of `out` tables that only one of two published files has: table, side, key and row as JSON."""
    parts = []
    if not _is_database(before):
        raise CommandError(f"{before} is no DuckDB file: give an earlier copy of {after.name}")
    with open_reader(before) as left, open_reader(after) as right:
        if not any(left.has(table) for table in DERIVED):
            raise CommandError(f"{before} holds no table of Aftershock: give an earlier copy of {after.name}")
        for table in DERIVED:
            if not table.name.startswith("out.") or not (left.has(table) and right.has(table)):
                continue
            old, new = left.frame(table), right.frame(table)
            for side, here, there in (("before", old, new), ("after", new, old)):
                only = here.join(there, on=table.column_names, how="anti", nulls_equal=True)
                parts.append(_describe_rows(table, side, only))
    return pl.concat(parts) if parts else _describe_rows(DERIVED[0], "", DERIVED[0].empty())


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(DATABASE_MARK.stop)[DATABASE_MARK] == b"DUCK"


def _describe_rows(table: Table, side: str, rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        pl.lit(table.name).alias("table"),
        pl.lit(side).alias("only_in"),
        pl.concat_str([pl.col(name).cast(pl.String).fill_null("") for name in table.key], separator=" / ").alias("key"),
        pl.struct(pl.all()).struct.json_encode().alias("row_json"),
    ).sort("key")


@dataclass(frozen=True, slots=True)
class _Finding:
    """One thing the doctor looked at; an optional one that is not good limits a feature and breaks nothing."""

    subject: str
    is_good: bool
    is_optional: bool
    detail: str


def examine(settings: Settings, now: datetime) -> list[_Finding]:
    """Look at everything a run needs, and at what it can use."""
    return [
        _Finding("python", sys.version_info >= (3, 11), False, f"{sys.version.split()[0]}; needs 3.11 to 3.14"),
        _folder(settings.home),
        _configuration(settings.config_path),
        _newest_run(settings.home, now),
        *_published(settings.published_path, now),
        _browser(),
        _network(settings),
    ]


def _folder(home: Path) -> _Finding:
    existing = next(path for path in (home, *home.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    return _Finding(
        "disk",
        free >= MINIMUM_FREE_BYTES,
        False,
        f"{home}: {file_size(free)} free; wants {file_size(MINIMUM_FREE_BYTES)}",
    )


def _configuration(config_path: Path) -> _Finding:
    found = examine_configuration(config_path)
    wrong = [*found.faults, *found.unread]
    n_files = found.changes["file"].n_unique()
    said = "\n".join(wrong) or f"{config_path}: {found.changes.height} entries of your own in {n_files} files"
    return _Finding("config", not wrong, not found.faults, said)


def _newest_run(home: Path, now: datetime) -> _Finding:
    last = read_last_run(home)
    if last is None:
        return _Finding("newest run", False, True, "no run has ended here yet: aftershock run")
    age = span(now - datetime.fromisoformat(last.at_utc))
    is_good = last.outcome in GOOD_OUTCOMES
    return _Finding(
        "newest run", is_good, True, f"{last.run_id}, {age} ago: {last.outcome}; last good one {last.last_good_at_utc}"
    )


def _published(path: Path, now: datetime) -> list[_Finding]:
    """The published file and the stamps in it; one that cannot be read is named with what brings it back."""
    if not path.exists():
        return [_Finding("published file", False, True, f"{path} does not exist yet: run `aftershock run`")]
    remedy = f"{path} cannot be read; move it away, then: aftershock run"
    try:
        with open_reader(path) as reader:
            n_tables = reader.sql("select count(*) as n from duckdb_tables()")["n"].item()
            stamps = name_future_stamps(reader, now)
    except StoreError as exc:
        return [_Finding("published file", False, False, f"{remedy} ({exc})")]
    remedies = ["aftershock doctor --cure-clock mends them"] if stamps else ["no stamp is from the future"]
    return [
        _Finding("published file", n_tables > 0, False, f"{path}: {n_tables} tables, {file_size(path.stat().st_size)}"),
        _Finding("clock", not stamps, False, "\n".join([*stamps, *remedies])),
    ]


def _browser() -> _Finding:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return _Finding("browser", bool(found), True, found or "no Chromium: share cards and PDF reports are skipped")


def _network(settings: Settings) -> _Finding:
    if settings.is_offline:
        return _Finding("network", False, True, "AFTERSHOCK_OFFLINE is set: only the bundled record is used")
    try:
        with socket.create_connection(NETWORK_PROBE, PROBE_SECONDS):
            return _Finding("network", True, True, f"{NETWORK_PROBE[0]} answers")
    except OSError as exc:
        return _Finding(
            "network", False, True, f"{NETWORK_PROBE[0]} cannot be reached ({exc}): live sources are skipped"
        )
