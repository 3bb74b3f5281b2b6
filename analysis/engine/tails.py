"""Two-sided tail probabilities, and the interval that belongs to Student's."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.special import bdtr, ndtr, stdtr, stdtrit

LEVEL_95 = 0.975  # quantile of a two-sided 95 % interval


def normal_p(z: float) -> float:
    """Two-sided p of a standard normal value."""
    return float(2.0 * ndtr(-abs(z)))


def student_p(t: float, df: float) -> float:
    """Two-sided p of a Student value."""
    return float(2.0 * stdtr(df, -abs(t)))


def fair_coin_p(n_heads: int, n: int) -> float:
    """Exact two-sided p of `n_heads` in `n` throws of a fair coin."""
    return min(1.0, float(2.0 * bdtr(min(n_heads, n - n_heads), n, 0.5)))


def student_half(standard_error: float, df: float) -> float:
    """Half the width of Student's 95 % interval with `df` degrees of freedom, in the units of `standard_error`."""
    return float(stdtrit(df, LEVEL_95)) * standard_error


@dataclass(frozen=True, slots=True)
class StudentInterval:
    """The 95 % interval of an estimate, its t value and two-sided p; in the units of the estimate."""

    lower: float
    upper: float
    t: float
    p_value: float


def student_interval(estimate: float, standard_error: float, df: float) -> StudentInterval:
    """Student's interval of `estimate` at 95 % with `df` degrees of freedom; `standard_error` is positive."""
    half, t = student_half(standard_error, df), estimate / standard_error
    return StudentInterval(estimate - half, estimate + half, t, student_p(t, df))
