"""A figure leaves its page as a picture, a frame or a citation, and keeps its title and its end of data."""

from pathlib import Path

import pytest

from dashboards.shell.page import event_path
from tests.dashboards.browser import draw_all, open_browser, wait_until
from tests.dashboards.rows import EVENT_ID

pytestmark = pytest.mark.browser

LEAD = event_path(EVENT_ID)


@pytest.fixture(scope="module")
def browser():
    with open_browser() as opened:
        yield opened


def open_page(browser, url):
    page = browser.new_context().new_page()
    page.goto(url)
    return page


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_a_figure_is_taken_away_as_a_picture_with_its_title(browser, site, kind):
    page = open_page(browser, (site / LEAD).as_uri())
    draw_all(page)
    page.click("#path .take summary")
    with page.expect_download() as waiting:
        page.click(f"#path [data-image={kind}]")
    assert waiting.value.suggested_filename == f"path.{kind}"
    content = Path(waiting.value.path()).read_bytes()
    if kind == "png":
        assert content.startswith(b"\x89PNG")
    else:
        title = page.inner_text("#path .fig-title")
        assert title.split(";")[0][:20] in content.decode()


def test_a_frame_shows_one_figure_alone_and_leads_back(browser, site):
    page = open_page(browser, (site / LEAD).as_uri())
    page.click("#path .take summary")
    code = page.input_value("#path .take label:has-text('Frame') input")
    assert "?frame=path" in code
    framed = open_page(browser, f"{(site / LEAD).as_uri()}?frame=path")
    assert framed.locator("main figure").count() == 1
    assert framed.locator("header").first.is_hidden()
    wait_until(framed, "document.querySelector('#path .plot').dataset.drawn === '1'", "the framed figure was not drawn")
    assert framed.locator("main p a").last.get_attribute("href").endswith("#path")


def test_a_citation_names_title_address_and_the_end_of_the_data(browser, site):
    page = open_page(browser, (site / LEAD).as_uri())
    page.click("#path .take summary")
    cited = page.input_value("#path .take label:has-text('Citation') input")
    assert page.inner_text("#path .fig-title") in cited
    assert "#path" in cited
    assert "data to" in cited
