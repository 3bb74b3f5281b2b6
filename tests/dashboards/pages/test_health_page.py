"""The health page lists sources by what they answered, those never asked folded away."""

from datetime import UTC, datetime

from dashboards.marks import bare
from dashboards.pages.health import compose_health
from dashboards.shell.frames import Frames
from tests.builders import make_rows
from warehouse.tables.news import FEED, FETCH
from warehouse.tables.ops import CHECK_RESULT

AT = datetime(2026, 6, 12, 12, 0, tzinfo=UTC)


def feed(feed_id):
    return {"feed_id": feed_id, "title": f"Feed {feed_id}", "category": "lab", "url": "https://example.org/"}


def body_of(feeds, fetches):
    frames = {FEED.name: make_rows(FEED, *feeds), FETCH.name: make_rows(FETCH, *fetches)}
    return bare(compose_health(Frames(frames)).body)


def test_a_source_that_was_never_asked_is_folded_under_those_that_were():
    attempt = {"source_id": "a", "attempted_at_utc": AT, "outcome": "error", "detail": "refused"}
    body = body_of([feed("a"), feed("b")], [attempt])
    table, folded = body.split('id="feeds-table"')[1].split("<details>", 1)
    assert "Feed a" in table
    assert "✕ refused" in table
    assert "Feed b" not in table
    assert "1 source not asked yet" in folded
    assert "Feed b" in folded


def test_a_check_that_offends_keeps_its_row_of_data_folded():
    found = {"check_id": "c", "description": "it holds", "n_offending": 2, "severity": "warning"}
    checks = make_rows(CHECK_RESULT, {**found, "example_json": '[{"market_id":"m"}]'})
    body = bare(compose_health(Frames({CHECK_RESULT.name: checks})).body)
    said = body.split('id="checks-table"')[1].split("! warning")[1]
    assert said.startswith(" <details><summary>An offending row</summary><code>[{")
    assert said.index("market_id") < said.index("</details>")


def test_before_any_network_run_the_place_of_the_table_says_what_to_do():
    body = body_of([feed("a"), feed("b")], [])
    assert "2 sources: 0 answer, 0 fail, 2 not asked yet." in body
    assert "aftershock run" in body
    assert 'id="feeds-table"' not in body
