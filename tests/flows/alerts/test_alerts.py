"""People are told once, of what is new, within their bounds, and at hours that suit them."""

from __future__ import annotations

import json
import threading
from base64 import b64decode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dashboards.shell.page import event_path, picture_path
from dashboards.shell.share import Shared
from flows.alerts.delivery import GIVE_UP_AFTER, deliver, greet
from flows.alerts.noticing import MOVE_AGE, NEWS_AGE, notice
from flows.alerts.rules import AlertRule
from warehouse.store.connection import Warehouse, open_writer
from warehouse.tables.claims import CLAIM_VERDICT
from warehouse.tables.contract import Table
from warehouse.tables.moves import LATEST_MOVE, UNEXPLAINED_MOVE
from warehouse.tables.news import EVENT, FETCH
from warehouse.tables.ops import CHECK_RESULT, NOTIFICATION, RUN

NOW = datetime(2026, 6, 13, 2, tzinfo=UTC)
NO_SITE = Path("nowhere")


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    monkeypatch.setenv("TO_ME", "json://nowhere")
    with open_writer(tmp_path / "warehouse.duckdb", 1) as writer:
        yield writer


class Post:
    """Stands in for the address; refuses while it is told to."""

    def __init__(self) -> None:
        self.sent: list[Mapping[str, Any]] = []
        self.refusal: str | None = None

    def __call__(self, _address: str, row: Mapping[str, Any]) -> str | None:
        if self.refusal is None:
            self.sent.append(row)
        return self.refusal

    @property
    def subjects(self) -> list[str]:
        return [row["subject"] for row in self.sent]


def make_rule(**changes: Any) -> AlertRule:
    return AlertRule.model_validate({"id": "mine", "to": "TO_ME", **changes})


def make_row(table: Table, **values: object) -> pl.DataFrame:
    """A row of a table: what is not named is null, or empty where it may not be."""
    empty = {pl.String: "x", pl.Int64: 0, pl.Float64: 0.0, pl.Boolean: False}
    row = {
        column.name: values.get(
            column.name,
            None if column.is_nullable else empty.get(column.dtype, NOW),  # type: ignore[call-overload]
        )
        for column in table.columns
    }
    return pl.DataFrame([row], schema=table.schema)


def add_event(warehouse: Warehouse, event_id: str, at: datetime = NOW, **values: object) -> None:
    known = {"status": "confirmed", "origin": "detected", "category": "outage", "n_outlets": 3, "severity": 2, **values}
    row = make_row(EVENT, event_id=event_id, title=f"{event_id} happened", best_at_utc=at, **known)
    warehouse.merge(EVENT, row)


def add_move(warehouse: Warehouse, beyond: float, at: datetime = NOW) -> None:
    row = make_row(
        LATEST_MOVE,
        asset_id="TAO",
        abnormal_return=beyond,
        ordinary_lower=-0.08,
        ordinary_upper=0.08,
        n_as_large=1,
        n_windows=300,
        data_as_of_utc=at,
    )
    warehouse.merge(LATEST_MOVE, row)


def begin(warehouse: Warehouse, rule: AlertRule) -> None:
    notice(warehouse, [rule], NOW - timedelta(days=1))


def test_what_stands_when_a_rule_begins_is_not_told_and_what_comes_later_is(warehouse: Warehouse) -> None:
    rule, post = make_rule(), Post()
    add_event(warehouse, "old", NOW - timedelta(days=2))
    begin(warehouse, rule)
    add_event(warehouse, "new")
    assert notice(warehouse, [rule], NOW) == 1
    assert deliver(warehouse, [rule], NOW, NO_SITE, post).n_sent == 1
    assert post.subjects == ["new"]


def test_numbers_are_written_as_the_rule_says_and_nothing_else_is(warehouse: Warehouse) -> None:
    rules = [make_rule(id="here", numbers="15,5 %"), make_rule(id="there")]
    for rule in rules:
        begin(warehouse, rule)
    add_move(warehouse, 0.155)
    notice(warehouse, rules, NOW)
    told = {row["rule_id"]: row for row in warehouse.frame(NOTIFICATION, "kind = 'move'").to_dicts()}
    assert told["there"]["title"] == "TAO +15.5% beyond Bitcoin in 24 hours"
    assert told["here"]["title"] == "TAO +15,5\u202f% beyond Bitcoin in 24 hours"
    assert "between −8,0\u202f% and +8,0\u202f% in 95 of 100 cases; 1 of 300 were as large." in told["here"]["body"]
    assert told["here"]["body"].rpartition("Closes")[2] == told["there"]["body"].rpartition("Closes")[2]


