"""Dose and response: whether tokens gain when centralised AI fails, and more the worse it fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from analysis.arrays import Flags, Floats, Integers
from analysis.engine.kernel import market_model_windows
from analysis.portable import log
from analysis.results.fingerprint import SourceCode, fingerprint
from analysis.results.rank import rank_p
from analysis.results.refresh import Fingerprints, refresh, stored_fingerprints
from analysis.tape.calendar import event_bars, spoiled_bars
from analysis.tape.markets import pair_series
from analysis.tape.series import AlignedSeries
from warehouse.tables.bars import SECONDS_PER_HOUR
from warehouse.tables.resilience import DOSE_RESPONSE
from warehouse.tables.units import plural

_SOURCE = SourceCode("analysis.groups.dose_response")
OUTAGE = "outage"
# A first hour needs hourly bars; a day and a week are measured on the longest series.
WINDOWS = ((("1h",), (1.0,)), (("1h", "4h"), (24.0, 168.0)))
_ESTIMATION_HOURS = 480.0  # twenty days of bars before each window, a day apart from it
ESTIMATION_GAP_HOURS = 24.0
MINIMUM_ESTIMATION = 60
N_PLACEBO = 499
# A placebo calendar is moved by at least a week, or it would hold parts of the true windows.
LEAST_SHIFT_HOURS = 168.0
LEAST_EVENTS = 5
# An exceptional event of another kind drowns whatever an outage does in the week after it.
GRAVE_SEVERITY = 5
GRAVE_REACH_HOURS = 168.0
# How many people a provider's failure touches, in three steps: our judgement, for ordering only.
PROVIDER_WEIGHT = {
    "openai": 3.0, "anthropic": 3.0, "google": 3.0, "google-deepmind": 3.0, "amazon": 3.0, "cloudflare": 3.0,
    "microsoft": 3.0, "deepseek": 2.0, "perplexity": 2.0, "xai": 2.0, "mistral": 2.0, "meta-ai": 2.0, "github": 2.0,
}  # fmt: skip
DEFAULT_WEIGHT = 1.0
DOSES = {
    "none": None,
    "duration": "doubling of the duration (1 h to 2 h to 4 h …)",
    "severity": "step of severity (1 to 5)",
    "provider_weight": "step of the provider's weight (1 to 3)",
}
_CONVENTIONS = (
    "log returns beyond a market model on BTC (20 days before, a day apart, graver events of other kinds masked);"
    " windows from the last close before the first public evidence; events within 7 days after a severity-5 event of"
    f" another kind left out; p and interval from up to {N_PLACEBO} placebo calendars (all events moved together)"
)


@dataclass(frozen=True, slots=True)
class _Window:
    """One token over one window: its prices, and the fingerprint of all that its rows rest on."""

    series: AlignedSeries
    hours: float
    category: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Outages:
    """Events of one kind with their doses, in time order; NaN where a dose is unknown."""

    event_ids: list[str]
    at: list[datetime]
    providers: list[str]
    doses: dict[str, Floats]


def measure_dose_response(
    candles: pl.DataFrame,
    events: pl.DataFrame,
    asset_ids: Sequence[str],
    stored: pl.DataFrame,
    category: str = OUTAGE,
) -> pl.DataFrame:
    """out.dose_response rows: per token, window, provider (and all) the mean reaction and its change with each dose.

    `candles`: core.candle with asset_id, the benchmark BTC included; `events`: core.event. Events dated by day or
    rejected do not count. Too few events or no data give a row with the reason instead of a number. A token and window
    whose prices and events are those of the `stored` rows keep them.
    """
    outages = read_outages(events, category)
    graves = events.filter(
        pl.col("severity") >= GRAVE_SEVERITY, pl.col("category") != category, pl.col("status") != "rejected"
    )["best_at_utc"].to_list()

    asked = fingerprint(_SOURCE, category, outages, graves)

    def plan() -> Iterator[tuple[tuple[str, float], Fingerprints, _Window]]:
        for timeframes, windows in WINDOWS:
            for series in pair_series(candles, asset_ids, timeframes):
                seen = fingerprint(asked, series)
                for hours in windows:
                    sha256 = fingerprint(seen, hours)
                    yield (series.market_id, hours), frozenset([sha256]), _Window(series, hours, category, sha256)

    rows = stored.select("market_id", "window_end_hours", "spec_sha256").iter_rows()
    known = stored_fingerprints(((market_id, hours), sha256) for market_id, hours, sha256 in rows)
    found = refresh(plan(), known, lambda window: _window_rows(window, outages, graves))
    fresh = [row for rows in found.fresh.values() for row in rows]
    kept = found.keep(stored).select(DOSE_RESPONSE.column_names)
    return pl.concat([kept, DOSE_RESPONSE.conform(pl.DataFrame(fresh, schema=DOSE_RESPONSE.schema))])


def read_outages(events: pl.DataFrame, category: str) -> Outages:
    """The events of a kind that have an hour, with provider, log2 duration, severity and provider's weight."""
    mine = events.filter(
        pl.col("category") == category, pl.col("status") != "rejected", pl.col("time_precision") != "day"
    ).sort("best_at_utc", "event_id")
    duration = (pl.col("ended_at_utc") - pl.col("best_at_utc")).dt.total_seconds() / SECONDS_PER_HOUR
    hours = mine.select(hours=duration)["hours"].to_numpy()
    providers = [(entities or "unknown").split(",")[0] for entities in mine["entities"].to_list()]
    weights = np.array([PROVIDER_WEIGHT.get(name, DEFAULT_WEIGHT) for name in providers])
    known = np.where(hours > 0, hours, np.nan)
    return Outages(
        event_ids=mine["event_id"].to_list(),
        at=mine["best_at_utc"].to_list(),
        providers=providers,
        doses={
            "duration": log(known) / log(2.0),
            "severity": mine["severity"].cast(pl.Float64).to_numpy(),
            "provider_weight": weights,
        },
    )


