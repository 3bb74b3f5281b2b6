"""The drawing that stands before a figure's library does: the numbers of the plot at their places, or nothing."""

import re
from dataclasses import replace

import polars as pl
import pytest

from dashboards.figures.axes import vertical_rule
from dashboards.figures.car_fan import draw_car_fan
from dashboards.figures.figure import Figure, Plot, float_array, safe
from dashboards.figures.price_path import draw_price_path
from dashboards.figures.still import ACROSS, DOWN, draw_still
from dashboards.findings.readings import path_of, read_reactions
from dashboards.marks import tagged
from dashboards.shell.page import Canvas
from tests.dashboards.material import make_frames
from tests.dashboards.rows import EVENT_ID, event_row

LINE = {"type": "scatter", "mode": "lines", "x0": 0, "dx": 1, "line": {"color": "var(--tao)", "width": 2}}
AXES = {"xaxis": {"range": [0, 4]}, "yaxis": {"range": [-1, 1], "tickvals": [0], "ticktext": ["0"]}}

DOT = {"color": "red", "size": 8}


def make_plot(*ys: float | None, **more) -> Plot:
    return Plot([{**LINE, "y": float_array(list(ys)), **more}], dict(AXES), height=300)


def strokes(html: str) -> list[list[tuple[int, int]]]:
    """The points of every path, back from its relative steps."""
    found = []
    for start_x, start_y, steps in re.findall(r'd="M(-?\d+) (-?\d+)l([^"z]*)', html):
        points = [(int(start_x), int(start_y))]
        numbers = [int(word) for word in steps.split()]
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            points.append((points[-1][0] + dx, points[-1][1] + dy))
        found.append(points)
    return found


