"""Two-sided tail probabilities."""

from __future__ import annotations

from scipy.special import bdtr, ndtr, stdtr


def normal_p(z: float) -> float:
    """Two-sided p of a standard normal value."""
    return float(2.0 * ndtr(-abs(z)))


def student_p(t: float, df: float) -> float:
    """Two-sided p of a Student value."""
    return float(2.0 * stdtr(df, -abs(t)))


def fair_coin_p(n_heads: int, n: int) -> float:
    """Exact two-sided p of `n_heads` in `n` throws of a fair coin."""
    return min(1.0, float(2.0 * bdtr(min(n_heads, n - n_heads), n, 0.5)))
