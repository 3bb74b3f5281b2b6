"""What a figure draws, read back from the figure: ends of intervals, bands and widths are those of its rows."""

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from dashboards.figures.car_fan import draw_car_fan
from dashboards.figures.clock_strip import draw_clock_strip
from dashboards.figures.correlation_change import draw_correlation_change, pick_rows
from dashboards.figures.false_alarms import draw_test_size
from dashboards.figures.figure import Figure, render_figure
from dashboards.figures.forest import ForestRow, plot_forest
from dashboards.figures.leads_lags import draw_leads_lags
from dashboards.figures.multiples import draw_multiples
from dashboards.figures.rolling import draw_rolling
from dashboards.findings.readings import path_of, read_reactions
from dashboards.marks import bare, tagged
from dashboards.shell.proof import Printed, read_page
from tests.dashboards.material import frame_of, make_frames
from tests.dashboards.rows import EVENT_ID, SPEC, event_row, market_id, size_row, source_rows
from warehouse.tables.correlation import CORRELATION_EPISODE, CORRELATION_ROLLING
from warehouse.tables.news import EVENT_SOURCE
from warehouse.tables.size import TEST_SIZE
from warehouse.tables.studies import STUDY_PATH, STUDY_RESULT

# Figures hold 32-bit floats.
FLOAT32 = 1e-6


def read(values: Any) -> list[float]:
    """The numbers of a trace, plain or packed."""
    if isinstance(values, Mapping):
        return [float(value) for value in np.frombuffer(base64.b64decode(values["bdata"]), dtype="<f4")]
    return [float(value) for value in values]


def ends(trace: Mapping[str, Any], axis: str) -> list[tuple[float, float, float]]:
    """Lower end, estimate and upper end of every interval that a trace draws along `axis`."""
    bars = trace[f"error_{axis}"]
    drawn = zip(read(trace[axis]), read(bars["arrayminus"]), read(bars["array"]), strict=True)
    return [(at - minus, at, at + plus) for at, minus, plus in drawn]


def intervals(traces: list[dict[str, Any]], axis: str) -> list[tuple[float, float, float]]:
    return sorted(end for trace in traces if f"error_{axis}" in trace for end in ends(trace, axis))


def traces_of(figure: Figure) -> list[dict[str, Any]]:
    assert figure.plot is not None
    traces: list[dict[str, Any]] = figure.plot.spec()["data"]
    return traces


def test_a_forest_draws_each_interval_from_its_lower_to_its_upper_end() -> None:
    traces = plot_forest([ForestRow("one", 0.10, 0.04, 0.30), ForestRow("two", -0.02, -0.10, 0.01)], "x").spec()["data"]
    widest = [end for trace in traces if "error_x" in trace for end in ends(trace, "x")]
    scale = max(abs(at) for _, at, _ in widest) / 0.10
    for lower, at, upper in ((0.04, 0.10, 0.30), (-0.10, -0.02, 0.01)):
        wanted = pytest.approx((lower * scale, at * scale, upper * scale), abs=FLOAT32)
        assert any(end == wanted for end in widest), (lower, at, upper)


def test_false_alarms_draw_the_band_of_each_test() -> None:
    rows = [size_row("normal", "patell", 0.05, lower_95=0.01, upper_95=0.20)]
    drawn = intervals(traces_of(draw_test_size(frame_of(TEST_SIZE, rows))), "x")
    assert drawn == [pytest.approx((0.01, 0.05, 0.20), abs=FLOAT32)]


def test_leads_and_lags_draw_the_interval_of_each_bar() -> None:
    row = {
        "result_id": "1",
        "study_id": "groups",
        "spec_sha256": SPEC,
        "group_id": "regression:leads_lags:all",
        "statistic": "clustered",
        "window_start_hours": 0.0,
        "window_end_hours": 4.0,
        "estimate": 0.02,
        "lower_95": 0.01,
        "upper_95": 0.09,
        "p_value": 0.2,
        "n": 48,
        "n_effective": 12.0,
    }
    drawn = intervals(traces_of(draw_leads_lags(frame_of(STUDY_RESULT, [row]))), "y")
    assert drawn == [pytest.approx((0.01, 0.02, 0.09), abs=FLOAT32)]


