"""The correlation step on the bundled record: numbers, idempotence, and what the command prints."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from analysis.tape.series import cut_series
from analysis.together.around.episodes import digest_episodes
from analysis.together.moving.pairs import bitcoin_pairs
from flows.cluster import sharing
from flows.context import RunContext
from flows.errors import CommandError
from flows.jobs.labelled_files import load_user_vocabulary
from flows.settings import Settings
from flows.steps import correlations
from flows.steps.bundle import update_bundle
from flows.steps.correlations import compare_with_stored, load_panels, update_correlations
from flows.steps.prices import update_prices
from warehouse.processes import Crew
from warehouse.store.connection import Warehouse, open_writer
from warehouse.store.publish import publish
from warehouse.tables.correlation import CORRELATION_EPISODE, CORRELATION_PAIR, LEAD_LAG

EVENT = "2026-06-12-fable-mythos-access-restriction"
NOW = datetime(2026, 7, 2, tzinfo=UTC)


def make_settings(home: Path) -> Settings:
    return Settings(home, None, True, 5.0, None, None)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("correlations")


@pytest.fixture(scope="module")
def calls() -> dict[str, int]:
    """How many calls were asked for, and how many this process did; those of the other come back to it as rows."""
    return {"asked": 0, "here": 0}


@pytest.fixture(scope="module")
def context(home: Path, calls: dict[str, int]) -> Iterator[RunContext]:
    """Measured by two processes."""
    settings = make_settings(home)
    alone, share_calls = sharing._call, sharing.share_calls

    def call(numbered: tuple[int, sharing.Call]) -> tuple[int, Any]:
        if not calls["here"]:
            [(_, pipe)] = crew._others
            assert pipe.poll(60)  # until the other process has done one
        calls["here"] += 1
        return alone(numbered)

    def noting(run: RunContext) -> sharing.ShareCalls:
        def share(asked: Sequence[sharing.Call]) -> list[Any]:
            calls["asked"] += len(asked)
            return share_calls(run)(asked)

        return share

    with (
        open_writer(settings.warehouse_path, 5.0) as warehouse,
        pytest.MonkeyPatch.context() as patch,
        Crew(1) as crew,
    ):
        patch.setattr(sharing, "CALLS_WORTH_A_PROCESS", 1)
        patch.setattr(sharing, "_call", call)
        patch.setattr(correlations, "share_calls", noting)
        patch.setattr(correlations, "_PAIRS_OF_A_CALL", 1)
        patch.setattr(correlations, "EVENTS_WORTH_A_PROCESS", 1)
        run = RunContext(settings, warehouse, "run-1", NOW, lambda _line: None, crew)
        update_bundle(run)
        update_prices(run)
        update_correlations(run)
        patch.undo()
        yield run


def stored(warehouse: Warehouse, asset: str, timeframe: str, hours: float) -> dict[str, object]:
    rows = warehouse.frame(CORRELATION_EPISODE, where="event_id = $event", event=EVENT)
    chosen = rows.filter(
        (pl.col("asset_id") == asset) & (pl.col("timeframe") == timeframe) & (pl.col("window_hours") == hours)
    )
    assert chosen.height == 1
    return chosen.row(0, named=True)


def test_tao_left_bitcoin_for_three_days_after_the_first_report(context):
    row = stored(context.warehouse, "TAO", "1h", 72.0)
    assert row["before_correlation"] == pytest.approx(0.82, abs=0.01)
    assert row["after_correlation"] == pytest.approx(0.20, abs=0.01)
    assert row["change_correlation_upper_95"] < -0.3
    assert row["after_correlation_adjusted"] < 0.35  # a calmer Bitcoin does not explain it
    assert row["n_before"] == row["n_after"] == 72
    assert row["placebo_rank"] < 0.01
    assert row["n_placebo_independent"] == 3


def test_the_four_hour_bars_agree_and_the_other_tokens_did_not_leave(context):
    tao = stored(context.warehouse, "TAO", "4h", 168.0)
    assert tao["change_correlation_upper_95"] < 0
    for asset in ("FET", "NEAR", "WLD"):
        other = stored(context.warehouse, asset, "4h", 168.0)
        assert other["change_correlation_lower_95"] < 0 < other["change_correlation_upper_95"]


def test_window_past_the_data_is_a_reason(context):
    row = stored(context.warehouse, "TAO", "1h", 336.0)
    assert row["after_correlation"] is None
    assert row["reason"] == "336 bars before and 192 after; each side needs 80 % of 336"


def test_every_pair_row_has_a_number_with_its_n_or_a_reason(context):
    rows = context.warehouse.frame(CORRELATION_PAIR)
    assert rows.height > 50
    assert rows.filter(pl.col("estimate").is_null() & pl.col("reason").is_null()).height == 0
    assert rows["n"].min() > 0


def test_granger_is_refused_on_so_few_bars(context):
    rows = context.warehouse.frame(LEAD_LAG, where="method = 'granger'")
    assert rows["p_value"].null_count() == rows.height
    assert rows["reason"].str.contains("needs 1000").all()


def test_a_second_run_changes_nothing_and_recomputing_agrees_to_the_bit(context, calls):
    assert 0 < calls["here"] < calls["asked"]
    assert update_correlations(context).n_changed == 0
    compared = compare_with_stored(context.warehouse, load_user_vocabulary(context.settings.config_path))
    assert compared["n_differing"].sum() == 0


def test_an_event_that_moves_is_compared_anew_and_the_others_keep_their_rows(context):
    at = {"event_id": EVENT, "category": "", "time_precision": "hour", "best_at_utc": datetime(2026, 6, 13, tzinfo=UTC)}
    other = at | {"event_id": "other", "best_at_utc": datetime(2026, 6, 10, tzinfo=UTC)}
    pairs = bitcoin_pairs(load_panels(context.warehouse, context.tape)[0])
    before = digest_episodes(pairs, pl.DataFrame([at, other]))
    later = at | {"best_at_utc": at["best_at_utc"] + timedelta(hours=1)}
    moved = digest_episodes(pairs, pl.DataFrame([later, other]))
    assert before[EVENT] != moved[EVENT]
    assert before["other"] == moved["other"]
    short = [cut_series(pair, 0, pair.asset.size - 1) for pair in pairs]
    assert digest_episodes(short, pl.DataFrame([other]))["other"] != before["other"]  # its two weeks are not whole
    early = other | {"best_at_utc": pairs[0].first_open + timedelta(hours=2)}
    kept = (digest_episodes(found, pl.DataFrame([early]))["other"] for found in (pairs, short))
    assert len(set(kept)) == 1


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["episodes", "--event", EVENT, "--asset", "TAO", "--timeframe", "1h"], "0.8217"),
        (["pairs", "--asset", "TAO", "--other", "BTC", "--timeframe", "1h"], "pearson"),
        (["rolling", "--asset", "TAO", "--window", "168"], "168.0"),
        (["leadlag", "--method", "granger"], "needs 1000"),
        (["network", "--timeframe", "4h"], "WLD"),
    ],
)
def test_commands_print_the_published_rows(context, monkeypatch, arguments, expected):
    from flows.commands import correlate

    publish(context.warehouse, context.settings.warehouse_path, context.settings.published_path)
    monkeypatch.setenv("AFTERSHOCK_HOME", str(context.settings.home))
    result = CliRunner().invoke(correlate.correlate_app, [*arguments, "--format", "csv"])
    assert result.exit_code == 0, result.output
    assert expected in result.stdout


def test_asking_for_what_is_not_there_says_so(context, monkeypatch):
    from flows.commands import correlate

    publish(context.warehouse, context.settings.warehouse_path, context.settings.published_path)
    monkeypatch.setenv("AFTERSHOCK_HOME", str(context.settings.home))
    result = CliRunner().invoke(correlate.correlate_app, ["pairs", "--asset", "DOGE", "--format", "csv"])
    assert result.exit_code == 0
    assert "no rows in out.correlation_pair with asset_id = DOGE" in result.stderr


def test_a_window_that_no_row_has_is_refused_with_those_there_are(context, monkeypatch):
    from flows.commands import correlate

    publish(context.warehouse, context.settings.warehouse_path, context.settings.published_path)
    monkeypatch.setenv("AFTERSHOCK_HOME", str(context.settings.home))
    refused = CliRunner().invoke(correlate.correlate_app, ["rolling", "--window", "167"])
    assert isinstance(refused.exception, CommandError)
    assert refused.exception.exit_code == 2
    assert "out.correlation_rolling has no window_hours 167" in str(refused.exception)
    assert "168" in str(refused.exception)
