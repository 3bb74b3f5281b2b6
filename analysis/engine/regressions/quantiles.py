"""How the whole distribution of abnormal returns moves with what the events were."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy.special import ndtri

from analysis.arrays import Floats
from analysis.engine.regressions.coefficients import student_term
from analysis.engine.regressions.terms import Term, absent_term
from analysis.portable import exp
from warehouse.tables.units import ascii_number, count, plural

SANDWICH = "sandwich"

# Rows in the thinner tail per coefficient below which a quantile is a handful of points.
TAIL_ROWS_PER_TERM = 5

# Interquartile range of a standard normal, as Hall & Sheather's bandwidth rounds it.
NORMAL_QUARTILES = 1.34

# Residuals below this share of the largest outcome are those of the rows that the optimum goes through.
ZERO_RESIDUAL = 1e-10

# Level of the intervals for which the bandwidth is best.
BANDWIDTH_LEVEL = 0.975


def regress_quantiles(
    frame: pl.DataFrame, outcome: str, regressors: Sequence[str], quantiles: Sequence[float]
) -> list[Term]:
    """Quantile regression of `outcome` on `regressors`, a row per quantile and coefficient, named `q0.1:severity`.

    Rows with a null are left out. Errors by the kernel sandwich (Epanechnikov, Hall-Sheather bandwidth), which assumes
    independent rows. Source: Koenker & Bassett (1978); Powell (1991).
    """
    complete = frame.drop_nulls([outcome, *regressors])
    n, names = complete.height, ["constant", *regressors]
    design = np.column_stack([np.ones(n), *(complete[name].to_numpy().astype(np.float64) for name in regressors)])
    values = complete[outcome].to_numpy()
    terms: list[Term] = []
    for quantile in quantiles:
        words = f"quantile {ascii_number(quantile)} of {outcome}; {frame.height - n} of {frame.height} rows left out"
        labels = [f"q{ascii_number(quantile)}:{name}" for name in names]
        reason = _obstacle(design, quantile)
        if reason:
            terms += [absent_term(label, SANDWICH, n, words, reason) for label in labels]
            continue
        coefficients = fit_quantile(values, design, quantile)
        errors = np.sqrt(np.diag(sandwich_covariance(values, design, coefficients, quantile)))
        terms += [
            student_term(label, SANDWICH, float(value), float(error), n - len(names), n, words)
            for label, value, error in zip(labels, coefficients, errors, strict=True)
        ]
    return terms


def fit_quantile(values: Floats, design: Floats, quantile: float) -> Floats:
    """Coefficients [k] with the least check loss Σ ρ(values − design·b), `values` [n] and `design` [n, k] of full rank.

    Solved as the dual linear programme, whose prices are the coefficients: max y'a with X'a = (1 − q) X'1, 0 ≤ a ≤ 1.
    RuntimeError when the solver fails. Source: Koenker & Bassett (1978); Koenker (2005), section 6.2.
    """
    from scipy.optimize import linprog

    # The solver's tolerances are absolute, so both sides are brought to the size of one.
    size = float(np.abs(values).max()) or 1.0
    sizes = np.abs(design).max(axis=0)
    scaled = design / sizes
    found = linprog(
        -values / size, A_eq=scaled.T, b_eq=(1.0 - quantile) * scaled.sum(axis=0), bounds=(0.0, 1.0), method="highs-ds"
    )
    if found.status:
        raise RuntimeError(f"quantile {ascii_number(quantile)} over {values.size} rows: {found.message}")
    return np.asarray(-found.eqlin.marginals * size / sizes)


def _obstacle(design: Floats, quantile: float) -> str | None:
    """Why the quantile cannot be regressed on these rows."""
    n, k = design.shape
    needed = TAIL_ROWS_PER_TERM * k
    if n * min(quantile, 1.0 - quantile) < needed:
        return (
            f"{plural(n, 'row')}; {k} coefficients at this quantile need {count(needed / min(quantile, 1 - quantile))}"
        )
    if np.linalg.matrix_rank(design) < k:
        return "collinear or constant characteristics"
    return None


def sandwich_covariance(values: Floats, design: Floats, coefficients: Floats, quantile: float) -> Floats:
    """Covariance [k, k] of the coefficients from the density of the residuals at zero; zero when they do not vary.

    The k residuals that are zero at the optimum weigh as those below it. Source: Powell (1991); Hall & Sheather (1988).
    """
    residuals = values - design @ coefficients
    residuals[np.abs(residuals) <= ZERO_RESIDUAL * np.abs(values).max()] = 0.0
    n, z = values.size, float(ndtri(quantile))
    density = exp(-z * z / 2.0) / np.sqrt(2.0 * np.pi)
    share = (1.5 * density**2 / (2.0 * z**2 + 1.0)) ** (1 / 3) * float(ndtri(BANDWIDTH_LEVEL)) ** (2 / 3) / n ** (1 / 3)
    quartiles = np.quantile(residuals, [0.25, 0.75])
    spread = min(float(values.std()), float(quartiles[1] - quartiles[0]) / NORMAL_QUARTILES)
    width = spread * float(ndtri(quantile + share) - ndtri(quantile - share))
    if not width > 0:
        return np.zeros((coefficients.size, coefficients.size))
    near = residuals / width
    at_zero = float(np.sum(np.where(np.abs(near) <= 1.0, 0.75 * (1.0 - near**2), 0.0))) / (n * width)
    weights = np.where(residuals > 0, quantile, 1.0 - quantile) ** 2 / at_zero**2
    inverse = np.linalg.inv(design.T @ design)
    return np.asarray(inverse @ ((design.T * weights) @ design) @ inverse)