def abnormal_everywhere(series: AlignedSeries, n_window: int, spoiled: Integers, reach: int) -> Floats:
    """CAR of the window that begins at each bar, NaN where the model or the window lacks bars; shape (n_bars,)."""
    bars = np.arange(series.asset.size, dtype=np.int64)
    gap, length = int(ESTIMATION_GAP_HOURS / series.bar_hours), int(_ESTIMATION_HOURS / series.bar_hours)
    results = market_model_windows(
        series.asset[np.newaxis, :],
        series.benchmark,
        np.zeros_like(bars),
        bars,
        estimation=(-gap - length, -gap),
        window=(0, n_window),
        mask=spoiled_bars(bars.size, spoiled, (0, reach))[np.newaxis, :],
        minimum_estimation=MINIMUM_ESTIMATION,
        first_bar=series.first_bar,
        keep_bars=False,
    )
    return np.where(results.is_complete, results.car, np.nan)


def estimates(values: Floats, dose: Floats | None) -> Floats:
    """Per row of `values` (m, n) the mean, or the least-squares slope on `dose` (n,); shape (m,).

    NaN values and doses are left out; NaN where fewer than five are left or the dose is constant.
    """
    known = np.isfinite(values) if dose is None else np.isfinite(values) & np.isfinite(dose)
    n = known.sum(axis=1)
    kept = np.where(known, values, 0.0)
    enough = np.where(n >= LEAST_EVENTS, n, np.nan)
    if dose is None:
        return np.asarray(kept.sum(axis=1) / enough)
    levels = np.where(known, dose, 0.0)
    centred = np.where(known, levels - (levels.sum(axis=1) / enough)[:, np.newaxis], 0.0)
    spread = (centred**2).sum(axis=1)
    return np.asarray((centred * kept).sum(axis=1) / np.where(spread > 0, spread, np.nan))


def placebo_estimates(cars: Floats, bars: Integers, dose: Floats | None, least_shift: int) -> Floats:
    """The estimate when all event bars are moved together, around the end of the series, by evenly spaced shifts."""
    n = cars.size
    room = n - 2 * least_shift
    if room <= 0:
        return np.empty(0)
    shifts = np.unique(np.linspace(least_shift, n - least_shift, min(N_PLACEBO, room)).astype(np.int64))
    found = estimates(cars[(bars + shifts[:, np.newaxis]) % n], dose)
    return np.asarray(found[np.isfinite(found)])


