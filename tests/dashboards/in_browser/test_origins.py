"""A reader who asks a number where it comes from is shown the statement that returns it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dashboards.shell.page import event_path
from tests.dashboards.browser import open_browser
from tests.dashboards.rows import EVENT_ID
from warehouse.store.connection import open_reader
from warehouse.tables.units import percent

pytestmark = pytest.mark.browser
WIDE = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def browser():
    with open_browser() as opened:
        yield opened


def open_event(browser: Any, site: Path) -> Any:
    page = browser.new_context(viewport=WIDE).new_page()
    page.goto((site / event_path(EVENT_ID)).as_uri())
    return page


def statement_of(page: Any) -> str:
    assert page.locator("dialog.origin").is_visible()
    return page.locator("dialog.origin code").inner_text()


def test_a_click_on_a_tile_shows_the_statement_that_returns_it(browser, site, published):
    page = open_event(browser, site)
    tile = page.locator(".tile .big data").first
    words = tile.inner_text()
    tile.click()
    with open_reader(published) as reader:
        row = reader.sql(statement_of(page))
    assert percent(row["estimate"][0]) == words
    assert set(row.columns) == {"estimate", "conventions", "data_as_of_utc"}
    page.locator("dialog.origin button", has_text="Copy").click()
    page.keyboard.press("Escape")
    assert not page.locator("dialog.origin").is_visible()


def test_a_cell_beside_a_figure_has_a_statement_of_its_own(browser, site, published):
    page = open_event(browser, site)
    page.locator("#car summary", has_text="Show the data").click()
    cell = page.locator("#car table td").nth(1)
    words = cell.inner_text()
    cell.click()
    with open_reader(published) as reader:
        row = reader.sql(statement_of(page))
    assert row.height == 1
    assert row.columns[0] == "car"
    assert words.endswith("%")


def test_numbers_are_reached_by_keyboard_when_a_reader_asks_for_it(browser, site):
    page = open_event(browser, site)
    first = page.locator("main data[data-from]").first
    assert first.get_attribute("tabindex") is None
    page.locator("#show-origins").press("Enter")
    first.focus()
    page.keyboard.press("Enter")
    assert statement_of(page).startswith("select ")
    page.keyboard.press("Escape")
    assert first.evaluate("el => el === document.activeElement")
