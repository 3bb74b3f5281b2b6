"""What an import did, as tables for a person: rows, range, gaps, rejects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from warehouse.tables.contract import UTC
from warehouse.tables.units import ISO_MINUTE, count

_SERIES = ["market_id", "timeframe"]
ALL = "(all)"
KEPT_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "market_id": pl.String,
    "timeframe": pl.String,
    "n_kept": pl.Int64,
    "first": UTC,
    "last": UTC,
}
REFUSED_SCHEMA = {"subject_id": pl.String, "reason": pl.String, "n": pl.Int64}
REPORT_COLUMNS = [
    "file",
    "market_id",
    "timeframe",
    "n_rows",
    "n_new",
    "n_revised",
    "n_refused",
    "reasons",
    "first_open_utc",
    "last_open_utc",
    "n_gaps",
    "n_missing",
    "gap_causes",
    "ended_because",
    "is_registered",
]


@dataclass(slots=True)
class FileTally:
    """Counts of one file while it is read."""

    file: str
    n_new: int = 0
    n_revised: int = 0
    kept: list[tuple[str, str, int, datetime, datetime]] = field(default_factory=list)
    refused: list[tuple[str, str, int]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def is_all_refused(self) -> bool:
        """Whether the file had rows and none of them was kept."""
        return bool(self.refused) and not self.kept

    def remark(self, *texts: str) -> None:
        """Add what a person should know, each once."""
        self.remarks += [text for text in dict.fromkeys(texts) if text and text not in self.remarks]

    def count(self, candles: pl.DataFrame, quarantined: pl.DataFrame) -> None:
        """Add one batch; only counts are kept."""
        opened = pl.col("open_time_utc")
        counts = pl.len().cast(pl.Int64).alias("n_kept"), opened.min().alias("first"), opened.max().alias("last")
        # Plain values: a text column of the result would keep the texts of the whole batch in memory.
        self.kept += candles.group_by(_SERIES).agg(*counts).rows()
        self.refused += quarantined.group_by("subject_id", "reason").agg(pl.len().cast(pl.Int64).alias("n")).rows()


def file_report(tallies: Sequence[FileTally], coverage: pl.DataFrame) -> pl.DataFrame:
    """One row per file and series, after one row per file with its totals; gaps are those of the stored series."""
    frames = [_one_file(tally, coverage) for tally in tallies]
    return pl.concat(frames, how="vertical_relaxed")


def gap_report(report: pl.DataFrame, gaps: pl.DataFrame) -> pl.DataFrame:
    """The gaps of the series in a report, longest first."""
    series = report.filter(pl.col("market_id") != ALL).select(_SERIES).unique()
    return gaps.join(series, on=_SERIES, how="semi").sort("n_missing", "gap_start_utc", descending=[True, False])


def _one_file(tally: FileTally, coverage: pl.DataFrame) -> pl.DataFrame:
    kept = pl.DataFrame(tally.kept, schema=KEPT_SCHEMA, orient="row")
    series = kept.group_by(_SERIES).agg(
        pl.col("n_kept").sum(),
        pl.col("first").min().alias("first_open_utc"),
        pl.col("last").max().alias("last_open_utc"),
    )
    refused = _refused_by_series(pl.DataFrame(tally.refused, schema=REFUSED_SCHEMA, orient="row"))
    rows = series.join(refused, on=_SERIES, how="full", coalesce=True, validate="1:1").with_columns(
        pl.col("n_kept", "n_refused").fill_null(0)
    )
    rows = rows.join(
        coverage.select(*_SERIES, "n_gaps", "n_missing", "gap_causes", "ended_because", "is_registered"),
        on=_SERIES,
        how="left",
        validate="1:1",
    ).sort(_SERIES)
    total = rows.select(
        pl.lit(ALL).alias("market_id"),
        pl.lit("").alias("timeframe"),
        pl.col("n_kept", "n_refused").sum(),
        pl.col("first_open_utc").min(),
        pl.col("last_open_utc").max(),
        pl.col("n_gaps", "n_missing").sum(),
        pl.lit(tally.n_new).alias("n_new"),
        pl.lit(tally.n_revised).alias("n_revised"),
    )
    both = pl.concat([total, rows], how="diagonal_relaxed").with_columns(
        pl.lit(tally.file).alias("file"), (pl.col("n_kept") + pl.col("n_refused")).alias("n_rows")
    )
    return both.select(REPORT_COLUMNS)


def _refused_by_series(refused: pl.DataFrame) -> pl.DataFrame:
    parts = pl.col("subject_id").str.split(" ").list
    return (
        refused.group_by("subject_id", "reason")
        .agg(pl.col("n").sum())
        .sort("subject_id", "reason")
        .group_by("subject_id")
        .agg(
            pl.col("n").sum().alias("n_refused"),
            pl.format("{} {}", "n", "reason").str.join(", ").alias("reasons"),
        )
        .select(
            parts.slice(0, parts.len() - 1).list.join(" ").alias("market_id"),
            parts.last().alias("timeframe"),
            "n_refused",
            "reasons",
        )
    )


def readable_report(report: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """Per file of `file_report` a line with its totals, and its series with what there is to say about each."""
    opened = [pl.col(name).dt.strftime(ISO_MINUTE) for name in ("first_open_utc", "last_open_utc")]
    remarks = pl.concat_str(
        pl.col("reasons") + " refused",
        pl.col("gap_causes"),
        pl.col("ended_because"),
        pl.when(~pl.col("is_registered")).then(pl.lit("unregistered")),
        separator="; ",
        ignore_nulls=True,
    )
    parts = []
    # By position: files of the same name may come from several folders.
    numbered = report.with_columns((pl.col("market_id") == ALL).cum_sum().alias("number"))
    for part in numbered.partition_by("number", maintain_order=True):
        total, series = part.row(0, named=True), part[1:]
        title = (
            f"{total['file']}: {count(total['n_rows'])} rows of {series.height} series, {count(total['n_new'])} new, "
            f"{count(total['n_revised'])} revised, {count(total['n_refused'])} refused"
        )
        shown = series.select(
            pl.col("market_id").alias("market"),
            pl.col("timeframe").alias("bars"),
            pl.col("n_rows").alias("rows"),
            *(text.alias(name) for text, name in zip(opened, ("first", "last"), strict=True)),
            pl.col("n_missing").alias("missing"),
            remarks.alias("remarks"),
        )
        parts.append((title, shown))
    return parts


def readable_gaps(gaps: pl.DataFrame) -> pl.DataFrame:
    """Gaps as a person reads them."""
    return gaps.select(
        pl.col("market_id").alias("market"),
        pl.col("timeframe").alias("bars"),
        pl.col("gap_start_utc").dt.strftime(ISO_MINUTE).alias("missing_from"),
        pl.col("gap_end_utc").dt.strftime(ISO_MINUTE).alias("until"),
        pl.col("n_missing").alias("missing"),
        "cause",
        "detail",
    )
