"""`aftershock factcheck` judges a sentence, a page, a batch of lines, and scores itself."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from flows.cli import app, register_commands
from flows.errors import CommandError
from flows.steps.claims import read_claim_file
from tests.builders import make_rows
from warehouse.config import ConfigError
from warehouse.store.connection import open_writer
from warehouse.store.publish import publish
from warehouse.tables.news import EVENT
from warehouse.tables.prices import ASSET, CANDLE, MARKET

START = datetime(2026, 6, 1, tzinfo=UTC)
N_HOURS = 24 * 15
RISES_AT = 24 * 13  # 100 before, 120 from 2026-06-14 00:00 on
SENTENCE = "TAO rose 20% this week."


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    path = folder / "warehouse.duckdb"
    market = {"market_id": "okx:TAO/USDT", "asset_id": "TAO", "exchange": "okx", "quote": "USDT", "is_registered": True}
    candles = []
    for hour in range(N_HOURS):
        price = 120.0 if hour >= RISES_AT else 100.0
        prices = dict.fromkeys(("open_quote", "high_quote", "low_quote", "close_quote"), price)
        opened = START + timedelta(hours=hour)
        candles.append({"market_id": "okx:TAO/USDT", "timeframe": "1h", "open_time_utc": opened, **prices})
    with open_writer(path, 1) as warehouse:
        event = {"event_id": "2026-06-13-us-restriction", "best_at_utc": START + timedelta(days=12, hours=20)}
        event |= {"origin": "ledger", "title": "US restriction", "category": "x", "entities": ""}
        asset = {"asset_id": "TAO", "role": "ai_token"}
        for table, rows in ((ASSET, [asset]), (MARKET, [market]), (CANDLE, candles), (EVENT, [event])):
            warehouse.merge(table, make_rows(table, *rows))
        publish(warehouse, path, folder / "aftershock.duckdb")
    return folder


def call(home: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str, given: str | None = None) -> Result:
    if not app.registered_commands:
        register_commands()
    monkeypatch.setenv("AFTERSHOCK_HOME", str(home))
    return CliRunner().invoke(app, ["factcheck", *arguments], input=given)


def test_a_sentence_gets_its_verdict(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = call(home, monkeypatch, SENTENCE, "--said", "2026-06-14").stdout
    assert printed.startswith("supported: “TAO rose 20% this week” TAO")


def test_months_later_an_event_that_is_named_is_found_and_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "TAO rose 20% within 12 hours of the US restriction."
    printed = call(home, monkeypatch, text, "--said", "2026-12-01").stdout
    assert printed.startswith("supported: “TAO rose 20% within 12 hours” TAO")
    assert "Counted from the event 2026-06-13-us-restriction, 13 Jun 2026 20:00 UTC." in printed
    assert "--said" not in printed


@pytest.mark.parametrize("text", ["TAO rose 20%.", "TAO rose 20% within 12 hours of the vote."])
def test_what_is_said_long_after_the_last_price_is_answered_with_how_to_say_when(
    home: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    assert "--said 2026-06-16" in call(home, monkeypatch, text, "--said", "2026-12-01").stdout
    assert "--said" not in call(home, monkeypatch, text, "--said", "2026-06-14").stdout


def test_standard_input_is_read_like_a_file(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "article.txt"
    file.write_text(SENTENCE, encoding="utf-8")
    arguments = ("--said", "2026-06-14", "--format", "json")
    from_file = json.loads(call(home, monkeypatch, str(file), *arguments).stdout)
    assert from_file == json.loads(call(home, monkeypatch, "-", *arguments, given=SENTENCE).stdout)
    assert from_file["said_at_utc"] == "2026-06-14T23:59:59Z"
    assert [item["verdict"] for item in from_file["statements"]] == ["supported"]


def test_what_was_read_is_a_claim_file_that_says_the_same(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = (
        "TAO more than doubled in May. TAO rose 30% this week to $77,000, a three-week high, and is 5% below its peak."
    )
    printed = call(home, monkeypatch, text, "--said", "2026-06-14", "--format", "toml").stdout
    file = tmp_path / "claims.toml"
    file.write_text(printed, encoding="utf-8")
    claims = {str(claim.kind): claim.model_dump() for claim in read_claim_file(file)}
    assert claims["multiple"]["factor"] == 2.0
    assert (claims["percent_move"]["size"], claims["percent_move"]["window"]) == (0.3, "this_week")
    assert claims["level_crossed"]["price"] == 77000.0
    assert claims["n_period_extreme"]["period"] == "P3W"
    assert claims["drawdown"]["size"] == 0.05


def test_nothing_after_it_was_said_supports_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = json.loads(call(home, monkeypatch, SENTENCE, "--said", "2026-06-12", "--format", "json").stdout)
    assert [item["verdict"] for item in document["statements"]] == ["not_supported"]


def test_each_line_of_a_batch_gets_a_line_with_its_id(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    batch = tmp_path / "batch.jsonl"
    rows = [
        {"id": "a", "text": SENTENCE, "said_at_utc": "2026-06-14T23:00:00Z"},
        {"id": "b", "text": "Will TAO rise 20%?", "said_at_utc": "2026-06-14"},
    ]
    batch.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    answers = [json.loads(line) for line in call(home, monkeypatch, "--batch", str(batch)).stdout.splitlines()]
    assert [(answer["id"], len(answer["statements"])) for answer in answers] == [("a", 1), ("b", 0)]
    assert answers[1]["not_judged"][0]["reason"] == "question"


def test_a_gold_file_is_scored(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gold = {
        "asset": "TAO", "scope": "registry", "kind": "percent_move", "direction": "up", "size": 0.2, "price": None,
        "price_high": None, "comparator": "exact", "window": "this_week", "span": [0, 22], "is_past_statement": True,
        "truth": {"judgement": "true"},
    }  # fmt: skip
    file = tmp_path / "gold.jsonl"
    row = {"id": "a", "text": SENTENCE, "published_utc": "2026-06-14T23:00:00Z", "statements": [gold]}
    file.write_text(json.dumps(row), encoding="utf-8")
    printed = call(home, monkeypatch, "--score", str(file)).stdout
    assert [line.split()[2] for line in printed.splitlines() if line.startswith(("recall", "verdict"))] == ["1", "1"]


@pytest.mark.parametrize("name", ["missing.txt", "not.txt"])
def test_a_file_that_is_no_text_ends_with_2(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    (tmp_path / "not.txt").write_bytes(b"\xff\xfe\x00")
    error = call(home, monkeypatch, str(tmp_path / name)).exception
    assert isinstance(error, CommandError)
    assert error.exit_code == 2


def test_an_empty_text_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert call(home, monkeypatch, " ").exit_code == 2
    assert call(home, monkeypatch).exit_code == 2


FORM = """
[words]
LEVITATE = "levitated"
[[form]]
id = "levitate"
kind = "percent_move"
direction = "up"
pattern = 'LEVITATE FILL{0,2} PERCENT'
examples = ["TAO levitated 20% -> TAO percent_move up 0.2"]
counter_examples = ["TAO levitated its fees"]
"""


@pytest.fixture
def own_forms(home: Path) -> Iterator[Path]:
    path = home / "config" / "forms.toml"
    path.parent.mkdir()
    path.write_text(FORM)
    yield path
    path.unlink()
    path.parent.rmdir()


def test_a_form_of_ones_own_is_read_and_judged(home: Path, own_forms: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = call(home, monkeypatch, "TAO levitated 20% this week.", "--said", "2026-06-14", "--format", "json")
    [statement] = json.loads(result.stdout)["statements"]
    assert (statement["kind"], statement["size"], statement["verdict"]) == ("percent_move", 0.2, "supported")


def test_a_form_that_does_not_read_its_example_stops_with_file_form_and_example(
    home: Path, own_forms: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_forms.write_text(FORM.replace("up 0.2", "down 0.2"))
    result = call(home, monkeypatch, SENTENCE, "--said", "2026-06-14")
    assert isinstance(result.exception, ConfigError)
    for part in (str(own_forms), "form 'levitate'", "'TAO levitated 20%' is not read by this form"):
        assert part in str(result.exception)


def test_the_bars_behind_each_statement_come_as_csv(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = call(home, monkeypatch, "TAO rose 20% in 3 hours.", "--said", "2026-06-14T01:00:00Z", "--format", "csv")
    lines = result.stdout.splitlines()
    assert lines[0].startswith("statement_id,asset_id,market_id,timeframe,close_time_utc")
    assert [line.rsplit(",", 1)[1] for line in lines[1:]] == ["100.0", "100.0", "100.0", "120.0"]


def test_the_answer_says_which_bars_and_until_when(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = json.loads(call(home, monkeypatch, SENTENCE, "--said", "2026-06-14", "--format", "json").stdout)
    assert {"run_id", "data_as_of_utc"} <= set(document)
    [statement] = document["statements"]
    assert statement["timeframe"] == "1h"
    assert {"elsewhere", "comparable", "venues"} <= set(statement)
