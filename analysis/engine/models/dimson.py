"""Market model with the Dimson beta for thin trading."""

from __future__ import annotations

import numpy as np

from analysis.engine.model_fit import (
    ExpectedReturnModel,
    ModelFit,
    ModelInput,
    centred_design,
    fit_least_squares,
    fit_with_beta,
)
from analysis.engine.statistic import NotApplicable

LAGS = (-1, 0, 1)  # bars


def fit(data: ModelInput) -> ModelFit | NotApplicable:
    """β as the sum of slopes on lagged, same and leading benchmark returns inside the estimation window."""
    inside = np.isin(data.estimation - 1, data.estimation) & np.isin(data.estimation + 1, data.estimation)
    middle = data.estimation[inside]
    x = data.factors[:, 0]
    if middle.size < len(LAGS) + 2:
        return NotApplicable(f"{middle.size} bars with both neighbours; dimson needs {len(LAGS) + 2}")
    solved = fit_least_squares(data.returns[middle], np.column_stack([x[middle + lag] for lag in LAGS]))
    if isinstance(solved, NotApplicable):
        return solved
    beta = float(solved[1].sum())
    alpha = float(data.returns[middle].mean() - beta * x[middle].mean())
    return fit_with_beta(data, alpha, beta, *centred_design(x[data.estimation], x[data.window]))


MODEL = ExpectedReturnModel(
    model_id="dimson",
    title="market model (Dimson beta, one lag and one lead)",
    equation="β = Σ β_k of R_t on R_m,t−1, R_m,t, R_m,t+1; prediction error as for least squares",
    reference="Dimson (1979), Journal of Financial Economics 7",
    minimum_factors=1,
    maximum_factors=1,
    needs_donors=False,
    fit=fit,
)
