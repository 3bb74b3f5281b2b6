"""The page on outages and hedges states nulls, warnings and absence in words."""

from datetime import UTC, datetime
from typing import Any

from dashboards.marks import bare
from dashboards.pages.resilience import compose_resilience
from dashboards.shell.frames import Frames
from dashboards.shell.page import Page, render_page
from tests.builders import make_rows
from warehouse.tables.resilience import DOSE_RESPONSE, HEDGE

FIRST, LAST = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)


def response(**keys: Any) -> dict[str, Any]:
    return {
        "provider": "all",
        "asset_id": "TAO",
        "market_id": "binanceusdm:TAO/USDT:USDT",
        "window_end_hours": 24.0,
        "dose": "none",
        "estimate": -0.006,
        "lower_95": -0.015,
        "upper_95": 0.003,
        "p_value": 0.15,
        "n_events": 300,
        "first_event_utc": FIRST,
        "last_event_utc": LAST,
        "data_as_of_utc": LAST,
        **keys,
    }


def hedge(**keys: Any) -> dict[str, Any]:
    return {
        "shock": "restriction",
        "asset_id": "TAO",
        "market_id": "binanceusdm:TAO/USDT:USDT",
        "funded_from": "cash",
        "weight": 0.1,
        "window_end_hours": 24.0,
        "n_events": 3,
        "mean_gain": 0.0123,
        "lower_95": -0.01,
        "upper_95": 0.03,
        "worst_gain": -0.005,
        "best_gain": 0.0234,
        "hit_rate": 2 / 3,
        "between_return_per_year": 0.01,
        "between_volatility_per_year": 0.1,
        "between_drawdown": -0.25,
        "between_beta": 1.5,
        "n_between_days": 300.0,
        "reason": "n = 3: fewer than 10 shocks, an anecdote and not a rule",
        **keys,
    }


def compose(responses: list[dict[str, Any]], hedges: list[dict[str, Any]]) -> Page:
    tables = {DOSE_RESPONSE: responses, HEDGE: hedges}
    return compose_resilience(Frames({t.name: make_rows(t, *rows) for t, rows in tables.items() if rows}))


def test_null_is_the_title() -> None:
    page = compose([response()], [hedge()])
    assert "<h1>No token reliably gains when central AI fails</h1>" in bare(page.body)
    assert "None of 1 test has p &lt; 0.05" in bare(page.body)


def test_token_that_gained_is_named() -> None:
    page = compose([response(), response(asset_id="FET", market_id="b:FET/USDT", lower_95=0.001, estimate=0.01)], [])
    assert "One of two tokens gained in the day after an outage: FET" in bare(page.body)


def test_few_shocks_carry_their_warning_onto_the_page() -> None:
    page = compose([], [hedge()])
    assert "n = 3: fewer than 10 shocks, an anecdote and not a rule" in bare(page.body)
    assert "+1.23%" in bare(page.body)
    assert "2 of 3" in bare(page.body)
    assert "fell by up to 25%" in bare(page.body)


def test_absence_says_why_and_what_to_do() -> None:
    page = compose([], [])
    assert "cannot be told yet" in bare(page.body)
    assert "Backfill or import candles" in bare(page.body)
    unmeasured = compose([response(estimate=None, lower_95=None, upper_95=None, p_value=None, reason="0 events")], [])
    assert bare(unmeasured.body).count("prices around at least five dated outages") == 1
    untested = compose([response(p_value=None)], [])
    assert "No reaction to outages can be tested." in bare(untested.body)


def test_tokens_without_a_number_for_one_reason_share_a_line() -> None:
    empty = {"mean_gain": None, "lower_95": None, "upper_95": None, "reason": "no prices"}
    missing = [hedge(shock="outage", asset_id=name, market_id=f"b:{name}", **empty) for name in ("FET", "WLD")]
    page = compose([], [hedge(), *missing])
    assert bare(page.body).count("Not measured – no prices") == 1
    assert page.body.count("|reason") == 2  # that of the measured row, and one for both tokens
    assert "FET and WLD" in bare(page.body)


def test_hostile_names_are_escaped() -> None:
    page = compose([response(asset_id="<img src=x>")], [hedge(asset_id="<script>", reason="<b>")])
    html = render_page(page)
    assert "<img src=x>" not in html
    assert "<script></th>" not in html


def test_numbers_of_the_figure_are_beside_it() -> None:
    page = compose([response()], [])
    assert list(page.files) == ["data/resilience/outage-means.csv"]
    assert "TAO" in page.files["data/resilience/outage-means.csv"]


def test_stored_log_points_are_shown_as_simple_returns() -> None:
    logs = response(estimate=0.262364, lower_95=0.18232, upper_95=0.405465)
    assert "<b>+30.00%</b>" in bare(compose([logs], []).body)
    assert "+20.00% to +50.00%" in bare(compose([logs], []).body)
