"""Rows that share their words and differ in numbers, put together as one frame of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from analysis.arrays import Floats, Integers
from warehouse.tables.contract import Table


@dataclass(frozen=True, slots=True)
class SharedRows:
    """The values that all rows share, and the columns of numbers (n,), of which there is one at least."""

    shared: Mapping[str, object]
    columns: Mapping[str, Floats | Integers]

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return int(next(iter(self.columns.values())).size)


def join_shared(table: Table, parts: Sequence[SharedRows]) -> pl.DataFrame:
    """The rows of all `parts`, which have the same columns, in order as `table` has them; NaN becomes null.

    Instants are microseconds since 1970. One frame for many parts: a frame each costs more than their numbers.
    """
    if not parts:
        return table.empty()
    kinds = {name: table.schema[name] for name in parts[0].columns}
    joined = {name: np.concatenate([item.columns[name] for item in parts]) for name in kinds}
    numbers = pl.DataFrame(joined).with_columns(
        pl.col(name).fill_nan(None) if kind.is_float() else pl.col(name).cast(kind) for name, kind in kinds.items()
    )
    words = pl.DataFrame(
        [item.shared for item in parts], {n: kind for n, kind in table.schema.items() if n not in kinds}, strict=False
    )
    repeats = np.repeat(np.arange(len(parts)), [item.n_rows for item in parts])
    return pl.concat([words[repeats], numbers], how="horizontal").select(table.column_names)