def test_points_lie_where_the_axes_put_them() -> None:
    [line] = strokes(draw_still(make_plot(-1.0, 0.0, 0.5, 1.0)))
    assert line == [(0, DOWN), (ACROSS // 4, DOWN // 2), (ACROSS // 2, DOWN // 4), (3 * ACROSS // 4, 0)]


def test_a_missing_bar_is_a_gap_and_no_bridge() -> None:
    assert [len(line) for line in strokes(draw_still(make_plot(0.1, 0.2, None, 0.3, 0.4, 0.5)))] == [2, 3]


def test_a_band_runs_along_its_upper_edge_and_back_along_its_lower() -> None:
    lower = {**LINE, "y": [0.0, -0.5], "line": {"width": 0}}
    upper = {**lower, "y": [0.0, 0.5], "fill": "tonexty", "fillcolor": "var(--band-95)"}
    [band] = strokes(draw_still(Plot([lower, upper], dict(AXES), height=300)))
    step = ACROSS // 4
    assert band == [(0, DOWN // 2), (step, DOWN // 4), (step, 3 * DOWN // 4), (0, DOWN // 2)]


def test_texts_of_ticks_are_escaped_once_and_keep_their_weight() -> None:
    axis = {**AXES["xaxis"], "type": "date", "tickvals": [1], "ticktext": [f"{safe('A&B <i>')} <b>x</b>"]}
    plot = make_plot(0.0, 0.5)
    html = draw_still(replace(plot, layout={"xaxis": axis, "yaxis": {**AXES["yaxis"], "ticktext": ["<b>0</b>"]}}))
    assert '>A&amp;B &lt;i&gt; <tspan font-weight="700">x</tspan></text>' in html
    assert '><tspan font-weight="700">0</tspan></text>' in html


@pytest.mark.parametrize(
    "other",
    [
        {"error_x": {"array": [0.1]}},
        {"mode": "markers+text"},
        {"type": "heatmap"},
        {"stackgroup": "one"},
        {"mode": "markers", "marker": {"color": ["red", "blue"]}},
        {"mode": "markers", "marker": {}},
        {"mode": "markers", "marker": {**DOT, "size": [4, 8]}},
        {"mode": "lines+markers", "marker": {**DOT, "symbol": "diamond"}},
        {"mode": "markers", "marker": {**DOT, "opacity": 0.5}},
        {"mode": "markers", "marker": {**DOT, "line": {"color": "red", "width": [1, 2]}}},
        {"fill": "tozeroy", "fillcolor": "red"},
        {"fill": "tonexty", "fillcolor": "red"},  # there is no trace before it
        {"connectgaps": True},
        {"line": {"color": "red", "shape": "hv"}},
        {"line": {"color": "red", "dash": "dot"}},
    ],
)
def test_what_it_cannot_draw_whole_is_not_drawn_in_part(other) -> None:
    assert draw_still(make_plot(0.0, 0.5)) != ""
    assert draw_still(make_plot(0.0, 0.5, **other)) == ""


@pytest.mark.parametrize(
    "other",
    [
        {"type": "circle"},
        {"type": "path", "path": "M0,0L1,1"},
        {"opacity": 0.5},
        {"line": {"color": "red", "width": 1, "dash": "dot"}},
        {"type": "rect"},  # whose outline is not drawn
    ],
)
def test_a_shape_that_it_cannot_draw_whole_is_not_drawn(other) -> None:
    plot = make_plot(0.0, 0.5)
    rule = vertical_rule(1, "red")
    assert 'stroke="red"' in draw_still(replace(plot, layout={**plot.layout, "shapes": [rule]}))
    assert draw_still(replace(plot, layout={**plot.layout, "shapes": [{**rule, **other}]})) == ""


def test_dots_have_the_size_the_colour_and_the_outline_of_their_markers() -> None:
    html = draw_still(make_plot(0.0, mode="markers", marker={**DOT, "line": {"color": "white", "width": 1.5}}))
    assert '<circle cx="0.0%" cy="50.0%" r="4.0" fill="red" stroke="white" stroke-width="1.5"/>' in html
    assert '<circle cx="0.0%" cy="50.0%" r="4.0" fill="red"/>' in draw_still(make_plot(0.0, mode="markers", marker=DOT))


@pytest.mark.parametrize("layout", [{"yaxis": {**AXES["yaxis"], "type": "log"}}, {"xaxis2": {}}, {"yaxis": {}}])
def test_a_scale_or_panel_that_it_does_not_know_is_not_drawn(layout) -> None:
    plot = make_plot(0.0, 0.5)
    assert draw_still(replace(plot, layout={**plot.layout, **layout})) == ""


def june(draw) -> Figure:
    frames = make_frames()
    subject = read_reactions(frames)[EVENT_ID][0]
    return draw(path_of(frames, subject), subject)


def test_the_path_of_june_ends_where_its_last_close_lies() -> None:
    figure = june(lambda path, subject: draw_price_path(path, subject, event_row(), (0.30, 12.0)))
    low, high = figure.plot.layout["yaxis"]["range"]
    *_, line = strokes(draw_still(figure.plot))
    last = figure.frame["raw_return"].drop_nulls()[-1]
    assert line[-1][1] == pytest.approx(DOWN * (high - last) / (high - low), abs=1)
    assert (line[0][0], line[-1][0]) == (0, ACROSS)


def test_the_fan_of_june_shows_every_band_and_every_label() -> None:
    figure = june(lambda path, subject: draw_car_fan(path, subject, "news"))
    html, _ = tagged(draw_still(figure.plot))
    assert [html.count(f"var(--band-{band})") for band in (95, 80, 50)] == [1, 1, 1]
    words = [
        re.sub(r"</?b>", "", line) for item in figure.plot.layout["annotations"] for line in item["text"].split("<br>")
    ]
    shown = re.sub(r"<[^>]*>", "", html)
    assert all(tagged(f"<title>{line}</title>")[0][7:-8] in shown for line in words)


def test_only_the_first_figure_of_a_page_is_drawn_twice_and_no_invented_one() -> None:
    figure = june(lambda path, subject: draw_car_fan(path, subject, "news"))
    canvas = Canvas("events/june.html")
    drawn = [str(canvas.draw(figure)) for _ in range(2)]
    assert [html.count('class="still"') for html in drawn] == [1, 0]
    assert ["<noscript>" in html for html in drawn] == [False, True]
    assert 'class="still"' not in str(Canvas("events/june.html").draw(replace(figure, is_simulated=True)))


def test_a_figure_without_a_plot_is_no_first_figure() -> None:
    figure = june(lambda path, subject: draw_car_fan(path, subject, "news"))
    canvas = Canvas("events/june.html")
    canvas.draw(replace(figure, plot=None, why_empty=("No bars.", "Import some."), frame=pl.DataFrame()))
    assert 'class="still"' in str(canvas.draw(figure))
