"""What pages say of trading around events, of models of the expected return, and of regressions over events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import plotly.graph_objects as go
import polars as pl
import pytest

from dashboards.figures.leads_lags import draw_leads_lags
from dashboards.marks import bare
from dashboards.pages.categories import variance_sentence
from dashboards.pages.models_table import models_table
from dashboards.pages.regressions import characteristics_table
from dashboards.pages.trading import event_trading, group_trading
from tests.dashboards.material import frame_of
from tests.dashboards.rows import EVENT_ID, SPEC, market_id
from warehouse.tables.studies import STUDY_RESULT


def make_result(number: int, **values: Any) -> dict[str, Any]:
    shared = {
        "result_id": str(number),
        "study_id": "groups",
        "spec_sha256": SPEC,
        "group_id": "event",
        "window_start_hours": 0.0,
        "window_end_hours": 24.0,
        "conventions": "plain",
        "data_as_of_utc": datetime(2026, 6, 30, tzinfo=UTC),
    }
    return {**shared, **values}


def make_trading(*rows: tuple[str, str, float, float]) -> pl.DataFrame:
    return frame_of(
        STUDY_RESULT,
        [
            make_result(
                number,
                event_id=EVENT_ID,
                market_id=market_id(asset),
                study_id="activity",
                statistic=statistic,
                estimate=estimate,
                p_value=p,
                value=float(round(p / 2 * 92) - 1) if p < 0.5 else 40.0,
                n=91,
                n_effective=15.0,
            )
            for number, (asset, statistic, estimate, p) in enumerate(rows)
        ],
    )


def make_panel(*, p_joint: float = 0.64) -> list[dict[str, Any]]:
    bars = [(-8.0, 0.001), (0.0, 0.02), (4.0, -0.01)]
    rows = [
        make_result(
            100 + place,
            group_id="regression:leads_lags:all",
            statistic="clustered",
            window_start_hours=start,
            window_end_hours=start + 4.0,
            estimate=estimate,
            lower_95=estimate - 0.015,
            upper_95=estimate + 0.015,
            p_value=0.2,
            n=48,
            n_effective=12.0,
        )
        for place, (start, estimate) in enumerate(bars)
    ]
    joint = make_result(110, group_id="regression:leads_lags:all", statistic="joint_f", value=0.5, p_value=p_joint)
    return [*rows, joint]


def make_coefficient(number: int, kind: str, name: str, estimate: float, p: float) -> dict[str, Any]:
    return make_result(
        number,
        group_id="regression:characteristics",
        statistic=f"{kind}:{name}",
        estimate=estimate,
        lower_95=estimate - 0.01,
        upper_95=estimate + 0.01,
        p_value=p,
        p_adjusted=p,
        n=36,
        n_effective=9.0,
    )


def test_trading_is_told_in_times_the_usual_with_its_rank() -> None:
    rows = make_trading(("TAO", "abnormal_volume", 1.99, 0.0217), ("FET", "abnormal_volume", 0.51, 0.51))
    text = bare(event_trading(rows, {market_id("TAO"): "TAO", market_id("FET"): "FET"}))
    assert "TAO had 3.0× its usual volume in the day after, more than in any of 91 earlier windows" in text
    assert "1.5×" in text
    assert "40 of 91 (15)" in text
    assert text.index("TAO") < text.index("FET")


def test_an_event_without_volumes_has_no_table() -> None:
    assert event_trading(STUDY_RESULT.empty(), {}) == ""


def test_models_are_sorted_by_their_answer_and_the_absent_come_last_with_a_reason() -> None:
    def make(number: int, model: str, **values: Any) -> dict[str, Any]:
        shared = {"study_id": "models", "event_id": EVENT_ID, "market_id": market_id("TAO"), "n_estimation": 404}
        return make_result(number, statistic=f"car:{model}", **shared, **values)

    rows = frame_of(
        STUDY_RESULT,
        [
            make(1, "garch", reason="did not converge"),
            make(2, "market", estimate=0.19, lower_95=-0.01, upper_95=0.28, benchmark="BTC: x"),
            make(3, "multi_factor", estimate=0.2, lower_95=0.1, upper_95=0.3, benchmark="BTC: x; ETH; AI_OTHERS"),
        ],
    )
    text = bare(models_table(rows, "TAO", {market_id("TAO"): "TAO"}))
    assert "Under 2 models" in text
    assert "between +19.0% and +20.0%" in text
    assert "Zero is outside the interval in 1 of 2" in text
    assert "Bitcoin, Ether and the other AI tokens" in text
    assert text.index("Several factors") < text.index("Bitcoin, least squares") < text.index("did not converge")
    assert models_table(rows, "FET", {market_id("TAO"): "TAO"}) == ""


def test_a_group_says_its_mean_or_why_there_is_none() -> None:
    row = {
        "study_id": "activity",
        "group_id": "category:outage",
        "statistic": "abnormal_range",
        "n": 30,
        "n_effective": 12.0,
    }
    known = frame_of(
        STUDY_RESULT, [make_result(1, estimate=0.5, lower_95=0.2, upper_95=0.9, p_value=0.01, p_adjusted=0.04, **row)]
    )
    text = bare(group_trading("outage", known))
    assert "One of three measures of trading stand out" in text
    assert "1.20 to 1.90" in text
    assert "up to 12 months" in text
    absent = frame_of(STUDY_RESULT, [make_result(1, reason="events in 1 calendar months", **row)])
    assert "events in 1 calendar months" in bare(group_trading("outage", absent))


@pytest.mark.parametrize(
    ("p", "words"),
    [(0.64, "no difference from other assets can be shown (p = 0.64)"), (0.01, "had left the others’ path")],
)
def test_the_title_of_the_panel_is_the_joint_test_of_the_leads(p: float, words: str) -> None:
    figure = draw_leads_lags(frame_of(STUDY_RESULT, make_panel(p_joint=p)))
    assert words in bare(figure.title)
    assert figure.plot is not None
    spec = figure.plot.spec()
    go.Figure({"data": spec["data"], "layout": spec["layout"]})
    assert "in 1 of 2 of them zero is outside" in bare(str(figure.summary))
    assert "48 reactions in 12 weeks" in bare(str(figure.note))


def test_a_panel_without_coefficients_gives_its_reason() -> None:
    row = make_result(1, group_id="regression:leads_lags:all", statistic="clustered", reason="2 clusters; needs 5")
    figure = draw_leads_lags(frame_of(STUDY_RESULT, [row]))
    assert figure.plot is None
    assert figure.why_empty is not None
    assert "2 clusters; needs 5" in figure.why_empty[0]


def test_only_clustered_errors_may_call_a_characteristic_clear() -> None:
    plain = [make_coefficient(1, "hc3", "severity", 0.03, 0.001)]
    text = bare(characteristics_table(frame_of(STUDY_RESULT, plain)))
    assert "Too few months and tokens to say" in text
    assert "take every reaction for independent" in text
    assert "<b>+3.00%</b>" not in text
    both = [*plain, make_coefficient(2, "two_way_clustered", "severity", 0.03, 0.02)]
    text = bare(characteristics_table(frame_of(STUDY_RESULT, both)))
    assert "The return goes with severity" in text
    assert "<b>+3.00%</b>" in text


def test_units_of_the_table_are_those_it_names() -> None:
    rows = [make_coefficient(1, "two_way_clustered", "duration_days", 0.0024, 0.5)]
    text = bare(characteristics_table(frame_of(STUDY_RESULT, rows)))
    assert "+0.24%" in text
    assert "one day" in text


def test_a_file_without_regressions_says_so() -> None:
    text = bare(characteristics_table(STUDY_RESULT.empty()))
    assert "No regression has been run yet" in text
    figure = draw_leads_lags(STUDY_RESULT.empty())
    assert figure.why_empty is not None
    assert "No panel has been estimated yet" in figure.why_empty[0]


@pytest.mark.parametrize(
    ("ratio", "p", "words"),
    [
        (
            3.2,
            0.001,
            "is 3.2 times that of ordinary windows of the same tokens (p = 0.001): more than ordinary movement.",
        ),
        (3.2, 0.2, "not told from ordinary movement, nor is their mean"),
        (0.8, 0.01, "not told from ordinary movement, nor is their mean"),
    ],
)
def test_a_mean_of_windows_that_move_as_ordinary_ones_do_is_said_to_be_no_more(
    ratio: float, p: float, words: str
) -> None:
    rows = [make_result(1, group_id="category:outage", statistic="variance_ratio", value=ratio, p_value=p, n=60)]
    assert words in bare(variance_sentence(frame_of(STUDY_RESULT, rows)))


def test_no_variance_ratio_is_no_sentence() -> None:
    row = make_result(1, group_id="category:outage", statistic="variance_ratio", reason="fewer than 20")
    assert variance_sentence(frame_of(STUDY_RESULT, [row])) == ""
