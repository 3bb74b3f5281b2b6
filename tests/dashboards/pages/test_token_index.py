"""Tokens stand by how much is known of them, the unregistered apart; studied ones lead the calendar of coverage."""

from __future__ import annotations

from typing import Any

import pytest

from dashboards.figures.coverage_calendar import draw_coverage
from dashboards.findings.moves import studied_assets
from dashboards.marks import bare
from dashboards.pages.tokens import by_relevance, compose_tokens, token_ids
from dashboards.shell.frames import Frames
from tests.dashboards.material import frame_of, make_frames
from warehouse.tables.moves import REACTION_TOTAL
from warehouse.tables.prices import ASSET, COVERAGE, GAP

ROLES = {
    "TAO": "ai_token",
    "AGIX": "ai_token",
    "FET": "ai_token",
    "VIRTUAL": "other",
    "BTC": "benchmark",
    "XRP": "basket",
}
MEASURED = {"FET": 401, "VIRTUAL": 159, "TAO": 368}


@pytest.fixture
def frames() -> Frames:
    """Six registered tokens, three of them with measured events, and a share that a file brought."""
    assets = [{"asset_id": name, "name": name, "role": role} for name, role in ROLES.items()]
    totals: list[dict[str, Any]] = [
        {"scope": "token", "subject_id": name, "window_end_hours": 24.0, "n_measured": n}
        for name, n in MEASURED.items()
    ]
    bars = [
        {"market_id": f"v:{name}/USD", "timeframe": "1d", "asset_id": name, "n_present": 10}
        for name in ("AAPL", "FET", "TAO")
    ]
    tables = {ASSET: assets, REACTION_TOTAL: totals, COVERAGE: bars}
    return make_frames({table: frame_of(table, rows) for table, rows in tables.items()})


def test_tokens_with_most_measured_events_follow_the_subject_and_roles_settle_ties(frames: Frames) -> None:
    registered, others = by_relevance(frames, token_ids(frames))
    assert registered == ["TAO", "FET", "VIRTUAL", "AGIX", "BTC"]
    assert others == ["AAPL"]


def test_what_nobody_registered_folds_apart(frames: Frames) -> None:
    shown, folded = bare(str(compose_tokens(frames).body)).split('<details id="others"', 1)
    assert "tokens/AAPL.html" in folded
    assert "tokens/AAPL.html" not in shown
    assert shown.index("tokens/FET.html") < shown.index("tokens/AGIX.html")


def test_the_calendar_of_coverage_begins_with_the_studied_tokens(frames: Frames) -> None:
    studied = studied_assets(frames)
    assert studied == ["FET", "TAO", "VIRTUAL"]
    figure = draw_coverage(frames.get(COVERAGE), GAP.empty(), studied)
    assert figure.frame["market_id"].to_list() == ["v:FET/USD", "v:TAO/USD", "v:AAPL/USD"]
    assert draw_coverage(frames.get(COVERAGE), GAP.empty()).frame["market_id"][0] == "v:AAPL/USD"
