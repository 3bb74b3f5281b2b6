"""All specifications of one event on one market and bar length, at the event and at every placebo date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from analysis.arrays import Flags, Floats, Integers
from analysis.engine.kernel import BlockSums, fit_around, total_returns
from analysis.engine.loops.forecasts import forecast_windows
from analysis.portable import expm1
from analysis.single.window.block_model import sum_returns
from analysis.single.window.volatility import measure_volatility
from analysis.tape.series import AlignedSeries, SpanTimes, cut_series, mark_spans
from warehouse.tables.bars import bar_of_hours
from warehouse.tables.units import ascii_number

ESTIMATION_DAYS = (5.0, 10.0, 30.0, 60.0)
HEADLINE_DAYS = 30.0  # estimation window of the main study
WINDOW_HOURS = (12.0, 24.0, 72.0)
RETURN_KINDS = ("log", "simple")
NO_BENCHMARK = "none"
HISTORY_DAYS = 365  # placebo dates are looked for this far back
_WITH_DRIFT = ("mean_adjusted", "market_model_drift")
_MINIMUM_SHARE = 0.5  # of the estimation bars that must be usable: other events mask some


@dataclass(frozen=True, slots=True)
class Choice:
    """One specification."""

    market_id: str
    bar_hours: float
    model: str
    benchmark: str
    estimation_days: float
    return_kind: str
    timing_rule: str
    window_hours: float

    @property
    def specification_id(self) -> str:
        """The choices in short."""
        return (
            f"{self.market_id}/{bar_of_hours(self.bar_hours).name}/{self.model}/{self.benchmark}/{ascii_number(self.estimation_days)}d/"
            f"{self.return_kind}/{self.timing_rule}/{ascii_number(self.window_hours)}h"
        )


@dataclass(frozen=True, slots=True)
class DatedGrid:
    """One market and bar length, cut to what the dates need; the anchor of a date is the bar in which it falls."""

    series: Mapping[str, AlignedSeries]  # by benchmark
    is_masked: Flags
    rules: tuple[str, ...]
    anchors: Integers  # (rules, dates); column 0 is the event; −1 before the record

    @property
    def first_series(self) -> AlignedSeries:
        """The series with the main benchmark."""
        return next(iter(self.series.values()))

    def at_dates(self, dates: Integers) -> DatedGrid:
        """The same at some of its dates, the event among them."""
        return replace(self, anchors=self.anchors[:, dates])

    def volatility_ratios(self) -> Floats:
        """Current (EWMA) over estimation-window volatility of the return beyond the benchmark, per date."""
        series = self.first_series
        volatility = measure_volatility(series.asset - series.benchmark, series.bar_hours)
        length = round(10.0 * 24.0 / series.bar_hours)  # ten days: present on every record that can be measured at all
        starts = np.maximum(self.anchors[0], 0)
        fitted = fit_around(
            sum_returns(series, self.is_masked),
            starts,
            0,
            limit=0,
            length=length,
            minimum=round(length * _MINIMUM_SHARE),
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            ratios: Floats = volatility[starts] / np.sqrt(fitted.residual_variance)
        return np.where(self.anchors[0] >= 0, ratios, np.nan)

    def clean_dates(self) -> Flags:
        """Dates whose first day holds no other event and whose windows end before the event's first start."""
        bar_hours = self.first_series.bar_hours
        counts = np.concatenate([[0], np.cumsum(self.is_masked)])
        starts = np.maximum(self.anchors, 0)
        ends = np.minimum(starts + round(24.0 / bar_hours), self.is_masked.size)
        is_free = (counts[ends] == counts[starts]).all(axis=0)
        longest = round(max(WINDOW_HOURS) / bar_hours)
        is_before = (self.anchors + longest).max(axis=0) <= self.anchors[:, 0].min()
        is_clean: Flags = is_free & is_before & (self.anchors >= 0).all(axis=0)
        return is_clean


