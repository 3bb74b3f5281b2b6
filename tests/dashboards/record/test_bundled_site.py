"""The site of the bundled record: each of its numbers is run against the published file."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from dashboards.shell.proof import Proof, prove_site
from tests.paths import PROJECT

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
