"""Event studies on frames of one's own."""

from __future__ import annotations

import polars as pl

from analysis.own.report import study_to_frame
from analysis.own.run import OwnRequest, run_own_study
from analysis.own.study import OwnStudyResult
from flows.jobs.own_files import as_text


def event_study(
    prices: pl.DataFrame,
    events: pl.DataFrame,
    *,
    estimation: str,
    window: str,
    market: pl.DataFrame | None = None,
    values: str = "prices",
    returns: str = "log",
    model: str = "market",
) -> OwnStudyResult:
    """The event study of `aftershock study csv` on frames: every event, every test, with reasons for what is absent.

    `prices` and `market` are long (date, asset, value) or wide (date, a column per asset); `events` have event_id,
    asset and date. `estimation` and `window` are bars first:last around the event, inclusive, such as "-130:-11".
    `values` are prices, returns, volume or series; `returns` log or simple. ValueError names column and remedy.
    """
    request = OwnRequest(estimation, window, values, returns, model)
    return run_own_study(as_text(prices), None if market is None else as_text(market), as_text(events), request)


def study_rows(study: OwnStudyResult) -> pl.DataFrame:
    """A study as rows: one per event and statistic, and one per test of all events; absent numbers have a reason."""
    return study_to_frame(study)
