"""Import price files that somebody has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from flows.context import RunContext
from flows.errors import EXIT_SOURCE, CommandError
from flows.jobs.candle_intake import load_verdicts, refresh_coverage, take_in
from flows.steps.prices import read_registry, store_registry
from ingest.errors import MalformedError, PermanentError
from ingest.prices.archive import parse_archive
from ingest.prices.layout import Identity
from ingest.prices.registry import Registry
from ingest.prices.reports import FileTally, file_report, gap_report
from ingest.prices.snapshots import (
    contest_observations,
    is_snapshot_file,
    observed_series,
    parse_snapshots,
    refused_series,
)
from ingest.source import Source
from warehouse.store.candles import add_refusals, limit_memory
from warehouse.tables.prices import COVERAGE, GAP, OBSERVATION

# The database's share of the memory of an import; the batch in hand and the program take about as much again.
IMPORT_MEMORY_MEGABYTES = 400


def import_prices(context: RunContext, paths: list[Path], identity: Identity) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read each file and store what is new; a report with one row per file and series, and the gaps of those series.

    Raises CommandError when a file cannot be used; files before it stay imported.
    """
    warehouse = context.warehouse
    limit_memory(warehouse, IMPORT_MEMORY_MEGABYTES)
    registry = read_registry(context.settings.config_path)
    store_registry(warehouse, registry)
    tallies = []
    try:
        with _as_command_errors():
            for path in paths:
                context.say(f"reading {path.name} …")
                tallies.append(_import_file(context, registry, path, identity))
    finally:
        refresh_coverage(warehouse)
    report = file_report(tallies, warehouse.frame(COVERAGE))
    return report, gap_report(report, warehouse.frame(GAP))


def preview_prices(paths: list[Path], identity: Identity, config_path: Path) -> pl.DataFrame:
    """The same report without a warehouse: rows read and refused, nothing stored."""
    registry = read_registry(config_path)
    with _as_command_errors():
        return file_report([_preview_file(registry, path, identity) for path in paths], COVERAGE.empty())


@contextmanager
def _as_command_errors() -> Iterator[None]:
    try:
        yield
    except PermanentError as exc:
        raise CommandError(str(exc)) from exc
    except MalformedError as exc:
        raise CommandError(str(exc), EXIT_SOURCE) from exc


def _import_file(context: RunContext, registry: Registry, path: Path, identity: Identity) -> FileTally:
    source = Source(path.name, context.run_id, context.now)
    tally = FileTally(path.name)
    if is_snapshot_file(path):
        stored = context.warehouse.frame(OBSERVATION, where="source_id = $source_id", source_id=path.name)
        for read, unfit in parse_snapshots(path, source):
            observations, contested = contest_observations(read, stored, source)
            refused = pl.concat([unfit, contested])
            tally.n_new += context.warehouse.merge(OBSERVATION, observations).n_inserted
            add_refusals(context.warehouse, refused)
            tally.count(observed_series(observations), refused_series(refused))
        return tally
    verdicts = load_verdicts(context.warehouse)
    for batch in parse_archive(path, source, identity, registry.market_ends):
        taken = take_in(context.warehouse, batch, verdicts, source)
        verdicts = taken.verdicts
        tally.n_new += taken.written.n_inserted
        tally.n_revised += taken.written.n_updated
        tally.count(taken.sound, taken.refused)
        context.say(f"{path.name}: {tally.n_new} new bars …")
    return tally


def _preview_file(registry: Registry, path: Path, identity: Identity) -> FileTally:
    source = Source(path.name, "preview", datetime.now(UTC))
    tally = FileTally(path.name)
    if is_snapshot_file(path):
        for observations, refused in parse_snapshots(path, source):
            tally.count(observed_series(observations), refused_series(refused))
        return tally
    for batch in parse_archive(path, source, identity, registry.market_ends):
        tally.count(batch.candles, batch.quarantined)
    return tally
