"""Rows of `out.study_result` for one window: the numbers, and in words which volatility each assumes."""

from __future__ import annotations

from analysis.engine.tails import student_interval
from analysis.results.row import Numbers, ResultRow, as_fraction, error_as_fraction
from analysis.single.rows import absent_row, pair_row
from analysis.single.window.betas import BetaRange, range_over_betas
from analysis.single.window.block_model import WindowMeasures
from analysis.single.window.pair import Pair
from analysis.single.window.placebo import MINIMUM_MATCHED, PlaceboRank
from analysis.single.window.score import BY_SCORES, BY_STUDENT_SCORES, ScoreInterval, WindowScore
from analysis.single.window.volatility import MINIMUM_INSIDE_BARS, NEAR_HALF_LIFE_HOURS
from warehouse.tables.units import count, hours_plain, number, percent, plain

_LEAST_FOR_LEVEL = 19  # independent windows with which a rank can reach 5 %
_LARGE_RATIO = 1.5  # times the month's volatility that is worth a sentence


def describe_window(
    pair: Pair, hours: float, n_bars: int, measured: WindowMeasures, score: WindowScore, rank: PlaceboRank | None
) -> tuple[ResultRow, ...]:
    """The window's rows.

    `car` carries the headline interval, `car_month` the one that takes the month's volatility for the window's,
    `car_inside` the one from the window's own bars, `beta_range` the one over plausible betas where the benchmark
    moved beyond its range, `placebo_rank` the rank.
    """
    as_of, n_estimation = pair.close_at(n_bars - 1), int(pair.coefficients.n[0])
    car, error, expected = (float(values[0]) for values in (measured.car, measured.standard_error, measured.expected))
    month = student_interval(car, error, n_estimation - 2)
    headline = Numbers(
        as_fraction(car),
        error_as_fraction(car, score.interval.half / score.interval.times),
        as_fraction(score.interval.lower),
        as_fraction(score.interval.upper),
        n=n_bars,
        n_effective=float(score.n_independent),
        n_estimation=n_estimation,
    )
    plain_month = Numbers(
        as_fraction(car),
        error_as_fraction(car, error),
        as_fraction(month.lower),
        as_fraction(month.upper),
        month.t,
        month.p_value,
        n=n_bars,
        n_estimation=n_estimation,
    )
    words = f"{pair.conventions}; {describe_interval(score)}{describe_regime(score)}"
    month_words = f"{pair.conventions}; interval assumes the volatility of the estimation window, Student's t"
    rows = [
        pair_row(pair, hours, "raw_return", as_of, Numbers(estimate=as_fraction(car + expected), n=n_bars)),
        pair_row(pair, hours, "expected_return", as_of, Numbers(as_fraction(expected), n_estimation=n_estimation)),
        pair_row(pair, hours, "car", as_of, headline, conventions=words),
        pair_row(pair, hours, "car_month", as_of, plain_month, conventions=month_words),
        _inside_row(pair, hours, n_bars, score),
        _rank_row(pair, hours, n_bars, score, rank),
    ]
    betas = range_over_betas(pair.ground, score, n_bars) if pair.series.benchmark_ids else None
    return (*rows, _beta_row(pair, hours, n_bars, betas)) if betas is not None else tuple(rows)


def describe_interval(score: WindowScore) -> str:
    """What the headline interval is made of, and which volatility it assumes."""
    n, volatility = (
        score.n_independent,
        f"volatility of the hours before the event (half-life {hours_plain(NEAR_HALF_LIFE_HOURS)})",
    )
    if score.interval.method == BY_SCORES:
        return (
            f"95 % interval of scores: {count(score.n_placebo)} ordinary windows, {count(n)} of them independent, each "
            f"over its own volatility; assumes the {volatility} and the rhythm of the week"
        )
    if score.interval.method == BY_STUDENT_SCORES:
        return (
            f"fallback interval: Student's t of {count(n)} independent scores ({MINIMUM_MATCHED} are needed for an "
            f"interval of scores); assumes the {volatility}"
        )
    return (
        f"fallback interval: Student's t with the volatility of the estimation window, because only {count(n)} "
        f"independent windows fit before the event ({MINIMUM_MATCHED} are needed for an interval of scores)"
    )


