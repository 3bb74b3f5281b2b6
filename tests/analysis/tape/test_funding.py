"""What funding adds to a long position, by hand, and where it cannot be known."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from analysis.tape.funding import FundingRecord, funding_records
from warehouse.tables.bars import HOUR
from warehouse.tables.contract import UTC as UTC_TYPE

START = datetime(2026, 6, 1, tzinfo=UTC)
MARKET = "binanceusdm:TAO/USDT:USDT"


def make_rates(hours: list[float], rates: list[float], late: timedelta = timedelta(0)) -> pl.DataFrame:
    at = [START + hour * HOUR + late for hour in hours]
    frame = pl.DataFrame({"funding_time_utc": at, "funding_rate": rates}).with_columns(
        pl.col("funding_time_utc").cast(UTC_TYPE), pl.lit(MARKET).alias("market_id")
    )
    return frame.sample(fraction=1.0, shuffle=True, seed=1)


def record(hours: list[float], rates: list[float], late: timedelta = timedelta(0)) -> FundingRecord:
    return funding_records(make_rates(hours, rates, late))[MARKET]


def added(found: FundingRecord, start: float, end: float) -> float | None:
    first, last = (round((START + hour * HOUR).timestamp() * 1e6) for hour in (start, end))
    return found.simple_return(first, last)


def test_longs_pay_a_positive_rate_and_receive_a_negative_one() -> None:
    found = record([0, 8, 16, 24], [0.01, 0.001, -0.002, 0.01])
    assert added(found, 1, 9) == pytest.approx(-0.001)
    assert added(found, 9, 17) == pytest.approx(0.002)
    # Worth of the position after the first payment takes part in the second: 0.999 × 1.002.
    assert added(found, 1, 17) == pytest.approx(0.999 * 1.002 - 1)


def test_whoever_buys_at_a_payment_does_not_take_part_and_whoever_sells_at_one_does() -> None:
    found = record([0, 8, 16], [0.01, 0.02, 0.03])
    assert added(found, 0, 7) == 0.0
    assert added(found, 0, 8) == pytest.approx(-0.02)
    assert added(found, 8, 15) == 0.0


def test_a_payment_some_milliseconds_late_belongs_to_its_minute() -> None:
    found = record([0, 8, 16], [0.0, 0.02, 0.0], timedelta(milliseconds=7))
    assert added(found, 7, 8) == pytest.approx(-0.02)
    assert added(found, 8, 9) == 0.0


@pytest.mark.parametrize("is_reversed", [False, True])
def test_of_two_payments_in_one_minute_the_later_stands_in_whatever_order_they_come(is_reversed: bool) -> None:
    rates = make_rates([0, 8, 8.001, 16], [0.0, 0.02, 0.05, 0.0]).sort("funding_time_utc", descending=is_reversed)
    assert added(funding_records(rates)[MARKET], 7, 9) == pytest.approx(-0.05)


def test_before_the_first_payment_and_from_the_next_due_one_nothing_is_known() -> None:
    found = record([8, 16, 24], [0.0, 0.0, 0.0])
    assert added(found, 7, 9) is None
    assert added(found, 23, 31) == 0.0
    assert added(found, 23, 32) is None


@pytest.mark.parametrize(
    ("hours", "hole"),
    [
        ([0, 8, 24, 32], (8, 24)),  # one payment of three a day is missing
        ([0, 1, 2, 4, 5, 6], (2, 4)),  # one of an hourly venue
    ],
)
def test_a_missing_payment_is_a_hole_and_no_zero(hours: list[float], hole: tuple[float, float]) -> None:
    found = record(hours, [0.001] * len(hours))
    assert added(found, hole[0], hole[1]) is None
    assert added(found, hours[0], hole[0]) is not None
    assert added(found, hole[1], hours[-1]) is not None


def test_a_venue_that_settles_more_often_for_a_while_leaves_no_hole() -> None:
    found = record([0, 8, 16, 20, 24, 28, 36, 44], [0.001] * 8)
    assert added(found, 0, 44) == pytest.approx(0.999**7 - 1)
