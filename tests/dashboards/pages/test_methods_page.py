"""The methods page shows measured false-alarm rates, or says that none were measured."""

import re

import polars as pl

from dashboards.figures.false_alarms import draw_test_size, pick_scenarios, pick_size, size_title
from dashboards.pages.methods import compose_methods
from dashboards.shell.frames import Frames
from dashboards.shell.page import render_page
from tests.dashboards.material import frame_of
from tests.dashboards.rows import size_row
from warehouse.tables.size import TEST_SIZE

ROWS = [
    size_row("clustered 0.1", "patell", 0.35),
    size_row("clustered 0.1", "kp_bmp", 0.06, dependence="adjusted"),
    size_row("normal", "patell", 0.05),
    size_row("normal", "kp_bmp", 0.04, dependence="adjusted"),
]


def words_of(html: str) -> str:
    """The page without the elements that carry origins."""
    return re.sub(r"</?(?:data|time)\b[^>]*>", "", html)


def page_of(*rows):
    return compose_methods(Frames({TEST_SIZE.name: frame_of(TEST_SIZE, list(rows))}))


def test_rates_come_from_the_stored_rows_and_carry_their_band():
    text = words_of(render_page(page_of(*ROWS)))
    assert "tests that assume independence cry wolf 35% of the time; the others 6%" in text
    assert "n = 30 events per replication, 400 replications" in text
    assert "Patell, Tokens move together (correlation 0.1): 35% (33% to 37%)" in text
    assert "35% (35%–35%)" in text
    assert "1 of 1" in text


def test_without_measurement_the_page_says_so_and_names_the_command():
    page = page_of()
    text = words_of(render_page(page))
    assert "not measured here" in text
    assert "aftershock study size --save" in text
    assert "size-table" not in text
    assert not page.files


def test_planted_effects_other_levels_and_smaller_runs_are_left_out():
    rows = [
        *ROWS,
        size_row("normal", "patell", 0.9, effect_sd=0.5),
        size_row("normal", "patell", 0.01, level=0.01),
        size_row("normal", "patell", 0.2, n_events=10, n_replications=20),
    ]
    picked = pick_size(frame_of(TEST_SIZE, rows))
    assert picked.height == len(ROWS)
    assert (
        picked.filter((pl.col("scenario") == "normal") & (pl.col("statistic") == "patell"))["rejection"].item() == 0.05
    )


def test_a_test_that_never_applied_is_named_not_drawn():
    absent = size_row("normal", "calendar_time", None, n_replications=0, n_absent=400)
    figure = draw_test_size(pick_size(frame_of(TEST_SIZE, [*ROWS, absent])))
    assert "not applicable to these worlds: calendar time" in figure.note
    assert "calendar time" not in str(figure.plot)


def test_without_the_clustered_market_the_title_counts_tests_that_are_off():
    rows = pick_size(frame_of(TEST_SIZE, [size_row("real returns, shared dates", "patell", 0.2)]))
    assert pick_scenarios(rows) == ["real returns, shared dates"]
    assert size_title(rows) == "1 of 1 tests reject more often than intended"
