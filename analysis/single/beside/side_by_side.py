"""The same question put to every method that can answer it for one event: rows that stand beside the placebo rank."""

from __future__ import annotations

import numpy as np

from analysis.arrays import Floats
from analysis.engine.regressions.synthetic import fit_synthetic_control
from analysis.portable import expm1
from analysis.results.row import Numbers, ResultRow, as_fraction, error_as_fraction
from analysis.results.shared import SharedRows
from analysis.single.beside.conformal import infer_effect, infer_gap
from analysis.single.beside.cross_section import rank_pair_in_space, usable_donors
from analysis.single.beside.mixes import LEAST_DONORS, MINIMUM_BLOCKS, MIXES, infer_mix, sum_windows
from analysis.single.beside.state_space import MINIMUM_BEFORE, NORMAL_95, forecast_counterfactual
from analysis.single.rows import absent_row, beside, pair_row
from analysis.single.timing.jumps import measure_variation
from analysis.single.window.pair import Pair
from analysis.tape.donors import Donors
from warehouse.tables.bars import MICROSECONDS_PER_HOUR
from warehouse.tables.units import number, plain, plain_percent, plural

MINIMUM_OTHERS = 5  # assets in space: with fewer p cannot go below 1 in 6
TIMED_PRECISIONS = ("second", "minute", "hour")  # a counterfactual that starts at an upper bound starts too late


def compare_methods(pair: Pair, asset_id: str, donors: Donors | None) -> tuple[list[ResultRow], list[SharedRows]]:
    """Result rows of the main window: conformal, synthetic control, state space, placebo in space, bipower variation.

    The second part are rows of `out.counterfactual` from the methods that forecast a path. A method that cannot be
    applied has a row with the reason.
    """
    hours = pair.specification.main_window_hours
    n_bars = pair.bars(hours)
    if pair.index + n_bars > pair.series.close_us.size or not np.isfinite(pair.abnormal[pair.index :][:n_bars]).all():
        return [], []
    rows = [_conformal_row(pair, hours, n_bars), _variation_row(pair, hours, n_bars)]
    paths: list[SharedRows] = []
    if pair.series.benchmark_ids:
        rows.append(_space_row(pair, asset_id, donors, hours, n_bars))
        mixed = _read_mixed(pair, asset_id, donors, n_bars)
        for row, path in (_synthetic(pair, mixed, hours, n_bars), _state_space(pair, hours, n_bars)):
            rows.append(row)
            paths.extend([path] if path is not None else [])
        rows += _mix_rows(pair, mixed, hours, n_bars)
    return rows, paths


def _conformal_row(pair: Pair, hours: float, n_bars: int) -> ResultRow:
    first = max(0, pair.index - pair.bars(pair.specification.estimation_hours))
    before = np.arange(first, pair.index)
    is_used = ~pair.is_masked[before] & np.isfinite(pair.abnormal[before]) & np.isfinite(pair.volatility[before])
    at = np.concatenate([before[is_used], np.arange(pair.index, pair.index + n_bars)])
    volatility = np.where(at < pair.index, pair.volatility[at], pair.volatility[pair.index])
    regressors = pair.series.benchmark[at][:, None] if pair.series.benchmark_ids else np.zeros((at.size, 0))
    found = infer_effect(pair.series.asset[at], regressors, n_bars, volatility=volatility)
    words = (
        f"{pair.conventions}; conformal: model refitted with the window under each candidate effect, "
        f"{found.n_shifts} cyclic shifts of residuals scaled by EWMA volatility, interval at 95 %"
    )
    numbers = Numbers(
        as_fraction(found.effect),
        lower_95=_finite(found.lower),
        upper_95=_finite(found.upper),
        p_value=found.p_value,
        n=found.n_shifts,
        n_effective=found.n_independent,
        n_estimation=int(is_used.sum()),
    )
    return pair_row(pair, hours, "conformal", pair.close_at(n_bars - 1), numbers, conventions=words)


def _variation_row(pair: Pair, hours: float, n_bars: int) -> ResultRow:
    variation = measure_variation(pair.series.asset[pair.index : pair.index + n_bars])
    if variation is None:
        few = f"{plural(n_bars, 'bar')}; bipower variation needs at least 6 that moved"
        return absent_row(pair, hours, "jump_share", few)
    words = (
        f"share of the window's realised variation that bipower variation does not explain, {n_bars} bars of "
        f"{pair.series.bar_words} (few: its size is approximate); ratio test of Huang & Tauchen (2005), one-sided"
    )
    numbers = Numbers(variation.jump_share, value=variation.z, p_value=variation.p_value, n=variation.n)
    row = pair_row(pair, hours, "jump_share", pair.close_at(n_bars - 1), numbers, conventions=words)
    return beside(row, None)


