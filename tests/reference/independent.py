"""Every event-study test recomputed from its paper, one plain loop at a time, knowing nothing of the engine.

A number is (value, two-sided p); a p of NaN means that the paper's reference distribution is a simulation. A test that
is not defined on the sample is absent from the answer.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from tests.reference.independent_groups import Group, clusters, mean_correlation

Floats = NDArray[np.float64]
Number = tuple[float, float]

UNKNOWN = float("nan")


def every_test(group: Group) -> dict[str, Number]:
    """All statistics that are defined for these events, by the id they have in the command."""
    found = {test.__name__.lstrip("_"): test(group) for test in TESTS}
    return {name: number for name, number in found.items() if number is not None and np.isfinite(number[0])}


def is_flat(values: Floats) -> bool:
    """All equal up to rounding, as the CARs of copies of one event are: no test divides by such a spread."""
    return float(np.ptp(values)) <= 1e-12 * float(np.abs(values).max())


def normal_p(z: float) -> float:
    return float(2 * stats.norm.sf(abs(z)))


def student_p(t: float, df: float) -> float:
    return float(2 * stats.t.sf(abs(t), df))


def ranks_of(group: Group) -> tuple[Floats, Floats, Floats]:
    """Ranks over estimation bars and own event window, how many each event has, and which columns are tested."""
    first = min(event.event.window[0] for event in group.fitted)
    last = max(event.event.window[1] for event in group.fitted)
    residuals = group.in_event_time(lambda event: event.residuals)
    around = np.full((group.n, last - first + 1), np.nan)
    for row, event in enumerate(group.events):
        own = event.event.window
        around[row, own[0] - first : own[1] - first + 1] = event.ar
    everything = np.hstack([residuals, around])
    ranks = np.full(everything.shape, np.nan)
    for row, values in enumerate(everything):
        there = np.isfinite(values)
        ranks[row, there] = stats.rankdata(values[there])
    bars = np.array([np.nan] * residuals.shape[1] + list(range(first, last + 1)))
    tested = (bars >= group.part[0]) & (bars <= group.part[1])
    return ranks, np.isfinite(ranks).sum(axis=1), tested


def _cross_sectional_t(group: Group) -> Number | None:
    """Brown & Warner (1980): the mean over its cross-sectional standard error."""
    return _student(group.cars)


def _student(values: Floats) -> Number | None:
    if values.size < 2 or is_flat(values):
        return None
    t = float(values.mean() / values.std(ddof=1) * np.sqrt(values.size))
    return t, student_p(t, values.size - 1)


def _j1(group: Group) -> Number | None:
    """Campbell, Lo & MacKinlay (1997), 4.4.22: the mean CAR over the mean of exact variances."""
    z = float(group.cars.sum() / np.sqrt(sum(event.car_sd(group.part) ** 2 for event in group.events)))
    return z, normal_p(z)


def _j2(group: Group) -> Number | None:
    """Campbell, Lo & MacKinlay (1997), 4.4.24; each event scaled by its own t variance when histories differ."""
    scale = np.array([np.sqrt((event.degrees - 2) / event.degrees) for event in group.events])
    z = float(np.sqrt(group.n) * np.mean(scale * group.scars))
    return z, normal_p(z)


def _patell(group: Group) -> Number | None:
    """Patell (1976) on exact SCARs: a t with m degrees has variance m / (m − 2)."""
    z = float(group.scars.sum() / np.sqrt(sum(event.degrees / (event.degrees - 2) for event in group.events)))
    return z, normal_p(z)


def _patell_sum_sar(group: Group) -> Number | None:
    """Patell (1976) on ΣSAR/√L, as if prediction errors of different bars were uncorrelated."""
    total = sum(event.sar(group.part).sum() for event in group.events) / np.sqrt(group.length)
    z = float(total / np.sqrt(sum(event.degrees / (event.degrees - 2) for event in group.events)))
    return z, normal_p(z)


def _bmp(group: Group) -> Number | None:
    """Boehmer, Musumeci & Poulsen (1991): cross-sectional t of the SCARs."""
    return _student(group.scars)


def _kp_bmp(group: Group) -> Number | None:
    """Kolari & Pynnonen (2010): BMP deflated by √((1 − r̄) / (1 + (N − 1) r̄))."""
    plain = _bmp(group)
    rbar = mean_correlation(group, [event.residuals for event in group.events])
    if plain is None or rbar is None or 1 + (group.n - 1) * rbar <= 0 or rbar >= 1 - 1e-9:
        return None
    t = plain[0] * float(np.sqrt((1 - rbar) / (1 + (group.n - 1) * rbar)))
    return t, student_p(t, group.n - 1)


def _kp_patell(group: Group) -> Number | None:
    plain = _patell(group)
    rbar = mean_correlation(group, [event.residuals for event in group.events])
    if plain is None or group.n < 2 or rbar is None or 1 + (group.n - 1) * rbar <= 0:
        return None
    z = plain[0] / float(np.sqrt(1 + (group.n - 1) * rbar))
    return z, normal_p(z)


def _cdat(group: Group) -> Number | None:
    """Brown & Warner (1980, 1985): CAAR over √L times the deviation of the mean residual over time."""
    residuals = group.in_event_time(lambda event: event.residuals)
    portfolio = np.array([column[np.isfinite(column)].mean() for column in residuals.T if np.isfinite(column).any()])
    t = float(group.cars.mean() / (np.sqrt(group.length) * portfolio.std(ddof=1)))
    return t, student_p(t, portfolio.size - 1)


def _brown_warner_1980(group: Group) -> Number | None:
    """Brown & Warner (1980) without dependence: variances of the events' own residuals, n − 1."""
    variances = [np.var(list(event.residuals.values()), ddof=1) for event in group.events]
    z = float(group.cars.sum() / np.sqrt(group.length * sum(variances)))
    return z, normal_p(z)