def test_a_sentence_of_numbers_is_written_as_the_rule_says(warehouse: Warehouse) -> None:
    rule = make_rule(numbers="15,5 %", kinds=("verdict",))
    begin(warehouse, rule)
    said = "TAO rose 15.5% ($1,212.36 to $245) in the 12 h to 13 Jun 2026 11:56 UTC, 24% more. Opus 4.8 was out."
    known = {"claim_id": "c", "verdict": "overstated", "quote": "TAO rose 30%.", "closest_true_statement": said}
    warehouse.merge(CLAIM_VERDICT, make_row(CLAIM_VERDICT, data_as_of_utc=NOW, window_to_utc=NOW, **known))
    notice(warehouse, [rule], NOW)
    row = warehouse.frame(NOTIFICATION, "kind = 'verdict'").row(0, named=True)
    assert row["title"] == "Claim overstated: “TAO rose 30%.”"
    assert row["body"].startswith(
        "TAO rose 15,5\u202f% ($1.212,36 to $245) in the 12 h to 13 Jun 2026 11:56 UTC, 24\u202f% more."
    )


def test_nothing_is_told_twice_not_after_a_restart_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TO_ME", "json://nowhere")
    rule, post = make_rule(), Post()
    for hour in range(4):
        with open_writer(tmp_path / "warehouse.duckdb", 1) as warehouse:
            if hour == 0:
                begin(warehouse, rule)
            add_event(warehouse, "new")
            notice(warehouse, [rule], NOW + timedelta(hours=hour))
            deliver(warehouse, [rule], NOW + timedelta(hours=hour), NO_SITE, post)
    assert post.subjects == ["new"]


def test_a_message_that_a_dead_process_may_have_sent_is_not_sent_again(warehouse: Warehouse) -> None:
    rule, post = make_rule(), Post()
    begin(warehouse, rule)
    add_event(warehouse, "new")
    notice(warehouse, [rule], NOW)

    def die(_address: str, _row: Mapping[str, Any]) -> str | None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliver(warehouse, [rule], NOW, NO_SITE, die)
    assert deliver(warehouse, [rule], NOW, NO_SITE, post).n_sent == 0
    assert warehouse.frame(NOTIFICATION, "subject = 'new'")["state"].to_list() == ["uncertain"]


def test_an_address_that_fails_is_tried_again_and_given_up_after_a_day(warehouse: Warehouse) -> None:
    rule, post = make_rule(), Post()
    begin(warehouse, rule)
    add_event(warehouse, "new")
    notice(warehouse, [rule], NOW)
    post.refusal = "refused"
    assert deliver(warehouse, [rule], NOW, NO_SITE, post).problems == (
        "notification rule mine: refused; try it with aftershock notify test mine",
    )
    post.refusal = None
    later = NOW + timedelta(minutes=2)
    assert deliver(warehouse, [rule], later, NO_SITE, post).n_sent == 1
    add_event(warehouse, "second")
    notice(warehouse, [rule], NOW)
    assert deliver(warehouse, [rule], NOW + GIVE_UP_AFTER + timedelta(seconds=1), NO_SITE, post).n_sent == 0
    assert warehouse.frame(NOTIFICATION, "subject = 'second'")["state"].to_list() == ["failed"]


@pytest.mark.parametrize(
    ("hour", "is_quiet"), [(20, False), (21, True), (23, True), (3, True), (4, False), (12, False)]
)
def test_quiet_hours_pass_midnight_in_their_own_zone(hour: int, is_quiet: bool) -> None:
    rule = make_rule(quiet_from="23:00", quiet_until="06:00", zone="Europe/Berlin")  # 21:00 to 04:00 UTC in summer
    assert rule.is_quiet(datetime(2026, 6, 13, hour, tzinfo=UTC)) is is_quiet


def test_what_comes_in_quiet_hours_waits_for_their_end(warehouse: Warehouse) -> None:
    rule, post = make_rule(quiet_from="01:00", quiet_until="06:00"), Post()
    begin(warehouse, rule)
    add_event(warehouse, "new")
    notice(warehouse, [rule], NOW)
    assert deliver(warehouse, [rule], NOW, NO_SITE, post).n_sent == 0
    assert deliver(warehouse, [rule], NOW + timedelta(hours=4), NO_SITE, post).n_sent == 1


def test_a_rule_sends_no_more_than_it_may_in_an_hour(warehouse: Warehouse) -> None:
    rule, post = make_rule(most_per_hour=2), Post()
    begin(warehouse, rule)
    for number in range(5):
        add_event(warehouse, f"event-{number}")
    notice(warehouse, [rule], NOW)
    sent = [deliver(warehouse, [rule], NOW + timedelta(minutes=m), NO_SITE, post).n_sent for m in (0, 30, 59, 60, 120)]
    assert sent == [2, 0, 0, 2, 1]
    assert len(set(post.subjects)) == 5


