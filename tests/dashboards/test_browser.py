"""Pages in a real Chromium, from files and from a server."""

import re
from pathlib import Path

import pytest

from dashboards.shell.page import NAVIGATION, event_path
from tests.dashboards.browser import draw_all, open_browser, serve, wait_until
from tests.dashboards.rows import EVENT_ID

pytestmark = pytest.mark.browser

LEAD = event_path(EVENT_ID)
PAGES = [*(path for _, path in NAVIGATION), LEAD, event_path("2026-07-01-restored"), "tokens/TAO.html"]
# Kinds of page that no menu names; the first claim stands for all.
FURTHER = ["compare.html", "press.html", "claims/*.html", "providers/*.html", "events-2*.html"]
# Words and numbers are on screen within half a second without any script; a busy machine gets some slack.
FIRST_PAINT_SECONDS = 1.5
FIRST_FIGURE_SECONDS = 9.0
# Marks a reader can see: line and marker paths, filled areas, heat map images.
COUNT_MARKS = """() => [...document.querySelectorAll('.plot')].map(plot => ({
    id: plot.closest('.fig').id,
    failed: plot.classList.contains('failed'),
    least: plot.querySelector('.hm') ? 1 : 2,
    marks: plot.querySelectorAll('.trace path[d], .point, .hm image').length,
    types: (plot.data || []).every((trace, i) => plot._fullData[i].type === (trace.type || 'scatter')),
}))"""
# A control that stands in a sentence is exempt (WCAG 2.5.8), as is one whose label is the target.
SMALL_CONTROLS = """() => [...document.querySelectorAll('button, summary, select, input, .crumbs a, .foot a, .card a')]
    .filter(control => !(control.matches('[type=radio]') || control.matches('.tip')))
    .map(control => [control.outerHTML.slice(0, 120), control.getBoundingClientRect()])
    .filter(([, box]) => box.width && box.height && (box.width < 24 || box.height < 23.5))
    .map(([words, box]) => `${words}: ${box.width} x ${box.height}`)"""
MOST_SHEETS = 6
AXE_RULES = "{runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']}}"


@pytest.fixture(scope="module")
def browser():
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def address(site):
    with serve(site) as url:
        yield url


class Watch:
    """Console errors, page errors and requests that leave the site."""

    def __init__(self, page, home: str) -> None:
        self.errors: list[str] = []
        self.foreign: list[str] = []
        page.on(
            "console",
            lambda message: self.errors.append(message.text) if message.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "request",
            lambda request: (
                None if request.url.startswith((home, "data:", "blob:")) else self.foreign.append(request.url)
            ),
        )


def open_page(browser, url, **context):
    page = browser.new_context(**context).new_page()
    page.goto(url)
    return page


@pytest.mark.parametrize("path", PAGES)
def test_every_page_draws_its_figures_from_files_without_errors_or_foreign_requests(browser, site, path):
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    watch = Watch(page, "file://")
    page.goto((site / path).as_uri())
    draw_all(page)
    for plot in page.evaluate(COUNT_MARKS):
        assert not plot["failed"], plot
        assert plot["marks"] >= plot["least"], plot
        assert plot["types"], plot
    assert watch.errors == []
    assert watch.foreign == []


@pytest.mark.parametrize("path", ["index.html", LEAD, "search.html"])
def test_the_server_gives_the_same_pages(browser, address, path):
    page = browser.new_context().new_page()
    watch = Watch(page, address)
    page.goto(f"{address}/{path}")
    draw_all(page)
    assert watch.errors == []
    assert watch.foreign == []


@pytest.fixture
def address_of(request, site):
    """Where a page lies: kinds that no menu names are read from the site of the whole bundled record."""

    def find(path):
        folder = request.getfixturevalue("bundled_home") / "site" if path in FURTHER else site
        return sorted(folder.glob(path))[0].as_uri()

    return find


