"""Random studies as CSV frames for the command and, beside them, as plain mappings for the independent program."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from tests.reference.independent_events import Bounds, Event, Series, Tables

FIRST_DAY = dt.datetime(2024, 1, 1)
N_DAYS = 150
PART: Bounds = (-1, 1)  # tested beside single bars and whole windows


@dataclass(frozen=True)
class Shape:
    """What a random study looks like."""

    n_assets: int = 6
    n_events: int = 8
    n_factors: int = 1
    values: str = "returns"
    kind: str = "simple"
    is_long: bool = False
    is_clustered: bool = False
    has_holes: bool = False
    is_uneven: bool = False
    has_own_windows: bool = False
    is_hourly: bool = False
    is_masked: bool = False
    is_cumulative: bool = False
    pairs: str = "every"


@dataclass(frozen=True)
class RandomStudy:
    """The same tables in both forms."""

    prices: pl.DataFrame
    market: pl.DataFrame | None
    events: pl.DataFrame
    options: tuple[str, ...]
    tables: Tables
    expected: tuple[Event, ...]
    least: int  # usable estimation bars below which the command excludes an event
    shape: Shape

    @property
    def calendar(self) -> set[int]:
        """The days on which any asset has a bar beside all factors."""
        return {day for series in self.tables.assets.values() for day in set(series).intersection(*self.tables.factors)}

    def spoilers_of(self, event: Event) -> list[Event]:
        """The events whose windows the command masks in the estimation window of `event`."""
        return [other for other in self.expected if other.asset == event.asset] if self.shape.is_masked else []

    def parts_of(self, window: Bounds) -> list[Bounds]:
        """The windows that the command tests for events of `window`, in its order."""
        parts = [(bar, bar) for bar in range(window[0], window[1] + 1)]
        parts += [(window[0], bar) for bar in range(window[0] + 1, window[1])] if self.shape.is_cumulative else []
        parts += [PART] if window[0] <= PART[0] and PART[1] <= window[1] else []
        return list(dict.fromkeys([*parts, window]))


def make_study(shape: Shape, seed: int, window: Bounds = (-2, 3), estimation: Bounds = (-60, -4)) -> RandomStudy:
    """A study of `shape`: correlated assets, fat tails, and the holes that `shape` asks for."""
    rng = np.random.default_rng(seed)
    days = np.flatnonzero(rng.random(2 * N_DAYS) < 0.7)[:N_DAYS].tolist()
    factors = rng.normal(0, 0.012, (shape.n_factors, len(days)))
    market = [_series(rng, days, row, shape, holes=0.01 * shape.has_holes) for row in factors]
    common = rng.normal(0, 0.006, len(days)) + factors.sum(axis=0)
    assets: dict[str, Series] = {}
    for k in range(shape.n_assets):
        own = 0.02 * rng.standard_t(4, len(days)) * rng.uniform(0.5, 1.5)
        start = int(rng.integers(0, 50)) if shape.is_uneven and k else 0
        series = _series(rng, days, rng.normal(1, 0.3) * common + own, shape, holes=0.03 * shape.has_holes)
        assets[f"Asset {k}"] = _cut(series, days[start], is_long=shape.is_long)
    tables = Tables(assets, market, shape.values, shape.kind)
    events = _events(rng, shape, days, window, estimation)
    names = [f"F{k}" for k in range(shape.n_factors)]
    options = [
        f"--estimation={estimation[0]}:{estimation[1]}",
        f"--window={window[0]}:{window[1]}",
        f"--parts={PART[0]}:{PART[1]}",
    ]
    options += [f"--values={shape.values}", f"--returns={shape.kind}"]
    options += ["--factors", ",".join(names)] if names else ["--model", "constant_mean"]
    options += ["--pairs", shape.pairs]
    options += [*(["--mask"] * shape.is_masked), *(["--cumulative"] * shape.is_cumulative)]
    return RandomStudy(
        _frame(assets, shape),
        _frame(dict(zip(names, market, strict=True)), shape) if names else None,
        _event_frame(events, window, estimation, shape),
        tuple(options),
        tables,
        tuple(events),
        (estimation[1] - estimation[0] + 1) // 2,
        shape,
    )


def _series(rng: np.random.Generator, days: list[int], returns: object, shape: Shape, holes: float) -> Series:
    values = np.asarray(returns, dtype=np.float64)
    if shape.values == "prices":
        values = 100 * np.exp(np.cumsum(values))
    values = np.where(rng.random(values.size) < holes, np.nan, values)
    return dict(zip(days, values.tolist(), strict=True))


def _cut(series: Series, first: int, *, is_long: bool) -> Series:
    """History from `first` on: no rows before in a long table, empty cells in a wide one."""
    if is_long:
        return {day: value for day, value in series.items() if day >= first}
    return {day: value if day >= first else float("nan") for day, value in series.items()}


def _events(rng: np.random.Generator, shape: Shape, days: list[int], window: Bounds, estimation: Bounds) -> list[Event]:
    events = []
    shared = days[int(rng.integers(90, 120))]
    for k in range(shape.n_events):
        asset = k % shape.n_assets if shape.n_events <= shape.n_assets else int(rng.integers(shape.n_assets))
        is_shared = shape.is_clustered and rng.random() < 0.8
        day = shared if is_shared else days[int(rng.integers(75, 140))] + int(rng.integers(0, 2))
        own, bars = window, estimation
        if shape.has_own_windows:
            own = (window, (0, 1), (-1, 4))[int(rng.integers(3))]
            bars = (estimation[0] + int(rng.integers(0, 20)), min(estimation[1], own[0] - 1 - int(rng.integers(4))))
        events.append(Event(f"e{k}", f"Asset {asset}", day, own, bars))
    return events


def _frame(series: dict[str, Series], shape: Shape) -> pl.DataFrame:
    days = sorted({day for values in series.values() for day in values})
    if shape.is_long:
        rows = [(_time(day, shape), name, value) for name, values in series.items() for day, value in values.items()]
        return _blank(pl.DataFrame(rows, schema=["date", "asset", "value"], orient="row"))
    columns = {name: [values.get(day, float("nan")) for day in days] for name, values in series.items()}
    return _blank(pl.DataFrame({"date": [_time(day, shape) for day in days], **columns}))


def _blank(frame: pl.DataFrame) -> pl.DataFrame:
    numbers = pl.col(pl.Float64)
    return frame.with_columns(pl.when(numbers.is_nan()).then(None).otherwise(numbers).name.keep())


def _event_frame(events: list[Event], window: Bounds, estimation: Bounds, shape: Shape) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "event_id": [event.event_id for event in events],
            "asset": [event.asset for event in events],
            "date": [_time(event.day, shape) for event in events],
        }
    )
    if all((event.window, event.estimation) == (window, estimation) for event in events):
        return frame
    return frame.with_columns(
        window_start=pl.Series([event.window[0] for event in events]),
        window_end=pl.Series([event.window[1] for event in events]),
        estimation_start=pl.Series([event.estimation[0] for event in events]),
        estimation_end=pl.Series([event.estimation[1] for event in events]),
    )


def _time(number: int, shape: Shape) -> str:
    """The bar of that number: a day, or an hour as an instant with its zone."""
    if shape.is_hourly:
        return f"{FIRST_DAY + dt.timedelta(hours=number):%Y-%m-%dT%H:%M:%SZ}"
    return f"{FIRST_DAY + dt.timedelta(days=number):%Y-%m-%d}"
