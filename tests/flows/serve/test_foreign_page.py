"""A page of a foreign origin, in a real browser, reads nothing of the API and the pages, and changes nothing."""

from __future__ import annotations

import json
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from flows.serve.server import prefect_server
from flows.serve.web import pages_server
from flows.settings import Settings
from tests.dashboards.browser import open_browser, serve
from tests.flows.serve.served import free_port

pytestmark = [pytest.mark.browser, pytest.mark.prefect]
SECRET_WORDS = "the words of the page"
# What each attempt came to: the text that the foreign page could read, or why it could read none.
ATTEMPT = """async ([url, options]) => {
  try {
    const answer = await fetch(url, options);
    return answer.type === "opaque" ? "opaque" : `read: ${await answer.text()}`;
  } catch (error) { return "refused"; }
}"""
LOAD_SCRIPT = """(url) => new Promise((done) => {
  const script = document.createElement("script");
  script.onload = () => done("loaded"); script.onerror = () => done("refused");
  script.src = url; document.head.append(script);
})"""


@dataclass
class Open:
    """The API with its secret, the pages, and a tab that shows a page of another origin."""

    api: str
    secret: str
    pages: str
    tab: Any

    def flows(self) -> list[dict[str, Any]]:
        """What the API knows, asked by somebody who has the secret."""
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Basic {b64encode(self.secret.encode()).decode()}",
        }
        request = urllib.request.Request(f"{self.api}/flows/filter", data=b"{}", headers=headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return list(json.load(answer))


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    home, foreign = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("foreign")
    (home / "site").mkdir()
    (home / "site" / "index.html").write_text(f"<!doctype html><title>Page</title>{SECRET_WORDS}")
    (home / "site" / "data.js").write_text("window.read = true;")
    (foreign / "evil.html").write_text("<!doctype html><title>Evil</title>")
    settings = Settings(home, None, True, 5.0, None, None)
    with (
        pages_server(settings, 0) as pages,
        prefect_server(settings, free_port()) as api,
        serve(foreign) as address,
        open_browser() as browser,
    ):
        tab = browser.new_context().new_page()
        tab.goto(f"{address}/evil.html")
        assert api.secret is not None
        yield Open(api.url, api.secret, pages, tab)


def attempt(opened: Open, url: str, **options: Any) -> str:
    return str(opened.tab.evaluate(ATTEMPT, [url, options]))


def test_it_reads_neither_api_nor_pages(opened: Open) -> None:
    body = {"method": "POST", "headers": {"Content-Type": "application/json"}, "body": "{}"}
    assert attempt(opened, f"{opened.api}/flows/filter", **body) == "refused"
    assert attempt(opened, f"{opened.api}/admin/version") == "refused"
    assert attempt(opened, f"{opened.api}/admin/version", credentials="include") == "refused"
    for path in ("index.html", "health", "metrics", "check"):
        assert attempt(opened, f"{opened.pages}{path}") == "refused"
        assert attempt(opened, f"{opened.pages}{path}", mode="no-cors") == "refused"
    assert opened.tab.evaluate(LOAD_SCRIPT, f"{opened.pages}data.js") == "refused"
    # The same words are there for a page of their own origin.
    own = opened.tab.context.new_page()
    own.goto(f"{opened.pages}index.html")
    assert SECRET_WORDS in own.evaluate(ATTEMPT, [f"{opened.pages}index.html", {}])
    own.close()


def test_it_cannot_show_a_page_in_a_frame(opened: Open) -> None:
    opened.tab.evaluate("(url) => { document.body.innerHTML = `<iframe src=${url}></iframe>`; }", opened.pages)
    opened.tab.wait_for_timeout(1000)
    assert not any(SECRET_WORDS in frame.content() for frame in opened.tab.frames)


def test_it_changes_nothing_in_the_api(opened: Open) -> None:
    before = opened.flows()
    simple = {"method": "POST", "mode": "no-cors", "headers": {"Content-Type": "text/plain"}}
    attempt(opened, f"{opened.api}/flows/", **simple, body='{"name": "planted"}')
    told = {"method": "POST", "headers": {"Content-Type": "application/json"}, "body": '{"name": "planted"}'}
    assert attempt(opened, f"{opened.api}/flows/", **told) == "refused"
    assert opened.flows() == before
    # With the secret the same words do plant a flow: what refused was not a mistake in them.
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Basic {b64encode(opened.secret.encode()).decode()}",
    }
    request = urllib.request.Request(f"{opened.api}/flows/", data=b'{"name": "planted"}', headers=headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status in (200, 201)
    assert {flow["name"] for flow in opened.flows()} == {flow["name"] for flow in before} | {"planted"}


def test_its_form_is_not_judged(opened: Open) -> None:
    form = f'<form id="f" method="post" action="{opened.pages}check"><input name="text" value="TAO rose 3%"></form>'
    page = opened.tab.context.new_page()
    page.goto(opened.tab.url)
    page.evaluate("(form) => { document.body.innerHTML = form; }", form)
    with page.expect_navigation():
        page.evaluate("() => document.getElementById('f').submit()")
    assert "Only the page of this server may ask." in page.content()
    page.close()
