"""What a reader chose stands in the address and on reload, and nothing holds a reader up."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from dashboards.pages.correlations import compose_correlations
from dashboards.shell.frames import Frames
from dashboards.shell.page import render_page
from tests.dashboards.browser import draw_all, open_browser, serve, wait_until
from tests.dashboards.rows import EVENT_ID
from warehouse.tables.correlation import CORRELATION_NETWORK

pytestmark = pytest.mark.browser

# No task before the page stands is longer; a busy machine gets some slack.
LONGEST_TASK_MILLISECONDS = 750
LONG_TASKS = """window.tasks = []; new PerformanceObserver(list => list.getEntries().forEach(
    entry => window.tasks.push([entry.startTime, entry.duration]))).observe({type: 'longtask', buffered: true});"""
ASKED_FOR_LIBRARY = "performance.getEntriesByName(document.querySelector('[src*=plotly]').src)[0].startTime"


@pytest.fixture(scope="module")
def browser():
    with open_browser() as opened:
        yield opened


def open_page(browser, url, script=""):
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.add_init_script(script)
    page.goto(url)
    return page


def make_network(month: int, correlation: float) -> dict[str, object]:
    return {
        "period_start_utc": datetime(2026, month, 1, tzinfo=UTC),
        "period_end_utc": datetime(2026, month + 1, 1, tzinfo=UTC),
        "timeframe": "1h",
        "market_id": "kraken:TAO/USD",
        "other_market_id": "kraken:BTC/USD",
        "asset_id": "TAO",
        "other_asset_id": "BTC",
        "correlation": correlation,
        "is_in_tree": True,
        "n": 700,
        "data_as_of_utc": datetime(2026, month + 1, 1, tzinfo=UTC),
    }


def test_the_chosen_period_of_the_matrix_stands_in_the_address_and_its_title_follows(browser, site, tmp_path):
    rows = pl.DataFrame([make_network(4, 0.4), make_network(5, 0.6)], schema_overrides=CORRELATION_NETWORK.schema)
    frames = Frames({CORRELATION_NETWORK.name: CORRELATION_NETWORK.conform(rows)})
    (tmp_path / "correlations.html").write_text(render_page(compose_correlations(frames, {})))
    (tmp_path / "assets").symlink_to(site / "assets")
    page = open_page(browser, (tmp_path / "correlations.html").as_uri())
    draw_all(page)
    last, title = page.input_value("#heat-slide"), page.inner_text("#heat-t")
    assert "0.60" in title
    page.locator("#heat-slide").fill("0")
    label = page.inner_text("#heat-slide-out")
    assert page.evaluate("new URLSearchParams(location.search).get('heat')") == label
    assert "0.40" in page.inner_text("#heat-t")
    page.reload()
    draw_all(page)
    assert (page.input_value("#heat-slide"), page.inner_text("#heat-slide-out")) == ("0", label)
    assert "0.40" in page.evaluate("document.querySelector('#heat .plot').data[0].text.flat().join()")
    page.locator("#heat-slide").fill(last)
    assert (page.evaluate("location.search"), page.inner_text("#heat-t")) == ("", title)


def test_two_events_are_compared_and_stay_so_on_reload(browser, site):
    page = open_page(browser, (site / "compare.html").as_uri())
    events = page.eval_on_selector_all("[name=b] option", "options => options.map(option => option.value)")
    other = next(value for value in events if value != EVENT_ID)
    page.select_option("[name=a]", EVENT_ID)
    page.select_option("[name=b]", other)
    wait_until(page, "document.getElementById('compared').dataset.ready === '1'", "nothing was compared")
    titles = page.locator("#compared h2, #compared h3").all_inner_texts()
    page.reload()
    wait_until(page, "document.getElementById('compared').dataset.ready === '1'", "nothing was compared again")
    assert (page.input_value("[name=a]"), page.input_value("[name=b]")) == (EVENT_ID, other)
    assert page.locator("#compared h2, #compared h3").all_inner_texts() == titles
    assert len(set(titles)) >= 2


def test_nothing_holds_a_reader_up_before_the_page_can_be_scrolled_and_clicked(browser, site):
    with serve(site) as address:
        page = open_page(browser, f"{address}/index.html", LONG_TASKS)
        wait_until(page, "!!document.querySelector('.plot[data-drawn]')", "no figure")
        ready = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        assert page.evaluate(ASKED_FOR_LIBRARY) >= ready, "plotly.js was asked for before the page stood"
        held = [length for start, length in page.evaluate("window.tasks") if start < ready]
        assert max(held, default=0) < LONGEST_TASK_MILLISECONDS


def test_the_choice_made_last_is_shown_though_an_earlier_one_arrives_after_it(browser, site):
    with serve(site) as address:
        page = open_page(browser, f"{address}/compare.html")
        wait_until(page, "document.getElementById('compared').dataset.ready === '1'", "nothing was compared")
        first = page.input_value("[name=a]")
        events = page.eval_on_selector_all("[name=b] option", "options => options.map(option => option.value)")
        late = next(event for event in events if event != first)
        titles = page.locator("#compared h2").all_inner_texts()
        held = []
        page.route(f"**/{late}/paths.js*", lambda route: held.append(route))
        page.select_option("[name=b]", late)
        assert page.get_attribute("#compared", "data-ready") is None
        page.select_option("[name=b]", first)
        wait_until(page, "document.getElementById('compared').dataset.ready === '1'", "nothing was compared")
        [route] = held
        route.continue_()
        wait_until(page, f"!!(window.AFTERSHOCK_PATHS || {{}})['{late}']", "the late path never came")
        assert page.locator("#compared h2").all_inner_texts() == titles


# What its reader does from the moment the page's scripts have run; of the page's own clock, for a busy machine's skips.
ACTING = """addEventListener('DOMContentLoaded', () => {
    dispatchEvent(new Event('wheel'));
    setInterval(() => dispatchEvent(new Event('wheel')), 50);
});"""


def test_the_library_waits_while_a_reader_acts_but_not_for_ever(browser, site):
    page = browser.new_page()
    page.clock.install(time=0)
    page.clock.pause_at(1)
    page.add_init_script(ACTING)
    page.goto((site / "index.html").as_uri())
    page.clock.run_for(1800)
    assert page.locator("[src*=plotly]").count() == 0
    page.clock.run_for(600)
    assert page.locator("[src*=plotly]").count() == 1
    page.clock.resume()
    wait_until(page, "!!document.querySelector('.plot[data-drawn]')", "no figure")
