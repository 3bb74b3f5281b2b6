"""Rows of `out.study_result` for one event on one market."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

import numpy as np
import polars as pl
from scipy.special import stdtr, stdtrit

from analysis.single.window.pair import Pair, describe_closes
from warehouse.tables.studies import STUDY_RESULT

GROUP_ID = "event"
SINGLE_LEVEL = 0.975  # of a two-sided 95 % interval

Row = dict[str, object]


def result_row(pair: Pair, window_hours: float, statistic: str, data_as_of: datetime, **values: object) -> Row:
    """One row; what is not given is null. `values` are columns of the contract.

    A method's own conventions say too where closes are observed prices.
    """
    conventions = str(values.pop("conventions", pair.conventions))
    closes = describe_closes(pair.specification, pair.market_id)
    identity = (
        pair.specification.study_id,
        GROUP_ID,
        pair.event.event_id,
        pair.market_id,
        f"{window_hours:g}",
        statistic,
    )
    return {
        "result_id": hashlib.sha256("|".join(identity).encode()).hexdigest(),
        "study_id": pair.specification.study_id,
        "spec_sha256": pair.spec_sha256,
        "group_id": GROUP_ID,
        "event_id": pair.event.event_id,
        "market_id": pair.market_id,
        "window_start_hours": 0.0,
        "window_end_hours": float(window_hours),
        "statistic": statistic,
        "benchmark": pair.benchmark_words,
        "conventions": conventions if closes in conventions else conventions + closes,
        "data_as_of_utc": data_as_of,
    } | values


def absent_row(pair: Pair, window_hours: float, statistic: str, reason: str) -> Row:
    """A row that says why there is no number."""
    return result_row(pair, window_hours, statistic, pair.close_at(-1), reason=reason)


def results_frame(rows: Iterable[Row]) -> pl.DataFrame:
    """Rows in the shape of `out.study_result`."""
    return STUDY_RESULT.conform(pl.DataFrame(list(rows), schema=STUDY_RESULT.schema))


def car_interval(car: float, standard_error: float, degrees_of_freedom: int) -> tuple[float, float, float]:
    """(lower, upper, p) of a CAR in log points, by Student's t."""
    half = float(stdtrit(degrees_of_freedom, SINGLE_LEVEL)) * standard_error
    return car - half, car + half, two_sided_p(car / standard_error, degrees_of_freedom)


def two_sided_p(t: float, degrees_of_freedom: int) -> float:
    """Two-sided p of a t statistic."""
    return float(2.0 * stdtr(degrees_of_freedom, -abs(t)))


def as_fraction(log_points: float) -> float:
    """A log return as a simple one."""
    return float(np.expm1(log_points))
