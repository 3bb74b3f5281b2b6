"""Candles in the warehouse: revision-aware upsert, withdrawal into quarantine, reading as of an instant."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import polars as pl

from warehouse.store.connection import Warehouse
from warehouse.store.frames import abandon, fetch_frame, run_statement, staged
from warehouse.tables.prices import CANDLE, CANDLE_REVISION, QUARANTINE

_VALUES = ("open_quote", "high_quote", "low_quote", "close_quote", "volume_base")
_NAMES = ", ".join(CANDLE.column_names)
ON_KEY = " and ".join(f"t.{name} = s.{name}" for name in CANDLE.key)
# A person's word is worth more than a venue's own bar, that more than a file's, that more than the shipped record's.
RANK = "case {0}.source_id when 'released' then 3 when 'exchange' then 2 when 'bundle' then 0 else 1 end"
IS_ALLOWED = f"{RANK.format('s')} >= {RANK.format('t')}"
# A value that the new row does not state leaves the stored one alone.
STATES_OTHER = "(" + " or ".join(f"(s.{n} is not null and s.{n} is distinct from t.{n})" for n in _VALUES) + ")"
CONTRADICTS = "(" + " or ".join(f"coalesce(s.{n} <> t.{n}, false)" for n in _VALUES) + ")"
STORED_CLOSE = "stored_close_quote"
MERGED_VALUES = ", ".join(f"{n} = coalesce(s.{n}, t.{n})" for n in _VALUES)


@dataclass(frozen=True, slots=True)
class CandleCount:
    """What an upsert did; `contested` rows (core.candle) contradict a better source and were not stored."""

    n_inserted: int
    n_updated: int
    contested: pl.DataFrame

    @property
    def n_changed(self) -> int:
        """Rows written to core.candle."""
        return self.n_inserted + self.n_updated


def upsert_candles(warehouse: Warehouse, candles: pl.DataFrame) -> CandleCount:
    """Store `candles`; a stored bar that changes keeps its old values in core.candle_revision and is flagged.

    Null values of the new row do not erase stored ones. Raises ContractError when the frame does not match core.candle.
    """
    rows = CANDLE.conform(candles)
    if not rows.height:
        return CandleCount(0, 0, CANDLE.empty())
    connection = warehouse.connection
    with staged(connection, rows) as stage:
        if not _overlaps(connection, rows):
            run_statement(connection, f"insert into core.candle ({_NAMES}) select {_NAMES} from {stage}")
            warehouse.touch(CANDLE)
            return CandleCount(rows.height, 0, CANDLE.empty())
        run_statement(connection, "begin")
        try:
            count = _merge(connection, stage, rows.height)
            run_statement(connection, "commit")
        except duckdb.Error:
            abandon(connection)
            raise
    if count.n_changed:
        warehouse.touch(CANDLE, CANDLE_REVISION)
    return count


def _overlaps(connection: duckdb.DuckDBPyConnection, rows: pl.DataFrame) -> bool:
    """Whether any stored bar of these series lies in the time span of `rows`; zone maps make this cheap."""
    span = rows.select(pl.col("open_time_utc").min().alias("first"), pl.col("open_time_utc").max().alias("last")).row(0)
    sql = (
        "select 1 from core.candle where open_time_utc between $first and $last"
        " and market_id in (select unnest($markets)) limit 1"
    )
    parameters = {"first": span[0], "last": span[1], "markets": rows["market_id"].unique().to_list()}
    return bool(run_statement(connection, sql, parameters))


def _merge(connection: duckdb.DuckDBPyConnection, stage: str, n_rows: int) -> CandleCount:
    joined = f"from {stage} as s join core.candle as t on {ON_KEY}"
    differs = f"coalesce({STATES_OTHER}, false)"
    [(n_known, n_different)] = run_statement(connection, f"select count(*), count(*) filter (where {differs}) {joined}")
    if not n_different:
        return _insert_absent(connection, stage, n_rows - int(n_known))
    new = ", ".join(f"s.{name}" for name in CANDLE.column_names)
    contested = fetch_frame(connection, f"select {new} {joined} where {CONTRADICTS} and not ({IS_ALLOWED})")
    old = ", ".join(f"t.{name}" for name in CANDLE_REVISION.column_names if name not in ("superseded_at_utc", "run_id"))
    names = ", ".join(n for n in CANDLE_REVISION.column_names if n not in ("superseded_at_utc", "run_id"))
    [(n_updated,)] = run_statement(
        connection,
        f"insert into core.candle_revision ({names}, superseded_at_utc, run_id)"
        f" select {old}, s.first_seen_at_utc, s.run_id {joined} where {STATES_OTHER} and {IS_ALLOWED}",
    )
    update = (
        f"when matched and {STATES_OTHER} and {IS_ALLOWED} then update set {MERGED_VALUES}, source_id = s.source_id,"
        f" first_seen_at_utc = s.first_seen_at_utc, run_id = s.run_id, is_revised = t.is_revised or {CONTRADICTS} "
        if n_updated
        else ""
    )
    [(n_written,)] = run_statement(
        connection,
        f"merge into core.candle as t using {stage} as s on {ON_KEY} {update}"
        f"when not matched then insert ({_NAMES}) values ({new})",
    )
    return CandleCount(int(n_written) - int(n_updated), int(n_updated), contested)


def _insert_absent(connection: duckdb.DuckDBPyConnection, stage: str, n_absent: int) -> CandleCount:
    if n_absent:
        run_statement(
            connection,
            f"insert into core.candle ({_NAMES}) select {_NAMES} from {stage} as s"
            f" anti join core.candle as t on {ON_KEY}",
        )
    return CandleCount(n_absent, 0, CANDLE.empty())


@dataclass(frozen=True, slots=True)
class Overlap:
    """How `candles` meet stored bars: known bars, those that would be revised, and these beside the stored ones."""

    n_known: int
    n_revised: int
    differing: pl.DataFrame


def find_overlap(warehouse: Warehouse, candles: pl.DataFrame) -> Overlap:
    """Which stored bars `candles` (core.candle) would revise; `differing` has the key, close_quote, stored_close_quote.

    Bars that contradict a better source are not revised and do not count.
    """
    empty = pl.DataFrame(
        schema={**{n: CANDLE.schema[n] for n in (*CANDLE.key, "close_quote")}, STORED_CLOSE: pl.Float64}
    )
    rows = CANDLE.conform(candles)
    if not rows.height or not _overlaps(warehouse.connection, rows):
        return Overlap(0, 0, empty)
    keys = ", ".join(f"s.{name}" for name in CANDLE.key)
    with staged(warehouse.connection, rows) as stage:
        joined = f"from {stage} as s join core.candle as t on {ON_KEY}"
        [(n_known,)] = run_statement(warehouse.connection, f"select count(*) {joined}")
        differing = fetch_frame(
            warehouse.connection,
            f"select {keys}, s.close_quote, t.close_quote as {STORED_CLOSE} {joined}"
            f" where {CONTRADICTS} and {IS_ALLOWED} order by {keys}",
        )
    return Overlap(int(n_known), differing.height, differing)


def withdraw_candles(warehouse: Warehouse, candles: pl.DataFrame, quarantined: pl.DataFrame) -> int:
    """Move bars into raw.quarantine, in one transaction; returns how many left core.candle.

    A bar leaves when one of `candles` has its key and its close: another value of the same bar stays.
    """
    if not candles.height:
        return 0
    connection = warehouse.connection
    run_statement(connection, "begin")
    try:
        add_refusals(warehouse, quarantined)
        with staged(connection, candles.select(*CANDLE.key, "close_quote")) as stage:
            [(n_gone,)] = run_statement(
                connection,
                f"delete from core.candle as t using {stage} as s where {ON_KEY} and t.close_quote = s.close_quote",
            )
        run_statement(connection, "commit")
    except duckdb.Error:
        abandon(connection)
        raise
    warehouse.touch(CANDLE)
    return int(n_gone)


def add_refusals(warehouse: Warehouse, quarantined: pl.DataFrame) -> int:
    """Add rows of raw.quarantine that are not there yet, and return how many; released rows stay released.

    A refused item of news that stands there under another id, as version 0.2.0 wrote it, is there.
    """
    rows = QUARANTINE.conform(quarantined)
    if not rows.height:
        return 0
    names = ", ".join(QUARANTINE.column_names)
    with staged(warehouse.connection, rows) as stage:
        [(n_added,)] = run_statement(
            warehouse.connection,
            f"insert into raw.quarantine ({names}) select {names} from {stage} as s"
            " anti join raw.quarantine as q on s.quarantine_id = q.quarantine_id"
            " anti join (from raw.quarantine where table_name <> 'core.candle') as o on s.table_name = o.table_name"
            " and s.source_id = o.source_id and s.subject_id = o.subject_id and s.reason = o.reason"
            " and s.payload_json = o.payload_json",
        )
    warehouse.touch(QUARANTINE)
    return int(n_added)


def candles_around(warehouse: Warehouse, spans: pl.DataFrame) -> pl.DataFrame:
    """Stored bars beside new ones: of each series those in [from_utc, first_utc) and (last_utc, to_utc].

    `spans` has market_id, timeframe, from_utc, first_utc, last_utc, to_utc.
    """
    names = ", ".join(f"t.{name}" for name in CANDLE.column_names)
    with staged(warehouse.connection, spans) as stage:
        return fetch_frame(
            warehouse.connection,
            f"select {names} from core.candle as t join {stage} as s"
            " on t.market_id = s.market_id and t.timeframe = s.timeframe"
            " where t.open_time_utc >= s.from_utc and t.open_time_utc <= s.to_utc"
            " and (t.open_time_utc < s.first_utc or t.open_time_utc > s.last_utc)",
        )