def test_correlations_before_and_after_keep_their_own_ends() -> None:
    episode = {
        "asset_id": "TAO",
        "other_asset_id": "BTC",
        "market_id": market_id("TAO"),
        "event_id": EVENT_ID,
        "timeframe": "1h",
        "window_hours": 168.0,
        "n_before": 100,
        "n_after": 90,
        "before_correlation": 0.5,
        "before_correlation_lower_95": 0.1,
        "before_correlation_upper_95": 0.6,
        "after_correlation": 0.3,
        "after_correlation_lower_95": 0.25,
        "after_correlation_upper_95": 0.7,
        "change_correlation": -0.2,
        "change_correlation_lower_95": -0.4,
        "change_correlation_upper_95": 0.1,
    }
    drawn = intervals(traces_of(draw_correlation_change(frame_of(CORRELATION_EPISODE, [episode]), "the news")), "x")
    assert drawn == [pytest.approx((0.1, 0.5, 0.6), abs=FLOAT32), pytest.approx((0.25, 0.3, 0.7), abs=FLOAT32)]


@pytest.mark.parametrize(("counts", "drawn"), [((100, 90), 0.1), ((90, 100), 0.2), ((90, 90), 0.2)])
def test_a_token_is_drawn_on_most_bars_before_the_event_and_of_as_many_on_the_longer_window(
    counts: tuple[int, int], drawn: float
) -> None:
    pair = {"market_id": market_id("TAO"), "other_market_id": market_id("BTC"), "event_id": EVENT_ID}
    rows = [
        {
            **pair,
            "asset_id": "TAO",
            "other_asset_id": "BTC",
            "window_hours": hours,
            "n_before": n,
            "before_correlation": value,
            "after_correlation": 0.5,
        }
        for hours, n, value in zip((72.0, 168.0), counts, (0.1, 0.2), strict=True)
    ]
    [row] = pick_rows(frame_of(CORRELATION_EPISODE, rows)).iter_rows(named=True)
    assert row["before_correlation"] == drawn


@pytest.mark.parametrize(
    ("n_independent", "said"), [(1, "119 earlier dates (about 1 independent): too few to say"), (12, "1% of 119")]
)
def test_a_share_of_earlier_dates_needs_independent_ones(n_independent: int, said: str) -> None:
    episode = {
        "market_id": market_id("TAO"),
        "other_market_id": market_id("BTC"),
        "event_id": EVENT_ID,
        "asset_id": "TAO",
        "other_asset_id": "BTC",
        "timeframe": "1h",
        "window_hours": 72.0,
        "n_before": 72,
        "n_after": 72,
        "before_correlation": 0.5,
        "after_correlation": 0.3,
        "change_correlation": -0.2,
        "placebo_rank": 0.01,
        "n_placebo": 119,
        "n_placebo_independent": n_independent,
        "data_as_of_utc": datetime(2026, 6, 20, tzinfo=UTC),
    }
    figure = draw_correlation_change(frame_of(CORRELATION_EPISODE, [episode]), "the news")
    assert said in bare(str(figure.note))


def test_a_stored_reason_that_stands_for_a_figure_names_its_row() -> None:
    reason = "18 bars before and 14 after; each side needs 80 % of 18"
    pair = {"market_id": market_id("TAO"), "other_market_id": market_id("BTC"), "event_id": EVENT_ID}
    episode = {**pair, "asset_id": "TAO", "other_asset_id": "BTC", "window_hours": 72.0, "reason": reason}
    panel = {"result_id": "1", "group_id": "regression:leads_lags:all", "statistic": "clustered", "reason": reason}
    for figure in (
        draw_correlation_change(frame_of(CORRELATION_EPISODE, [episode]), "the news"),
        draw_leads_lags(frame_of(STUDY_RESULT, [panel])),
    ):
        texts = list(read_page(tagged(render_figure(figure, ""))[0]))
        assert [text for text in texts if isinstance(text, str) and "18 bars" in text] == []
        [printed] = [text for text in texts if isinstance(text, Printed) and "18 bars" in text.words]
        assert printed.words == reason
        assert printed.origin.endswith("|reason")