@pytest.mark.parametrize("path", [*PAGES, *FURTHER])
def test_no_page_scrolls_sideways_on_a_phone(browser, address_of, path):
    page = open_page(browser, address_of(path), viewport={"width": 375, "height": 740})
    draw_all(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.evaluate("document.documentElement.style.fontSize = '200%'; document.body.style.fontSize = '32px'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


@pytest.mark.parametrize("path", [*PAGES, *FURTHER])
def test_axe_finds_nothing_in_both_themes_on_phone_and_desktop(browser, address_of, path):
    import axe_core_python

    axe = Path(axe_core_python.__file__).with_name("axe.min.js").read_text()
    page = open_page(browser, address_of(path), viewport={"width": 1280, "height": 900}, bypass_csp=True)
    draw_all(page)
    page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true; })")
    page.evaluate(axe)
    for width in (1280, 375):
        page.set_viewport_size({"width": width, "height": 900})
        for theme in ("light", "dark"):
            page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
            found = page.evaluate(f"async () => (await axe.run(document, {AXE_RULES})).violations")
            named = [(item["id"], item["nodes"][0]["html"][:160], item["nodes"][0]["failureSummary"]) for item in found]
            assert named == [], (width, theme)


@pytest.mark.parametrize("path", ["index.html", LEAD, "compare.html", "events.html", "claims.html"])
def test_controls_are_at_least_24_pixels_high_and_wide(browser, site, path):
    page = open_page(browser, (site / path).as_uri(), viewport={"width": 375, "height": 740})
    draw_all(page)
    small = page.evaluate(SMALL_CONTROLS)
    assert small == []


def test_the_menu_bar_is_one_line_and_the_as_of_one_sentence_on_a_desktop(browser, site):
    page = open_page(browser, (site / "index.html").as_uri(), viewport={"width": 1280, "height": 900})
    brand, theme = page.locator(".brand").bounding_box(), page.locator("#theme").bounding_box()
    assert abs((brand["y"] + brand["height"] / 2) - (theme["y"] + theme["height"] / 2)) < 12
    assert page.locator(".as-of").evaluate("line => getComputedStyle(line).display") == "block"


def test_a_card_breaks_a_long_word_at_double_size_on_a_phone(browser, site):
    page = open_page(browser, (site / "index.html").as_uri(), viewport={"width": 375, "height": 740})
    page.evaluate("document.querySelector('.card p').textContent = 'binanceusdm:TAO/USDT:USDT'.repeat(3)")
    page.evaluate("document.documentElement.style.fontSize = '200%'; document.body.style.fontSize = '32px'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_words_come_before_scripts_and_the_first_figure_soon_after(browser, site):
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto((site / "index.html").as_uri())
    wait_until(page, "performance.getEntriesByName('first-contentful-paint').length > 0", "nothing was painted")
    painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime") / 1000
    assert painted < FIRST_PAINT_SECONDS
    wait_until(page, "!!document.querySelector('.plot[data-drawn]')", "no figure")
    assert page.evaluate("performance.now()") / 1000 < FIRST_FIGURE_SECONDS


def test_the_page_is_complete_without_scripts(browser, site):
    page = open_page(browser, (site / "index.html").as_uri(), java_script_enabled=False)
    text = page.inner_text("body")
    assert "TAO rose 23.4% in a day" in text
    assert "What we cannot know" in text
    assert page.locator("nav a").first.is_visible()


def test_the_layout_does_not_shift_while_figures_arrive(browser, site):
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => list.getEntries().forEach(entry => { window.shift += "
        "entry.value; }))"
        ".observe({type: 'layout-shift', buffered: true});"
    )
    page.goto((site / "index.html").as_uri())
    wait_until(page, "document.querySelectorAll('.plot[data-drawn]').length >= 2", "figures")
    assert page.evaluate("window.shift") < 0.01


def test_the_theme_switch_redraws_figures_in_the_other_colours_and_is_remembered(browser, address):
    page = open_page(browser, f"{address}/index.html", color_scheme="light")
    wait_until(page, "!!document.querySelector('#path .plot[data-drawn]')", "no figure")
    line = "document.querySelector('#path .plot')._fullData[1].line.color"
    light = page.evaluate(line)
    page.select_option("#theme", "dark")
    wait_until(page, f"{line} !== '{light}'", "figures kept their colours")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 22, 26)"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.input_value("#theme") == "dark"


def test_the_keyboard_reaches_everything_and_escape_closes_a_tooltip(browser, site):
    page = open_page(browser, (site / "index.html").as_uri(), viewport={"width": 1280, "height": 900})
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('tip')"):
            break
    wait_until(page, "!!document.querySelector('.tip-text:popover-open')", "no tooltip on focus")
    assert page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)") >= 3
    page.keyboard.press("Escape")
    assert page.evaluate("document.querySelectorAll('.tip-text:popover-open').length") == 0