def place_dates(
    variant: Mapping[str, AlignedSeries], anchors_us: Mapping[str, int], spans_us: SpanTimes
) -> DatedGrid | None:
    """The grid of one variant; rules that fall into the same bar are one; None when the record holds no start."""
    series = next(iter(variant.values()))
    per_day = round(24.0 / series.bar_hours)
    found: dict[int, str] = {}
    for rule, instant in anchors_us.items():
        index = series.first_bar_after(instant)
        if 0 < index < series.close_us.size:
            found.setdefault(index, rule)
    if not found:
        return None
    first = max(0, min(found) - (HISTORY_DAYS + round(max(ESTIMATION_DAYS))) * per_day)
    last = min(series.close_us.size, max(found) + round(max(WINDOW_HOURS) / series.bar_hours) + 1)
    cut = {name: cut_series(item, first, last) for name, item in variant.items()}
    shifts = np.arange(HISTORY_DAYS + 1) * per_day
    anchors = np.maximum(np.array([index - first for index in found])[:, None] - shifts[None, :], -1)
    return DatedGrid(cut, mark_spans(next(iter(cut.values())), spans_us), tuple(found.values()), anchors)


def evaluate_grid(grid: DatedGrid) -> Iterator[tuple[Choice, Floats, Floats]]:
    """(choice, estimate, standard error), both (dates,), in sums of returns of the choice's kind; NaN where none.

    An estimation window that begins before the record is no choice at all: it would be a shorter one under its name.
    """
    for kind in RETURN_KINDS:
        for number, (benchmark, item) in enumerate(grid.series.items()):
            series = _convert(item, kind)
            beyond = replace(series, asset=series.asset - series.benchmark, benchmark=series.benchmark * 0.0)
            yield from _evaluate(grid, series, kind, benchmark, ("market_model", "market_model_drift"))
            yield from _evaluate(grid, beyond, kind, benchmark, ("market_adjusted",))
            if number == 0:
                alone = replace(series, benchmark=np.zeros(series.asset.size))
                yield from _evaluate(grid, alone, kind, NO_BENCHMARK, ("raw", "mean_adjusted"))


def _convert(series: AlignedSeries, kind: str) -> AlignedSeries:
    if kind == "log":
        return series
    return replace(series, asset=expm1(series.asset), benchmark=expm1(series.benchmark))


def _evaluate(
    grid: DatedGrid, series: AlignedSeries, kind: str, benchmark: str, models: tuple[str, ...]
) -> Iterator[tuple[Choice, Floats, Floats]]:
    sums = sum_returns(series, grid.is_masked)
    starts, shape = np.maximum(grid.anchors, 0).ravel(), grid.anchors.shape
    is_known = (grid.anchors >= 0).ravel()
    windows = {hours: round(hours / series.bar_hours) for hours in WINDOW_HOURS}
    moves = {hours: _window_moves(sums, starts, n_bars, is_known) for hours, n_bars in windows.items()}
    for days in ESTIMATION_DAYS:
        length = round(days * 24.0 / series.bar_hours)
        if length > grid.anchors[:, 0].min():
            continue
        fitted = fit_around(sums, starts, 0, limit=0, length=length, minimum=round(length * _MINIMUM_SHARE))
        with np.errstate(invalid="ignore", divide="ignore"):
            weight = np.where(fitted.benchmark_squares > 0, 1.0 / fitted.benchmark_squares, 0.0)
        lines = np.stack([fitted.alpha, fitted.beta, fitted.residual_variance, fitted.benchmark_mean, weight])
        for hours, n_bars in windows.items():
            for model in models:
                found = forecast_windows(moves[hours], lines, fitted.n, n_bars, model in _WITH_DRIFT)
                estimate, error = found.reshape(2, *shape)
                for row, rule in enumerate(grid.rules):
                    choice = Choice(series.market_id, series.bar_hours, model, benchmark, days, kind, rule, hours)
                    yield choice, estimate[row], error[row]


def _window_moves(sums: BlockSums, starts: Integers, n_bars: int, is_known: Flags) -> Floats:
    """Summed returns of asset and benchmark over each window, (2, windows), NaN where a bar is missing."""
    asset, benchmark = total_returns(sums, starts, n_bars)
    return np.stack([np.where(is_known, asset, np.nan), benchmark])
