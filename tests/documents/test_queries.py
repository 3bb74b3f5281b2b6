"""Every worked query of docs/queries.md runs on what a run publishes, and answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.documents.worked_queries import worked_queries
from tests.e2e.command import run_aftershock
from warehouse.store.published.faces import Face
from warehouse.store.published.sandbox import Allowance, open_sandbox

QUERIES = worked_queries()
# What the shipped record, run without a network, has no rows for: status pages, headlines, gaps, refusals, downloads.
MAY_BE_EMPTY = {
    "9. How long do outages of each provider last?",
    "10. How much attention did AI policy get, beside TAO's price, day by day?",
    "11. Where do bars lack?",
    "12. Why do they lack?",
    "19. Which rows were refused, and why?",
    "22. How did each source answer when it was last asked?",
    "24. What did the last publication change, and why?",
}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    result = run_aftershock(home, "run", "--offline", "--now", "2026-07-02T00:00:00Z")
    assert result.returncode == 0, result.stderr
    return home / "aftershock.duckdb"


def test_there_are_at_least_twenty() -> None:
    assert len(QUERIES) >= 20
    assert [int(title.partition(".")[0]) for title in QUERIES] == list(range(1, len(QUERIES) + 1))


@pytest.mark.parametrize("title", QUERIES)
def test_a_worked_query_answers(published: Path, title: str) -> None:
    with open_sandbox(published, Allowance(500, 20)) as sandbox:
        frame = sandbox.ask(QUERIES[title], Face.CELLS)
    assert frame.height or title in MAY_BE_EMPTY


def test_the_first_answer_is_the_one_of_the_overview(published: Path) -> None:
    with open_sandbox(published, Allowance(500, 20)) as sandbox:
        rows = sandbox.ask(next(iter(QUERIES.values()))).rows(named=True)
    [tao] = [row for row in rows if row["asset_id"] == "TAO" and row["window_hours"] == 24]
    assert (round(tao["raw_return"], 3), round(tao["abnormal_return"], 3)) == (0.234, 0.205)
    assert tao["n_as_large"] == 0
    [agix] = [row for row in rows if row["asset_id"] == "AGIX" and row["window_hours"] == 24]
    assert agix["raw_return"] is None
    assert agix["reason"]
