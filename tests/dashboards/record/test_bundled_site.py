"""The site of the bundled record: each of its numbers is run against the published file."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from dashboards.shell.page import claim_path
from dashboards.shell.proof import Proof, prove_site
from tests.paths import PROJECT
from warehouse.store.connection import open_reader
from warehouse.tables.terms import STATEMENT_VERDICT_TITLES

# The README gives the count of the day it was written; a page more or less does not make it wrong.
README_TOLERANCE = 0.05
# Pages for those who check the data: they name rows, columns and rules as the file does.
WRITTEN_FOR_CHECKING = ("health.html", "methods.html")


@pytest.fixture(scope="module")
def proof(bundled_home: Path) -> Proof:
    return prove_site(bundled_home / "site", bundled_home / "aftershock.duckdb")


def test_every_number_of_the_bundled_site_has_the_words_of_the_published_value(proof: Proof) -> None:
    assert proof.n_pages > 200
    assert proof.differences == []


def test_no_page_of_the_bundled_site_prints_a_number_without_an_origin(proof: Proof) -> None:
    assert proof.loose == []


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("a date only a program writes", r"(?<![\w-])\d{4}-\d\d-\d\d(?![\w-])"),
        ("the id of a market", r"\b(?:binance|binanceusdm|kraken|observed):[A-Z]"),
        ("the name of a bar length", r"\b\d+[mhd] (?:bars|closes)\b"),
        ("one of many", r"(?<![\d.,])\b1 (?:source|event|token|move|claim|outlet|bar|window|outage|stretche)s\b"),
        ("a plural left open", r"\w\(s\)"),
        ("a name with underscores", r"\b[a-z]+_[a-z_]+\b"),
        ("a length of no people", r"\b\d+\.\d{3,} (?:days|hours|weeks)\b"),
        ("no number", r"(?<![\w-])(?:nan|NaN|NULL)(?![\w-])"),
    ],
)
def test_no_page_speaks_as_a_program(bundled_home: Path, what: str, pattern: str) -> None:
    """Names of publishers, code, and the tables beside figures apart, which hold a row's own values."""
    found = {
        (path.name, match[0])
        for path in sorted((bundled_home / "site").rglob("*.html"))
        if path.name not in WRITTEN_FOR_CHECKING
        for match in re.finditer(pattern, words_of(path.read_text(encoding="utf-8")))
    }
    assert found == set(), what


def words_of(page: str) -> str:
    apart = (
        r"<(script|style|code|pre|cite|svg|option|title)\b.*?</\1>|<details>.*?</details>"
        r"|<table[^>]*data-from.*?</table>"
    )
    return html.unescape(re.sub(r"<[^>]+>", " ", re.sub(apart, " ", page, flags=re.DOTALL)))


def test_the_readme_states_the_count(proof: Proof) -> None:
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    stated = re.search(r"of ([\d,]+) numbers on the (\d+) pages of the bundled record\b", text)
    assert stated is not None
    counts = [int(part.replace(",", "")) for part in stated.groups()]
    assert counts == pytest.approx([proof.n_numbers, proof.n_pages], rel=README_TOLERANCE)


# What figures call the bars of their closes, in hours.
BARS = {"hourly": 1.0, "4-hour": 4.0}


def bars_said(figure: str) -> set[float]:
    """The bars that the words of a figure name, in hours."""
    words = re.sub(r"<script.*?</script>|<details>.*?</details>|<[^>]*>", "", figure, flags=re.DOTALL)
    said = re.findall(r"((?:hourly|4-hour)(?: and (?:hourly|4-hour))?) closes", words)
    return {BARS[name] for names in said for name in names.split(" and ")}


def bars_drawn(rows: pl.DataFrame) -> set[float]:
    """The usual distance between the closes of each line of a figure, in hours."""
    lines = rows.partition_by("asset_id") if "asset_id" in rows.columns else [rows]
    steps = [line.sort("close_time_utc")["close_time_utc"].diff().median() for line in lines if line.height > 2]
    return {step.total_seconds() / 3600 for step in steps}


def test_a_figure_names_the_bars_that_it_draws_on_every_event_page(bundled_home: Path) -> None:
    site, n_figures = bundled_home / "site", 0
    for page in sorted((site / "events").glob("*.html")):
        for figure_id, figure in re.findall(
            r'<figure class="fig" id="([a-z]+)">(.*?)</figure>', page.read_text(encoding="utf-8"), re.DOTALL
        ):
            rows = site / "data" / "events" / page.stem / f"{figure_id}.csv"
            if (said := bars_said(figure)) and rows.is_file():
                assert said == bars_drawn(pl.read_csv(rows, try_parse_dates=True)), (page.name, figure_id)
                n_figures += 1
    assert n_figures > 40


def make_line(asset_id: str, hours: int) -> pl.DataFrame:
    start = datetime(2026, 6, 12, tzinfo=UTC)
    return pl.DataFrame(
        {"asset_id": [asset_id] * 5, "close_time_utc": [start + timedelta(hours=hours * place) for place in range(5)]}
    )


def test_an_hourly_title_over_four_hour_bars_is_seen() -> None:
    figure = '<p class="fig-sub">7 days of {} closes.</p><details>hourly closes</details>'
    coarse, both = make_line("A", 4), pl.concat([make_line("A", 4), make_line("B", 1)])
    assert bars_said(figure.format("4-hour")) == bars_drawn(coarse)
    assert bars_said(figure.format("hourly")) != bars_drawn(coarse)
    assert bars_said(figure.format("hourly and 4-hour")) == bars_drawn(both)
    assert bars_said(figure.format("4-hour")) != bars_drawn(both)


def test_a_verdict_has_one_word_on_list_page_and_in_the_file(bundled_home: Path) -> None:
    site = bundled_home / "site"
    with open_reader(bundled_home / "aftershock.duckdb") as reader:
        stored = dict(reader.sql("select claim_id, verdict from out.claim_verdict").iter_rows())
    listed = (site / "claims.html").read_text(encoding="utf-8")
    assert len(stored) > 10
    for claim_id, verdict in stored.items():
        word = f"{STATEMENT_VERDICT_TITLES[verdict].capitalize()}</"
        section = re.search(
            rf'<section class="box" id="{claim_id}" data-verdict="([^"]*)".*?</section>', listed, re.DOTALL
        )
        assert section is not None
        assert (section[1], word in section[0]) == (verdict, True)
        assert word in (site / claim_path(claim_id)).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("term", "pages"),
    [
        ("granger", "correlations.html"),
        ("car", "categories.html"),
        ("placebo", "index.html"),
        ("worth", "categories.html"),
    ],
)
def test_a_term_of_statistics_is_explained_where_it_stands(bundled_home: Path, term: str, pages: str) -> None:
    text = (bundled_home / "site" / pages).read_text(encoding="utf-8")
    assert f'aria-describedby="tip-{term}"' in text
    assert f'<span id="tip-{term}"' in text
