"""Headlines are read once, judged as of their publication, and judged again only when prices have come."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from flows.context import RunContext
from flows.settings import Settings
from flows.steps.press import ReadArchive, update_press
from tests.builders import make_rows
from warehouse.store.connection import open_writer
from warehouse.tables.news import ENTRY
from warehouse.tables.ops import RUN
from warehouse.tables.press import PRESS_CLAIM, PRESS_HEADLINE, PRESS_SUMMARY, PRESS_VERDICT
from warehouse.tables.prices import ASSET, CANDLE, MARKET

START = datetime(2026, 6, 1, tzinfo=UTC)
RISES_AT = 24 * 13  # TAO at 100 before, at 120 from 2026-06-14 00:00 on
PRINTED_AT = START + timedelta(hours=RISES_AT + 12)


@pytest.fixture
def context(tmp_path: Path) -> Iterator[RunContext]:
    settings = Settings(
        home=tmp_path,
        replay_url=None,
        is_offline=True,
        lock_deadline_seconds=1.0,
        plotly_js=None,
        prefect_api_url=None,
    )
    with open_writer(settings.warehouse_path, 1) as warehouse:
        warehouse.merge(ASSET, make_rows(ASSET, {"asset_id": "TAO", "role": "ai_token"}))
        market = {"market_id": "okx:TAO/USDT", "asset_id": "TAO", "exchange": "okx", "is_registered": True}
        warehouse.merge(MARKET, make_rows(MARKET, {**market, "contract_multiplier": 1.0}))
        for run_id, command in (("r1", "run"), ("i1", "import news")):
            warehouse.merge(RUN, make_rows(RUN, {"run_id": run_id, "command": command, "outcome": "done"}))
        context = RunContext(settings, warehouse, "r2", PRINTED_AT, lambda _: None)
        add_bars(context, 0, RISES_AT + 24)
        yield context


def add_bars(context: RunContext, first: int, last: int) -> None:
    """Hourly bars of TAO from hour `first` to hour `last` after START."""
    rows = []
    for hour in range(first, last):
        price = 120.0 if hour >= RISES_AT else 100.0
        prices = dict.fromkeys(("open_quote", "high_quote", "low_quote", "close_quote"), price)
        opened = START + timedelta(hours=hour)
        rows.append({"market_id": "okx:TAO/USDT", "timeframe": "1h", "open_time_utc": opened, **prices})
    context.warehouse.merge(CANDLE, make_rows(CANDLE, *rows))


def add_headline(context: RunContext, entry_id: str, title: str, **keys: object) -> None:
    """A headline of a run, printed when TAO has risen by a fifth."""
    row = {
        "entry_id": entry_id,
        "outlet": "press.example",
        "title": title,
        "time_basis": "publisher",
        "published_at_utc": PRINTED_AT,
        "first_seen_at_utc": PRINTED_AT,
        "title_version": 1,
        "run_id": "r1",
        **keys,
    }
    context.warehouse.merge(ENTRY, make_rows(ENTRY, row))


def verdicts(context: RunContext) -> dict[str, str]:
    """The verdict on each statement by the headline it stands in."""
    frame = context.warehouse.frame(PRESS_VERDICT)
    return dict(frame.select("entry_id", "verdict").iter_rows())


def test_a_sure_statement_is_judged_at_its_publication_and_summed_up(context: RunContext) -> None:
    add_headline(context, "a", "TAO rises 20%")
    add_headline(context, "b", "TAO falls 20%")
    add_headline(context, "c", "Senate passes a bill on TAO staking")
    report = update_press(context)
    assert verdicts(context) == {"a": "supported", "b": "not_supported"}
    assert "3 headlines read, 2 statements found, 2 sure ones judged" in report.detail
    parts = context.warehouse.frame(PRESS_SUMMARY).select("part", "value").rows()
    assert {("outlet", "press.example"), ("asset", "TAO"), ("kind", "percent_move"), ("month", "2026-06")} < set(parts)
    total = context.warehouse.frame(PRESS_SUMMARY).filter(pl.col("part") == "all").row(0, named=True)
    assert (total["n_statements"], total["n_told"], total["n_days"], total["n_supported"]) == (2, 2, 1, 1)
    assert total["share_reproduced"] == pytest.approx(0.5)
    assert total["lower_95"] < 0.1  # one day of one asset is one observation
    assert total["upper_95"] > 0.9


def test_a_bar_that_closes_after_publication_supports_nothing(context: RunContext) -> None:
    early = START + timedelta(hours=RISES_AT - 1)
    add_headline(context, "a", "TAO rises 20%", published_at_utc=early)
    update_press(context)
    assert verdicts(context) == {"a": "not_supported"}


def test_a_run_reads_what_runs_fetched_and_leaves_an_imported_archive_to_the_pass_over_it(context: RunContext) -> None:
    add_headline(context, "a", "TAO rises 20%", run_id="i1")
    assert update_press(context).n_changed == 0
    assert verdicts(context) == {}
    assert ReadArchive()(context).n_changed > 0
    assert verdicts(context) == {"a": "supported"}
    assert ReadArchive()(context).detail == "no new headline to read"


def test_a_second_run_reads_only_what_is_new_and_keeps_the_rest(context: RunContext) -> None:
    add_headline(context, "a", "TAO rises 20%")
    update_press(context)
    assert update_press(context).detail == "no new headline to read"
    add_headline(context, "b", "TAO jumps to $120")
    assert "1 headline read" in update_press(context).detail
    assert verdicts(context) == {"a": "supported", "b": "supported"}
    assert sorted(context.warehouse.frame(PRESS_HEADLINE)["entry_id"]) == ["a", "b"]


def test_a_headline_later_than_the_tape_is_judged_again_when_prices_have_come(context: RunContext) -> None:
    late = START + timedelta(hours=RISES_AT + 40)
    add_headline(context, "a", "TAO holds above $110", published_at_utc=late)
    update_press(context)
    assert verdicts(context) == {"a": "cannot_be_told"}
    assert update_press(context).detail == "no new headline to read"
    add_bars(context, RISES_AT + 24, RISES_AT + 44)
    update_press(context)
    assert verdicts(context) == {"a": "supported"}


def test_only_headlines_whose_publisher_says_when_count_and_mirrors_of_one_count_once(context: RunContext) -> None:
    add_headline(context, "a", "TAO rises 20%")
    add_headline(context, "b", "TAO rises 20%", published_at_utc=PRINTED_AT + timedelta(hours=1))
    add_headline(context, "c", "TAO up 20%", time_basis="crawl")
    add_headline(context, "d", "TAO gains 20%", published_at_utc=None)
    update_press(context)
    assert set(verdicts(context)) == {"a"}


def test_a_revised_title_is_said_when_it_was_first_seen(context: RunContext) -> None:
    early = START + timedelta(hours=RISES_AT - 1)
    add_headline(context, "a", "TAO rises 20%", published_at_utc=early, title_version=2)
    update_press(context)
    claims = context.warehouse.frame(PRESS_CLAIM)
    assert claims["said_at_utc"].to_list() == [PRINTED_AT]
    assert verdicts(context) == {"a": "supported"}


def test_an_unsure_statement_is_kept_without_a_verdict(context: RunContext) -> None:
    add_headline(context, "a", "Whale moves made TAO fans cheer as it jumps 20%")
    update_press(context)
    claims = context.warehouse.frame(PRESS_CLAIM)
    sure = set(claims.filter("is_sure")["press_claim_id"])
    assert set(context.warehouse.frame(PRESS_VERDICT)["press_claim_id"]) == sure