def describe_regime(score: WindowScore) -> str:
    """What the row must say of the times: restless before, restless inside, a benchmark far away; empty in calm."""
    words = ""
    if score.volatility_ratio is not None and score.volatility_ratio >= _LARGE_RATIO:
        words += f"; volatility inside the window is {number(score.volatility_ratio, 1)} times the month's"
    if score.is_burst:
        words += (
            "; the window is more restless over the hours before it than 39 in 40 ordinary windows: a burst that began "
            "with the event or shortly before it cannot be told from an effect, and the interval from inside the "
            "window holds then"
        )
    if score.is_benchmark_far:
        move = percent(as_fraction(score.benchmark_move))
        words += (
            f"; the benchmark moved {move}, beyond its range: the number hangs on beta, and where beta itself rose the "
            "range over plausible betas holds, not this interval"
        )
    return words


def describe_resolution(n_independent: int) -> str:
    """That a rank among so few independent windows cannot reach 5 %; empty where it can."""
    if n_independent >= _LEAST_FOR_LEVEL:
        return ""
    return f"{count(n_independent)} independent windows: the rank cannot reach 5 %"


def _inside_row(pair: Pair, hours: float, n_bars: int, score: WindowScore) -> ResultRow:
    if score.inside is None:
        reason = (
            f"{count(n_bars)} bars, or too few ordinary windows; the volatility inside a window needs "
            f"{MINIMUM_INSIDE_BARS} bars and five windows"
        )
        return absent_row(pair, hours, "car_inside", reason)
    ratio = "" if score.volatility_ratio is None else f", {number(score.volatility_ratio, 2)} times the month's"
    words = (
        f"{pair.conventions}; interval assumes the volatility inside the window (median realised variance of its "
        f"{count(n_bars)} bars{ratio}), quantile {_quantile_words(score.inside)} of {count(score.n_placebo)} ordinary "
        "windows on the same ruler; it holds in a burst that begins with the event, and widens with an effect that is "
        "spread over many bars"
    )
    numbers = Numbers(
        as_fraction(score.car),
        error_as_fraction(score.car, score.inside.half / score.inside.times),
        as_fraction(score.inside.lower),
        as_fraction(score.inside.upper),
        value=score.volatility_ratio,
        n=n_bars,
        n_effective=float(score.n_independent),
    )
    return pair_row(pair, hours, "car_inside", pair.close_at(n_bars - 1), numbers, conventions=words)


def _quantile_words(interval: ScoreInterval) -> str:
    return f"{number(interval.times, 2)} ({'of scores' if interval.method == BY_SCORES else 'Student'})"


def _rank_row(pair: Pair, hours: float, n_bars: int, score: WindowScore, rank: PlaceboRank | None) -> ResultRow:
    if rank is None:
        reason = (
            f"no placebo window of {hours_plain(hours)} fits before the event between other events: import earlier bars"
        )
        return absent_row(pair, hours, "placebo_rank", reason)
    days = (pair.index - int(score.starts.indices[0])) * pair.series.bar_hours / 24.0
    floor = f"p cannot be below {plain(1.0 / (1 + rank.n_independent), 3)}"
    cannot = f"; {words}" if (words := describe_resolution(rank.n_independent)) else ""
    words = (
        f"{pair.conventions}; placebos: {rank.n} windows in the {count(days)} days before, {score.starts.matching}, "
        f"other events avoided, each over the volatility of the hours before it and the rhythm of the week; "
        f"{rank.n_independent} of them independent: {floor}{cannot}; the interval holds 95 % of the placebos"
        f"{describe_regime(score)}"
    )
    numbers = Numbers(
        lower_95=as_fraction(rank.lower),
        upper_95=as_fraction(rank.upper),
        value=float(rank.n_as_large),
        p_value=rank.p_value,
        n=rank.n,
        n_effective=float(rank.n_independent),
        n_estimation=int(pair.coefficients.n[0]),
    )
    return pair_row(pair, hours, "placebo_rank", pair.close_at(n_bars - 1), numbers, conventions=words)


def _beta_row(pair: Pair, hours: float, n_bars: int, betas: BetaRange) -> ResultRow:
    words = (
        f"{pair.conventions}; the benchmark moved beyond its range, so the number hangs on beta: the interval is the "
        f"union of the headline intervals with beta from {number(betas.lowest, 2)} to {number(betas.highest, 2)} "
        f"(weeks of the record, and the window itself); the estimate alone runs from "
        f"{percent(as_fraction(betas.least))} to {percent(as_fraction(betas.most))}"
    )
    numbers = Numbers(
        as_fraction(betas.car), lower_95=as_fraction(betas.lower), upper_95=as_fraction(betas.upper), n=betas.n_weeks
    )
    return pair_row(pair, hours, "beta_range", pair.close_at(n_bars - 1), numbers, conventions=words)