def _window_rows(window: _Window, outages: Outages, graves: list[datetime]) -> list[dict[str, object]]:
    series = window.series
    n_window = round(window.hours / series.bar_hours)
    bars = event_bars(outages.at, series.first_open, series.bar)
    grave_bars = event_bars(graves, series.first_open, series.bar)
    reach = int(GRAVE_REACH_HOURS / series.bar_hours)
    cars = abnormal_everywhere(series, n_window, grave_bars, reach)
    # Neither an event nor a placebo may hold the week after an exceptional event, or the hours in which it falls.
    cars = np.where(spoiled_bars(cars.size, grave_bars, (-n_window, reach)), np.nan, cars)
    inside = (bars >= 0) & (bars < cars.size)
    rows = []
    for provider in ("all", *_frequent(outages.providers)):
        is_mine = inside & np.array([provider in ("all", name) for name in outages.providers], dtype=bool)
        n_asked = sum(provider in ("all", name) for name in outages.providers)
        for dose in DOSES if provider == "all" else ("none", "duration", "severity"):
            rows.append(_estimate_row(window, provider, dose, outages, cars, bars, is_mine, n_asked))
    return rows


def _estimate_row(
    window: _Window,
    provider: str,
    dose: str,
    outages: Outages,
    cars: Floats,
    bars: Integers,
    is_mine: Flags,
    n_asked: int,
) -> dict[str, object]:
    mine = bars[is_mine]
    levels = None if dose == "none" else outages.doses[dose][is_mine]
    values = cars[mine]
    used = np.isfinite(values) if levels is None else np.isfinite(values) & np.isfinite(levels)
    times = [at for at, is_ours in zip(outages.at, is_mine, strict=True) if is_ours]
    times = [at for at, is_used in zip(times, used, strict=True) if is_used]
    found = float(estimates(values[np.newaxis, :], levels)[0])
    row = _row(window, provider, dose, n_asked, times)
    if not np.isfinite(found):
        n = len(times)
        few = f"{plural(n, 'event')} with prices and this dose; at least {LEAST_EVENTS} are needed"
        return row | {"reason": few if n < LEAST_EVENTS else "the dose is the same for all events"}
    least_shift = int(LEAST_SHIFT_HOURS / window.series.bar_hours)
    placebos = placebo_estimates(cars, mine, levels, least_shift)
    if placebos.size < LEAST_EVENTS:
        return row | {"estimate": found, "reason": "the series is too short for placebo calendars"}
    centred = placebos - placebos.mean()
    lower, upper = np.quantile(centred, [0.025, 0.975])
    n_as_large = int(np.count_nonzero(np.abs(placebos) >= abs(found)))
    return row | {
        "estimate": found,
        "lower_95": found - float(upper),
        "upper_95": found - float(lower),
        "p_value": rank_p(n_as_large, placebos.size),
        "n_placebo": int(placebos.size),
    }


def _row(window: _Window, provider: str, dose: str, n_asked: int, times: Sequence[datetime]) -> dict[str, object]:
    series = window.series
    return {
        "category": window.category,
        "provider": provider,
        "asset_id": series.asset_id,
        "market_id": series.market_id,
        "window_end_hours": window.hours,
        "dose": dose,
        "dose_unit": DOSES[dose],
        "n_placebo": 0,
        "n_events": len(times),
        "n_days": len({at.date() for at in times}),
        "n_excluded": n_asked - len(times),
        "first_event_utc": min(times, default=None),
        "last_event_utc": max(times, default=None),
        "conventions": f"{series.bar_words} bars; {_CONVENTIONS}",
        "spec_sha256": window.sha256,
        "data_as_of_utc": series.last_close,
    }


def _frequent(providers: list[str]) -> list[str]:
    return sorted({name for name in providers if providers.count(name) >= LEAST_EVENTS})
