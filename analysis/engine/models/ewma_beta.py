"""Market model whose estimation bars lose weight with age."""

from __future__ import annotations

import numpy as np

from analysis.engine.model_fit import ExpectedReturnModel, ModelFit, ModelInput, is_constant
from analysis.engine.statistic import NotApplicable
from analysis.portable import powers

HALF_LIFE = 60  # bars; two and a half days of hours


def fit(data: ModelInput) -> ModelFit | NotApplicable:
    """α and β by weighted least squares; parameter errors by (X'WX)⁻¹ X'W²X (X'WX)⁻¹."""
    y, x = data.returns[data.estimation], data.factors[data.estimation, 0]
    weights = powers(0.5, (data.estimation[-1] - data.estimation) / HALF_LIFE)
    if not np.ptp(x) > 0:
        return NotApplicable("constant benchmark in the estimation window: beta is not identified")
    centre = float(weights @ x / weights.sum())
    design = np.column_stack([np.ones(x.size), x - centre])
    inverse = np.linalg.inv(design.T @ (weights[:, None] * design))
    level, beta = (float(value) for value in inverse @ (design.T @ (weights * y)))
    residuals = y - level - beta * (x - centre)
    if is_constant(residuals, y):
        return NotApplicable("constant series in the estimation window: no residual variance")
    effective = float(weights.sum() ** 2 / (weights @ weights))
    variance = float(weights @ residuals**2 / weights.sum()) * effective / (effective - 2.0)
    return ModelFit(
        alpha=level - beta * centre,
        beta=(beta,),
        sigma=float(np.sqrt(variance)),
        degrees_of_freedom=max(int(effective) - 2, 1),
        residuals=residuals,
        ar=data.returns[data.window] - level - beta * (data.factors[data.window, 0] - centre),
        bar_variance=np.full(data.window.size, variance),
        design=np.column_stack([np.ones(data.window.size), data.factors[data.window, 0] - centre]),
        gram=inverse @ (design.T @ (weights[:, None] ** 2 * design)) @ inverse,
    )


MODEL = ExpectedReturnModel(
    model_id="ewma_beta",
    title="market model (exponential weights, half-life 60 bars)",
    equation="weights 0.5^(age/60); s² weighted, degrees of freedom (Σw)²/Σw² − 2",
    reference="RiskMetrics (1996) weights; sandwich variance: White (1980)",
    minimum_factors=1,
    maximum_factors=1,
    needs_donors=False,
    fit=fit,
)