@pytest.mark.parametrize(
    ("changes", "event", "is_told"),
    [
        ({"categories": ("outage",)}, {"category": "outage"}, True),
        ({"categories": ("outage",)}, {"category": "court_case"}, False),
        ({"least_outlets": 4}, {"n_outlets": 3}, False),
        ({"least_outlets": 4}, {"n_outlets": 4}, True),
        ({"least_outlets": 4}, {"n_outlets": 3, "origin": "ledger"}, True),
        ({}, {"origin": "incident", "n_outlets": 1, "severity": 1}, False),
        ({"least_severity": 1}, {"origin": "incident", "n_outlets": 1, "severity": 1}, True),
        ({}, {"origin": "ledger", "severity": None}, True),
        ({}, {"status": "rejected"}, False),
        ({}, {"at": NOW - NEWS_AGE - timedelta(hours=1)}, False),
        ({}, {"at": NOW + timedelta(hours=1)}, False),
        ({"kinds": ("verdict", "move")}, {}, False),
    ],
)
def test_an_event_is_told_within_the_bounds_of_the_rule(
    warehouse: Warehouse, changes: dict[str, object], event: dict[str, Any], is_told: bool
) -> None:
    rule = make_rule(**changes)
    begin(warehouse, rule)
    add_event(warehouse, "new", **event)
    assert (notice(warehouse, [rule], NOW) == 1) is is_told


# The ordinary range is 8 % either way.
@pytest.mark.parametrize(
    ("least_move", "beyond", "age_hours", "is_told"),
    [
        *[(0.1, 0.12, 1, True), (0.1, -0.12, 1, True), (0.1, 0.1, 1, True)],
        *[(0.1, 0.09, 1, False), (0.1, 0.12, 7, False)],
        *[(0.05, 0.08, 1, False), (0.05, -0.08, 1, False), (0.05, 0.081, 1, True), (0.05, -0.081, 1, True)],
    ],
)
def test_a_move_is_told_from_its_bound_on_outside_the_ordinary_range_and_while_it_is_fresh(
    warehouse: Warehouse, least_move: float, beyond: float, age_hours: int, is_told: bool
) -> None:
    rule = make_rule(kinds=("move",), least_move=least_move)
    begin(warehouse, rule)
    add_move(warehouse, beyond, NOW - timedelta(hours=age_hours))
    assert (notice(warehouse, [rule], NOW) == 1) is is_told


@pytest.mark.parametrize(("minutes", "is_told"), [(0, True), (1, False)])
def test_a_source_is_told_from_the_silence_on_that_the_rule_names(
    warehouse: Warehouse, minutes: int, is_told: bool
) -> None:
    for at, n_failures in ((NOW - timedelta(hours=24) + timedelta(minutes=minutes), 0), (NOW, 1)):
        warehouse.merge(FETCH, make_row(FETCH, source_id="feed", attempted_at_utc=at, n_failures=n_failures))
    assert (notice(warehouse, [make_rule(silent_hours=24.0)], NOW) == 1) is is_told


def test_a_move_is_told_once_a_day_and_again_when_it_turns(warehouse: Warehouse) -> None:
    rule = make_rule(kinds=("move",))
    begin(warehouse, rule)
    told = []
    for beyond in (0.12, 0.15, -0.2):
        add_move(warehouse, beyond)
        told.append(notice(warehouse, [rule], NOW))
    assert told == [1, 0, 1]


def add_unexplained(warehouse: Warehouse, state: str = "open", at: datetime = NOW, number: int = 1) -> None:
    warehouse.merge(
        UNEXPLAINED_MOVE,
        make_row(
            UNEXPLAINED_MOVE,
            asset_id="TAO",
            week_from_utc=NOW - timedelta(days=1),
            move_number=number,
            state=state,
            opened_at_utc=at,
        ),
    )


def test_a_move_without_news_is_told_once_while_it_is_open_and_fresh(warehouse: Warehouse) -> None:
    rule, post = make_rule(kinds=("unexplained",)), Post()
    begin(warehouse, rule)
    add_unexplained(warehouse, at=NOW - MOVE_AGE)
    assert notice(warehouse, [rule], NOW) == 0
    add_unexplained(warehouse, "explained", number=2)
    assert notice(warehouse, [rule], NOW) == 0
    add_unexplained(warehouse, number=3)
    # The same move with a bar more, and again when its headline has come.
    for later in (0, 5, 10):
        add_unexplained(warehouse, "open" if later < 10 else "explained", NOW, 3)
        notice(warehouse, [rule], NOW + timedelta(minutes=later))
        deliver(warehouse, [rule], NOW + timedelta(minutes=later), NO_SITE, post)
    assert [subject.rpartition(" ")[2] for subject in post.subjects] == ["3"]


