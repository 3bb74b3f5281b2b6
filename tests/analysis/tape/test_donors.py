"""Donors: one series per untreated asset, whichever venue has the bar."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from analysis.tape.donors import collect_donors
from analysis.tape.returns import ReturnGrid, returns_of

FIRST = datetime(2026, 6, 1, tzinfo=UTC)


def test_a_donor_s_bars_come_from_whichever_venue_has_them() -> None:
    nan = np.nan
    close = np.array([[10.0, 11.0, nan, nan, nan], [nan, nan, 20.0, 22.0, 33.0], [1.0, 2.0, 3.0, 4.0, 5.0]])
    markets = ("a:BTC/USD", "b:BTC/USD", "b:TAO/USD")
    grid = ReturnGrid(
        markets, FIRST, timedelta(hours=1), "log", close, returns_of(close, "log"), np.ones(close.shape), pl.DataFrame()
    )
    donors = collect_donors(grid, {"a:BTC/USD": "BTC", "b:BTC/USD": "BTC", "b:TAO/USD": "TAO"}, {"TAO"})
    assert donors.asset_ids == ("BTC",)
    expected = [nan, np.log(1.1), nan, np.log(1.1), np.log(1.5)]  # no return across the change of venue
    assert np.allclose(donors.returns[0], expected, equal_nan=True)
