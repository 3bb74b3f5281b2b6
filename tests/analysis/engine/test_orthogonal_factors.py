"""Factors cleared of those before them change the betas, never the abnormal returns."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.engine.battery import choose_model
from analysis.engine.standardise import EventInput, EventResult, standardise_event
from tests.analysis.engine.study_builders import make_event


def measure(event: EventInput, model: str) -> EventResult:
    return standardise_event(event, choose_model(model), 20, "log")


def make_correlated(n_factors: int = 3) -> EventInput:
    rng = np.random.default_rng(1)
    first = rng.normal(0, 0.01, 300)
    others = [0.8 * first + rng.normal(0, 0.005, 300) for _ in range(n_factors - 1)]
    factors = np.column_stack([first, *others])
    returns = factors @ np.arange(1, n_factors + 1) * 0.3 + rng.normal(0, 0.02, 300)
    return replace(make_event("e", "a", returns, first, 200), factors=factors)


def test_abnormal_returns_and_their_errors_are_those_of_the_plain_model() -> None:
    event = make_correlated()
    plain, orthogonal = measure(event, "multi_factor"), measure(event, "multi_factor_orthogonal")
    np.testing.assert_allclose(orthogonal.require_fit().ar, plain.require_fit().ar, atol=1e-14)
    np.testing.assert_allclose(orthogonal.ar_sd, plain.ar_sd, rtol=1e-10)


def test_the_first_beta_is_that_of_the_market_model() -> None:
    event = make_correlated()
    alone = measure(replace(event, factors=event.factors[:, :1]), "market").require_fit().beta[0]
    assert measure(event, "multi_factor_orthogonal").require_fit().beta[0] == pytest.approx(alone, abs=1e-12)
    assert measure(event, "multi_factor").require_fit().beta[0] != pytest.approx(alone, abs=0.05)


def test_the_last_beta_is_that_of_the_plain_model() -> None:
    event = make_correlated()
    plain, orthogonal = (measure(event, name).require_fit() for name in ("multi_factor", "multi_factor_orthogonal"))
    assert orthogonal.beta[-1] == pytest.approx(plain.beta[-1], abs=1e-10)


def test_a_factor_that_repeats_another_has_its_reason() -> None:
    event = make_correlated(2)
    twice = replace(event, factors=np.column_stack([event.factors[:, 0], 2 * event.factors[:, 0]]))
    assert "collinear factors" in str(measure(twice, "multi_factor_orthogonal").reason)