def test_the_menu_button_opens_the_navigation_on_a_phone(browser, site):
    page = open_page(browser, (site / "index.html").as_uri(), viewport={"width": 375, "height": 740})
    button = page.locator(".menu")
    assert button.get_attribute("aria-expanded") == "false"
    assert not page.locator("nav a").first.is_visible()
    button.focus()
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-expanded") == "true"
    assert page.locator("nav a").first.is_visible()


def test_hostile_headlines_do_nothing(browser, site):
    page = browser.new_context().new_page()
    opened: list[str] = []
    page.on("dialog", lambda dialog: (opened.append(dialog.message), dialog.dismiss()))
    for path in ("index.html", "events.html", event_path("2026-07-01-restored"), "search.html#q=access"):
        page.goto(f"{site.as_uri()}/{path}")
        draw_all(page)
        assert page.evaluate("document.querySelectorAll('img, a[href^=javascript]').length") == 0
    assert opened == []


def test_search_finds_events_and_claims_and_keeps_the_words_in_the_address(browser, site):
    page = open_page(browser, (site / "search.html").as_uri())
    page.fill("#query", "executive order on model")
    assert page.locator("#hits ol li").count() == 1
    assert page.locator("#hits mark").first.inner_text().lower() == "executive"
    assert page.evaluate("location.hash") == "#q=executive%20order%20on%20model"
    page.fill("#query", "nothing at all like this")
    assert "Nothing found" in page.inner_text("#found")


@pytest.mark.parametrize(
    ("words", "group", "first"),
    [
        ("exeuctive order", "Events", "Executive order on model review is signed"),
        ("placebo", "Glossary and methods", "Placebo windows"),
        ("TAO", "Tokens", "TAO – Tao"),
        ("2 June 2026", "Events", "Executive order on model review is signed"),
        ("2.6.2026", "Events", "Executive order on model review is signed"),
        ("jun 2 signed", "Events", "Executive order on model review is signed"),
        ("july 2026", "Events", '<img src=x onerror=alert(1)> "access" returns & more</script>'),
    ],
)
def test_search_forgives_one_edit_and_groups_what_it_finds(browser, site, words, group, first):
    page = open_page(browser, (site / "search.html").as_uri())
    page.fill("#query", words)
    found = page.locator("#hits > li", has=page.locator("h2", has_text=group))
    assert found.locator("ol li a").first.inner_text() == first


def test_search_forgives_no_slip_where_a_word_is_spelt_as_asked(browser, site):
    page = open_page(browser, (site / "search.html").as_uri())
    page.fill("#query", "order")
    assert "beside it" not in page.inner_text("#found")
    page.fill("#query", "ordxyer")
    assert "Nothing found" in page.inner_text("#found")


def test_the_filter_of_events_keeps_its_state_in_the_address_and_on_reload(browser, site):
    url = f"{(site / 'events.html').as_uri()}?token=TAO&only=outside&sort=size"
    page = open_page(browser, url)
    n_outside = page.locator("#event-list li").count()
    assert n_outside >= 1
    assert page.input_value("[name=token]") == "TAO"
    page.select_option("[name=only]", "")
    page.fill("[name=words]", "executive")
    assert "words=executive" in page.evaluate("location.search")
    page.reload()
    assert page.input_value("[name=words]") == "executive"
    assert page.locator("#event-list li").count() == 1
    sizes = "Array.from(document.querySelectorAll('#event-list .why')).map(e => e.textContent)"
    page.fill("[name=words]", "")
    found = [
        float(text.split(" TAO ")[1].split("%")[0].replace("−", "-")) if " TAO " in text else 0
        for text in page.evaluate(sizes)
    ]
    assert [abs(size) for size in found] == sorted((abs(size) for size in found), reverse=True)


def test_claims_are_filtered_by_verdict(browser, site):
    page = open_page(browser, (site / "claims.html").as_uri())
    page.check("input[value=not_supported]")
    assert page.locator("section[data-verdict]:visible").count() == 1
    page.reload()
    assert page.is_checked("input[value=not_supported]")
    assert page.locator("section[data-verdict]:visible").count() == 1
    page.check("input[value=all]")
    assert page.locator("section[data-verdict]:visible").count() == 4