def _corrado(group: Group) -> Number | None:
    """Corrado (1989), several bars as Cowan (1992): mean rank deviation over its deviation through time."""
    ranks, counts, tested = ranks_of(group)
    deviations = ranks - (counts[:, None] + 1) / 2
    is_there = np.isfinite(ranks).any(axis=0)
    means = np.array([np.nanmean(column) for column in deviations.T[is_there]])
    spread = np.sqrt(np.mean(means**2))
    z = float(means[tested[is_there]].sum() / (np.sqrt(group.length) * spread))
    return z, normal_p(z)


def _corrado_zivney(group: Group) -> Number | None:
    """Corrado & Zivney (1992): ranks over 1 + M_i, each bar weighted by the square root of its events."""
    ranks, counts, tested = ranks_of(group)
    scores = ranks / (counts[:, None] + 1) - 0.5
    is_there = np.isfinite(ranks).any(axis=0)
    sums = np.array([np.nansum(column) / np.sqrt(np.isfinite(column).sum()) for column in scores.T[is_there]])
    z = float(sums[tested[is_there]].sum() / (np.sqrt(group.length) * np.sqrt(np.mean(sums**2))))
    return z, normal_p(z)


def _corrado_tuckey(group: Group) -> Number | None:
    """Normal scores of the ranks by Tukey's lambda approximation, variance one, mean correlation of the scores."""
    ranks, counts, tested = ranks_of(group)
    share = ranks / (counts[:, None] + 1)
    scores = 4.91 * (share**0.14 - (1 - share) ** 0.14)
    columns = group.columns()
    by_bar = [{bar: row[k] for k, bar in enumerate(columns) if np.isfinite(row[k])} for row in scores]
    rbar = mean_correlation(group, by_bar) if group.n > 1 else 0.0
    if rbar is None or 1 + (group.n - 1) * rbar <= 0:
        return None
    z = float(scores[:, tested].sum() / np.sqrt(group.length * group.n * (1 + (group.n - 1) * rbar)))
    return z, normal_p(z)


def generalised_ranks(group: Group) -> tuple[Floats, Floats]:
    """U of Kolari & Pynnonen (2011): residuals over σ and, last, the SCAR over the deviation of all SCARs."""
    residuals = group.in_event_time(lambda event: event.residuals)
    own = residuals / np.array([[event.sigma] for event in group.events])
    everything = np.hstack([own, (group.scars / group.scars.std(ddof=1))[:, None]])
    scores = np.full(everything.shape, np.nan)
    counts = np.isfinite(everything).sum(axis=1)
    for row, values in enumerate(everything):
        there = np.isfinite(values)
        scores[row, there] = stats.rankdata(values[there]) / (counts[row] + 1) - 0.5
    return scores, counts


def _grank_t(group: Group) -> Number | None:
    """Kolari & Pynnonen (2011): t = Z √((T − 2) / (T − 1 − Z²)), S² = Σ (n_t/N) Ū_t² / T."""
    if group.n < 2 or is_flat(group.scars):
        return None
    scores, _ = generalised_ranks(group)
    kept = [column[np.isfinite(column)] for column in scores.T if np.isfinite(column).any()]
    bars = len(kept)
    variance = sum(column.size / group.n * column.mean() ** 2 for column in kept) / bars
    z = float(kept[-1].mean() / np.sqrt(variance))
    t = z * float(np.sqrt((bars - 2) / (bars - 1 - z**2)))
    return t, student_p(t, bars - 2)


