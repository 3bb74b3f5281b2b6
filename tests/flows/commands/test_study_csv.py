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

OWN_WINDOWS = (("a", "TAO", -1, 1), ("b", "FET", -1, 1), ("c", "NEAR", 0, 2))
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


def test_columns_of_the_events_explain_the_cars(tables: Path) -> None:
    rng = np.random.default_rng(2)
    days = DAYS.gather(rng.integers(70, 110, 36)).dt.strftime("%Y-%m-%d")
    assets = ["TAO", "FET", "NEAR"] * 12
    severity = rng.integers(1, 6, 36)
    events = {"event_id": [f"e{k}" for k in range(36)], "asset": assets, "date": days, "Severity": severity}
    pl.DataFrame(events).write_csv(tables / "events.csv")
    study = json.loads(run(tables, "--explain", "severity"))
    found = {(row["covariance"], row["name"]): row for row in study["regressions"]}
    cars = np.array([event["car"] for event in study["events"]], dtype=float)
    design = np.column_stack([np.ones(36), severity])
    expected = np.linalg.lstsq(design, cars, rcond=None)[0]
    assert found["hc3", "severity"]["estimate"] == pytest.approx(expected[1])
    assert found["sandwich", "q0.5:severity"]["regression"] == "quantiles"
    assert "3 clusters in one direction" in found["two_way_clustered", "severity"]["reason"]
    frame = pl.read_csv(run(tables, "--explain", "severity", "--format", "csv").encode(), infer_schema_length=None)
    assert frame.filter(scope="regression")["statistic"].str.starts_with("characteristics:hc3:severity").any()


def test_a_panel_sets_each_event_beside_the_assets_it_does_not_concern(tables: Path) -> None:
    days = [DAYS[70 + 4 * k].isoformat() for k in range(10)]
    events = {"event_id": [f"e{k}" for k in range(10)], "asset": ["TAO"] * 10, "date": days}
    pl.DataFrame(events).write_csv(tables / "events.csv")
    prices = pl.read_csv(tables / "prices.csv", try_parse_dates=True)
    rises = pl.Series([0.1 if day.isoformat() in days else 0.0 for day in DAYS]).cum_sum().exp()
    prices.with_columns(pl.col("TAO") * rises).write_csv(tables / "prices.csv")
    study = json.loads(run(tables, "--panel=-2:1"))
    found = {row["name"]: row for row in study["regressions"]}
    assert found["bar 0"]["estimate"] == pytest.approx(0.1, abs=0.03)
    assert found["bar 1"]["p_value"] > 0.01
    assert set(found) == {"bar -2", "bar 0", "bar 1", "all leads"}


def test_volumes_are_studied_in_logs(tables: Path) -> None:
    rng = np.random.default_rng(3)
    volume = np.exp(rng.normal(10, 0.2, DAYS.len()))
    volume[90] *= 3
    volume[20] = 0
    pl.DataFrame({"date": DAYS, "TAO": volume}).write_csv(tables / "prices.csv")
    pl.DataFrame({"event_id": ["a"], "asset": ["TAO"], "date": [DAYS[90].isoformat()]}).write_csv(tables / "events.csv")
    (tables / "market.csv").unlink()
    parts = [part for part in arguments(tables) if part not in ("--benchmark", "BTC")]
    place = parts.index("--market")
    del parts[place : place + 2]
    chosen = [*parts, "--values", "volume", "--model", "constant_mean"]
    [event] = json.loads(CliRunner().invoke(app, chosen, catch_exceptions=False).stdout)["events"]
    assert event["ar"][2] == pytest.approx(np.log(3), abs=0.5)
    assert event["bhar"] is None
    assert event["n_estimation"] == 58


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--explain=mood", "no column 'mood' to explain CARs with"),
        ("--explain=event_id", "'a' is not a number"),
        ("--panel=1:5", "must begin before bar 0"),
        ("--panel=-70:5", "ask for fewer leads"),
    ],
)
def test_a_regression_that_cannot_be_asked_for_is_a_usage_error(tables: Path, option: str, words: str) -> None:
    with pytest.raises(CommandError, match=words) as caught:
        run(tables, option)
    assert caught.value.exit_code == 2


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
        ("prices", "date,TAO,TAO\n2026-01-01,1,2\n", "column 'TAO' stands twice in the header"),
        ("events", "event_id,asset,date\na,TAO,2026-04-01\nb,FET,2026-04-01,x\n", "row 3 has 4 cells, the header 3"),
        ("events", "asset,date\nTAO,24.05.26\n", "'24.05.26' is not a known date"),
        ("events", "asset,date\nTAO,01-04-2026\n", "is ambiguous"),
        ("events", "asset,date,window_start\nTAO,2026-04-01,0.5\n", "row 2, column window_start: '0.5' is not a whole"),
        ("events", "asset,date,window_end\nTAO,2026-04-01,9e18\n", "is not a whole number of bars"),
    ],
)
def test_a_table_that_cannot_be_read_ends_in_a_usage_error(tables: Path, name: str, text: str, words: str) -> None:
    (tables / f"{name}.csv").write_text(text)
    with pytest.raises(CommandError, match=words) as caught:
        run(tables)
    assert caught.value.exit_code == 2