def test_a_link_with_a_window_opens_the_figure_zoomed_and_reset_undoes_it(browser, site):
    url = f"{(site / LEAD).as_uri()}#path=2026-06-13 00:00,2026-06-14 00:00"
    page = open_page(browser, url, viewport={"width": 1280, "height": 900})
    draw_all(page)
    start = "document.querySelector('#path .plot').layout.xaxis.range[0]"
    assert page.evaluate(start).startswith("2026-06-13")
    names = "document.querySelector('#path .plot').layout.annotations.filter(item => /^end/.test(item.name || ''))"
    wait_until(page, f"{names}.every(item => item.x < '2026-06-14 01')", "names of lines left the view")
    assert page.evaluate(f"{names}.some(item => item.visible !== false && item.text.includes('TAO'))")
    page.click("#path [data-reset]")
    wait_until(page, f"!{start}.startsWith('2026-06-13 00')", "the zoom stayed")
    wait_until(page, f"{names}.every(item => item.x > '2026-06-19')", "names of lines stayed where the zoom ended")
    assert page.locator("#path [data-reset]").is_hidden()


def test_a_figure_that_cannot_be_drawn_points_to_its_table(browser, site, tmp_path):
    page = browser.new_context().new_page()
    page.route("**/plotly.min.js", lambda route: route.abort())
    with serve(site) as url:
        page.goto(f"{url}/index.html")
        wait_until(page, "document.querySelectorAll('.plot.failed').length > 0", "no message")
        assert "numbers are in the table below" in page.inner_text(".plot.failed")


def test_printing_draws_every_figure_in_light_colours(browser, site):
    page = open_page(browser, (site / "index.html").as_uri(), color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    wait_until(page, "!document.querySelector('.plot:not([data-drawn])')", "figures were left out of print")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    # Figures in a row share it; one that stands alone has the width of the sheet.
    assert page.evaluate("document.querySelector('.plot').layout.width") == 330
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.documentElement.dataset.theme") is None


def test_a_printed_event_fits_six_sheets(browser, bundled_home):
    """The event with most figures, claims and sources of the record."""
    lead = next((bundled_home / "site" / "events").glob("2026-06-12-fable-*.html")).as_uri()
    page = open_page(browser, lead, viewport={"width": 1280, "height": 900})
    draw_all(page)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    wait_until(page, "document.querySelector('#path .plot').layout.width === 330", "figures kept their size")
    sheets = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", sheets)) <= MOST_SHEETS
    page.emulate_media(media="print")
    # A heading is never the last thing on a sheet.
    kept = (
        "[...document.querySelectorAll('h1, h2, h3, caption')].every(e => getComputedStyle(e).breakAfter === 'avoid')"
    )
    assert page.evaluate(kept)


def test_a_window_of_ones_own_is_computed_from_the_stored_path_and_kept_in_the_address(browser, site):
    query = f"?a={EVENT_ID}&at=TAO&b={EVENT_ID}&bt=FET&from=0&to=24&as=raw"
    page = open_page(browser, f"{(site / 'compare.html').as_uri()}{query}")
    wait_until(page, "document.getElementById('compared').dataset.ready === '1'", "nothing was compared")
    # The study's own 24 hours, from the closes of the bundled record.
    assert page.locator("#compared .big").all_inner_texts()[0] == "+23.4%"
    assert "your choice, not the study’s" in page.inner_text("#compared")
    assert page.locator("#compared svg polyline").count() == 2
    left, right = (svg.locator("text").all_text_contents() for svg in page.locator("#compared svg").all())
    assert left[:2] == right[:2]
    assert float(left[0].strip("+%")) >= 23, "both stand on the scale of the larger move"
    page.fill("[name=to]", "12")
    page.dispatch_event("[name=to]", "change")
    wait_until(page, "document.querySelector('#compared .big').textContent === '+15.5%'", "the window did not change")
    assert "to=12" in page.evaluate("location.search")
    page.reload()
    wait_until(page, "document.getElementById('compared').dataset.ready === '1'", "nothing was compared again")
    assert page.locator("#compared .big").all_inner_texts()[0] == "+15.5%"


def test_the_first_figure_stands_without_a_script_and_gives_way_to_the_plot(browser, address):
    still = browser.new_context(java_script_enabled=False).new_page()
    still.goto(f"{address}/{LEAD}")
    box = still.locator(".still").bounding_box()
    assert box["width"] > 300
    assert box["height"] > 200
    assert still.locator(".plot").count() > 1
    assert [plot.is_visible() for plot in still.locator(".plot").all()].count(True) == 1
    drawn = browser.new_page()
    drawn.goto(f"{address}/{LEAD}")
    draw_all(drawn)
    assert drawn.locator(".still").count() == 0
