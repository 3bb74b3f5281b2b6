"""Run `aftershock study csv` on frames, the way a user would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
from typer.testing import CliRunner

from flows.cli import app, register_commands

Study = dict[str, Any]


def run_study_csv(
    folder: Path, prices: pl.DataFrame, market: pl.DataFrame | None, events: pl.DataFrame, *options: str
) -> Study:
    """The JSON that the command prints for these tables."""
    paths = {"prices": prices, "events": events} | ({"market": market} if market is not None else {})
    arguments = ["study", "csv"]
    for name, frame in paths.items():
        path = folder / f"{name}.csv"
        frame.write_csv(path)
        arguments += [f"--{name}", str(path)]
    if not app.registered_groups:
        register_commands()
    result = CliRunner().invoke(app, [*arguments, *options, "--format", "json"], catch_exceptions=False)
    study: Study = json.loads(result.stdout)
    return study


def value(study: Study, statistic: str, first: int, last: int, field: str = "value") -> float:
    """One number of one statistic over the inclusive window."""
    found = [t for t in study["tests"] if t["statistic"] == statistic and t["window"] == [first, last]]
    assert len(found) == 1, f"{statistic} over [{first}, {last}]: {len(found)} rows"
    number = found[0][field]
    assert number is not None, found[0]["reason"]
    return float(number)
