"""Stored sentences are spoken: no market id, bar name or ISO date reaches a reader."""

import pytest

from warehouse.tables.spoken import spoken


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        ("(binanceusdm:TAO/USDT:USDT, 1h bars)", "(TAO/USDT on Binance USD-M, hourly bars)"),
        ("19 usable 4h bars in the 720 h before", "19 usable 4-hour bars in the 720 h before"),
        ("the hourly record ends at 2026-07-01 00:00 UTC", "the hourly record ends at 1 Jul 2026 00:00 UTC"),
        ("stored until 2026-07-01T08:00", "stored until 1 Jul 2026 08:00"),
        ("see 2026-06-12-fable-mythos and 24h moves", "see 2026-06-12-fable-mythos and 24h moves"),
        ("9999-99-99 is no day", "9999-99-99 is no day"),
        ('{"market_id":"binance:BTC/USDT","day":"2026-07-01"}', '{"market_id":"binance:BTC/USDT","day":"2026-07-01"}'),
    ],
)
def test_markets_bars_and_dates_are_said_in_words(stored: str, words: str) -> None:
    assert spoken(stored) == words
    assert spoken(words) == words
