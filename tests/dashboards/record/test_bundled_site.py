"""The site of the bundled record: each of its numbers is run against the published file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dashboards.shell.proof import Proof, prove_site
from tests.paths import PROJECT

# The README gives the count of the day it was written; a page more or less does not make it wrong.
README_TOLERANCE = 0.05


@pytest.fixture(scope="module")
def proof(bundled_home: Path) -> Proof:
    return prove_site(bundled_home / "site", bundled_home / "aftershock.duckdb")


def test_every_number_of_the_bundled_site_has_the_words_of_the_published_value(proof: Proof) -> None:
    assert proof.n_pages > 200
    assert proof.differences == []


def test_no_page_of_the_bundled_site_prints_a_number_without_an_origin(proof: Proof) -> None:
    assert proof.loose == []


def test_the_readme_states_the_count(proof: Proof) -> None:
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    stated = re.search(r"of ([\d,]+) numbers on the (\d+) pages of the bundled record none differs", text)
    assert stated is not None
    counts = [int(part.replace(",", "")) for part in stated.groups()]
    assert counts == pytest.approx([proof.n_numbers, proof.n_pages], rel=README_TOLERANCE)
