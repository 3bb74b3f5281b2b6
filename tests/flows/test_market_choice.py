"""The market that stands for an asset is decided once and read by pages, claims and SQL alike."""

from collections.abc import Iterator

import polars as pl
import pytest

from dashboards.findings.readings import read_reactions
from dashboards.shell.frames import Frames
from flows.context import RunContext
from flows.steps.claims import update_claims
from flows.steps.studies import update_studies
from flows.summary import EPISODE_EVENT_ID, HEADLINE_CLAIM_ID
from tests.flows.shipped import open_shipped
from warehouse.store.connection import Warehouse
from warehouse.tables.choice import ANY_TIMEFRAME, MARKET_CHOICE, RECORD
from warehouse.tables.claims import CLAIM_READING, CLAIM_VERDICT
from warehouse.tables.news import EVENT
from warehouse.tables.prices import CANDLE, MARKET
from warehouse.tables.studies import PLACEBO, STUDY_RESULT

TOKEN = "TAO"
# A venue that comes before the shipped one by name and after it in the order of venues, with the same bars.
TWIN_VENUE = "aaa"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunContext]:
    with open_shipped(tmp_path_factory.mktemp("home")) as context:
        _add_twin(context.warehouse)
        update_studies(context)
        update_claims(context)
        yield context


def _add_twin(warehouse: Warehouse) -> None:
    own = pl.col("market_id").str.contains(":(TAO|BTC)/")
    renamed = pl.col("market_id").str.replace("^binanceusdm", TWIN_VENUE)
    warehouse.merge(CANDLE, warehouse.frame(CANDLE).filter(own).with_columns(renamed))
    warehouse.merge(
        MARKET, warehouse.frame(MARKET).filter(own).with_columns(renamed, pl.lit(TWIN_VENUE).alias("exchange"))
    )


def chosen_at_june(warehouse: Warehouse) -> str:
    rows = warehouse.frame(
        MARKET_CHOICE, where="event_id = $event_id and purpose = 'reaction'", event_id=EPISODE_EVENT_ID
    )
    return str(rows.filter(pl.col("asset_id") == TOKEN)["market_id"].item())


def test_page_claim_and_summary_of_june_2026_stand_on_the_chosen_market(run: RunContext) -> None:
    warehouse = run.warehouse
    market_id = chosen_at_june(warehouse)
    assert market_id == "binanceusdm:TAO/USDT:USDT"

    tables = (EVENT, MARKET, STUDY_RESULT, PLACEBO, MARKET_CHOICE)
    frames = Frames({table.name: warehouse.frame(table) for table in tables})
    on_page = {reaction.asset_id: reaction.market_id for reaction in read_reactions(frames)[EPISODE_EVENT_ID]}
    assert on_page[TOKEN] == market_id

    printed = warehouse.query("reaction_summary", event_id=EPISODE_EVENT_ID).filter(pl.col("asset_id") == TOKEN)
    assert set(printed["market_id"]) == {market_id}

    verdicts = warehouse.frame(CLAIM_VERDICT, where="claim_id = $claim_id", claim_id=HEADLINE_CLAIM_ID)
    readings = warehouse.frame(CLAIM_READING, where="claim_id = $claim_id", claim_id=HEADLINE_CLAIM_ID)
    assert verdicts["venue"].to_list() == [market_id]
    beside = readings.filter(pl.col("weight") == "venue")
    assert market_id not in beside["market_id"].to_list()
    own = readings.filter(pl.col("weight") != "venue")
    assert set(own["market_id"].drop_nulls()) == {market_id}


def test_a_stored_choice_moves_the_page_the_summary_and_the_claim(run: RunContext) -> None:
    """Nobody decides for himself: with another choice stored, all three follow."""
    warehouse = run.warehouse
    before = warehouse.frame(MARKET_CHOICE)
    twin = f"{TWIN_VENUE}:TAO/USDT:USDT"
    is_june = (pl.col("event_id") == EPISODE_EVENT_ID) & (pl.col("asset_id") == TOKEN)
    warehouse.replace(
        MARKET_CHOICE,
        before.with_columns(pl.when(is_june).then(pl.lit(twin)).otherwise("market_id").alias("market_id")),
    )
    update_claims(run)
    try:
        frames = Frames(
            {table.name: warehouse.frame(table) for table in (MARKET, STUDY_RESULT, PLACEBO, MARKET_CHOICE)}
        )
        assert twin in [reaction.market_id for reaction in read_reactions(frames)[EPISODE_EVENT_ID]]
        assert twin in set(warehouse.query("reaction_summary", event_id=EPISODE_EVENT_ID)["market_id"])
        verdicts = warehouse.frame(CLAIM_VERDICT, where="claim_id = $claim_id", claim_id=HEADLINE_CLAIM_ID)
        assert verdicts["venue"].to_list() == [twin]
    finally:
        warehouse.replace(MARKET_CHOICE, before)
        update_claims(run)


def test_every_asset_with_candles_has_a_market_over_the_record(run: RunContext) -> None:
    choices = run.warehouse.frame(MARKET_CHOICE, where="purpose = $purpose", purpose=RECORD)
    markets = run.warehouse.query("study_markets").filter(~pl.col("market_id").str.starts_with("observed:"))
    assert set(choices.filter(pl.col("timeframe") == ANY_TIMEFRAME)["asset_id"]) == set(markets["asset_id"])
