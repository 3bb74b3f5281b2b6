"""`aftershock study csv` as a person meets it: formats, separators, errors."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from flows.cli import app, register_commands
from flows.errors import CommandError

DAYS = pl.date_range(pl.date(2026, 1, 1), pl.date(2026, 4, 30), eager=True)

EVENT_KEYS = {"event_id", "asset", "event_time", "window", "n_estimation", "alpha", "beta", "sigma", "ar", "sar"}
EVENT_KEYS |= {"car", "car_se", "scar", "bhar", "reason"}
TEST_KEYS = {"window", "statistic", "value", "p_value", "df", "n", "n_eff", "rbar", "reason"}


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    market = rng.normal(0, 0.01, DAYS.len())
    columns = {
        name: 100 * np.exp(np.cumsum(market + rng.normal(0, 0.02, DAYS.len()))) for name in ("TAO", "FET", "NEAR")
    }
    pl.DataFrame({"date": DAYS, **columns}).write_csv(tmp_path / "prices.csv")
    factors = {"BTC": 50 * np.exp(np.cumsum(market)), "ETH": 20 * np.exp(np.cumsum(rng.normal(0, 0.02, DAYS.len())))}
    pl.DataFrame({"date": DAYS, **factors}).write_csv(tmp_path / "market.csv")
    events = {"event_id": ["a", "b", "c"], "asset": ["TAO", "FET", "NEAR"], "date": ["2026-04-01"] * 3}
    pl.DataFrame(events).write_csv(tmp_path / "events.csv")
    return tmp_path


def arguments(folder: Path, *more: str) -> list[str]:
    files = [part for name in ("prices", "market", "events") for part in (f"--{name}", str(folder / f"{name}.csv"))]
    return ["study", "csv", *files, "--estimation=-60:-3", "--window=-2:2", "--benchmark", "BTC", *more]


def run(folder: Path, *more: str) -> str:
    if not app.registered_groups:
        register_commands()
    return CliRunner().invoke(app, arguments(folder, *more), catch_exceptions=False).stdout


def test_json_has_the_documented_shape(tables: Path) -> None:
    study = json.loads(run(tables))
    assert {"conventions", "events", "tests", "excluded"} <= study.keys()
    assert study["events"][0].keys() >= EVENT_KEYS
    assert study["tests"][0].keys() >= TEST_KEYS
    windows = {tuple(test["window"]) for test in study["tests"]}
    assert windows == {(-2, -2), (-1, -1), (0, 0), (1, 1), (2, 2), (-2, 2)}
    assert "NaN" not in json.dumps(study)


def test_adjusted_p_are_never_below_the_plain_ones(tables: Path) -> None:
    for test in json.loads(run(tables))["tests"]:
        for name in ("p_adjusted", "p_bh", "p_by"):
            assert test["p_value"] is None or test[name] >= test["p_value"] - 1e-12
        assert (test["p_romano_wolf"] is not None) == (test["statistic"] == "sign_flip")


def test_csv_is_one_tidy_table(tables: Path) -> None:
    frame = pl.read_csv(run(tables, "--format", "csv").encode(), infer_schema_length=None)
    assert set(frame["scope"]) == {"event", "group"}
    assert frame.filter(pl.col("statistic") == "car").height == 3
    assert frame.filter((pl.col("statistic") == "bmp") & (pl.col("window_start") == 0)).height == 1


def test_several_factors_give_several_betas(tables: Path) -> None:
    study = json.loads(run(tables, "--factors", "BTC,ETH"))
    assert [len(event["beta"]) for event in study["events"]] == [2, 2, 2]
    assert "multi-factor" in study["conventions"]


def test_semicolons_and_a_byte_order_mark_are_read(tables: Path) -> None:
    before = run(tables)
    text = (tables / "events.csv").read_text().replace(",", ";")
    (tables / "events.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert run(tables) == before


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("events", "", "is empty"),
        ("events", "event_id,asset,date\n", "a header and no rows"),
        ("prices", "date,asset,value\n", "a header and no rows"),
        ("events", "event_id,date\na,2026-04-01\n", "no asset column"),
        ("events", "asset,date\nTAO,soon\n", "'soon' is not a known date"),
        ("prices", "TAO\n1\n", "no time column"),
    ],
)
def test_a_table_that_cannot_be_read_ends_in_a_usage_error(tables: Path, name: str, text: str, words: str) -> None:
    (tables / f"{name}.csv").write_text(text)
    with pytest.raises(CommandError, match=words) as caught:
        run(tables)
    assert caught.value.exit_code == 2


def test_a_missing_file_is_named(tables: Path) -> None:
    (tables / "market.csv").unlink()
    with pytest.raises(CommandError, match=r"market\.csv does not exist"):
        run(tables)
