"""Value as a hedge: what a share of a token gained around shocks, and what holding it cost between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl
from scipy.special import betaincinv

from analysis.arrays import Flags, Floats, Integers
from analysis.engine.kernel import fit_line
from analysis.engine.tails import LEVEL_95, student_half
from analysis.results.fingerprint import SourceCode, fingerprint
from analysis.results.refresh import Fingerprints, refresh, stored_fingerprints
from analysis.tape.calendar import event_bars, spoiled_bars
from analysis.tape.choice import BENCHMARK_ASSET
from analysis.tape.markets import pair_series
from analysis.tape.series import AlignedSeries
from warehouse.tables.resilience import HEDGE

_SOURCE = SourceCode("analysis.groups.hedge")
WEIGHTS = (0.01, 0.05, 0.10, 0.25)
_WINDOW_HOURS = (24.0, 168.0)
# A holder of months looks at no finer bars, and these reach furthest.
_TIMEFRAMES = ("4h",)
_CASH = "cash"
_LEAST_SEVERITY = 3
RESTRICTION_CATEGORIES = ("export_control_access", "government_action")
# A status-page incident this near a restriction reports the restriction, not a fault.
SAME_NEWS = timedelta(hours=24)
# Fewer shocks than this make any mean an anecdote.
ENOUGH_EVENTS = 10
_HOURS_PER_YEAR = 24 * 365.25
_CONVENTIONS = (
    f"shocks of severity {_LEAST_SEVERITY} or more, chosen from news; from the last close before the first public"
    " evidence; outages within a day of a restriction count as that restriction; a shock inside the window of the one"
    " before is left out; no costs of trading; gain is weight times the token's simple return less that of what was"
    " sold; intervals over events: Student for the mean, exact binomial for the hit rate; between: bars outside all"
    " windows"
)


@dataclass(frozen=True, slots=True)
class Between:
    """What holding cost outside the windows, per year and for weight one."""

    mean_per_year: float | None
    volatility_per_year: float | None
    drawdown: float | None
    beta: float | None
    n_days: float


def measure_hedge(
    candles: pl.DataFrame, events: pl.DataFrame, asset_ids: Sequence[str], stored: pl.DataFrame
) -> pl.DataFrame:
    """out.hedge rows: per token, kind of shock, window, weight and what was sold for it.

    `candles`: core.candle with asset_id, the benchmark BTC included; `events`: core.event. Too few shocks give a row
    with the reason; every row with fewer than ten says so. A token, kind of shock and window whose prices and shocks
    are those of the `stored` rows keep them.
    """
    restrictions = _restrictions(events)
    shocks = {"restriction": restrictions, "outage": _outages(events, restrictions)}

    asked = {shock: fingerprint(_SOURCE, shock, times) for shock, times in shocks.items()}

    def plan() -> Iterator[tuple[tuple[str, str, float], Fingerprints, _Window]]:
        for series in pair_series(candles, asset_ids, _TIMEFRAMES, "simple"):
            seen = fingerprint(series)
            for shock, times in shocks.items():
                for hours in _WINDOW_HOURS:
                    sha256 = fingerprint(seen, asked[shock], hours)
                    window = _Window(series, shock, times, hours, sha256)
                    yield (series.market_id, shock, hours), frozenset([sha256]), window

    rows = stored.select("market_id", "shock", "window_end_hours", "spec_sha256").iter_rows()
    known = stored_fingerprints(((market_id, shock, hours), sha256) for market_id, shock, hours, sha256 in rows)
    found = refresh(plan(), known, _rows)
    fresh = [row for rows in found.fresh.values() for row in rows]
    kept = found.keep(stored).select(HEDGE.column_names)
    return pl.concat([kept, HEDGE.conform(pl.DataFrame(fresh, schema=HEDGE.schema))])


@dataclass(frozen=True, slots=True)
class _Window:
    """One token, kind of shock and window: prices, instants, and the fingerprint of all that the rows rest on."""

    series: AlignedSeries
    shock: str
    times: list[datetime]
    hours: float
    sha256: str


def separate_bars(bars: Integers, n_window: int) -> Integers:
    """The event bars of which none lies inside the window of one that was kept before it."""
    kept: list[int] = []
    for bar in np.sort(bars).tolist():
        if not kept or bar >= kept[-1] + n_window:
            kept.append(bar)
    return np.array(kept, dtype=np.int64)


def window_returns(returns: Floats, bars: Integers, n_window: int) -> Floats:
    """Simple return of the window that begins at each bar, from simple returns per bar; NaN where a bar has none."""
    windows = bars[:, np.newaxis] + np.arange(n_window)
    return np.asarray(np.prod(1.0 + returns[windows], axis=1) - 1.0)


def mean_interval(values: Floats) -> tuple[float, float] | None:
    """The 95 % Student interval of the mean of independent values; None for fewer than two."""
    if values.size < 2:
        return None
    mean, error = float(values.mean()), float(values.std(ddof=1) / np.sqrt(values.size))
    half = student_half(error, values.size - 1)
    return mean - half, mean + half


def hit_interval(n_hits: int, n: int) -> tuple[float, float]:
    """The exact 95 % interval of a share, by quantiles of the Beta distribution (Clopper & Pearson 1934)."""
    tail = 1.0 - LEVEL_95
    low = betaincinv(n_hits, n - n_hits + 1, tail) if n_hits else 0.0
    high = betaincinv(n_hits + 1, n - n_hits, LEVEL_95) if n_hits < n else 1.0
    return float(low), float(high)


def measure_between(excess: Floats, token: Floats, benchmark: Floats, is_outside: Flags, hours: float) -> Between:
    """Yearly mean and volatility, drawdown and beta of the bars outside the windows; `hours` is a bar's length.

    The drawdown joins the outside bars as if the windows were not there.
    """
    used = is_outside & np.isfinite(excess) & np.isfinite(token) & np.isfinite(benchmark)
    n = int(used.sum())
    if n < 2:
        return Between(None, None, None, None, n * hours / 24)
    per_year = _HOURS_PER_YEAR / hours
    wealth = np.concatenate([[1.0], np.cumprod(1.0 + excess[used])])
    drawdown = float((wealth / np.maximum.accumulate(wealth) - 1.0).min())
    beta = float(fit_line(token, benchmark, used).beta[0])
    return Between(
        float(excess[used].mean() * per_year),
        float(excess[used].std(ddof=1) * np.sqrt(per_year)),
        drawdown,
        beta if np.isfinite(beta) else None,
        n * hours / 24,
    )


def _restrictions(events: pl.DataFrame) -> list[datetime]:
    mine = _usable(events).filter(pl.col("category").is_in(RESTRICTION_CATEGORIES), pl.col("direction") == "restricts")
    return mine["best_at_utc"].to_list()


def _outages(events: pl.DataFrame, restrictions: list[datetime]) -> list[datetime]:
    """Outages that are not a restriction's own trace on a status page."""
    times: list[datetime] = _usable(events).filter(pl.col("category") == "outage")["best_at_utc"].to_list()
    return [at for at in times if not any(abs(at - other) < SAME_NEWS for other in restrictions)]


