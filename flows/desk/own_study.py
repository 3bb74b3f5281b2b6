"""A study of one's own from three files to a page: its entry in `config/`, its rows in the warehouse, its results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from analysis.own.kept import KeptStudy, NamedTable, read_kept_study
from analysis.own.tables import BarEnd
from analysis.tape.choice import BENCHMARK_ASSET
from flows.configuration import read_own, with_entries
from flows.context import RunContext
from flows.errors import CommandError
from flows.jobs.own_files import read_table
from flows.study_registry import STUDIES, DeclaredStudy, load_studies, read_declared_studies
from warehouse.config import ConfigText
from warehouse.store.connection import Reader, Warehouse
from warehouse.tables.bars import HOURS_PER_DAY
from warehouse.tables.contract import Table
from warehouse.tables.own import STUDY_BAR, STUDY_EVENT
from warehouse.tables.studies import REACTION_STUDY
from warehouse.tables.terms import OWN

_FILE_NAME = "studies.toml"
_HEADER = "Your own studies; `aftershock study new` writes entries, and you may change them."
# What a run does once the files are in.
STUDY_STEPS = ("studies", "groups", "checks", "publish", "pages")
# A model of daily bars needs about half a year of them before the event, one of finer bars thirty days.
_DAILY_ESTIMATION_HOURS, _DAILY_MINIMUM_HOURS = 120.0 * HOURS_PER_DAY, 40.0 * HOURS_PER_DAY


@dataclass(frozen=True, slots=True)
class OwnFiles:
    """The files of a study, and which end of a bar their rows name where the columns do not say."""

    prices: Path
    events: Path
    market: Path | None = None
    label: BarEnd | None = None


def read_files(files: OwnFiles) -> KeptStudy:
    """The study in the files; CommandError names file, row and remedy."""
    market = _read(files.market) if files.market is not None else None
    try:
        return read_kept_study(_read(files.prices), _read(files.events), market, files.label)
    except ValueError as exc:
        raise CommandError(str(exc)) from exc


def _read(path: Path) -> NamedTable:
    return NamedTable(path.name, read_table(path))


def declare_study(config_path: Path, study_id: str, study: KeptStudy, *, is_dry: bool = False) -> Path:
    """Write or renew the study's entry in `config/studies.toml`; every other line stays as it is, and all if `is_dry`.

    Of an entry that stands only assets, benchmarks and bar length follow the files. CommandError for the id of a study
    that is none of your own.
    """
    declared = {item.id: item for item in load_studies(config_path)}
    entry = _follow_files(study)
    if study_id not in declared:
        entry = _begin(study_id, study, declared[REACTION_STUDY]) | entry
    elif not declared[study_id].is_own:
        raise CommandError(f"{study_id} is the id of a study that is not from files; choose another name")
    path = config_path / _FILE_NAME
    written = read_own(config_path, _FILE_NAME)
    text = with_entries(written, STUDIES.name, {study_id: entry}, _HEADER)
    if written is None or text != written.text:
        read_declared_studies(ConfigText(str(path), text))
        if not is_dry:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return path


def store_study(context: RunContext, study_id: str, study: KeptStudy, files: OwnFiles) -> int:
    """Make the study's rows in the warehouse exactly those of the files; returns how many were written."""
    sources = {False: files.prices.name, True: files.market.name if files.market is not None else ""}
    bars = study.bars.with_columns(
        pl.lit(study_id).alias("study_id"),
        pl.lit(study.bar.name).alias("timeframe"),
        pl.col("is_benchmark").replace_strict(sources, return_dtype=pl.String).alias("source_id"),
        pl.lit(context.run_id).alias("run_id"),
    )
    events = study.events.with_columns(
        pl.lit(study_id).alias("study_id"),
        pl.lit(files.events.name).alias("source_id"),
        pl.lit(context.run_id).alias("run_id"),
    )
    return sum(
        _replace_values(context.warehouse, table, frame, study_id)
        for table, frame in ((STUDY_BAR, bars), (STUDY_EVENT, events))
    )


def _replace_values(warehouse: Warehouse, table: Table, frame: pl.DataFrame, study_id: str) -> int:
    """Write rows whose values are new; which run wrote a row is no value."""
    rows = table.conform(frame.select(table.column_names))
    values = [name for name in table.column_names if name != "run_id"]
    stored = warehouse.frame(table, "study_id = $study_id", study_id=study_id)
    if stored.select(values).sort(table.key).equals(rows.select(values).sort(table.key)):
        return 0
    return warehouse.replace_part(table, rows, "study_id = $study_id", study_id=study_id)


def summarise_study(reader: Reader, study_id: str) -> pl.DataFrame:
    """What the events of a study did on average: one row per window."""
    return reader.query("own_study_means", study_id=study_id)


def reasons_of_study(reader: Reader, study_id: str) -> list[str]:
    """Why events have no result, a line per reason with its events."""
    return [f"{n} left out: {reason}" for reason, n in reader.query("own_study_reasons", study_id=study_id).iter_rows()]


def _follow_files(study: KeptStudy) -> dict[str, object]:
    return {
        "asset_ids": list(study.asset_ids),
        "benchmark_asset_ids": list(study.benchmark_ids or (BENCHMARK_ASSET,)),
        "timeframes": [study.bar.name],
    }


def _begin(study_id: str, study: KeptStudy, like: DeclaredStudy) -> dict[str, object]:
    """A complete entry: the lengths of the shipped study, as far as whole bars of this length make them."""
    is_daily = study.bar.hours >= HOURS_PER_DAY
    windows = [hours for hours in like.windows_hours if hours % study.bar.hours == 0] or [study.bar.hours]
    main = like.main_window_hours if like.main_window_hours in windows else windows[0]
    return {
        "title": f"{study_id}: events and prices of your own",
        "benchmark_exchanges": [OWN, *like.benchmark_exchanges],
        "timing_rule": like.timing_rule,
        "event_origins": [OWN],
        "windows_hours": windows,
        "main_window_hours": main,
        "estimation_hours": _DAILY_ESTIMATION_HOURS if is_daily else like.estimation_hours,
        "minimum_estimation_hours": _DAILY_MINIMUM_HOURS if is_daily else like.minimum_estimation_hours,
        "placebo_history_hours": like.placebo_history_hours,
        "mask_origins": [OWN],
        "mask_hours": like.mask_hours,
        "path_before_hours": like.path_before_hours,
        "path_after_hours": like.path_after_hours,
        "specification_asset_ids": [],
        "examined_origins": [OWN],
        "search_hours": like.search_hours,
    }