def test_encodings_trailing_lines_and_other_dates_are_read(tables: Path) -> None:
    before = run(tables)
    text = (tables / "events.csv").read_text()
    (tables / "events.csv").write_bytes((text + "\n\n").encode("utf-16"))
    assert run(tables) == before
    (tables / "events.csv").write_text(text.replace("2026-04-01", '"Apr 01, 2026"') + ",,\n")
    assert run(tables) == before
    (tables / "events.csv").write_text(text.replace("2026-04-01", "2026-04-01T00:00:00Z", 1))
    assert json.loads(run(tables))["tests"] == json.loads(before)["tests"]
    (tables / "events.csv").write_bytes(text.replace("a,TAO", "Zürich,TAO").encode("cp1252"))
    assert json.loads(run(tables))["events"][0]["event_id"] == "Zürich"


def test_events_with_windows_of_their_own_are_tested_together_where_they_meet(tables: Path) -> None:
    rows = ["event_id,asset,date,window_start,window_end"]
    rows += [f"{name},{asset},2026-04-01,{first},{last}" for name, asset, first, last in OWN_WINDOWS]
    (tables / "events.csv").write_text("\n".join(rows))
    tests = json.loads(run(tables))["tests"]
    counts = {tuple(test["window"]): test["n"] for test in tests if test["statistic"] == "cross_sectional_t"}
    assert counts == {(-1, -1): 2, (0, 0): 3, (1, 1): 3, (2, 2): 1, (-1, 1): 2, (0, 2): 1}


def test_the_window_of_an_excluded_event_alone_gives_reasons_and_no_number(tables: Path) -> None:
    rows = ["event_id,asset,date,window_start,window_end", "a,TAO,2026-04-01,-1,1", "b,FET,2026-04-01,-1,1"]
    (tables / "events.csv").write_text("\n".join([*rows, "c,NEAR,2026-02-01,0,4"]))
    study = json.loads(run(tables))
    assert [row["event_id"] for row in study["excluded"]] == ["c"]
    for test in study["tests"]:
        assert (test["value"] is None) == (test["reason"] is not None)
        if test["window"][1] > 1:
            assert test["n"] == 0
            assert test["reason"] == "no event has abnormal returns"
    assert {tuple(effect["window"]) for effect in study["effects"]} == {(-1, -1), (0, 0), (1, 1), (-1, 1)}


def test_an_infinite_price_excludes_its_event_only(tables: Path) -> None:
    prices = pl.read_csv(tables / "prices.csv").with_columns(pl.col("TAO").cast(pl.String))
    cells = prices["TAO"].to_list()
    cells[60] = "inf"
    prices.with_columns(pl.Series("TAO", cells)).write_csv(tables / "prices.csv")
    excluded = json.loads(run(tables))["excluded"]
    assert [row["asset"] for row in excluded] == ["TAO"]
    assert "infinite price: TAO inf" in excluded[0]["reason"]


