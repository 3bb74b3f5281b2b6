"""Least squares with robust covariances, as tidy rows of coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats, Integers
from analysis.engine.regressions.terms import Term, absent_term
from analysis.engine.tails import student_interval

# A smallest eigenvalue of a Gram matrix above this share of the largest is not rounding, which is 1e-13 of it at worst.
CERTAIN_SHARE = 1e-8

# A row that alone decides a coefficient leaves no residual: what is left of one is rounding.
_SOLE_ROW = 1.0 - 1e-10

NO_VARIANCE = "no positive variance: clusters cancel each other, or one row alone decides a coefficient"


@dataclass(frozen=True, slots=True)
class RobustFit:
    """Coefficients [k] of an outcome on a design [n, k] of full rank, residuals [n] and (X'X)⁻¹ [k, k]."""

    design: Floats
    estimates: Floats
    residuals: Floats
    inverse: Floats

    @classmethod
    def fit(cls, outcome: Floats, design: Floats) -> RobustFit:
        """By the normal equations, or where columns are close by QR, and once more on what that leaves.

        Source: Björck (1987), corrected semi-normal equations.
        """
        root = _invert_root(design)
        estimates = np.zeros(design.shape[1])
        for _ in range(2):
            estimates = estimates + root @ (root.T @ (design.T @ (outcome - design @ estimates)))
        return cls(design, estimates, outcome - design @ estimates, root @ root.T)

    def hc3_covariance(self) -> Floats:
        """Covariance [k, k] that allows each row a variance of its own; NaN where a row alone decides a coefficient.

        Source: MacKinnon & White (1985).
        """
        leverage = np.einsum("nk,kl,nl->n", self.design, self.inverse, self.design)
        rest = np.where(leverage < _SOLE_ROW, 1.0 - leverage, np.nan)
        scores = self._scores / rest[:, np.newaxis]
        return self._sandwich(scores.T @ scores)

    def clustered_covariance(self, clusters: Integers) -> Floats:
        """Covariance [k, k] of rows that hang together within `clusters` [n], with the usual finite-sample factor.

        Source: Liang & Zeger (1986); the factor is G / (G − 1) · (n − 1) / (n − k) of G clusters.
        """
        order = np.argsort(clusters, kind="stable")
        starts = np.flatnonzero(np.diff(clusters[order], prepend=clusters.min() - 1))
        totals = np.add.reduceat(self._scores[order], starts)
        n, k = self.design.shape
        return np.asarray(self._sandwich(totals.T @ totals) * (starts.size / (starts.size - 1) * (n - 1) / (n - k)))

    def two_way_covariance(self, first: Integers, second: Integers) -> Floats:
        """Covariance [k, k] of rows in two kinds of clusters [n] each. Source: Cameron, Gelbach & Miller (2011)."""
        both = first * (int(second.max()) + 1) + second
        one, other, shared = (self.clustered_covariance(clusters) for clusters in (first, second, both))
        return one + other - shared

    def newey_west_covariance(self, n_lags: int) -> Floats:
        """Covariance [k, k] of rows in order of time that hang together over `n_lags`; the factor is n / (n − k).

        Source: Newey & West (1987), with Bartlett's weights.
        """
        scores, (n, k) = self._scores, self.design.shape
        meat = scores.T @ scores
        for lag in range(1, n_lags + 1):
            beside = scores[lag:].T @ scores[:-lag]
            meat += (1.0 - lag / (n_lags + 1.0)) * (beside + beside.T)
        return np.asarray(self._sandwich(meat) * (n / (n - k)))

    def list_terms(self, names: Sequence[str], kind: str, covariance: Floats, df: int, conventions: str) -> list[Term]:
        """A row per coefficient with Student's interval of `df` degrees of freedom."""
        # A two-way clustered variance can be negative.
        with np.errstate(invalid="ignore"):
            errors = np.sqrt(np.diag(covariance))
        n = self.residuals.size
        return [
            student_term(name, kind, float(value), float(error), df, n, conventions)
            for name, value, error in zip(names, self.estimates, errors, strict=True)
        ]

    @property
    def _scores(self) -> Floats:
        return np.asarray(self.design * self.residuals[:, np.newaxis])

    def _sandwich(self, meat: Floats) -> Floats:
        return np.asarray(self.inverse @ meat @ self.inverse)


def is_certain(squares: Floats) -> bool:
    """Whether the eigenvalues of X'X, ascending, say that no column of X follows from the others."""
    return bool(squares[0] > CERTAIN_SHARE * squares[-1])


def _invert_root(design: Floats) -> Floats:
    """A matrix [k, k] that with its own transpose makes (X'X)⁻¹."""
    squares, axes = np.linalg.eigh(design.T @ design)
    return np.asarray(axes / np.sqrt(squares)) if is_certain(squares) else np.linalg.inv(np.linalg.qr(design, mode="r"))


def student_term(
    name: str, covariance: str, estimate: float, standard_error: float, df: int, n: int, conventions: str
) -> Term:
    """A coefficient with Student's interval of `df` degrees of freedom; without a variance it has its reason."""
    if not (np.isfinite(standard_error) and standard_error > 0):
        return absent_term(name, covariance, n, conventions, NO_VARIANCE)
    found = student_interval(estimate, standard_error, df)
    return Term(
        name, covariance, estimate, standard_error, found.lower, found.upper, found.t, found.p_value, n, conventions
    )