def _usable(events: pl.DataFrame) -> pl.DataFrame:
    return events.filter(
        pl.col("status") != "rejected",
        pl.col("time_precision") != "day",
        pl.col("selected_from") == "news",
        pl.col("severity") >= _LEAST_SEVERITY,
    ).sort("best_at_utc", "event_id")


def _rows(window: _Window) -> list[dict[str, object]]:
    series, times = window.series, window.times
    n_window = round(window.hours / series.bar_hours)
    token_bars, benchmark_bars = series.asset, series.benchmark
    bars = event_bars(times, series.first_open, series.bar)
    inside = bars[(bars >= 1) & (bars + n_window <= token_bars.size)]
    kept = separate_bars(inside, n_window)
    token = window_returns(token_bars, kept, n_window)
    benchmark = window_returns(benchmark_bars, kept, n_window)
    known = np.isfinite(token) & np.isfinite(benchmark)
    is_outside = ~spoiled_bars(token_bars.size, inside, (0, n_window))
    rows = []
    for source in (_CASH, BENCHMARK_ASSET):
        sold = 0.0 if source == _CASH else 1.0
        gains = token[known] - sold * benchmark[known]
        for weight in WEIGHTS:
            excess = weight * (token_bars - sold * benchmark_bars)
            between = measure_between(excess, token_bars, benchmark_bars, is_outside, series.bar_hours)
            labels = _labels(window, source, weight)
            rows.append(labels | _gains(weight * gains, len(times) - gains.size) | _between(between))
    return rows


def _labels(window: _Window, source: str, weight: float) -> dict[str, object]:
    series = window.series
    return {
        "shock": window.shock,
        "asset_id": series.asset_id,
        "market_id": series.market_id,
        "funded_from": source,
        "weight": weight,
        "window_end_hours": window.hours,
        "conventions": f"{series.bar_words} bars; {_CONVENTIONS}",
        "spec_sha256": window.sha256,
        "data_as_of_utc": series.last_close,
    }


def _gains(gains: Floats, n_excluded: int) -> dict[str, object]:
    n = int(gains.size)
    if not n:
        return {"n_events": 0, "n_excluded": n_excluded, "reason": "no shock of this kind has prices for its window"}
    interval, n_hits = mean_interval(gains), int(np.count_nonzero(gains > 0))
    hits = hit_interval(n_hits, n)
    warning = f"n = {n}: fewer than {ENOUGH_EVENTS} shocks, an anecdote and not a rule" if n < ENOUGH_EVENTS else None
    return {
        "n_events": n,
        "n_excluded": n_excluded,
        "mean_gain": float(gains.mean()),
        "lower_95": interval[0] if interval else None,
        "upper_95": interval[1] if interval else None,
        "worst_gain": float(gains.min()),
        "best_gain": float(gains.max()),
        "hit_rate": n_hits / n,
        "hit_lower_95": hits[0],
        "hit_upper_95": hits[1],
        "reason": warning,
    }


def _between(between: Between) -> dict[str, object]:
    return {
        "between_return_per_year": between.mean_per_year,
        "between_volatility_per_year": between.volatility_per_year,
        "between_drawdown": between.drawdown,
        "between_beta": between.beta,
        "n_between_days": between.n_days,
    }
