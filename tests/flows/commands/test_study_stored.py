"""`aftershock study group` and `study regressions` on the shipped record."""

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flows.cli import app, register_commands
from flows.errors import CommandError
from flows.steps.activity import update_activity_studies
from flows.steps.groups import update_group_studies
from flows.steps.publish import publish_warehouse
from tests.flows.shipped import open_shipped


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder: Path = tmp_path_factory.mktemp("home")
    with open_shipped(folder) as run:
        update_group_studies(run)
        update_activity_studies(run)
        publish_warehouse(run)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AFTERSHOCK_HOME", str(folder))
        yield folder


def ask(*words: str) -> list[dict[str, Any]]:
    if not app.registered_groups:
        register_commands()
    result = CliRunner().invoke(app, ["study", *words, "--format", "json"], catch_exceptions=False)
    rows: list[dict[str, Any]] = json.loads(result.stdout)
    return rows


def test_a_category_has_its_mean_first_then_the_headline_test(home: Path) -> None:
    rows = ask("group", "export_control_access", "--hours", "24")
    assert [row["statistic"] for row in rows[:2]] == ["caar", "kp_bmp"]
    assert {row["hours"] for row in rows} == {24.0}
    assert {"abnormal_volume", "abnormal_range", "abnormal_volatility", "minimum_detectable_effect"} <= {
        row["statistic"] for row in rows
    }


def test_an_unknown_category_is_answered_with_those_there_are(home: Path) -> None:
    with pytest.raises(CommandError, match="categories: ai_policy_other, "):
        ask("group", "ai_business")
    with pytest.raises(CommandError, match="hours: 12, 24, 72"):
        ask("group", "executive_order", "--hours", "5")


def test_leads_and_lags_come_in_order_of_time_with_their_joint_test(home: Path) -> None:
    rows = ask("regressions", "leads_lags", "--of", "all")
    bars = [row["from_hours"] for row in rows if row["term"] == "clustered"]
    assert bars == sorted(bars)
    assert -4.0 not in bars  # the bar before the event is the reference
    [joint] = [row for row in rows if row["term"] == "joint_f"]
    assert joint["value"] > 0
    assert 0 < joint["p_value"] < 1


def test_absent_coefficients_are_counted_and_shown_when_asked_for(home: Path) -> None:
    assert ask("regressions", "projection", "--of", "TAO:all") == []
    rows = ask("regressions", "projection", "--of", "TAO:all", "--reasons")
    assert [row["to_hours"] for row in rows] == [4.0, 12.0, 24.0, 72.0]
    assert all("bars with a shock; needs at least 60" in row["reason"] for row in rows)


def test_a_study_that_cannot_measure_an_event_does_not_hide_the_next(home: Path) -> None:
    event, own = "2026-06-12-fable-mythos-access-restriction", home / "config" / "studies.toml"
    own.parent.mkdir()
    own.write_text('[[study]]\nid = "reaction"\nasset_ids = ["AGIX"]\n')
    with pytest.raises(CommandError, match="cannot be measured by study reaction"):
        ask("event", event)
    packaged = resources.files("flows").joinpath("studies.toml").read_text("utf-8")
    own.write_text(own.read_text() + packaged.replace('id = "reaction"', 'id = "second"'))
    rows = ask("event", event)
    own.unlink()
    own.parent.rmdir()
    assert {row["study_id"] for row in rows} == {"second"}
    assert any(row["statistic"] == "car" and row["estimate"] is not None for row in rows)


def test_a_regression_that_is_not_there_is_an_error(home: Path) -> None:
    with pytest.raises(CommandError, match="no regression projection of DOGE:all"):
        ask("regressions", "projection", "--of", "DOGE:all")


def test_rules_of_inclusion_run_from_the_smallest_mean_with_the_main_rule_once(home: Path) -> None:
    rows = ask("inclusion", "export_control_access")
    estimates = [row["estimate"] for row in rows]
    assert estimates == sorted(estimates)
    (main,) = [row for row in rows if row["is_headline"]]
    caar = ask("group", "export_control_access", "--hours", "24")[0]
    assert main["estimate"] == pytest.approx(caar["estimate"], rel=1e-9)
    assert (main["lower_95"], main["n_pairs"]) == (pytest.approx(caar["lower_95"], rel=1e-9), caar["n"])
    with pytest.raises(CommandError, match="categories: ai_policy_other, "):
        ask("inclusion", "ai_business")
