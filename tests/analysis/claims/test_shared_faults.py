"""Each fault that was reported of version 0.2 has the verdict that its own quote asks for."""

import numpy as np
import pytest

from analysis.claims.language import Claim, read_claims
from tests.analysis.claims.claim_builders import NEWS_AT, judged, make_evidence
from tests.analysis.claims.judging.market_builders import make_bars
from tests.builders import make_rows
from tests.paths import PROJECT
from warehouse.config import ConfigError, ConfigText
from warehouse.tables.bars import HOUR
from warehouse.tables.news import EVENT

CASES = PROJECT.parent / "shared" / "cases" / "claims"


def faulty(claim_id: str) -> Claim:
    """One claim of the shared faults."""
    text = (CASES / "faults.toml").read_text()
    [entry] = [part for part in text.split("[[claim]]") if f'id = "{claim_id}"\n' in part]
    [claim] = read_claims(ConfigText("faults.toml", f"[[claim]]{entry}"))
    return claim


# Where each of the shared faults goes, as its quote says what is true: the price before, and the closes of its window.
TRUTHS = {
    "f01": (100.0, list(np.linspace(100, 158.6, 169)[1:]), "understated"),  # +58.6 % over 7 days is more than 50 %
    "f01b": (100.0, list(np.linspace(100, 158.6, 169)[1:]), "understated"),
    "f02": (100.0, list(np.linspace(100, 94.1, 25)[1:]), "not_supported"),
    "f03": (100.0, list(np.linspace(100, 97.3, 25)[1:]), "not_supported"),
    "f04": (0.000004, [0.000004] * 24, "not_supported"),
    "f06": (100.0, list(np.linspace(100, 126.2, 25)[1:]), "supported"),
    "f07": (100.0, list(np.linspace(100, 98.7, 25)[1:]), "not_supported"),
}


@pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not beside the project")
@pytest.mark.parametrize("claim_id", TRUTHS)
def test_each_shared_fault_gets_the_verdict_that_its_quote_asks_for(claim_id: str) -> None:
    before, after, expected = TRUTHS[claim_id]
    claim = faulty(claim_id)
    news_at = claim.at or NEWS_AT.replace(minute=0)
    history = [before] * (24 * (news_at - claim.since).days if claim.kind == "highest_since" else 600)
    bars = make_bars(claim.asset, [*history, *after], last_close=news_at.replace(minute=0) + len(after) * HOUR)
    event = {"event_id": claim.event or "none", **dict.fromkeys(("earliest_at_utc", "best_at_utc"), news_at)}
    events = make_rows(EVENT, {**event, "latest_at_utc": news_at, "status": "confirmed"})
    row, _ = judged(claim, make_evidence(bars, events=events))
    assert row["verdict"] == expected


@pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not beside the project")
def test_the_unit_slip_of_the_shared_faults_is_asked_about() -> None:
    with pytest.raises(ConfigError, match="30 percent or 30 times"):
        faulty("f08")
