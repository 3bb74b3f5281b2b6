"""What a worker computes: pure functions of their arguments and of a lake at pinned versions."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from analysis.engine.size import SizeRequest, measure_size, simulated_draws
from analysis.single.size.table import SingleSizeRequest, choose_regimes, measure_single_size
from analysis.single.window.ordinary import measure_ordinary, no_windows
from analysis.tape.funding import is_perpetual
from analysis.tape.returns import build_return_grid
from analysis.tape.series import align_series
from flows.steps.models import measure_under_models
from flows.steps.studies import measure_one_event
from flows.study_registry import DeclaredStudy
from flows.tape import StoredTape
from warehouse.store.connection import Reader, open_reader
from warehouse.tables.bars import bar_length


@dataclass(frozen=True, slots=True)
class RecordSource:
    """Where tasks read: a published file of this machine, or a lake (`lake`) at pinned versions."""

    published: str
    lake: str | None = None
    versions: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class OrdinaryRequest:
    """Windows of one market; lengths in hours."""

    market_id: str
    benchmark_ids: tuple[str, ...]
    timeframe: str
    window_hours: float
    estimation_hours: float
    minimum_hours: float


def ordinary_windows(source: RecordSource, request: OrdinaryRequest) -> pl.DataFrame:
    """One row: the abnormal moves of every window of one market."""
    wanted = [request.market_id, *request.benchmark_ids]
    with open_source(source) as reader:
        candles = reader.query("candles_of_timeframe", timeframe=request.timeframe, market_ids=wanted)
    with_bars = set(candles["market_id"])
    present = [name for name in request.benchmark_ids if name in with_bars]
    series = None
    if request.market_id in with_bars:
        grid = build_return_grid(candles, bar_length(request.timeframe))
        series = align_series(grid, request.market_id, present)
    if series is None:
        reason = "no two stored bars of this length"
        return no_windows(request.market_id, request.timeframe, request.window_hours, reason)
    return measure_ordinary(series, request.window_hours, request.estimation_hours, request.minimum_hours)


def event_rows(
    source: RecordSource, study: DeclaredStudy, event_id: str, as_of: datetime | None, is_after_funding: bool
) -> pl.DataFrame:
    """Rows of out.study_result of one event under one study; rows without a statistic say why one is absent.

    One such row stands for the event where nothing was measured, and, after funding, one for each perpetual left out.
    """
    reader, tape = held_record(source, as_of)
    results, exclusions = measure_one_event(
        reader, study, event_id, as_of, is_after_funding=is_after_funding, tape=tape
    )
    absent: list[dict[str, str]] = []
    if is_after_funding:
        excluded = exclusions.select("market_id", "reason").iter_rows(named=True)
        absent += [row for row in excluded if is_perpetual(row["market_id"])]
    if not results.height:
        absent.append({"reason": "; ".join(sorted(set(exclusions["reason"]))) or "no candles were known"})
    told = [{"study_id": study.id, "event_id": event_id} | row for row in absent]
    schema = dict.fromkeys(("study_id", "event_id", "market_id", "reason"), pl.String)
    return pl.concat([results, pl.DataFrame(told, schema=schema)], how="diagonal")


def model_rows(
    source: RecordSource, study: DeclaredStudy, event_id: str, asset_id: str, as_of: datetime | None
) -> pl.DataFrame:
    """Rows of out.study_result of one event and token under every expected-return model, fitted anew."""
    reader, tape = held_record(source, as_of)
    return measure_under_models(reader, tape, study, event_id, asset_id)


def size_of_tests(request: SizeRequest, scenario: str) -> pl.DataFrame:
    """Rows of out.test_size of one simulated scenario, which has a random stream of its own."""
    return measure_size(simulated_draws(request, (scenario,)), request, _quiet)


def size_of_single(request: SingleSizeRequest, regime: str) -> pl.DataFrame:
    """Rows of out.single_size of one regime, which has a random stream of its own."""
    return measure_single_size(choose_regimes((regime,)), request, _quiet)


class _Held(threading.local):
    """The record that a thread works on: opened and aligned once, not once a task."""

    key: tuple[RecordSource, datetime | None] | None = None
    opened: ExitStack | None = None
    record: tuple[Reader, StoredTape] | None = None


_held = _Held()


def held_record(source: RecordSource, as_of: datetime | None) -> tuple[Reader, StoredTape]:
    """A reader on the record with its prices as believed at `as_of`, kept open until another is asked for."""
    if _held.record is None or _held.key != (source, as_of):
        release_record()
        opened = ExitStack()
        reader = opened.enter_context(open_source(source))
        _held.key, _held.opened, _held.record = (source, as_of), opened, (reader, StoredTape(reader, as_of))
    return _held.record


def release_record() -> None:
    """Close what this thread holds open."""
    if _held.opened is not None:
        _held.opened.close()
    _held.key = _held.opened = _held.record = None


@contextmanager
def open_source(source: RecordSource) -> Iterator[Reader]:
    """A reader on the record that a task was given."""
    if source.lake is None:
        with open_reader(Path(source.published)) as reader:
            yield reader
        return
    from warehouse.lake.layout import LakeAddress
    from warehouse.lake.reading import mounted
    from warehouse.lake.release import Release

    with mounted(Release(LakeAddress(source.lake), "", dict(source.versions))) as reader:
        yield reader


def _quiet(_sentence: str) -> None:
    """Workers have no terminal."""
