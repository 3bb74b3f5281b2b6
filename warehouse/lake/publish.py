"""Write what changed of a table into its Delta table, however many others publish at the same time."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
from deltalake import ColumnProperties, CommitProperties, DeltaTable, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from warehouse.lake.errors import LakeError
from warehouse.lake.faults import named_faults
from warehouse.lake.layout import (
    PART_COLUMNS,
    LakeAddress,
    digest_of_parts,
    is_parted,
    rows_of_parts,
    shape_of_table,
)
from warehouse.store.connection import Reader
from warehouse.tables.contract import UTC, Table

_PARTS, _SHAPE = "aftershock_parts", "aftershock_shape"
_ATTEMPTS = 20
_LONGEST_PAUSE_SECONDS = 1.6
_FIRST_PAUSE_SECONDS = 0.05
_ROWS_A_BATCH = 100_000
_COMMITS_READ = 200  # upkeep leaves commits without our words; ours lies under them
_ZSTD_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Publication:
    """What publishing one table did."""

    table: str
    version: int
    n_parts: int
    n_parts_written: int


@dataclass(frozen=True, slots=True)
class _Known:
    """A state of the lake's table, and what its log says of the parts and the shape that it holds."""

    table: DeltaTable | None
    parts: dict[str, str]
    shape: str | None


def publish_table(reader: Reader, table: Table, address: LakeAddress) -> Publication:
    """Make the lake's table hold what the file's holds; parts that are equal are not written, no change is no commit.

    A commit stands on the state whose digests were compared and is never moved onto another (it would claim parts that
    somebody else has replaced), so whoever is beaten compares again. LakeError after 20 defeats.
    """
    parts, shape = digest_of_parts(reader.connection, table), shape_of_table(table)
    for attempt in range(1, _ATTEMPTS + 1):
        with named_faults(address, f"publish {table.name}"):
            known = _read_known(address, table)
            changed = sorted(
                part for part in parts.keys() | known.parts.keys() if parts.get(part) != known.parts.get(part)
            )
            if known.table is not None and known.shape == shape and not changed:
                return Publication(table.name, int(known.table.version()), len(parts), 0)
            try:
                version = _write(reader, table, address, known, changed, parts, shape)
                return Publication(table.name, version, len(parts), len(changed))
            except CommitFailedError:
                pass
            except DeltaError:
                if known.table is not None:
                    raise  # else somebody made the table meanwhile: look at theirs
        time.sleep(random.random() * min(_FIRST_PAUSE_SECONDS * 2**attempt, _LONGEST_PAUSE_SECONDS))  # noqa: S311
    raise LakeError(
        f"{address.of(table.name)}: {_ATTEMPTS} commits were beaten by other publishers; stop them, try again"
    )


def parts_of_log(state: DeltaTable) -> tuple[dict[str, str], str | None]:
    """What the newest commit of ours below a state says of parts and shape; nothing where none does."""
    for commit in state.history(_COMMITS_READ):
        if _PARTS in commit:
            return json.loads(commit[_PARTS]), commit.get(_SHAPE)
    return {}, None


def _read_known(address: LakeAddress, table: Table) -> _Known:
    try:
        state = DeltaTable(address.of(table.name))
    except TableNotFoundError:
        return _Known(None, {}, None)
    return _Known(state, *parts_of_log(state))


def _write(
    reader: Reader,
    table: Table,
    address: LakeAddress,
    known: _Known,
    changed: list[str],
    parts: dict[str, str],
    shape: str,
) -> int:
    words = {_PARTS: json.dumps(parts), _SHAPE: shape}
    commit = CommitProperties(custom_metadata=words, max_commit_retries=0)
    state, is_same_shape = known.table, known.shape == shape
    rows = _rows(reader, table, changed if is_same_shape else sorted(parts))
    divided = list(PART_COLUMNS) if is_parted(table) else None
    writer = _writer_of(table)
    if state is None:
        target = address.of(table.name)
        write_deltalake(
            target,
            rows,
            partition_by=divided,
            name=table.name,
            description=table.description,
            writer_properties=writer,
            commit_properties=commit,
        )
        return 0
    if is_same_shape:
        predicate = " or ".join(changed) if is_parted(table) else None
        write_deltalake(
            state, rows, mode="overwrite", predicate=predicate, writer_properties=writer, commit_properties=commit
        )
    else:
        write_deltalake(
            state,
            rows,
            mode="overwrite",
            schema_mode="overwrite",
            partition_by=divided,
            writer_properties=writer,
            commit_properties=commit,
        )
    state.update_incremental()
    return int(state.version())


def _rows(reader: Reader, table: Table, parts: list[str]) -> pa.RecordBatchReader:
    """The rows as a stream, each column with its unit and meaning."""
    batches = reader.connection.sql(rows_of_parts(table, parts)).to_arrow_reader(_ROWS_A_BATCH)
    meant = {column.name: {"comment": column.description, "unit": column.unit} for column in table.columns}
    schema = pa.schema([field.with_metadata(meant.get(field.name)) for field in batches.schema])

    def annotated() -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)

    return pa.RecordBatchReader.from_batches(schema, annotated())


def _writer_of(table: Table) -> WriterProperties:
    """Compression measured on candles: 17 bytes a row where the default takes 35."""
    instants = ColumnProperties(dictionary_enabled=False, encoding="DELTA_BINARY_PACKED")
    columns = {column.name: instants for column in table.columns if column.dtype == UTC}
    return WriterProperties(compression="ZSTD", compression_level=_ZSTD_LEVEL, column_properties=columns or None)