def _space_row(pair: Pair, asset_id: str, donors: Donors | None, hours: float, n_bars: int) -> ResultRow:
    benchmark = pair.specification.benchmark_asset_id
    excluded = [benchmark, asset_id]
    n = len(set(donors.asset_ids) - set(excluded)) if donors is not None else 0
    found = None
    if donors is not None and n >= MINIMUM_OTHERS:
        found = rank_pair_in_space(pair, donors, n_bars, excluded)
        n = found.n if found else 0
    if found is None or found.n < MINIMUM_OTHERS:
        reason = (
            f"{n} other assets have {pair.series.bar_words} bars over this window; needs {MINIMUM_OTHERS}: import more"
        )
        return absent_row(pair, hours, "space_rank", reason)
    words = (
        f"rank of |CAR| over its prediction error among {found.n} assets that the study does not treat, same hours, "
        f"same market model on {benchmark} with the constant carried forward; they share the market's shocks, so they "
        f"are fewer independent ones; p cannot be below {plain(1.0 / (1 + found.n), 3)}"
    )
    numbers = Numbers(value=float(found.n_as_large), p_value=found.p_value, n=found.n)
    return pair_row(pair, hours, "space_rank", pair.close_at(n_bars - 1), numbers, conventions=words)


_Mixed = tuple[tuple[str, ...], Floats, Floats]  # names, returns of the asset (bars,) and of donors (bars, k)


def _read_mixed(pair: Pair, asset_id: str, donors: Donors | None, n_bars: int) -> _Mixed | None:
    """Names, returns of the asset (bars,) and of donors (bars, k) in bars that all have; None without the window."""
    first = max(1, pair.index - pair.bars(pair.specification.estimation_hours))
    last = pair.index + n_bars
    names: tuple[str, ...] = ()
    returns = np.zeros((last - first, 0))
    if donors is not None:
        names, returns = usable_donors(pair, donors, first, last, [asset_id])
    is_whole = np.isfinite(pair.series.asset[first:last]) & np.isfinite(returns).all(axis=1)
    if not is_whole[-n_bars:].all():
        return None
    return names, pair.series.asset[first:last][is_whole], returns[is_whole]


def _mix_rows(pair: Pair, read: _Mixed | None, hours: float, n_bars: int) -> list[ResultRow]:
    """Synthetic difference-in-differences and the augmented control, over windows as long as the event's."""
    names, treated, returns = read if read is not None else ((), np.zeros(0), np.zeros((0, 0)))
    n_windows = treated.size // n_bars
    if len(names) < LEAST_DONORS or n_windows <= MINIMUM_BLOCKS:
        reason = (
            f"{len(names)} donors with nine tenths of the bars, {max(n_windows - 1, 0)} windows before the event; a "
            f"rank in space reaches 5 % with {LEAST_DONORS} donors, and a mix needs {MINIMUM_BLOCKS} windows"
        )
        return [absent_row(pair, hours, statistic, reason) for statistic in MIXES]
    rows = []
    for statistic in MIXES:
        found = infer_mix(statistic, sum_windows(treated, n_bars), sum_windows(returns, n_bars))
        words = (
            f"mix of {len(names)} untreated assets fitted on {n_windows - 1} windows as long as the event's before it; "
            "interval and p by placebos in space: every donor in the asset’s place, effects over the error of their "
            "mix before; assumes that the asset is an ordinary one of them and no burst of its own"
        )
        numbers = Numbers(
            as_fraction(found.effect),
            lower_95=as_fraction(found.lower),
            upper_95=as_fraction(found.upper),
            value=float(found.n_as_large),
            p_value=found.p_value,
            n=found.n,
            n_estimation=n_windows - 1,
        )
        row = pair_row(pair, hours, statistic, pair.close_at(n_bars - 1), numbers, conventions=words)
        rows.append(beside(row, statistic.replace("_", " ")))
    return rows


