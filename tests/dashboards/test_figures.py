"""Figures are valid Plotly, name their colours, and carry their context."""

import base64
import json
import re
from datetime import UTC, datetime, timedelta

import numpy as np
import plotly.graph_objects as go
import polars as pl
import pytest

from dashboards.figures.car_fan import _first_outside, draw_car_fan
from dashboards.figures.correlation_change import draw_correlation_change
from dashboards.figures.coverage_calendar import cells, draw_coverage
from dashboards.figures.figure import (
    Figure,
    FigureColumn,
    figure_csv,
    float_array,
    render_figure,
    safe,
    script_json,
    time_axis,
)
from dashboards.figures.heat_map import draw_heat_map
from dashboards.figures.multiples import draw_multiples
from dashboards.figures.price_events import draw_price_events
from dashboards.figures.price_path import draw_price_path
from dashboards.figures.quantile_dots import draw_quantile_dots, stack_dots
from dashboards.figures.response import draw_response
from dashboards.figures.rolling import draw_rolling
from dashboards.figures.series import break_gaps
from dashboards.figures.specification_curve import draw_inclusion_curve, draw_specification_curve
from dashboards.findings.readings import path_of, placebos_of, read_reactions
from dashboards.marks import bare
from tests.dashboards.material import frame_of, make_frames, make_tables
from tests.dashboards.rows import EVENT_AT, EVENT_ID, event_row, inclusion_row
from warehouse.tables.attention import ATTENTION_RESPONSE
from warehouse.tables.correlation import CORRELATION_EPISODE, CORRELATION_NETWORK, CORRELATION_ROLLING
from warehouse.tables.prices import COVERAGE, GAP
from warehouse.tables.single import SPECIFICATION
from warehouse.tables.studies import INCLUSION

COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|rgba?\(")


@pytest.fixture(scope="module")
def figures():
    frames = make_frames(make_tables())
    reactions = read_reactions(frames)[EVENT_ID]
    subject = reactions[0]
    path = path_of(frames, subject)
    placebos = placebos_of(frames, subject, 24.0)
    drawn = [
        draw_price_path(path, subject, event_row(), (0.3, 12.0)),
        draw_car_fan(path, subject, "news"),
        draw_quantile_dots(placebos, subject, subject.headline),
        draw_multiples({item.asset_id: path_of(frames, item) for item in reactions}, reactions),
        draw_correlation_change(frames.get(CORRELATION_EPISODE), "the news"),
        draw_coverage(frames.get(COVERAGE), frames.get(GAP)),
    ]
    return {figure.figure_id: figure for figure in drawn}


def test_every_figure_is_accepted_by_plotly(figures):
    for name, figure in figures.items():
        assert figure.plot is not None, name
        spec = figure.plot.spec()
        go.Figure({"data": spec["data"], "layout": spec["layout"]})


def test_no_figure_writes_a_colour_of_its_own(figures):
    for figure in figures.values():
        text = json.dumps({"data": figure.plot.data, "layout": figure.plot.layout})
        assert not COLOUR.search(text), figure.figure_id


def test_every_figure_states_n_window_benchmark_source_and_as_of(figures):
    for figure in figures.values():
        note = str(figure.note)
        for word in ("n = ", "benchmark", "Source", "As of"):
            assert word in note, (figure.figure_id, word)
        assert "interval" in note + str(figure.subtitle) or "middle 95%" in note or "bands" in note


def test_every_figure_has_a_summary_with_numbers_and_its_data(figures):
    for figure in figures.values():
        assert re.search(r"\d", figure.summary), figure.figure_id
        assert figure.frame.height > 0
        assert set(figure.frame.columns) >= {column.name for column in figure.columns}
        assert len(figure_csv(figure).splitlines()) == figure.frame.height + 1


def test_narrow_patches_point_at_things_that_exist(figures):
    for figure in figures.values():
        spec = figure.plot.spec()
        for path in spec["narrow"]:
            node = spec
            for key in path.split(".")[:-1]:
                node = node[int(key)] if isinstance(node, list) else node.get(key, {})
            assert node is not None, (figure.figure_id, path)


def test_one_figure_weighs_at_most_twenty_kilobytes(figures):
    for figure in figures.values():
        assert len(script_json(figure.plot.spec())) <= 20_000, figure.figure_id


def test_the_label_of_the_path_is_the_number_of_the_tile(figures):
    texts = " ".join(item["text"] for item in figures["path"].plot.layout["annotations"])
    assert "+23.4%" in texts
    assert "+15.5%" in texts
    assert "Claim: +30%" in texts


def test_the_extreme_of_a_path_is_named_on_the_line(figures):
    texts = [item["text"] for item in figures["path"].plot.layout["annotations"]]
    assert [bare(text) for text in texts if "peak" in text] == ["<b>+32.4%</b> peak"]
    assert "The highest close in the window is +32.4%" in bare(figures["path"].summary)


def test_the_fan_marks_the_first_bar_outside():
    bars = [0.0, 0.2, 0.0, 0.2, 0.3]  # outside at hour 2, back at 3, outside from 4 on
    frame = pl.DataFrame(
        {
            "hours_after_event": [1.0, 2.0, 3.0, 4.0, 5.0],
            "car": bars,
            "band_95_lower": [-0.1] * 5,
            "band_95_upper": [0.1] * 5,
        }
    )
    assert [bare(item["text"]) for item in _first_outside(frame)] == ["Hour 2: outside 95%"]
    assert [bare(item["text"]) for item in _first_outside(frame.head(3))] == ["Hour 2: outside 95%"]
    assert [bare(item["text"]) for item in _first_outside(frame.tail(2))] == ["Hour 4: outside 95%"]
    assert _first_outside(frame.head(1)) == []


def test_the_lowest_close_is_the_extreme_of_a_path_that_fell():
    frames = make_frames(make_tables())
    subject = read_reactions(frames)[EVENT_ID][0]
    fallen = path_of(frames, subject).with_columns(-pl.col("raw_return"))
    figure = draw_price_path(fallen, subject, event_row(), None)
    assert "<b>−32.4%</b> trough" in [bare(item["text"]) for item in figure.plot.layout["annotations"]]
    assert "The lowest close in the window is −32.4%" in bare(figure.summary)


def test_of_two_numbers_on_one_spot_of_a_price_the_later_stands_above():
    closes = pl.DataFrame(
        {
            "market_id": ["b:TAO/USDT"] * 400,
            "day_utc": pl.datetime_range(EVENT_AT, EVENT_AT + timedelta(days=399), "1d", time_zone="UTC", eager=True),
            "close_quote": [100.0 + day for day in range(400)],
        }
    )
    marks = [(EVENT_AT + timedelta(days=days), f"event {days}", 0.1) for days in (50, 51, 200)]
    plot = draw_price_events(closes, "TAO", marks, "b:TAO/USDT").plot
    assert [item["yshift"] for item in plot.layout["annotations"]] == [20, 44, 20]


@pytest.mark.parametrize(
    "empty",
    [
        lambda: draw_correlation_change(CORRELATION_EPISODE.empty(), "the news"),
        lambda: draw_coverage(COVERAGE.empty(), GAP.empty()),
        lambda: draw_heat_map(CORRELATION_NETWORK.empty()),
        lambda: draw_rolling(CORRELATION_ROLLING.empty(), "TAO", "beta", [], ""),
        lambda: draw_response(ATTENTION_RESPONSE.empty(), "TAO"),
        lambda: draw_specification_curve(SPECIFICATION.empty(), None, "TAO"),
        lambda: draw_multiples({}, []),
    ],
)
def test_an_empty_figure_says_why_and_draws_no_axis(empty):
    figure = empty()
    html = render_figure(figure, "data/x.csv")
    assert figure.why_empty is not None
    assert 'class="none"' in html
    assert "data-fig" not in html


def test_fifty_dots_stand_for_the_distribution():
    xs, levels = stack_dots(pl.Series(np.linspace(-0.05, 0.05, 500)), -0.1, 0.1)
    assert len(xs) == 50
    assert max(levels) < 8
    assert np.mean(xs) == pytest.approx(0, abs=0.005)


def test_a_gap_breaks_the_line():
    start = datetime(2026, 6, 1, tzinfo=UTC)
    times = [start + timedelta(hours=hour) for hour in (0, 1, 2, 6, 7)]
    frame = break_gaps(pl.DataFrame({"close_time_utc": times, "value": [1.0, 2.0, 3.0, 4.0, 5.0]}), "close_time_utc")
    assert frame["value"].to_list() == [1.0, 2.0, 3.0, None, 4.0, 5.0]
    array = np.frombuffer(base64.b64decode(float_array(frame["value"])["bdata"]), dtype="<f4")
    assert np.isnan(array[3])


def test_regular_times_are_a_start_and_a_step():
    start = datetime(2026, 6, 1, tzinfo=UTC)
    assert time_axis([start + timedelta(hours=h) for h in range(3)]) == {"x0": "2026-06-01 00:00:00", "dx": 3_600_000}
    assert "x" in time_axis([start, start + timedelta(hours=1), start + timedelta(hours=3)])


def test_hostile_text_cannot_end_the_script_element():
    hostile = "</script><script>alert(1)</script>\u2028<img src=x onerror=alert(1)>"
    text = script_json({"title": hostile})
    assert "<" not in text
    assert "\u2028" not in text
    assert json.loads(text)["title"] == hostile
    assert "<" not in safe(hostile)


def test_simulated_data_are_marked_inside_the_figure():
    frames = make_frames(make_tables("simulated"))
    subject = read_reactions(frames)[EVENT_ID][0]
    figure = draw_car_fan(path_of(frames, subject), subject, "news")
    html = render_figure(figure, "data/x.csv")
    assert "SIMULATED DATA" in html
    assert ">Simulated: " in html
    assert "Simulated data, not a market observation" in html


def test_a_short_record_is_drawn_by_day_and_a_long_one_by_month():
    start = datetime(2026, 5, 5, 4, tzinfo=UTC)
    assert len(cells(start, start + timedelta(days=9))) == 10
    months = cells(start, start + timedelta(days=800))
    assert {moment.day for moment in months} == {1}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_that_a_sheet_would_run_is_prefixed_and_numbers_stay_numbers(start):
    frame = pl.DataFrame({"title": [f"{start}1+1", "plain"], "value": [-0.5, 1.0]})
    columns = (FigureColumn("title", "Title"), FigureColumn("value", "Value"))
    read = pl.read_csv(figure_csv(Figure("f", "t", "s", "", "", frame, columns)).encode())
    assert read["title"].to_list() == [f"'{start}1+1", "plain"]
    assert read["value"].to_list() == [-0.5, 1.0]


def read_typed(values: dict[str, str]) -> list[float]:
    return np.frombuffer(base64.b64decode(values["bdata"]), dtype="<f4").tolist()


def test_the_inclusion_curve_draws_every_rule_with_an_interval_and_its_title_says_the_range():
    rows = frame_of(
        INCLUSION,
        [
            inclusion_row(1, 0.010),
            inclusion_row(2, 0.031, origin="curated"),
            inclusion_row(3, -0.002, days_apart=7.0),
            inclusion_row(4, 0.02, standard_error=None, p_value=None, is_significant=None),
        ],
    )
    figure = draw_inclusion_curve("outage", rows)
    assert read_typed(figure.plot.data[0]["y"]) == pytest.approx([-0.002, 0.010, 0.031])
    assert read_typed(figure.plot.data[0]["error_y"]["array"]) == pytest.approx([0.0196] * 3)
    assert "3 rules of inclusion give means from −0.2% to +3.1%" in bare(figure.title)
    assert "33.3% have p < 0.05" in bare(figure.summary)
    options = figure.plot.layout["yaxis2"]["ticktext"]
    assert options == ["all origins", "curated", "any distance", "7 days apart"]
    alone = draw_inclusion_curve("outage", rows.head(1))
    assert alone.why_empty is not None


def test_a_curve_of_rules_that_agree_says_so():
    rows = frame_of(INCLUSION, [inclusion_row(1, 0.010), inclusion_row(2, 0.031, origin="curated")])
    assert "every one between +1.0% and +3.1%" in bare(draw_inclusion_curve("outage", rows).title)
