"""One coefficient of a regression with its uncertainty, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """A tidy row: coefficient `name` under one kind of standard error."""

    name: str
    covariance: str  # hc3, two_way_clustered, hac, sandwich, joint_f
    estimate: float | None
    standard_error: float | None
    lower_95: float | None
    upper_95: float | None
    t: float | None
    p_value: float | None
    n: int
    conventions: str
    reason: str | None = None
    n_shocks: int | None = None  # bars with a shock among the n, for projections


def absent_term(name: str, covariance: str, n: int, conventions: str, reason: str) -> Term:
    """A row that says why there is no number."""
    return Term(name, covariance, None, None, None, None, None, None, n, conventions, reason)