def test_a_part_outside_every_window_is_a_usage_error(tables: Path) -> None:
    with pytest.raises(CommandError, match="lies inside no event window"):
        run(tables, "--parts=-9:9")


def test_a_window_that_no_event_has_gives_one_row_of_reasons_a_statistic(tables: Path) -> None:
    study = json.loads(run(tables, "--window=-2:20000"))
    assert {tuple(test["window"]) for test in study["tests"]} == {(-2, 20000)}
    assert all(test["reason"] for test in study["tests"])


def test_a_missing_file_is_named(tables: Path) -> None:
    (tables / "market.csv").unlink()
    with pytest.raises(CommandError, match=r"market\.csv is no file; give the path"):
        run(tables)


def hourly_tables(folder: Path, *, label: str = "open_time_utc", rates: tuple[float, ...] = (0.01,) * 60) -> Path:
    """A token of little noise, and a payment every eight hours from midnight on."""
    hours = pl.datetime_range(pl.datetime(2026, 4, 1), pl.datetime(2026, 4, 20), "1h", eager=True, closed="left")
    stamps = hours.dt.offset_by("0h" if label == "open_time_utc" else "1h").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    noise, other = (100 * np.exp(np.cumsum(np.random.default_rng(n).normal(0, 0.001, hours.len()))) for n in (2, 3))
    pl.DataFrame({label: stamps, "TAO": noise, "SPOT": noise}).write_csv(folder / "prices.csv")
    pl.DataFrame({label: stamps, "BTC": other}).write_csv(folder / "market.csv")
    paid = hours.gather_every(8)[: len(rates)]
    times = paid.dt.strftime("%Y-%m-%dT%H:%M:%S.007Z")
    pl.DataFrame({"time": times, "TAO": list(rates[: paid.len()])}).write_csv(folder / "funding.csv")
    rows = {"event_id": ["a", "b"], "asset": ["TAO", "SPOT"], "time": ["2026-04-12T07:30:00Z"] * 2}
    pl.DataFrame(rows).write_csv(folder / "events.csv")
    return folder


@pytest.mark.parametrize("label", ["open_time_utc", "close_time_utc"])
def test_funding_is_paid_in_the_bar_that_closes_at_its_time(tmp_path: Path, label: str) -> None:
    folder = hourly_tables(tmp_path, label=label)
    wanted = ("--window=-1:9", "--model", "market_adjusted", "--funding", str(folder / "funding.csv"))
    plain, after = json.loads(run(folder, *wanted[:3])), json.loads(run(folder, *wanted))
    event, before = after["events"][0], plain["events"][0]
    # Bar 0 runs from 07:00 to 08:00, bar 8 to 16:00: the payments of both lie inside, that of midnight does not.
    assert event["funding_return"] == pytest.approx(0.99**2 - 1)
    changed = [
        bar for bar, (new, old) in enumerate(zip(event["ar"], before["ar"], strict=True)) if abs(new - old) > 1e-9
    ]
    assert [bar - 1 for bar in changed] == [0, 8]
    assert event["ar"][1] - before["ar"][1] == pytest.approx(np.log(0.99))
    assert "funding_return" not in before
    assert "returns after funding" in after["conventions"]


def test_an_asset_without_rates_and_a_window_beyond_them_have_a_reason(tmp_path: Path) -> None:
    folder = hourly_tables(tmp_path, rates=(0.01,) * 34)
    study = json.loads(run(folder, "--model", "market_adjusted", "--funding", str(folder / "funding.csv")))
    reasons = {row["asset"]: row["reason"] for row in study["excluded"]}
    assert "no funding rates of SPOT" in reasons["SPOT"]
    [event] = [event for event in study["events"] if event["asset"] == "TAO"]
    assert event["car"] is None
    assert event["funding_return"] is None
    assert any("have no return after funding" in warning for warning in study["warnings"])


def test_rates_in_percent_are_refused(tmp_path: Path) -> None:
    folder = hourly_tables(tmp_path, rates=(0.5,) * 60)
    with pytest.raises(CommandError, match=r"column TAO: a rate of 0\.5 a payment; percent\?"):
        run(folder, "--funding", str(folder / "funding.csv"))
