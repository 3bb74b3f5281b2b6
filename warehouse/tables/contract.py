"""The shape of a table: its columns with type, unit and meaning, and the check of a frame against it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import polars as pl

UTC = pl.Datetime("us", "UTC")

SQL_TYPES: dict[pl.DataType | type[pl.DataType], str] = {
    pl.String: "varchar",
    pl.Float64: "double",
    pl.Int64: "bigint",
    pl.Boolean: "boolean",
    pl.Date: "date",
    pl.Binary: "blob",
    UTC: "timestamptz",
    pl.Datetime("us"): "timestamp",
}


class ContractError(ValueError):
    """A frame does not match the table it was meant for; the message names table, column and remedy."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `unit` is a physical or currency unit, or empty; `is_nullable` says that absence is meaningful."""

    name: str
    dtype: pl.DataType | type[pl.DataType]
    description: str
    unit: str = ""
    is_nullable: bool = False

    @property
    def sql_type(self) -> str:
        """The DuckDB type that stores this column."""
        return SQL_TYPES[self.dtype]

    @property
    def comment(self) -> str:
        """The text of `comment on column`: meaning, then unit."""
        return f"{self.description} [{self.unit}]" if self.unit else self.description


@dataclass(frozen=True, slots=True)
class View:
    """One view over the tables, defined in `warehouse/sql/views/<thing>.sql`: its key and columns, as it shows them."""

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One stored table: `name` is `layer.thing`, `key` the natural key that `merge` matches on."""

    name: str
    description: str
    source: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def __hash__(self) -> int:
        """By name alone: tables key the dictionaries of every page, and hashing all columns each time costs seconds."""
        return hash(self.name)

    @property
    def column_names(self) -> list[str]:
        """All column names in stored order."""
        return [column.name for column in self.columns]

    @property
    def schema(self) -> pl.Schema:
        """The polars schema in stored order."""
        return _schema_of(self)

    def empty(self) -> pl.DataFrame:
        """A frame with no rows and this table's columns."""
        return pl.DataFrame(schema=self.schema)

    def conform(self, frame: pl.DataFrame) -> pl.DataFrame:
        """`frame` with this table's columns in stored order, or ContractError.

        Columns of type Null take the contract's type; nullable columns that are missing become null; anything else
        that differs (unknown column, wrong type, null in a required column, repeated key) is an error, never a cast.
        """
        given = dict(zip(frame.columns, frame.dtypes, strict=True))
        unknown = sorted(set(given) - set(self.column_names))
        if unknown:
            raise ContractError(f"{self.name}: unknown column(s) {unknown}; expected {self.column_names}")
        expressions = []
        for column in self.columns:
            if column.name not in given:
                if not column.is_nullable:
                    raise ContractError(f"{self.name}.{column.name} is missing; it is required")
                expressions.append(pl.lit(None, dtype=column.dtype).alias(column.name))
                continue
            found = given[column.name]
            if found == pl.Null:
                expressions.append(pl.col(column.name).cast(column.dtype))
            elif found != column.dtype:
                raise ContractError(f"{self.name}.{column.name} is {found}; expected {column.dtype}: cast it upstream")
            else:
                expressions.append(pl.col(column.name))
        # As a rule the frame is as it should be, and a selection of many small ones costs more than all checks.
        conformed = frame if list(given.items()) == list(self.schema.items()) else frame.select(expressions)
        self._refuse_nulls(conformed)
        self._refuse_repeated_keys(conformed)
        return conformed

    def _refuse_nulls(self, frame: pl.DataFrame) -> None:
        for column in self.columns:
            if not column.is_nullable and (count := frame[column.name].null_count()):
                raise ContractError(
                    f"{self.name}.{column.name} has {count} null(s) in {frame.height} rows; it is required"
                )

    def _refuse_repeated_keys(self, frame: pl.DataFrame) -> None:
        if not self.key or not frame.height:
            return
        # Equal keys have equal hashes, so as many hashes as rows prove that no key repeats, in a third of the time.
        if frame.select(self.key).hash_rows().n_unique() == frame.height:
            return
        repeated = frame.select(pl.struct(self.key).is_duplicated().alias("is_repeated"))["is_repeated"]
        if repeated.any():
            example = frame.filter(repeated).select(self.key).row(0, named=True)
            raise ContractError(f"{self.name}: {int(repeated.sum())} rows repeat a key, e.g. {example}")


@cache
def _schema_of(table: Table) -> pl.Schema:
    """Made once a table: polars takes a tenth of a millisecond to make one, and every frame asks."""
    return pl.Schema({column.name: column.dtype for column in table.columns})
