"""Files that once gave numbers without a word: the same bar by either label, sessions, and events chosen by price."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from flows.cli import app, register_commands
from flows.errors import CommandError
from tests.paths import shared

CASES = "cases/studies"


def run(prices: Path, market: Path, events: Path, *options: str) -> dict[str, Any]:
    if not app.registered_groups:
        register_commands()
    files = ["--prices", str(prices), "--market", str(market), "--events", str(events)]
    result = CliRunner().invoke(app, ["study", "csv", *files, *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    study: dict[str, Any] = json.loads(result.stdout)
    return study


@pytest.mark.parametrize("label", ["open", "close"])
def test_an_event_five_minutes_into_an_hour_belongs_to_that_hour(label: str) -> None:
    folder = shared(f"{CASES}/open_time")
    files = [folder / f"{name}_{label}_time_utc.csv" for name in "pm"]
    study = run(*files, folder / "e_open.csv", "--estimation=-400:-10", "--window=0:2")
    [event] = study["events"]
    # The hour gains 10 % beyond the market; the same number whichever end of the bar its row names.
    assert event["ar"][0] == pytest.approx(0.099793, abs=1e-6)
    hour = "2025-09-26T00:00:00Z" if label == "open" else "2025-09-26T01:00:00Z"
    assert event["bar_zero_at_utc"] == hour
    assert event["bar_zero_gap_hours"] == pytest.approx(-5 / 60 if label == "open" else 55 / 60)
    assert f"rows are dated by their {label}" in study["conventions"]


def test_opens_under_another_name_need_the_label(tmp_path: Path) -> None:
    folder = shared(f"{CASES}/open_time")
    files = [tmp_path / f"{name}.csv" for name in "pm"]
    for name, path in zip("pm", files, strict=True):
        table = pl.read_csv(folder / f"{name}_open_time_utc.csv", infer_schema=False)
        table.rename({"open_time_utc": "time"}).write_csv(path)
    options = (*files, folder / "e_open.csv", "--estimation=-400:-10", "--window=0:2")
    assert abs(run(*options)["events"][0]["ar"][0]) < 0.05  # type: ignore[arg-type]
    found = run(*options, "--label=open")["events"][0]["ar"][0]  # type: ignore[arg-type]
    assert found == pytest.approx(0.099793, abs=1e-6)


def abnormal(events: str, *options: str) -> dict[str, float]:
    folder = shared(CASES)
    study = run(
        folder / "nvda.csv", folder / "spy.csv", folder / events, "--estimation=-100:-10", "--window=0:0", *options
    )
    return {event["bar_zero_at_utc"][:10]: event["ar"][0] for event in study["events"]}


def test_a_filing_after_the_close_belongs_to_the_next_session() -> None:
    dates = abnormal("sec3.csv")
    assert set(dates) == {"2026-01-15", "2026-01-16"}
    later = abnormal("sec2.csv", "--calendar=XNYS")
    # 2026-01-19 is a holiday in New York, which the calendar knows and --close does not: this table has a row for it.
    assert set(later) == {"2026-01-16", "2026-01-20"}
    assert later["2026-01-16"] == pytest.approx(dates["2026-01-16"])
    by_clock = abnormal("sec2.csv", "--close=16:00", "--zone=America/New_York")
    assert set(by_clock) == {"2026-01-16", "2026-01-19"}


def test_a_filing_with_a_time_of_day_beside_daily_bars_is_usage() -> None:
    with pytest.raises(CommandError, match=r"--calendar .*XNYS.*--close 16:00 --zone America/New_York") as caught:
        abnormal("sec2.csv")
    assert caught.value.exit_code == 2


def test_the_largest_days_of_noise_are_marked_in_json_and_table(tmp_path: Path) -> None:
    rng = np.random.default_rng(12)
    days = pl.date_range(pl.date(2023, 1, 1), pl.date(2026, 4, 30), eager=True)
    market, own = rng.normal(0, 0.01, days.len()), rng.normal(0, 0.02, days.len())
    files = [tmp_path / f"{name}.csv" for name in ("prices", "market", "events")]
    pl.DataFrame({"date": days, "A": market + own}).write_csv(files[0])
    pl.DataFrame({"date": days, "M": market}).write_csv(files[1])
    largest = np.sort(150 + np.argsort(-np.abs(own[150:-5]))[:20])
    events = pl.DataFrame({"event_id": [f"e{k}" for k in range(20)], "asset": "A", "date": days.gather(largest)})
    events.write_csv(files[2])
    options = ("--estimation=-110:-11", "--window=0:0", "--values=returns")
    study = run(*files, *options)
    assert study["selection"]["n_largest"] >= 5
    assert study["selection"]["expected"] == pytest.approx(20 / 101)
    assert "events look chosen from prices" in study["warnings"][0]
    assert {test["mark"] for test in study["tests"]} == {"events look chosen from prices"}
    files_again = ["--prices", str(files[0]), "--market", str(files[1]), "--events", str(files[2])]
    table = CliRunner().invoke(app, ["study", "csv", *files_again, *options, "--format", "csv"]).stdout
    rows = pl.read_csv(table.encode(), infer_schema_length=None).filter(scope="group")
    assert set(rows["mark"]) == {"events look chosen from prices"}
    assert rows.filter(statistic="largest_at_bar_zero")["value"].item() == study["selection"]["n_largest"]

    events.with_columns(selected_from=pl.lit("price")).write_csv(files[2])
    withheld = run(*files, *options)
    assert {test["p_value"] for test in withheld["tests"]} == {None}
    assert withheld["effects"][0]["lower_95"] is None
    events.with_columns(selected_from=pl.lit("news")).write_csv(files[2])
    kept = run(*files, *options)
    assert kept["warnings"] == []
    assert [test["p_value"] for test in kept["tests"]] == [test["p_value"] for test in study["tests"]]
    events.with_columns(selected_from=pl.lit("gut")).write_csv(files[2])
    with pytest.raises(CommandError, match="'gut'; expected news or price"):
        run(*files, *options)


SINGLE_KEYS = {
    *("estimate", "low", "high", "level", "rank_p", "n_placebo", "n_independent", "low_inside", "high_inside"),
    *("volatility_ratio", "selected", "reason"),
}


def test_single_numbers_of_events_from_prices_are_withheld_and_those_that_look_so_marked(tmp_path: Path) -> None:
    rng = np.random.default_rng(12)
    n = 3_000
    hours = pl.datetime_range(pl.datetime(2025, 1, 1), interval="1h", end=pl.datetime(2025, 6, 1), eager=True).head(n)
    market, own = rng.normal(0, 0.01, n), rng.normal(0, 0.02, n)
    files = [tmp_path / f"{name}.csv" for name in ("prices", "market", "events")]
    pl.DataFrame({"open_time_utc": hours, "A": market + own}).write_csv(files[0])
    pl.DataFrame({"open_time_utc": hours, "M": market}).write_csv(files[1])
    largest = np.sort(1_000 + np.argsort(-np.abs(own[1_000:-20]))[:12])
    events = pl.DataFrame({"event_id": [f"e{k}" for k in range(12)], "asset": "A", "date": hours.gather(largest)})
    options = ("--estimation=-400:-1", "--window=0:11", "--values=returns", "--single", "--explain=size")

    def judge(selected_from: list[str | None]) -> list[dict[str, Any]]:
        found = pl.Series("selected_from", selected_from, dtype=pl.String)
        events.with_columns(found, size=pl.int_range(12)).write_csv(files[2])
        study = run(*files, *options)
        if "price" in selected_from:
            assert {term["p_value"] for term in study["regressions"]} == {None}
            assert study["effects"][0]["variance_ratio_p"] is None
        return [event["single"] for event in study["events"]]

    marked, kept = judge([None] * 12), judge(["news"] * 12)
    withheld, mixed = judge(["price"] * 12), judge(["news", "price", None, *["news"] * 9])
    assert {frozenset(single) for single in (*marked, *withheld)} == {frozenset(SINGLE_KEYS)}
    numbers = ("estimate", "low", "high", "rank_p", "n_placebo", "low_inside", "high_inside", "selected")
    for before, after in zip(marked, kept, strict=True):
        assert before["reason"].startswith("events look chosen from prices: rank_p and intervals hold only")
        assert "prices" not in (after["reason"] or "")
        assert [before[name] for name in numbers] == [after[name] for name in numbers]
        assert before["rank_p"] is not None
    for single, news in zip(withheld, kept, strict=True):
        assert single["estimate"] == news["estimate"]
        assert (
            single["rank_p"] is single["low"] is single["high"] is single["low_inside"] is single["high_inside"] is None
        )
        assert single["selected"] is True
        assert single["reason"] == "withheld: events chosen from prices"
    assert [single["rank_p"] is None for single in mixed] == [False, True, True, *[False] * 9]


def test_the_mean_reaction_has_the_variance_ratio_beside_it() -> None:
    folder = shared(CASES)
    files = (folder / "zkai_prices.csv", folder / "btc.csv", folder / "own_events.csv")
    study = run(*files, "--estimation=-240:-3", "--window=0:0", "--label=open")
    [effect] = [effect for effect in study["effects"] if effect["window"] == [0, 0]]
    # +3.0 % was planted in the first hour of 30 events.
    assert effect["caar"] == pytest.approx(0.03, abs=0.005)
    assert effect["variance_ratio"] > 2
    assert effect["variance_ratio_p"] == pytest.approx(0.0005)
    assert effect["n_ordinary"] > 1000
