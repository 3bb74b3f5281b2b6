"""A person's own study has its page, and only as long as it has rows."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from dashboards.shell.proof import prove_site
from dashboards.shell.site import build_site
from tests.dashboards.material import NOW, make_tables
from tests.dashboards.publication import publish_tables
from warehouse.tables.contract import Table
from warehouse.tables.news import EVENT
from warehouse.tables.studies import STUDY_RESULT
from warehouse.tables.units import percent, probability

PAGE = Path("studies/mine.html")


def make_own_tables() -> dict[Table, pl.DataFrame]:
    """The material with its reactions once more, as the study `mine`.

    Those of the first event stand as event 2 of a file without ids, on a token named 2330.
    """
    tables = make_tables()
    results, is_first = tables[STUDY_RESULT], pl.col("event_id") == tables[EVENT]["event_id"][0]
    mine = results.filter(pl.col("study_id") == "reaction").with_columns(
        study_id=pl.lit("mine"),
        result_id="mine " + pl.col("result_id"),
        event_id=pl.when(is_first).then(pl.lit("2")).otherwise("event_id"),
        market_id=pl.when(is_first).then(pl.lit("own:2330")).otherwise("market_id"),
    )
    mine = mine.unique(["event_id", "market_id", "statistic", "window_end_hours"], maintain_order=True)
    return tables | {STUDY_RESULT: pl.concat([results, mine])}


def build(tmp_path: Path, tables: dict[Table, pl.DataFrame]) -> Path:
    site = tmp_path / "site"
    build_site(publish_tables(tables, tmp_path), site, now=NOW)
    return site


def test_an_own_study_has_a_page_with_its_numbers_their_origins_and_a_way_to_it(tmp_path: Path) -> None:
    tables = make_own_tables()
    site = build(tmp_path, tables)
    text = (site / PAGE).read_text()
    rows = tables[STUDY_RESULT].filter(pl.col("study_id") == "mine")
    cars = rows.filter((pl.col("statistic") == "car") & pl.col("estimate").is_not_null())
    assert cars.height > 3
    assert all(percent(value) in text for value in cars["estimate"])
    ranks = rows.filter((pl.col("statistic") == "placebo_rank") & pl.col("p_value").is_not_null())
    assert any(probability(value) in text for value in ranks["p_value"])
    n_clear = cars.filter((pl.col("lower_95") > 0) | (pl.col("upper_95") < 0)).height
    assert f"the return beyond the benchmark has a 95% interval without zero in {n_clear}" in text
    assert f'href="{PAGE}"' in (site / "events.html").read_text()
    proof = prove_site(site, tmp_path / "aftershock.duckdb")
    assert (proof.differences, proof.loose) == ([], [])
    assert "<cite>2</cite>" in text
    assert "<cite>2330, " in text
    assert re.search(r"<h1>Study mine: (?:[^<]*<data [^>]*>[^<]*</data>){3}</h1>", text)


def test_the_page_goes_with_the_study(tmp_path: Path) -> None:
    site = build(tmp_path, make_own_tables())
    assert build(tmp_path, make_tables()) == site
    assert not (site / PAGE).exists()
    assert "own-studies" not in (site / "events.html").read_text()
