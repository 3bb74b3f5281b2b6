"""The mix of other assets that moved most like the asset before the event."""

from __future__ import annotations

import numpy as np

from analysis.engine.model_fit import ExpectedReturnModel, ModelFit, ModelInput, is_constant
from analysis.engine.regressions.synthetic import fit_synthetic_control
from analysis.engine.statistic import NotApplicable

CLOSE_TO_ZERO = 1e-6  # a weight below this is none


def fit(data: ModelInput) -> ModelFit | NotApplicable:
    """Return minus the mix; s² of the gap before the event, one parameter for each donor in the mix but one.

    Donors are the assets that have every bar used; β holds their weights in the order of the donor columns.
    """
    if data.donors is None or not data.donors.shape[1]:
        return NotApplicable("no donors: the table has no other asset")
    bars = np.concatenate([data.estimation, data.window])
    is_whole = np.isfinite(data.donors[bars]).all(axis=0)
    if not np.isfinite(data.returns[data.window]).all():
        return NotApplicable("missing bar inside the event window")
    found = fit_synthetic_control(data.returns[bars], data.donors[np.ix_(bars, is_whole)], data.window.size)
    n = data.estimation.size
    if found is None:
        return NotApplicable(f"{int(is_whole.sum())} whole donors and {n} estimation bars: too few for a mix")
    residuals = found.gap[:n]
    if is_constant(residuals, data.returns[data.estimation]):
        return NotApplicable("constant series in the estimation window: no residual variance")
    weights = np.zeros(data.donors.shape[1])
    weights[is_whole] = found.weights
    df = n - max(int(np.sum(weights > CLOSE_TO_ZERO)) - 1, 0)
    variance = float(residuals @ residuals) / df
    return ModelFit(
        alpha=0.0,
        beta=tuple(float(weight) for weight in weights),
        sigma=float(np.sqrt(variance)),
        degrees_of_freedom=df,
        residuals=residuals,
        ar=found.gap[n:],
        bar_variance=np.full(data.window.size, variance),
        design=np.zeros((data.window.size, 1)),
        gram=np.zeros((1, 1)),
    )


MODEL = ExpectedReturnModel(
    model_id="synthetic_control",
    title="synthetic control from a donor pool",
    equation="AR = R − Σ w_j R_j, w ≥ 0, Σw = 1, fitted on returns; no parameter error in the variance",
    reference="Abadie, Diamond & Hainmueller (2010)",
    minimum_factors=0,
    maximum_factors=None,
    needs_donors=True,
    fit=fit,
)
