"""`study csv --single` gives the numbers that a second program, written from the description, gives."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from flows.cli import app, register_commands
from tests.reference.independent_scores import score

N_BARS, EVENT, MONDAY = 3000, 2900, datetime(2025, 1, 6, tzinfo=UTC)


def make_returns(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A restless market with quiet weekends, so that every part of the weighting counts."""
    rng = np.random.default_rng(seed)
    level = np.where(np.arange(N_BARS) % 168 >= 120, 0.4, 1.0) * np.exp(0.3 * np.sin(np.arange(N_BARS) / 97))
    benchmark = 0.006 * level * rng.standard_t(5, N_BARS)
    return 1.4 * benchmark + 0.01 * level * rng.standard_t(5, N_BARS), benchmark


def run_single(folder: Path, asset: np.ndarray, benchmark: np.ndarray, kind: str) -> list[dict[str, float]]:
    times = [MONDAY + timedelta(hours=i) for i in range(N_BARS)]
    prices = {"p": 100 * np.exp(np.cumsum(asset)), "m": 100 * np.exp(np.cumsum(benchmark))}
    for name, column in (("p", "TOKEN"), ("m", "BTC")):
        frame = pl.DataFrame({"close_time_utc": times, column: prices[name]})
        if kind == "parquet":
            frame.write_parquet(folder / f"{name}.{kind}")
        else:
            frame.write_csv(folder / f"{name}.{kind}")
    at = times[EVENT] - timedelta(minutes=20)
    pl.DataFrame({"event_id": ["e"], "asset": ["TOKEN"], "time": [at.strftime("%Y-%m-%dT%H:%M:%SZ")]}).write_csv(
        folder / "e.csv"
    )
    if not app.registered_groups:
        register_commands()
    files = ["--prices", f"{folder}/p.{kind}", "--market", f"{folder}/m.{kind}", "--events", f"{folder}/e.csv"]
    ranges = ["--estimation=-720:-1", "--window=0:23", "--minimum-estimation", "720", "--single"]
    found = CliRunner().invoke(app, ["study", "csv", *files, *ranges], catch_exceptions=False)
    return [event["single"] for event in json.loads(found.stdout)["events"]]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_interval_and_rank_are_those_of_the_second_program(tmp_path: Path, kind: str) -> None:
    asset, benchmark = make_returns(5)
    [ours] = run_single(tmp_path, asset, benchmark, kind)
    # The first return is missing in a table of prices; bar 0 of a table closes at its time.
    theirs = score(asset[1:], benchmark[1:], EVENT - 1, 24, 0)
    assert ours["estimate"] == pytest.approx(np.expm1(theirs["car"]), rel=1e-8)
    assert ours["low"] == pytest.approx(np.expm1(theirs["lower"]), rel=1e-8)
    assert ours["high"] == pytest.approx(np.expm1(theirs["upper"]), rel=1e-8)
    assert ours["rank_p"] == pytest.approx(theirs["rank_p"], abs=1e-12)
    assert ours["n_independent"] == theirs["n"]
    assert ours["level"] == 0.95
