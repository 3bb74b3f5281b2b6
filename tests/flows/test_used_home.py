"""What a person adds appears in a home that has run before, and disappears with the run after it is removed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

import analysis.engine.models
import analysis.engine.stats
from analysis.engine.battery import load_models, load_statistics
from flows.context import RunContext
from flows.errors import CommandError
from flows.settings import Settings
from flows.steps.bundle import update_bundle
from flows.steps.claims import load_claims, update_claims
from flows.steps.groups import update_group_studies
from flows.steps.models import update_model_studies
from flows.steps.prices import update_prices
from flows.steps.studies import update_studies
from flows.study_registry import load_studies, name_assets, read_studies
from warehouse.config import ConfigError
from warehouse.store.connection import Warehouse, open_writer
from warehouse.tables.claims import CLAIM_READING
from warehouse.tables.prices import ASSET
from warehouse.tables.studies import STUDY_RESULT

EPISODE = "2026-06-12-fable-mythos-access-restriction"
STATISTIC = '''"""Share of positive CARs against one half."""

import numpy as np

from analysis.engine.statistic import NotApplicable, Sample, Statistic, TestResult
from analysis.engine.tails import normal_p


def compute(sample: Sample) -> TestResult | NotApplicable:
    value = (float((sample.car > 0).mean()) - 0.5) * 2.0 * float(np.sqrt(sample.n))
    return TestResult(value, normal_p(value))


STATISTIC = Statistic(
    "planted_median", "Median CAR", "the median is zero", "Independent.", "independent", "z", "A newcomer", 2, compute
)
'''
MODEL = '''"""No expected return at all."""

import numpy as np

from analysis.engine.model_fit import ExpectedReturnModel, ModelFit, ModelInput
from analysis.engine.statistic import NotApplicable


def fit(data: ModelInput) -> ModelFit | NotApplicable:
    y = data.returns[data.estimation]
    variance, bars = float(y @ y) / y.size, data.window.size
    noise = np.full(bars, variance)
    ar = data.returns[data.window]
    return ModelFit(0.0, (), variance**0.5, y.size, y, ar, noise, np.zeros((bars, 1)), np.zeros((1, 1)))


MODEL = ExpectedReturnModel("planted_zero", "no model", "E R = 0", "A newcomer", 0, 0, False, fit)
'''
OWN_STUDY = """\
[[study]]
id = "mine"
title = "four hours, my own"
asset_ids = ["ai_token", "BTC"]
benchmark_asset_ids = ["BTC"]
benchmark_exchanges = ["binanceusdm"]
timeframes = ["4h"]
timing_rule = "first_public_evidence"
event_origins = ["ledger"]
examined_origins = []
windows_hours = [12, 24]
main_window_hours = 12
estimation_hours = 240
minimum_estimation_hours = 48
placebo_history_hours = 480
mask_origins = ["ledger"]
mask_hours = 24
path_before_hours = 12
path_after_hours = 24
specification_asset_ids = []
search_hours = 24
"""
OWN_CLAIM = f"""\
[[claim]]
id = "mine"
episode = "mine"
quote = "TAO gained a tenth in a day."
kind = "rise_within"
asset = "TAO"
event = "{EPISODE}"
rise = 0.1
hours = 24
"""


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunContext]:
    """A home in which the studies of the bundled record have run."""
    home = tmp_path_factory.mktemp("home")
    (home / "config").mkdir()
    with open_writer(home / "warehouse.duckdb", 5.0) as warehouse:
        settings = Settings(home, None, True, 5.0, None, None)
        context = RunContext(settings, warehouse, "run", datetime(2026, 7, 2, tzinfo=UTC), lambda _line: None)
        update_bundle(context)
        update_prices(context)
        update_studies(context)
        update_group_studies(context)
        update_model_studies(context)
        yield context


def count_rows(warehouse: Warehouse, statistic: str = "%", study_id: str = "%") -> int:
    where = "statistic like $statistic and study_id like $study_id"
    return warehouse.frame(STUDY_RESULT, where, statistic=statistic, study_id=study_id).height


def plant(monkeypatch: pytest.MonkeyPatch, package: object, folder: Path, name: str, text: str) -> None:
    """Make `folder` a part of the package, with one module."""
    (folder / f"{name}.py").write_text(text)
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])  # type: ignore[attr-defined]


@pytest.fixture
def battery() -> Iterator[None]:
    """Walk the packages again before and after: one process reads them once."""
    load_statistics.cache_clear()
    load_models.cache_clear()
    yield
    load_statistics.cache_clear()
    load_models.cache_clear()


@pytest.mark.usefixtures("battery")
def test_a_statistic_that_is_dropped_in_appears_and_goes_again(
    used: RunContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = used.warehouse.frame(STUDY_RESULT, order_by="result_id")
    with monkeypatch.context() as planted:
        plant(planted, analysis.engine.stats, tmp_path, "planted_median", STATISTIC)
        assert "21 groups, 21 of them computed anew" in update_group_studies(used).detail
        assert count_rows(used.warehouse, "planted_median", "groups") == 21
        assert update_group_studies(used).n_changed == 0
        assert update_model_studies(used).n_changed == 0
    load_statistics.cache_clear()
    update_group_studies(used)
    after = used.warehouse.frame(STUDY_RESULT, order_by="result_id")
    assert after.equals(before)


@pytest.mark.usefixtures("battery")
def test_a_model_that_is_dropped_in_is_fitted_alone_and_goes_again(
    used: RunContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = used.warehouse.frame(STUDY_RESULT, order_by="result_id")
    with monkeypatch.context() as planted:
        plant(planted, analysis.engine.models, tmp_path, "planted_zero", MODEL)
        assert "70 fits computed anew" in update_model_studies(used).detail
        assert count_rows(used.warehouse, "car:planted_zero", "models") == 70
        assert update_group_studies(used).n_changed == 0
    load_models.cache_clear()
    assert update_model_studies(used).n_changed == 70
    assert used.warehouse.frame(STUDY_RESULT, order_by="result_id").equals(before)


def test_an_own_study_of_a_role_appears_is_read_by_a_claim_and_goes_again(used: RunContext) -> None:
    config = used.settings.config_path
    before = used.warehouse.frame(STUDY_RESULT, order_by="result_id")
    (config / "studies.toml").write_text(OWN_STUDY)
    (config / "claims.toml").write_text(f'{OWN_CLAIM}study = "mine"\n')
    try:
        assert "mine: 17 events measured" in update_studies(used).detail
        own = used.warehouse.frame(STUDY_RESULT, "study_id = 'mine' and statistic = 'car' and event_id = $e", e=EPISODE)
        assert {"TAO", "FET"} <= {market.split(":")[1].split("/")[0] for market in own["market_id"]}
        update_claims(used)
        where = "claim_id = 'mine' and reading_id = 'abnormal'"
        [abnormal] = used.warehouse.frame(CLAIM_READING, where)["value"]
        of_market = own.filter(pl.col("window_end_hours") == 24)["estimate"].to_list()
        assert abnormal in of_market
    finally:
        (config / "studies.toml").unlink()
        (config / "claims.toml").unlink()
    update_studies(used)
    assert count_rows(used.warehouse, study_id="mine") == 0
    assert used.warehouse.frame(STUDY_RESULT, order_by="result_id").equals(before)


def test_a_role_stands_for_its_assets_once_each() -> None:
    [study] = load_studies(Path("/nonexistent"))
    assets = pl.DataFrame({"asset_id": ["TAO", "BTC", "FET"], "role": ["ai_token", "benchmark", "ai_token"]})
    named = name_assets(study.model_copy(update={"asset_ids": ("TAO", "ai_token", "BTC")}), assets)
    assert named.asset_ids == ("TAO", "FET", "BTC")


def test_a_role_that_no_asset_has_is_answered_with_those_there_are(used: RunContext) -> None:
    (used.settings.config_path / "studies.toml").write_text(OWN_STUDY.replace('"ai_token"', '"ai_tokens"'))
    try:
        with pytest.raises(CommandError, match=r"study mine: asset_ids: no asset has the role 'ai_tokens'.*ai_token"):
            read_studies(used.warehouse, used.settings.config_path)
    finally:
        (used.settings.config_path / "studies.toml").unlink()
    assert used.warehouse.frame(ASSET).height


@pytest.mark.parametrize("study_id", ["groups", "activity", "models"])
def test_the_id_of_a_step_s_study_is_refused(tmp_path: Path, study_id: str) -> None:
    (tmp_path / "studies.toml").write_text(OWN_STUDY.replace('"mine"', f'"{study_id}"'))
    with pytest.raises(ConfigError, match="choose another"):
        load_studies(tmp_path)


def test_a_claim_of_a_study_that_is_not_declared_is_refused(tmp_path: Path) -> None:
    (tmp_path / "claims.toml").write_text(f'{OWN_CLAIM}study = "mine"\n')
    with pytest.raises(CommandError, match="claim mine: study 'mine' is not declared; expected one of reaction"):
        load_claims(tmp_path)