def test_failing_sources_checks_and_runs_are_told_even_when_a_rule_begins(warehouse: Warehouse) -> None:
    rule, post = make_rule(silent_hours=24.0), Post()
    for hours, n_failures in ((30, 0), (1, 5)):
        at = NOW - timedelta(hours=hours)
        warehouse.merge(FETCH, make_row(FETCH, source_id="feed", attempted_at_utc=at, n_failures=n_failures))
    warehouse.merge(FETCH, make_row(FETCH, source_id="short", attempted_at_utc=NOW, n_failures=1))
    warehouse.merge(CHECK_RESULT, make_row(CHECK_RESULT, check_id="bad", severity="error", n_offending=2))
    warehouse.merge(CHECK_RESULT, make_row(CHECK_RESULT, check_id="odd", severity="warning", n_offending=2))
    warehouse.merge(RUN, make_row(RUN, run_id="r1", outcome="killed", started_at_utc=NOW))
    warehouse.merge(RUN, make_row(RUN, run_id="r2", outcome="done", started_at_utc=NOW))
    notice(warehouse, [rule], NOW)
    deliver(warehouse, [rule], NOW, NO_SITE, post)
    assert sorted(row["kind"] for row in post.sent) == ["check", "run", "source"]
    assert {row["title"] for row in post.sent} >= {"Source feed has been silent for 30 h", "Run r1 killed"}


def test_a_missing_secret_is_a_problem_that_names_the_variable_alone(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = make_rule()
    begin(warehouse, rule)
    add_event(warehouse, "new")
    notice(warehouse, [rule], NOW)
    monkeypatch.delenv("TO_ME")
    assert deliver(warehouse, [rule], NOW, NO_SITE).problems == (
        "notification rule mine: the environment has no TO_ME, so 1 notification wait",
    )


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """A webhook on loopback; what it got."""
    got: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return None

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("TO_HOOK", f"json://127.0.0.1:{server.server_port}/hook")
    yield got
    server.shutdown()
    server.server_close()


def test_a_webhook_gets_the_documented_fields(warehouse: Warehouse, receiver: list[dict[str, Any]]) -> None:
    rule = make_rule(to="TO_HOOK", pages="http://127.0.0.1:8765/")
    begin(warehouse, rule)
    add_event(warehouse, "new")
    notice(warehouse, [rule], NOW)
    assert deliver(warehouse, [rule], NOW, NO_SITE).problems == ()
    [payload] = receiver
    assert payload["title"] == "new happened"
    assert payload["kind"] == "event"
    assert payload["subject"] == "new"
    assert payload["link"] == "http://127.0.0.1:8765/events/new.html"
    assert payload["figure"] == "http://127.0.0.1:8765/events/new.html?frame=car"
    assert payload["figure"] in payload["message"]
    assert payload["link"] in payload["message"]
    assert payload["noticed_at_utc"] == "2026-06-13T02:00:00+00:00"
    assert payload["id"] == warehouse.frame(NOTIFICATION, "subject = 'new'")["notification_id"].item()


def test_the_picture_of_a_page_goes_with_it_where_one_is_drawn(
    warehouse: Warehouse, receiver: list[dict[str, Any]], tmp_path: Path
) -> None:
    rule = make_rule(to="TO_HOOK")
    begin(warehouse, rule)
    paths = {name: picture_path(event_path(name)) for name in ("drawn", "stale")}
    for path in paths.values():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"a picture")
    # One waits to be drawn again: its numbers are not those of the page.
    Shared("https://desk.example", {paths["drawn"]: "what it shows", paths["stale"]: ""}).write(tmp_path)
    for name in ("drawn", "stale", "plain"):
        add_event(warehouse, name)
    notice(warehouse, [rule], NOW)
    assert deliver(warehouse, [rule], NOW, tmp_path).n_sent == 3
    sent = {payload["subject"]: payload["attachments"] for payload in receiver}
    assert b64decode(sent["drawn"][0]["base64"]) == b"a picture"
    assert sent["plain"] == sent["stale"] == []


def test_a_greeting_reaches_each_address_and_names_those_it_does_not(
    receiver: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TO_DEAD", "json://127.0.0.1:1/secret-token")
    rules = [make_rule(to="TO_HOOK"), make_rule(id="dead", to="TO_DEAD"), make_rule(id="none", to="TO_NOBODY")]
    problems = greet(rules, NOW)
    assert [payload["title"] for payload in receiver] == ["Aftershock can reach you"]
    assert set(problems) == {"dead", "none"}
    assert "secret-token" not in problems["dead"]