def test_a_rolling_band_lies_between_its_bounds() -> None:
    start = datetime(2026, 6, 1, tzinfo=UTC)
    rows = [
        {
            "asset_id": "TAO",
            "other_asset_id": "BTC",
            "close_time_utc": start + timedelta(hours=hour),
            "window_hours": 168.0,
            "beta": 1.0 + hour / 10,
            "beta_lower_95": 0.9 - hour / 10,
            "beta_upper_95": 1.5 + hour / 10,
            "n": 168,
        }
        for hour in range(3)
    ]
    series = frame_of(CORRELATION_ROLLING, rows)
    lower, upper, middle = (read(trace["y"]) for trace in traces_of(draw_rolling(series, "TAO", "beta", [], "g"))[:3])
    assert lower == pytest.approx([0.9, 0.8, 0.7], abs=FLOAT32)
    assert upper == pytest.approx([1.5, 1.6, 1.7], abs=FLOAT32)
    assert middle == pytest.approx([1.0, 1.1, 1.2], abs=FLOAT32)


def test_the_fan_draws_each_band_of_the_path_as_a_simple_return() -> None:
    frames = make_frames()
    subject = read_reactions(frames)[EVENT_ID][0]
    path = path_of(frames, subject)
    traces = [t for t in traces_of(draw_car_fan(path, subject, "news")) if t.get("line") == {"width": 0}]
    last = path.filter(pl.col("band_95_lower").is_not_null(), pl.col("hours_after_event") <= 24).row(-1, named=True)
    drawn = []
    for trace in traces:
        hours, values = read(trace["x"]), read(trace["y"])
        drawn.append(values[min(range(len(hours)), key=lambda i: abs(hours[i] - last["hours_after_event"]))])
    wanted = [float(np.expm1(last[f"band_{band}_{side}"])) for band in (50, 80, 95) for side in ("lower", "upper")]
    assert sorted(drawn) == pytest.approx(sorted(wanted), abs=FLOAT32)


def test_the_parts_of_the_clock_strip_fill_it() -> None:
    sources = frame_of(EVENT_SOURCE, source_rows())
    strip = str(draw_clock_strip(event_row(), sources, STUDY_PATH.empty(), None, "TAO"))
    track = strip.split('class="track"')[1].split("</ul>")[0]
    widths = [float(width) for width in re.findall(r"--w:([\d.]+)%", track)]
    assert sum(widths) == pytest.approx(100, abs=0.05)


def test_panels_fill_the_figure_from_edge_to_edge() -> None:
    frames = make_frames()
    reactions = read_reactions(frames)[EVENT_ID]
    figure = draw_multiples({item.asset_id: path_of(frames, item) for item in reactions}, reactions)
    assert figure.plot is not None
    axes = [axis["domain"] for name, axis in figure.plot.layout.items() if name.startswith("yaxis")]
    assert (min(low for low, _ in axes), max(high for _, high in axes)) == (0.0, 1.0)


def test_in_each_panel_the_token_s_own_path_is_the_thickest_and_the_subject_s_is_grey() -> None:
    frames = make_frames()
    reactions = read_reactions(frames)[EVENT_ID]
    figure = draw_multiples({item.asset_id: path_of(frames, item) for item in reactions}, reactions)
    assert figure.plot is not None
    panels: dict[str, list[dict[str, Any]]] = {}
    for trace in figure.plot.data:
        panels.setdefault(trace.get("xaxis", "x"), []).append(trace["line"])
    assert max(map(len, panels.values())) == 2
    for lines in panels.values():
        assert lines[-1]["width"] == max(line["width"] for line in lines)
        assert lines[-1]["color"] in ("var(--tao)", "var(--blue)")
        assert all(line["width"] < lines[-1]["width"] and line["color"] == "var(--zero)" for line in lines[:-1])
