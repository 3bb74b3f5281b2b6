"""A text is pasted or dropped on a page of the server and comes back marked; nothing else can be done with it."""

import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dashboards.shell.site import build_site
from flows.serve.check import LARGEST_FORM
from flows.serve.web import HEADERS, pages_server
from flows.settings import Settings
from tests.builders import make_rows
from tests.dashboards.browser import open_browser, wait_until
from warehouse.store.connection import open_writer
from warehouse.store.publish import publish
from warehouse.tables.prices import ASSET, CANDLE, MARKET

START = datetime(2026, 6, 1, tzinfo=UTC)
RISES_AT = 24 * 13  # 100 before, 120 from 2026-06-14 00:00 on
SENTENCE = "TAO rose 20% this week."


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    found = Settings(tmp_path_factory.mktemp("home"), None, True, 5, None, None)
    market = {"market_id": "okx:TAO/USDT", "asset_id": "TAO", "exchange": "okx", "quote": "USDT", "is_registered": True}
    candles = []
    for hour in range(24 * 15):
        price = 120.0 if hour >= RISES_AT else 100.0
        prices = dict.fromkeys(("open_quote", "high_quote", "low_quote", "close_quote"), price)
        opened = START + timedelta(hours=hour)
        candles.append({"market_id": "okx:TAO/USDT", "timeframe": "1h", "open_time_utc": opened, **prices})
    with open_writer(found.warehouse_path, 1) as warehouse:
        for table, rows in ((ASSET, [{"asset_id": "TAO", "role": "ai_token"}]), (MARKET, [market]), (CANDLE, candles)):
            warehouse.merge(table, make_rows(table, *rows))
        publish(warehouse, found.warehouse_path, found.published_path)
    build_site(found.published_path, found.site_path, now=START)
    return found


@pytest.fixture(scope="module")
def address(settings: Settings) -> Iterator[str]:
    with pages_server(settings, 0) as found:
        yield found


def post(address: str, origin: str | None = None, **fields: str) -> tuple[int, str, dict[str, str]]:
    """What the form's address answers."""
    request = urllib.request.Request(f"{address}check", urllib.parse.urlencode(fields).encode(), method="POST")
    if origin is not None:
        request.add_header("Origin", origin)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode(), {k.lower(): v for k, v in answer.headers.items()}
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), {k.lower(): v for k, v in error.headers.items()}


def test_a_pasted_text_comes_back_marked_as_of_the_day_given_and_nothing_is_stored(
    address: str, settings: Settings
) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in settings.home.rglob("*") if path.is_file())
    code, body, headers = post(address, text=SENTENCE, said="2026-06-14")
    assert code == 200
    assert 'class="supported"' in body
    assert post(address, text=SENTENCE, said="2026-06-13")[1].count('class="not_supported"') > 0
    policy = HEADERS["Content-Security-Policy"].replace("form-action 'none'", "form-action 'self'")
    assert headers["content-security-policy"] == policy
    assert sorted((path, path.stat().st_mtime_ns) for path in settings.home.rglob("*") if path.is_file()) == before


def test_a_text_is_kept_where_the_form_asks_for_it_and_has_an_address_of_its_own(
    address: str, settings: Settings
) -> None:
    code, body, _ = post(address, text=SENTENCE, said="2026-06-14", keep="yes")
    assert code == 200
    [kept] = (settings.home / "checked").iterdir()
    assert kept.read_text(encoding="utf-8") == body
    with urllib.request.urlopen(f"{address}checked/{kept.name}", timeout=60) as answer:
        assert answer.read().decode() == body
    post(address, text=SENTENCE, said="2026-06-14", keep="yes")
    assert list((settings.home / "checked").iterdir()) == [kept]
    kept.unlink()
    kept.parent.rmdir()


def test_a_form_of_sentences_that_is_wrong_is_told_and_not_a_fault_of_the_server(
    address: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFTERSHOCK_HOME", str(settings.home))
    own = settings.home / "config" / "forms.toml"
    own.parent.mkdir()
    own.write_text('[[form]]\nid = "x"\n')
    code, body, _ = post(address, text=SENTENCE, said="2026-06-14")
    own.unlink()
    own.parent.rmdir()
    assert code == 400
    assert "forms.toml line" in body


def test_markup_in_a_text_stays_text(address: str) -> None:
    _, body, _ = post(address, text=f"<script>alert(1)</script> {SENTENCE}", said="2026-06-14")
    assert "<script>alert" not in body


def test_another_site_may_not_ask_and_a_page_of_ours_may(address: str) -> None:
    assert post(address, "https://evil.example", text=SENTENCE)[0] == 403
    assert post(address, "null", text=SENTENCE)[0] == 403
    assert post(address, address.rstrip("/"), text=SENTENCE, said="2026-06-14")[0] == 200


def test_what_is_no_article_is_refused_with_the_reason(address: str) -> None:
    assert post(address, text=" ")[:2] == (400, "The text is empty.")
    assert post(address, text="x" * LARGEST_FORM)[0] == 413
    code, body, _ = post(address, text=SENTENCE, said="Tuesday")
    assert code == 400
    assert "2026-06-16T12:00:00Z" in body


@pytest.mark.browser
def test_in_a_browser_a_dropped_file_fills_the_form_and_its_text_comes_back_marked(
    address: str, tmp_path: Path
) -> None:
    file = tmp_path / "article.txt"
    file.write_text(SENTENCE, encoding="utf-8")
    with open_browser() as browser:
        page = browser.new_page()
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text) if "Security Policy" in message.text else None)
        page.goto(f"{address}check")
        page.set_input_files("#check-file", str(file))
        wait_until(page, "document.getElementById('check-text').value.length > 0", "the file was not read")
        page.fill("#check-said", "2026-06-14")
        page.click("button[type=submit]")
        page.wait_for_selector("mark.supported")
        assert page.inner_text("mark.supported").startswith("TAO rose 20% this week")
        assert refused == []
