"""A token's page says what its venues agree on, how many they are, or that there are none."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from dashboards.marks import bare
from dashboards.pages.token import compose_token
from dashboards.shell.frames import Frames
from tests.dashboards.material import frame_of, make_frames
from warehouse.tables.prices import COVERAGE
from warehouse.tables.terms import market_name, venue_name

CLOSED = datetime(2026, 6, 21, tzinfo=UTC)


def page_with(n_markets: int, n_venues: int) -> str:
    row = {
        "asset_id": "TAO",
        "timeframe": "1h",
        "open_time_utc": CLOSED - timedelta(hours=1),
        "close_time_utc": CLOSED,
        "reference_quote": 265.5,
        "n_markets": n_markets,
        "n_venues": n_venues,
        "spread": 0.0023 if n_markets > 1 else None,
    }
    frames = make_frames()
    frame = pl.DataFrame([row], schema_overrides={"spread": pl.Float64})
    return bare(compose_token(Frames({**frames.by_name, "latest_reference": frame}), "TAO", {}).body)


@pytest.mark.parametrize(
    ("n_markets", "n_venues", "words"),
    [
        (8, 6, "the median of eight dollar markets on six venues, 0.23% between the lowest and the highest"),
        (2, 1, "the median of two dollar markets on one venue, 0.23%"),
        (1, 1, "one market, so there is no other price to compare it with"),
    ],
)
def test_the_page_states_price_markets_venues_and_spread(n_markets: int, n_venues: int, words: str) -> None:
    text = page_with(n_markets, n_venues)
    assert "Reference price: <b>$265.50 at 20 Jun 2026 24:00 UTC</b>" in text
    assert words in text


def test_a_token_without_dollar_markets_says_so() -> None:
    assert "No price across venues" in str(compose_token(make_frames(), "TAO", {}).body)


def test_a_market_of_observed_prices_is_called_what_it_is() -> None:
    assert market_name("observed:RENDER/USD") == "RENDER/USD, prices observed at uneven times"
    assert market_name("okx:RENDER/USDT") == "RENDER/USDT on OKX"
    assert venue_name("observed:RENDER/USD") == "prices observed at uneven times"


def test_the_last_price_of_a_series_is_not_that_of_a_longer_one_of_its_market() -> None:
    days = [CLOSED + timedelta(days=n) for n in range(3)]
    spans = {"1h": days[1] + timedelta(hours=23), "4h": days[2] + timedelta(hours=20)}
    coverage = [
        {"market_id": "v:TAO/USDT", "asset_id": "TAO", "timeframe": name, "n_missing": 0}
        | {"first_open_utc": CLOSED, "last_open_utc": last}
        for name, last in spans.items()
    ]
    closes = pl.DataFrame({"day_utc": days, "close_quote": [210.0, 220.0, 230.0]}).with_columns(
        pl.lit("TAO").alias("asset_id"), pl.lit("v:TAO/USDT").alias("market_id")
    )
    named = {COVERAGE.name: frame_of(COVERAGE, coverage), "daily_closes": closes}
    body = bare(compose_token(Frames({**make_frames().by_name, **named}), "TAO", {}).body)
    venues = body[body.index("with stored bars") :]
    assert (venues.count("$220.00"), venues.count("$230.00")) == (1, 1)
