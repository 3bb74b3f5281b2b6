"""Market model whose residual variance follows GARCH(1,1)."""

from __future__ import annotations

import warnings

import numpy as np
from arch import arch_model
from arch.utility.exceptions import ConvergenceWarning

from analysis.model_fit import ExpectedReturnModel, Floats, ModelFit, ModelInput, centred_design, is_constant
from analysis.statistic import NotApplicable

MINIMUM_BARS = 100  # below which a variance process cannot be told from noise


def fit(data: ModelInput) -> ModelFit | NotApplicable:
    """α and β with GARCH(1,1) residuals; each bar of the window has its own forecast variance."""
    y, x = data.returns[data.estimation], data.factors[data.estimation, 0]
    if y.size < MINIMUM_BARS:
        return NotApplicable(f"{y.size} estimation bars; garch needs at least {MINIMUM_BARS}")
    if not np.ptp(x) > 0:
        return NotApplicable("constant benchmark in the estimation window: beta is not identified")
    if is_constant(y - y.mean(), y):
        return NotApplicable("constant series in the estimation window: no residual variance")
    scale = float(y.std())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the flag below says the same
        model = arch_model(y / scale, x=x[:, None] / scale, mean="LS", vol="GARCH", p=1, o=0, q=1)
        found = model.fit(disp="off", show_warning=False)
    if found.convergence_flag != 0:
        return NotApplicable("garch did not converge on the estimation window")
    alpha, beta = float(found.params.iloc[0]) * scale, float(found.params.iloc[1])
    residuals = y - alpha - beta * x
    horizon = int(data.window[-1] - data.estimation[-1])
    forecast = _forecast(residuals / scale, np.asarray(found.params.iloc[2:]), max(horizon, 1)) * scale**2
    variance = float(np.mean(np.asarray(found.conditional_volatility) ** 2)) * scale**2
    ahead = np.clip(data.window - data.estimation[-1] - 1, 0, forecast.size - 1)
    design, gram = centred_design(x, data.factors[data.window, 0])
    return ModelFit(
        alpha=alpha,
        beta=(beta,),
        sigma=float(np.sqrt(variance)),
        degrees_of_freedom=y.size - 2,
        residuals=residuals,
        ar=data.returns[data.window] - alpha - beta * data.factors[data.window, 0],
        bar_variance=forecast[ahead],
        design=design,
        gram=gram,
    )


def _forecast(residuals: Floats, parameters: Floats, horizon: int) -> Floats:
    """Variance of each of the next `horizon` bars, from the end of the estimation window."""
    model = arch_model(residuals, mean="Zero", vol="GARCH", p=1, o=0, q=1).fix(parameters)
    return np.asarray(model.forecast(horizon=horizon).variance.to_numpy()[-1], dtype=np.float64)


MODEL = ExpectedReturnModel(
    model_id="garch",
    title="market model with GARCH(1,1) residuals",
    equation="h_t = ω + a e²_t−1 + b h_t−1; var AR = ĥ_t + s²(1/n + d²/Sxx)",
    reference="Bollerslev (1986); event studies: Savickas (2003)",
    minimum_factors=1,
    maximum_factors=1,
    needs_donors=False,
    fit=fit,
)
