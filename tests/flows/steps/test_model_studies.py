"""The examined events of the shipped record under every expected-return model."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from analysis.engine.battery import load_models
from analysis.groups import models
from analysis.results.row import ResultRow
from flows.cli import app, register_commands
from flows.context import RunContext
from flows.errors import CommandError
from flows.steps.models import MODELS_STUDY, measure_under_models, update_model_studies
from flows.steps.publish import publish_warehouse
from flows.steps.studies import measure_one_event
from flows.study_registry import read_study
from flows.tape import open_benchmarks
from tests.flows.shipped import open_shipped
from warehouse.processes import Crew
from warehouse.tables.studies import STUDY_RESULT

EPISODE = "2026-06-12-fable-mythos-access-restriction"
TAO = "binanceusdm:TAO/USDT:USDT"


@pytest.fixture(scope="module")
def fitted_here() -> set[str]:
    """The events whose rows this process made; those of the other come back to it as rows."""
    return set()


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory, fitted_here: set[str]) -> Iterator[RunContext]:
    """Fitted by two processes."""
    alone = models._fit_row

    def noted(study_id: str, fit: models._Fit) -> ResultRow:
        fitted_here.add(fit.prepared.pair.event.event_id)
        return alone(study_id, fit)

    with open_shipped(tmp_path_factory.mktemp("home")) as run, pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "_fit_row", noted)
        patch.setattr("flows.cluster.sharing.EVENTS_WORTH_A_PROCESS", 1)
        with Crew(1) as crew:
            update_model_studies(replace(run, crew=crew))
        patch.undo()
        yield run


def rows_of(context: RunContext, market_id: str = TAO, event_id: str = EPISODE) -> dict[str, dict[str, Any]]:
    frame = context.warehouse.frame(
        STUDY_RESULT,
        where="study_id = $study and event_id = $event and market_id = $market",
        study=MODELS_STUDY,
        event=event_id,
        market=market_id,
    )
    return {row["statistic"].removeprefix("car:"): row for row in frame.iter_rows(named=True)}


def test_every_model_has_a_number_or_its_reason(context: RunContext) -> None:
    rows = context.warehouse.frame(STUDY_RESULT, where="study_id = $study", study=MODELS_STUDY)
    assert set(rows["statistic"].str.replace("car:", "")) == set(load_models())
    assert rows.filter(pl.col("estimate").is_null() == pl.col("reason").is_null()).height == 0


def test_errors_are_fractions_as_estimates_are(context: RunContext) -> None:
    """The statistic is the log CAR over its error: e^CAR times that error is the one beside the simple return."""
    rows = context.warehouse.frame(STUDY_RESULT, where="study_id = $study and estimate is not null", study=MODELS_STUDY)
    log_car = rows["estimate"].log1p()
    expected = (rows["estimate"] + 1) * log_car / rows["value"]
    assert rows["estimate"].abs().max() > 0.2  # far enough from zero to tell fractions from log points
    np.testing.assert_allclose(rows["standard_error"].to_numpy(), expected.to_numpy(), rtol=1e-9)


def test_the_market_model_is_that_of_the_headline_but_for_its_constant(context: RunContext) -> None:
    study = read_study(context.warehouse, context.settings.config_path, "reaction")
    headline, _ = measure_one_event(context.warehouse, study, EPISODE, None)
    wanted = (pl.col("statistic") == "car") & (pl.col("window_end_hours") == 24) & (pl.col("market_id") == TAO)
    car = float(headline.filter(wanted)["estimate"].item())
    own = rows_of(context)["market"]
    assert own["n_estimation"] == headline.filter(wanted)["n_estimation"].item()
    assert own["estimate"] == pytest.approx(car, abs=0.015)
    assert own["lower_95"] > 0.1


def test_several_factors_never_hold_the_asset_itself(context: RunContext) -> None:
    tao = rows_of(context)["multi_factor"]
    assert tao["benchmark"].endswith("; ETH")
    near = rows_of(context, "binanceusdm:NEAR/USDT:USDT")["multi_factor"]
    assert near["benchmark"].endswith("; ETH; AI_OTHERS")
    ether = rows_of(context, "binanceusdm:ETH/USDT:USDT")
    assert "ETH" not in ether["multi_factor"]["benchmark"].replace("ETH/USDT", "").split("; ")
    assert ether["synthetic_control"]["reason"] is None or "constant" not in ether["synthetic_control"]["reason"]


def test_the_other_ai_tokens_leave_out_the_one_under_study(context: RunContext) -> None:
    returns = open_benchmarks(context.tape)
    everyone, others = (returns(asset, "4h")["AI_OTHERS"] for asset in (None, "TAO"))
    assert everyone["n_members"].max() == 4
    assert others["n_members"].max() == 3
    assert not everyone.tail(50)["log_return"].equals(others.tail(50)["log_return"])


def test_a_second_run_changes_nothing(context: RunContext) -> None:
    report = update_model_studies(context)
    assert report.n_changed == 0
    assert " 0 fits computed anew" in report.detail


def test_the_commands_show_models_and_benchmarks(context: RunContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERSHOCK_HOME", str(context.settings.published_path.parent))
    publish_warehouse(context)
    if not app.registered_groups:
        register_commands()

    def ask(*words: str) -> str:
        return CliRunner().invoke(app, [*words, "--format", "csv"], catch_exceptions=False).stdout

    models = pl.read_csv(ask("study", "models", EPISODE).encode())
    assert models["asset_id"][0] == "TAO"
    assert models.filter(pl.col("asset_id") == "TAO")["model"].n_unique() == len(load_models())
    shown = pl.read_csv(ask("benchmarks", "--without", "tao", "--timeframe", "4h", "--since", "2026-06-12").encode())
    assert set(shown["benchmark_id"]) == {"BTC", "ETH", "AI_OTHERS"}
    assert shown["open_time_utc"].min() == "2026-06-12T00:00:00Z"
    with pytest.raises(CommandError, match="no benchmark has bars of 1m"):
        ask("benchmarks", "--timeframe", "1m")


def test_a_token_fitted_by_itself_has_the_rows_of_the_whole_study_from_either_process(
    context: RunContext, fitted_here: set[str]
) -> None:
    study = read_study(context.warehouse, context.settings.config_path, "reaction")
    whole = context.warehouse.frame(STUDY_RESULT, "study_id = $study", study=MODELS_STUDY)
    elsewhere = whole.filter(~pl.col("event_id").is_in(list(fitted_here)))
    assert fitted_here
    assert elsewhere.height
    for event_id in {EPISODE, elsewhere["event_id"].min(), min(fitted_here)}:
        alone = measure_under_models(context.warehouse, context.tape, study, str(event_id), "TAO").sort("statistic")
        assert alone.height == len(load_models())
        is_own = (pl.col("event_id") == event_id) & (pl.col("market_id") == alone["market_id"][0])
        assert alone.equals(whole.filter(is_own).sort("statistic"))