def _grank_z(group: Group) -> Number | None:
    """Kolari & Pynnonen (2011): the variance of a uniform rank, (T_i − 1) / (12 (T_i + 1)), summed over events."""
    if group.n < 2 or is_flat(group.scars):
        return None
    scores, counts = generalised_ranks(group)
    z = float(scores[:, -1].mean() / np.sqrt(np.sum((counts - 1) / (12 * (counts + 1))) / group.n**2))
    return z, normal_p(z)


def _sign(group: Group) -> Number | None:
    positive = int((group.cars > 0).sum())
    z = (positive - group.n / 2) / np.sqrt(group.n / 4)
    return float(z), float(stats.binomtest(positive, group.n).pvalue)


def _generalized_sign(group: Group) -> Number | None:
    """Cowan (1992): p̂ is the mean over events of the share of positive estimation residuals."""
    share = np.mean([np.mean(np.array(list(event.residuals.values())) > 0) for event in group.events])
    z = float(((group.cars > 0).sum() - group.n * share) / np.sqrt(group.n * share * (1 - share)))
    return z, normal_p(z)


def _wilcoxon(group: Group) -> Number | None:
    """W = Σ ranks of |CAR| over positive CARs; p from every pattern of signs on the ranks as they are, ties and all."""
    ranks = stats.rankdata(np.abs(group.cars))
    total = float(ranks[group.cars > 0].sum())
    patterns = np.array(list(itertools.product((0.0, 1.0), repeat=group.n))) @ ranks
    tail = min(np.mean(patterns <= total + 1e-9), np.mean(patterns >= total - 1e-9))
    return total, float(min(1.0, 2 * tail))


def _wilcoxon_z(group: Group) -> Number | None:
    """The same with its mean and, corrected for ties, its variance (Lehmann 1975)."""
    n = group.n
    ranks = stats.rankdata(np.abs(group.cars))
    ties = np.unique(ranks, return_counts=True)[1]
    variance = n * (n + 1) * (2 * n + 1) / 24 - np.sum(ties**3 - ties) / 48
    z = float((ranks[group.cars > 0].sum() - n * (n + 1) / 4) / np.sqrt(variance))
    return z, normal_p(z)


def _hall_skewness(group: Group) -> Number | None:
    """Hall (1992): √N (S + g S²/3 + g² S³/27 + g/(6N)) with the adjusted sample skewness."""
    if group.n < 3 or is_flat(group.cars):
        return None
    s = group.cars.mean() / group.cars.std(ddof=1)
    g = float(stats.skew(group.cars, bias=False))
    value = float(np.sqrt(group.n) * (s + g * s**2 / 3 + g**2 * s**3 / 27 + g / (6 * group.n)))
    return value, normal_p(value)


def _jackknife(group: Group) -> Number | None:
    """Pseudo-values of the standardised effect mean(SCAR)/sd(SCAR), their cross-sectional t."""
    if group.n < 3 or is_flat(group.scars):
        return None

    def effect(values: Floats) -> float:
        return float("nan") if is_flat(values) else float(values.mean() / values.std(ddof=1))

    whole = effect(group.scars)
    pseudo = [group.n * whole - (group.n - 1) * effect(np.delete(group.scars, k)) for k in range(group.n)]
    return _student(np.array(pseudo))


def _sign_flip(group: Group) -> Number | None:
    """Fisher's randomisation: every pattern of signs up to 12 events, simulated above."""
    value = float(group.cars.mean())
    if group.n > 12:
        return value, UNKNOWN
    patterns = np.array(list(itertools.product((-1.0, 1.0), repeat=group.n)))
    means = np.abs(patterns @ group.cars) / group.n
    return value, float(np.mean(means >= abs(value) - 1e-12 * means.max()))


def _calendar_time(group: Group) -> Number | None:
    """Jaffe (1974), Mandelker (1974): mean AR of the events in progress, by calendar day."""
    by_day: dict[int, list[float]] = {}
    for event in group.events:
        for day, value in zip(event.window_days(group.part), event.part(group.part), strict=True):
            by_day.setdefault(day, []).append(float(value))
    return _student(np.array([np.mean(values) for values in by_day.values()]))


def _ibragimov_mueller(group: Group) -> Number | None:
    """Ibragimov & Mueller (2010): t over the mean CARs of independent clusters."""
    labels = np.array(clusters(group))
    return _student(np.array([group.cars[labels == label].mean() for label in dict.fromkeys(labels.tolist())]))


TESTS: tuple[Callable[[Group], Number | None], ...] = (
    *(_cross_sectional_t, _j1, _j2, _patell, _patell_sum_sar, _bmp, _kp_bmp, _kp_patell, _cdat, _brown_warner_1980),
    *(_corrado, _corrado_zivney, _corrado_tuckey, _grank_t, _grank_z, _sign, _generalized_sign, _wilcoxon),
    *(_wilcoxon_z, _hall_skewness, _jackknife, _sign_flip, _calendar_time, _ibragimov_mueller),
)