def _synthetic(pair: Pair, read: _Mixed | None, hours: float, n_bars: int) -> tuple[ResultRow, SharedRows | None]:
    names, treated, returns = read if read is not None else ((), np.zeros(0), np.zeros((0, 0)))
    fitted = fit_synthetic_control(treated, returns, n_bars) if read is not None else None
    if fitted is None:
        reason = (
            f"{len(names)} donors with nine tenths of the bars; a mix needs two, and five bars each before the event"
        )
        return absent_row(pair, hours, "synthetic_control", reason), None
    inferred = infer_gap(fitted.gap, n_bars, pair.series.bar_hours)
    heavy = sorted(zip(fitted.weights, names, strict=True), reverse=True)[:5]
    words = (
        f"mix of {len(names)} untreated assets fitted on {treated.size - n_bars} bars of returns before the event: "
        + ", ".join(f"{name} {plain_percent(weight)}" for weight, name in heavy if weight >= 0.005)
        + f"; R² before {number(fitted.r_squared_before)}, error per bar "
        f"{plain_percent(fitted.root_mean_square_before, 2)}; "
        "interval and p by conformal shifts of the gap scaled by EWMA volatility"
    )
    numbers = Numbers(
        as_fraction(fitted.effect),
        lower_95=_finite(inferred.lower),
        upper_95=_finite(inferred.upper),
        p_value=inferred.p_value,
        n=inferred.n_shifts,
        n_effective=inferred.n_independent,
        n_estimation=treated.size - n_bars,
    )
    row = pair_row(pair, hours, "synthetic_control", pair.close_at(n_bars - 1), numbers, conventions=words)
    expected = np.cumsum(fitted.expected[-n_bars:])
    return beside(row, "synthetic control"), _path(pair, "synthetic_control", expected, None, None)


def _state_space(pair: Pair, hours: float, n_bars: int) -> tuple[ResultRow, SharedRows | None]:
    if pair.event.precision not in TIMED_PRECISIONS:
        reason = "only for events timed to the hour or better: the forecast would start after the news"
        return absent_row(pair, hours, "state_space", reason), None
    last = pair.index + n_bars
    gaps = np.flatnonzero(~np.isfinite(pair.series.asset[: pair.index] + pair.series.benchmark[: pair.index]))
    # Its level forgets, so that a longer past costs seconds and adds nothing but a steadier slope.
    n_before = max(MINIMUM_BEFORE, pair.bars(pair.specification.minimum_estimation_hours))
    first = max(int(gaps[-1]) + 1 if gaps.size else 0, pair.index - n_before)
    found = forecast_counterfactual(
        np.cumsum(pair.series.asset[first:last]), np.cumsum(pair.series.benchmark[first:last]), n_bars
    )
    if found is None:
        reason = f"{pair.index - first} bars without a gap before the event; the model needs 100, and moves of its own"
        return absent_row(pair, hours, "state_space", reason), None
    words = (
        f"local level with regression on {pair.specification.benchmark_asset_id} (β {number(found.beta)}), fitted by "
        f"maximum likelihood on {found.n_before} bars before the event; one-step error "
        f"{plain_percent(found.one_step_error, 2)}; "
        "interval of the forecast, parameters taken as known"
    )
    half = NORMAL_95 * found.standard_error
    numbers = Numbers(
        as_fraction(found.effect),
        error_as_fraction(found.effect, found.standard_error),
        as_fraction(found.effect - half),
        as_fraction(found.effect + half),
        found.effect / found.standard_error,
        found.p_value,
        n_estimation=found.n_before,
    )
    row = pair_row(pair, hours, "state_space", pair.close_at(n_bars - 1), numbers, conventions=words)
    return row, _path(pair, "state_space", found.expected, found.lower_95, found.upper_95)


def _path(pair: Pair, method: str, expected: Floats, lower: Floats | None, upper: Floats | None) -> SharedRows:
    at = np.arange(pair.index, pair.index + expected.size)
    nothing = np.full(expected.size, np.nan)
    return SharedRows(
        {
            "study_id": pair.specification.study_id,
            "spec_sha256": pair.spec_sha256,
            "event_id": pair.event.event_id,
            "market_id": pair.market_id,
            "method": method,
            "data_as_of_utc": pair.close_at(expected.size - 1),
        },
        {
            "close_time_utc": pair.series.close_us[at],
            "hours_after_event": (pair.series.close_us[at] - pair.event.best_us) / MICROSECONDS_PER_HOUR,
            "raw_return": expm1(np.cumsum(pair.series.asset[at])),
            "expected_return": expm1(expected),
            "lower_95": expm1(nothing if lower is None else lower),
            "upper_95": expm1(nothing if upper is None else upper),
        },
    )


def _finite(log_points: float) -> float | None:
    """A bound as a fraction; None where the shifts cannot exclude any value."""
    return as_fraction(log_points) if np.isfinite(log_points) else None
