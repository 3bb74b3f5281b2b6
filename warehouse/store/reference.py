"""Keep out.reference_price in step with the candles."""

from __future__ import annotations

import duckdb
import polars as pl

from warehouse.store.connection import Warehouse
from warehouse.store.frames import abandon, run_statement, staged
from warehouse.tables.prices import REFERENCE_PRICE

# Closes handled at a time: years of minutes after a large import do not fit into its memory together.
BATCH_CLOSES = 1_000_000


def refresh_reference(warehouse: Warehouse, batch_closes: int = BATCH_CLOSES) -> int:
    """Compute reference prices again where candles, markets or assets changed; returns the bars that differ.

    Only stretches (months of minutes, years of longer bars) whose closes are other ones are computed.
    """
    n_changed = 0
    while True:
        changes = warehouse.query("reference_changes", n_closes=batch_closes)
        if not changes.height:
            return n_changed
        _apply(warehouse, changes)
        warehouse.touch(REFERENCE_PRICE)
        n_changed += changes.height
        if not changes["n_stretches_left"][0]:
            return n_changed


def _apply(warehouse: Warehouse, changes: pl.DataFrame) -> None:
    """Put changed bars in the place of those that are stored; a bar that no market has any more leaves."""
    connection, table = warehouse.connection, REFERENCE_PRICE
    names = ", ".join(table.column_names)
    on_key = " and ".join(f"t.{name} = s.{name}" for name in table.key)
    run_statement(connection, "begin")
    try:
        with staged(connection, changes) as stage:
            run_statement(connection, f"delete from {table.name} as t using {stage} as s where {on_key}")
            run_statement(
                connection, f"insert into {table.name} ({names}) select {names} from {stage} where n_markets > 0"
            )
        run_statement(connection, "commit")
    except duckdb.Error:
        abandon(connection)
        raise
