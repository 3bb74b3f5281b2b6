"""p-values adjusted for the number of hypotheses of one study."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.arrays import Floats, Integers
from analysis.engine.resampling import share_at_least


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down p: the chance of any false rejection is held under any dependence. None stays None.

    Source: Holm (1979).
    """
    return _adjusted(p_values, _holm)


def benjamini_hochberg(p_values: Sequence[float | None]) -> list[float | None]:
    """Step-up p that holds the false-discovery rate under independence or positive dependence. None stays None.

    Source: Benjamini & Hochberg (1995).
    """
    return _adjusted(p_values, lambda p: _step_up(p, 1.0))


def benjamini_yekutieli(p_values: Sequence[float | None]) -> list[float | None]:
    """Step-up p that holds the false-discovery rate under any dependence. None stays None.

    Source: Benjamini & Yekutieli (2001).
    """
    return _adjusted(p_values, lambda p: _step_up(p, float(np.sum(1.0 / np.arange(1, p.size + 1)))))


def romano_wolf(effects: Floats, signs: Floats) -> Floats:
    """Step-down p of the mean of each column of `effects` [n events, k hypotheses], dependence between columns kept.

    The null distribution of the largest |t| comes from flipping the signs of whole rows by `signs` [draws, n], so it
    assumes symmetric, independent rows; NaN rows are not allowed. When `signs` holds all 2^n patterns p is exact,
    else the observed value counts as one more draw. Returns [k]. Source: Romano & Wolf (2005, 2016).
    """
    is_exact = signs.shape[0] == 2 ** signs.shape[1]
    observed = np.abs(_t_values(np.ones((1, effects.shape[0])), effects)[0])
    drawn = np.abs(_t_values(signs, effects))
    order = np.argsort(-observed, kind="stable")
    adjusted = np.empty(observed.size)
    largest = 0.0
    for step, column in enumerate(order):
        maxima = drawn[:, order[step:]].max(axis=1)
        largest = max(largest, share_at_least(maxima, observed[column], is_exact=is_exact))
        adjusted[column] = largest
    return adjusted


def _t_values(signs: Floats, effects: Floats) -> Floats:
    n = effects.shape[0]
    mean = signs @ effects / n
    variance = np.sum(effects**2, axis=0) / n - mean**2
    return np.asarray(mean / np.sqrt(np.maximum(variance, np.finfo(float).tiny) / (n - 1)))


def _adjusted(p_values: Sequence[float | None], method: object) -> list[float | None]:
    known = np.array([p for p in p_values if p is not None])
    if not known.size or not callable(method):
        return list(p_values)
    values = iter(method(known))
    return [None if p is None else float(next(values)) for p in p_values]


def _holm(p: Floats) -> Floats:
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    return _restored(order, stepped)


def _step_up(p: Floats, penalty: float) -> Floats:
    order = np.argsort(p, kind="stable")
    scaled = p[order] * penalty * p.size / np.arange(1, p.size + 1)
    return _restored(order, np.minimum.accumulate(scaled[::-1])[::-1])


def _restored(order: Integers, values: Floats) -> Floats:
    restored = np.empty(values.size)
    restored[order] = np.minimum(values, 1.0)
    return restored
