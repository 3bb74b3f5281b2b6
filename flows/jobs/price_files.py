"""Import price files that somebody has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import polars as pl

from flows.context import RunContext
from flows.errors import EXIT_CHECK, CommandError, source_exit_code
from flows.jobs.candle_intake import load_verdicts, refresh_coverage, take_in
from flows.steps.prices import read_registry, store_registry
from ingest.errors import PermanentError, SourceError
from ingest.prices.files.archive import FileBatch, parse_archive
from ingest.prices.files.columns import Instructions
from ingest.prices.files.explain import explain_file
from ingest.prices.files.folders import files_in, verify_checksum
from ingest.prices.files.kinds import PriceKind, funding_rates, quoted_bars
from ingest.prices.files.names import Identity, Names
from ingest.prices.files.snapshots import (
    contest_observations,
    is_snapshot_file,
    observations_of,
    observed_series,
    parse_observations,
    parse_snapshots,
    refused_series,
)
from ingest.prices.levels import Stretch, ends_of, find_level_changes, is_documented, list_stretches
from ingest.prices.registry import Registry, registration_words
from ingest.prices.reports import FileTally, file_report, gap_report
from ingest.prices.suspects import spans_around
from ingest.source import Source
from warehouse.store.candles import STORED_CLOSE, add_refusals, candles_around, find_overlap
from warehouse.store.connection import Warehouse
from warehouse.store.memory import limit_memory
from warehouse.tables.prices import CANDLE, CANDLE_FLOW, COVERAGE, FUNDING, GAP, MARKET, OBSERVATION, QUOTED_BAR
from warehouse.tables.units import count, iso_minute, plain, plain_percent, plural

# The database's share of the memory of an import; the batch in hand and the program take about as much again.
IMPORT_MEMORY_MEGABYTES = 400
# A file that would revise more than this share of the bars it overlaps is another price, and not a correction.
LARGEST_REVISED_SHARE = 0.2
SHOWN_REVISIONS = 5


@dataclass(frozen=True, slots=True)
class FileRequest:
    """Which files, and what a person says about them."""

    paths: tuple[Path, ...]
    identity: Identity = field(default_factory=Identity)
    told: Instructions = field(default_factory=Instructions)
    is_replace: bool = False


@dataclass(frozen=True, slots=True)
class FilesTaken:
    """What an import did: a row per file and series, gaps of these series, remarks, and what failed with its code."""

    report: pl.DataFrame
    gaps: pl.DataFrame
    remarks: tuple[str, ...]
    problems: tuple[tuple[str, int], ...]

    def raise_problems(self) -> None:
        """CommandError with every file that was not taken; the code is that of the first."""
        if self.problems:
            raise CommandError("\n".join(text for text, _ in self.problems), self.problems[0][1])


class _RewriteError(Exception):
    """A file would rewrite the record; the message shows bars and names the option."""


def import_prices(context: RunContext, request: FileRequest) -> FilesTaken:
    """Read each file and store what is new; a file that cannot be used stops no other."""
    warehouse = context.warehouse
    limit_memory(warehouse, IMPORT_MEMORY_MEGABYTES)
    registry = read_registry(context.settings.config_path)
    store_registry(warehouse, registry)
    tallies, problems = [], []
    try:
        for path in _named_files(request.paths):
            context.say(f"reading {path.name} …")
            tally = FileTally(path.name)
            problem = _tried(partial(_Import(context, registry, request).take, path, tally))
            tallies.append(tally)
            problems += [problem] if problem else _all_refused(tally)
    finally:
        refresh_coverage(warehouse)
    report = file_report(tallies, warehouse.frame(COVERAGE))
    remarks = _remarks(tallies)
    unknown = warehouse.frame(MARKET).filter(~pl.col("is_registered"))
    imported = report.select("market_id").unique()
    words = registration_words(unknown.join(imported, on="market_id", how="semi"), registry.assets)
    return FilesTaken(report, gap_report(report, warehouse.frame(GAP)), (*remarks, *words), tuple(problems))


def preview_prices(request: FileRequest, config_path: Path) -> FilesTaken:
    """The same report without a warehouse: rows read and refused, nothing stored."""
    registry = read_registry(config_path)
    tallies, problems = [], []
    for path in _named_files(request.paths):
        tally = FileTally(path.name)
        problem = _tried(partial(_preview_file, registry, path, request, tally))
        tallies.append(tally)
        problems += [problem] if problem else _all_refused(tally)
    report = file_report(tallies, COVERAGE.empty())
    return FilesTaken(report, GAP.empty(), _remarks(tallies), tuple(problems))


def explain_prices(request: FileRequest, config_path: Path) -> list[str]:
    """How each file would be read, in lines; CommandError for the first that cannot be."""
    registry = read_registry(config_path)
    names = Names.of(registry)
    lines: list[str] = []
    for path in _named_files(request.paths):
        source = Source(path.name, "explain", datetime.now(UTC))
        if is_snapshot_file(path):
            lines.append(f"{path}: price observations at uneven times, kept in core.observation")
            continue
        try:
            lines += explain_file(path, source, request.identity, names, request.told)
        except SourceError as exc:
            raise CommandError(str(exc), source_exit_code(exc)) from exc
    return lines


def _named_files(paths: Sequence[Path]) -> list[Path]:
    try:
        return files_in(paths)
    except PermanentError as exc:
        raise CommandError(str(exc)) from exc


def _tried(take: Callable[[], None]) -> tuple[str, int] | None:
    """What went wrong with a file, with the exit code that says so."""
    try:
        take()
    except SourceError as exc:
        return str(exc), source_exit_code(exc)
    except _RewriteError as exc:
        return str(exc), EXIT_CHECK
    return None


def _all_refused(tally: FileTally) -> list[tuple[str, int]]:
    if not tally.kept and not tally.refused:
        return [(f"{tally.file}: holds no row of prices", EXIT_CHECK)]
    if not tally.is_all_refused:
        return []
    n_refused = sum(n for *_, n in tally.refused)
    reasons = ", ".join(sorted({reason for _, reason, _ in tally.refused}))
    text = f"{tally.file}: every row was refused ({count(n_refused)}: {reasons}); see: aftershock quarantine list"
    return [(text, EXIT_CHECK)]


def _remarks(tallies: Sequence[FileTally]) -> tuple[str, ...]:
    return tuple(f"{tally.file}: {text}" for tally in tallies for text in tally.remarks)


class _Import:
    """Takes in one file."""

    def __init__(self, context: RunContext, registry: Registry, request: FileRequest) -> None:
        self._context = context
        self._warehouse: Warehouse = context.warehouse
        self._registry = registry
        self._request = request
        self._names = Names.of(registry)

    def take(self, path: Path, tally: FileTally) -> None:
        """Store what is sound of a file; SourceError or _RewriteError when it cannot be used."""
        source = Source(path.name, self._context.run_id, self._context.now)
        tally.remark(verify_checksum(path))
        if is_snapshot_file(path):
            for read, unfit in parse_snapshots(path, source):
                self._observe(read, unfit, source, tally)
            return
        if not self._request.is_replace:
            self._refuse_rewrite(path, source, tally)
        verdicts = load_verdicts(self._warehouse)
        for batch in self._batches(path, source):
            tally.remark(*batch.raw.remarks)
            if batch.raw.kind is not PriceKind.TRADE:
                self._keep_apart(batch, source, tally)
            elif batch.raw.reading.layout.is_observation:
                site = Source(str(batch.raw.reading.layout.exchange), source.run_id, source.received_at)
                read, unfit = parse_observations(observations_of(batch.rows, batch.flow), site)
                self._observe(read, unfit, site, tally)
            else:
                taken = take_in(self._warehouse, batch.bars, verdicts, source)
                verdicts = taken.verdicts
                self._keep_flow(batch.flow, taken.sound, source)
                tally.n_new += taken.written.n_inserted
                tally.n_revised += taken.written.n_updated
                tally.count(taken.sound, taken.refused)
            self._context.say(f"{path.name}: {tally.n_new} new bars …")

    def _batches(self, path: Path, source: Source) -> Iterator[FileBatch]:
        return parse_archive(
            path,
            source,
            self._request.identity,
            self._registry.market_ends,
            names=self._names,
            told=self._request.told,
        )

    def _refuse_rewrite(self, path: Path, source: Source, tally: FileTally) -> None:
        """_RewriteError for a file that would revise more than a fifth of the bars it overlaps, or leaves its level."""
        n_known = n_revised = 0
        shown: list[str] = []
        stretches: list[Stretch] = []
        for batch in self._batches(path, source):
            if batch.raw.kind is not PriceKind.TRADE or batch.raw.reading.layout.is_observation:
                return
            stretches += list_stretches(batch.numbered_candles)
            overlap = find_overlap(self._warehouse, batch.candles)
            n_known += overlap.n_known
            n_revised += overlap.n_revised
            room = SHOWN_REVISIONS - len(shown)
            shown += [_revision_words(row) for row in overlap.differing.head(room).iter_rows(named=True)]
        stored = candles_around(self._warehouse, spans_around(ends_of(stretches)))
        _refuse_changes(path, [*stretches, *list_stretches(stored)], self._registry, tally)
        if n_revised > LARGEST_REVISED_SHARE * n_known:
            raise _RewriteError(
                f"{path.name}: would revise {count(n_revised)} of the {count(n_known)} stored bars it overlaps, more"
                f" than {plain_percent(LARGEST_REVISED_SHARE)}; nothing was stored. For example:\n"
                + "\n".join(f"  {line}" for line in shown)
                + "\nIs it another market, another kind of price, or another length? If it is right: --replace"
            )

    def _observe(self, read: pl.DataFrame, unfit: pl.DataFrame, source: Source, tally: FileTally) -> None:
        stored = self._warehouse.frame(OBSERVATION, where="source_id = $source_id", source_id=source.source_id)
        observations, contested = contest_observations(read, stored, source)
        refused = pl.concat([unfit, contested])
        tally.n_new += self._warehouse.merge(OBSERVATION, observations).n_inserted
        add_refusals(self._warehouse, refused)
        tally.count(observed_series(observations), refused_series(refused))

    def _keep_apart(self, batch: FileBatch, source: Source, tally: FileTally) -> None:
        """Prices at which nobody traded go into tables of their own."""
        kind = batch.raw.kind
        table = FUNDING if kind is PriceKind.FUNDING else QUOTED_BAR
        rows = funding_rates(batch.rows, source) if kind is PriceKind.FUNDING else quoted_bars(batch.bars, kind)
        written = self._warehouse.merge(table, rows)
        tally.n_new += written.n_inserted
        tally.n_revised += written.n_updated
        tally.remark(f"{kind} prices: a {kind} price is no trade price; kept in {table.name}, never among candles")
        add_refusals(self._warehouse, batch.quarantined)
        tally.count(batch.kept, batch.quarantined)

    def _keep_flow(self, flow: pl.DataFrame, sound: pl.DataFrame, source: Source) -> None:
        rows = flow.join(sound.select(CANDLE.key), on=list(CANDLE.key), how="semi").unique(CANDLE.key, keep="first")
        stamped = rows.with_columns(pl.lit(source.source_id).alias("source_id"), pl.lit(source.run_id).alias("run_id"))
        self._warehouse.merge(CANDLE_FLOW, CANDLE_FLOW.conform(stamped))


def _refuse_changes(path: Path, stretches: Sequence[Stretch], registry: Registry, tally: FileTally) -> None:
    """_RewriteError for a series that goes to another level and stays; one that the registry dates is remarked."""
    changes = find_level_changes(stretches)
    documented = [change for change in changes if is_documented(change, registry.markets, registry.assets)]
    tally.remark(*(f"{change.words}: as the registry says of the asset" for change in documented))
    unknown = [change for change in changes if change not in documented]
    if not unknown:
        return
    raise _RewriteError(
        f"{path.name}: leaves its level, and nothing was stored:\n"
        + "\n".join(f"  {change.words}" for change in unknown[:SHOWN_REVISIONS])
        + (f"\n  and {plural(len(unknown) - SHOWN_REVISIONS, 'more')}" if len(unknown) > SHOWN_REVISIONS else "")
        + "\nAnother unit or another coin from there on? Bring that part into one unit, or import it as the market that"
        " it is (--symbol). A change of the coin itself belongs in config/assets.toml (valid_to, successor_ratio). If"
        " the prices are right: --replace"
    )


def _revision_words(row: dict[str, object]) -> str:
    at = iso_minute(row["open_time_utc"])  # type: ignore[arg-type]  # a datetime of the frame
    closes = f"stored {plain(row[STORED_CLOSE])}, file {plain(row['close_quote'])}"  # type: ignore[arg-type]  # floats
    return f"{row['market_id']} {row['timeframe']} {at}: {closes}"


def _preview_file(registry: Registry, path: Path, request: FileRequest, tally: FileTally) -> None:
    source = Source(path.name, "preview", datetime.now(UTC))
    tally.remark(verify_checksum(path))
    if is_snapshot_file(path):
        for observations, refused in parse_snapshots(path, source):
            tally.count(observed_series(observations), refused_series(refused))
        return
    names = Names.of(registry)
    stretches: list[Stretch] = []
    for batch in parse_archive(path, source, request.identity, registry.market_ends, names=names, told=request.told):
        tally.remark(*batch.raw.remarks)
        tally.count(batch.kept, batch.quarantined)
        if batch.raw.kind is PriceKind.TRADE and not batch.raw.reading.layout.is_observation:
            stretches += list_stretches(batch.numbered_candles)
    if not request.is_replace:
        _refuse_changes(path, stretches, registry, tally)
